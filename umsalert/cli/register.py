"""What `site` and `contact` share: the options of an import, tables; what vetting changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from umsalert import phones
from umsalert.cli.output import Output, status_name
from umsalert.cli.tables import Column
from umsalert.errors import UsageError
from umsalert.i18n import _
from umsalert.model import Contact, ContactStatus, Site, SiteStatus

File = Annotated[
    Path,
    typer.Argument(metavar="FILE", help=_("CSV, XLSX or GeoJSON; - reads standard input.")),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help=_("Show what would change, change nothing; same exit code.")),
]
SkipInvalid = Annotated[
    bool, typer.Option("--skip-invalid", help=_("Take the valid rows, leave out the others."))
]
Rejects = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help=_("Write the invalid rows there, to be corrected and imported again.")
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping", metavar="FILE", help=_("A TOML file: what the file calls our columns.")
    ),
]
Sheet = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=_("Of a workbook. Default: the first visible one.")),
]
Encoding = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=_("Of a CSV file: cp1252, ... Default: found out.")),
]
IgnoreUnknown = Annotated[
    bool, typer.Option("--ignore-unknown", help=_("Pass over columns that are not ours."))
]
PruneMost = Annotated[
    bool, typer.Option("--prune-most", help=_("Even if that is more than half of them."))
]
Yes = Annotated[bool, typer.Option("--yes", help=_("Do not ask before anything is closed."))]


def _not_blank(reason: str) -> str:
    if not reason.strip():
        raise UsageError(
            "reason_missing",
            _("The reason is empty."),
            hint=_("An inspector will ask why: --reason 'card expired'"),
        )
    return reason.strip()


Reason = Annotated[str, typer.Option(metavar="TEXT", help=_("Why, for the record."))]
NeededReason = Annotated[
    str, typer.Option(metavar="TEXT", help=_("Why, for the record."), callback=_not_blank)
]


def report_status(
    refs: Sequence[str], changed: int, status: SiteStatus | ContactStatus, output: Output
) -> None:
    """Print what a vetting changed. A ref that is given twice counts once."""
    unchanged = len(set(refs)) - changed
    if output.as_json:
        output.document({"status": status, "changed": changed, "unchanged": unchanged})
        return
    output.line(_("Now {status}: {n}").format(status=status_name(status), n=changed))
    if unchanged:
        output.line(_("It already was: {n}").format(n=unchanged))


def document(item: Site | Contact) -> dict[str, Any]:
    """Return a site or a contact for a JSON document; ids never leave the database."""
    fields = dataclasses.asdict(item)
    del fields["id"]
    return fields


def contact_table(contacts: Sequence[Contact], output: Output, *, masked: bool) -> None:
    """Print contacts as a table."""
    output.table(
        [
            Column(_("Ref"), whole=True),
            Column(_("Site"), whole=True),
            Column(_("Name")),
            Column(_("Role")),
            Column(_("Phone")),
            Column(_("E-mail")),
            Column(_("Card")),
            Column(_("Status"), whole=True),
        ],
        [
            (
                contact.ref,
                contact.site_ref,
                contact.name,
                contact.role,
                phones.mask(contact.phone) if contact.phone and masked else contact.phone,
                _mask_email(contact.email) if contact.email and masked else contact.email,
                contact.card,
                status_name(contact.status),
            )
            for contact in contacts
        ],
    )


def masked(name: str, value: object) -> object:
    """Return the value of a field of a site or contact, an address as in a list."""
    if name == "phone" and isinstance(value, str):
        return phones.mask(value)
    if name == "email" and isinstance(value, str):
        return _mask_email(value)
    return value


def _mask_email(email: str) -> str:
    local, _at, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"
