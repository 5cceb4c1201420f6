"""What `site` and `contact` share: a file in, every problem of it out; what vetting changed."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from umsalert.cli.output import Output, day_words, local, problem_lines, problem_rows, status_name
from umsalert.cli.tables import Column
from umsalert.errors import InvalidData, Problem, UsageError
from umsalert.i18n import _
from umsalert.model import Contact, ContactStatus, Site, SiteStatus, StatusChange

if TYPE_CHECKING:
    from umsalert.register import Import

PROGRAM = "umsalert"
"""Who moves what has come to its end."""

File = Annotated[
    Path, typer.Argument(metavar="FILE", help=_("A CSV file; - reads standard input."))
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help=_("Check everything, add nothing; same exit code."))
]
SkipInvalid = Annotated[
    bool, typer.Option("--skip-invalid", help=_("Add the valid rows, leave out the others."))
]


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
                change.from_status and _status_word(change.from_status),
                _status_word(change.to_status),
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


def _status_word(status: str) -> str:
    known: type[SiteStatus | ContactStatus] = (
        SiteStatus if status in list(SiteStatus) else ContactStatus
    )
    return status_name(known(status))


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
    from umsalert import phones

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
