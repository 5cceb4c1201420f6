"""What `site` and `contact` share: the options of an import, tables; what vetting changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from umsalert.cli import completers
from umsalert.cli.output import Output, local
from umsalert.cli.tables import Column
from umsalert.errors import Problem, UsageError
from umsalert.i18n import _, day_words
from umsalert.words.statuses import status_name, stored_name

if TYPE_CHECKING:
    from umsalert.model import Contact, ContactStatus, Site, SiteStatus, StatusChange

PROGRAM = "umsalert"
"""Who moves what has come to its end."""

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
    typer.Option(
        metavar="NAME",
        help=_("Of a CSV file: cp1252, ... Default: found out."),
        autocompletion=completers.encodings,
    ),
]
IgnoreUnknown = Annotated[
    bool, typer.Option("--ignore-unknown", help=_("Pass over columns that are not ours."))
]
PruneMost = Annotated[
    bool, typer.Option("--prune-most", help=_("Even if that is more than half of them."))
]
Yes = Annotated[bool, typer.Option("--yes", help=_("Do not ask before anything is closed."))]


def not_blank(reason: str | None) -> str | None:
    """Return a reason without the blanks around it. Raises UsageError when it says nothing."""
    if reason is None:
        return None
    if not reason.strip():
        raise UsageError(
            "reason_missing",
            _("The reason is empty."),
            hint=_("An inspector will ask why: --reason 'card expired'"),
        )
    return reason.strip()


Reason = Annotated[str, typer.Option(metavar="TEXT", help=_("Why, for the record."))]
NeededReason = Annotated[
    str, typer.Option(metavar="TEXT", help=_("Why, for the record."), callback=not_blank)
]


def say_doubts(doubts: Sequence[Problem], output: Output) -> None:
    """Say what is doubtful in the fields of one command and was taken all the same."""
    for doubt in doubts:
        output.say(
            _("Doubtful: {column}: {message}").format(column=doubt.column, message=doubt.message)
        )


def changed_fields(ref: str, fields: Sequence[str], output: Output) -> None:
    """Print what an edit has changed."""
    if output.as_json:
        output.document({"ref": ref, "changed": list(fields)})
    elif fields:
        output.line(_("Changed at {ref}: {fields}").format(ref=ref, fields=", ".join(fields)))
    else:
        output.line(_("{ref} is so already.").format(ref=ref))


def given(**options: str | None) -> dict[str, str]:
    """Return the fields that an edit names. Raises UsageError when it names none."""
    named = {name: value for name, value in options.items() if value is not None}
    if not named:
        raise UsageError(
            "nothing_to_change",
            _("No field is named."),
            hint=_("Name at least one option; see --help."),
        )
    return named


def last_day_option(text: str | None) -> date | None:
    """Return the day of an option `--until`. Raises UsageError."""
    from umsalert.times import parse_day

    return None if text is None else parse_day(text)


def history(changes: Sequence[StatusChange], time_zone: str, output: Output) -> None:
    """Print every move of a site or contact."""
    output.table(
        [
            Column(_("When"), whole=True),
            Column(_("From")),
            Column(_("To"), whole=True),
            Column(_("By")),
            Column(_("Until")),
            Column(_("Reason")),
        ],
        [
            (
                local(change.at, time_zone, seconds=False),
                change.from_status and stored_name(change.from_status),
                stored_name(change.to_status),
                change.by,
                change.until and day_words(change.until),
                reason_words(change),
            )
            for change in changes
        ],
    )


def history_document(changes: Sequence[StatusChange]) -> list[dict[str, Any]]:
    """Return moves for a JSON document."""
    return [
        {
            "from_status": change.from_status,
            "to_status": change.to_status,
            "by": change.by,
            "at": change.at,
            "until": change.until and change.until.isoformat(),
            "reason": change.reason,
        }
        for change in changes
    ]


def reason_words(change: StatusChange) -> str:
    """Return the reason of a move; those of the program's own moves are codes."""
    if change.by != PROGRAM:
        return change.reason
    return {
        "approval_ended": _("the approval has ended"),
        "suspension_ended": _("the suspension has ended"),
        "card_expired": _("the card has expired"),
    }.get(change.reason, change.reason)


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


def contact_table(
    contacts: Sequence[Contact], output: Output, *, masked: bool, one_site: bool = False
) -> None:
    """Print contacts as a table; the site is left out where all are of the same."""
    from umsalert import phones

    columns = [
        Column(_("Ref"), whole=True),
        Column(_("Site"), whole=True),
        Column(_("Name")),
        Column(_("Role")),
        Column(_("Phone"), whole=not masked),
        Column(_("E-mail")),
        Column(_("Card until"), whole=True),
        Column(_("Status"), whole=True),
    ]
    rows: list[list[object]] = [
        [
            contact.ref,
            contact.site_ref,
            contact.name,
            contact.role,
            phones.mask(contact.phone) if contact.phone and masked else contact.phone,
            _mask_email(contact.email) if contact.email and masked else contact.email,
            _card_words(contact.card),
            status_name(contact.status),
        ]
        for contact in contacts
    ]
    if one_site:
        del columns[1]
        for cells in rows:
            del cells[1]
    output.table(columns, rows)


def _card_words(card: str | None) -> str | None:
    """Return the last day of a card; the card itself where it does not say one."""
    from umsalert.cards import card_expiry

    day = None if card is None else card_expiry(card)
    return card if day is None else day_words(day)


def masked(name: str, value: object) -> object:
    """Return the value of a field of a site or contact, an address as in a list."""
    if name == "phone" and isinstance(value, str):
        from umsalert import phones

        return phones.mask(value)
    if name == "email" and isinstance(value, str):
        return _mask_email(value)
    return value


def _mask_email(email: str) -> str:
    local, _at, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"
