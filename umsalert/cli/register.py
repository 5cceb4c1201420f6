"""What `site` and `contact` share: a file in, every problem of it out; what vetting changed."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from umsalert import phones
from umsalert.cli.output import Output, problem_lines, problem_rows, status_name
from umsalert.cli.tables import Column
from umsalert.errors import InvalidData, UsageError
from umsalert.i18n import _
from umsalert.model import Contact, ContactStatus, Site, SiteStatus

if TYPE_CHECKING:
    from umsalert.register import Import

File = Annotated[
    Path, typer.Argument(metavar="FILE", help=_("A CSV file; - reads standard input."))
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help=_("Check everything, add nothing; same exit code."))
]
SkipInvalid = Annotated[
    bool, typer.Option("--skip-invalid", help=_("Add the valid rows, leave out the others."))
]


def not_blank(reason: str) -> str:
    """Return a reason that says something. Raises UsageError."""
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


@dataclass(frozen=True, slots=True)
class Manner:
    """How to go about an import."""

    dry_run: bool
    skip_invalid: bool


def read_file(file: Path, output: Output) -> bytes:
    """Return what a file, or standard input for `-`, holds. Raises UsageError."""
    if str(file) == "-":
        if sys.stdin is None:  # closed by whoever started us
            return b""
        if sys.stdin.isatty():
            output.say(_("Reading from the terminal; Ctrl-D ends the list."))
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except FileNotFoundError:
        code, message = "file_missing", _("There is no file {file}.")
    except IsADirectoryError:
        code, message = "file_is_folder", _("{file} is a folder, not a file.")
    except PermissionError:
        code, message = "file_unreadable", _("This account may not read {file}.")
    except OSError:
        code, message = "file_unreadable", _("{file} cannot be read.")
    raise UsageError(
        code,
        message.format(file=file),
        hint=_("Name a CSV file, or - for standard input."),
    )


def check(found: Import[Any], manner: Manner, output: Output) -> None:
    """Say what is doubtful. Raises InvalidData for what is wrong, unless it may be left out."""
    if found.warnings and not output.as_json:
        output.say(_("Doubtful, but taken as it is:"))
        problem_lines(found.warnings)
    if not found.problems or (manner.skip_invalid and found.rows):
        return
    if found.total:
        message = _("{invalid} of {total} rows are invalid; nothing was added.").format(
            invalid=found.total - len(found.rows), total=found.total
        )
    else:
        whole = (problem.message for problem in found.problems if problem.row is None)
        message = " ".join((_("Nothing was added."), *whole))
    raise InvalidData(
        "import_invalid",
        message,
        hint=_("Correct the file. To add only its valid rows: --skip-invalid")
        if found.rows
        else _("docs/import.md says what a file looks like."),
        problems=found.problems,
    )


def report(found: Import[Any], added: int, manner: Manner, output: Output) -> None:
    """Print how an import ended."""
    invalid = found.total - len(found.rows)
    if output.as_json:
        output.document(
            {
                "dry_run": manner.dry_run,
                "added": added,
                "invalid": invalid,
                "total": found.total,
                "problems": problem_rows(found.problems),
                "warnings": problem_rows(found.warnings),
            }
        )
        return
    if found.problems:
        output.say(_("Left out:"))
        problem_lines(found.problems)
    output.line(
        _("{total} rows read, {valid} valid, {invalid} invalid: {added} added.").format(
            total=found.total, valid=len(found.rows), invalid=invalid, added=added
        )
    )
    if manner.dry_run:
        output.say(_("Dry run: nothing was changed."))


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


def _mask_email(email: str) -> str:
    local, _at, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"
