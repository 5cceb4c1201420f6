"""What an import says: everything wrong, what it would change, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from umsalert.cli.output import Output, problem_lines, problem_rows
from umsalert.cli.register import masked
from umsalert.cli.tables import Column
from umsalert.errors import InvalidData, Problem
from umsalert.i18n import _, ngettext

if TYPE_CHECKING:
    from umsalert.ports import Comparison, Difference, Staging

DIFFERENCES_SHOWN = 50


def unreadable(problem: Problem) -> InvalidData:
    """Return the error that a file holds no table."""
    return InvalidData(
        "import_invalid",
        " ".join((_("Nothing was changed."), problem.message)),
        hint=problem.hint or _("docs/import.md says what a file looks like."),
        problems=(problem,),
    )


def invalid(found: Comparison, problems: Sequence[Problem]) -> InvalidData:
    """Return the error that rows are invalid."""
    if found.total:
        message = _("{invalid} of {total} rows are invalid; nothing was changed.").format(
            invalid=found.invalid, total=found.total
        )
    else:
        whole = " ".join(problem.message for problem in problems)
        message = " ".join((_("Nothing was changed."), whole))
    return InvalidData(
        "import_invalid",
        message,
        hint=_("Correct the file. To import only its valid rows: --skip-invalid")
        if found.valid
        else _("docs/import.md says what a file looks like."),
        problems=tuple(problems),
    )


async def warnings(staging: Staging, output: Output) -> None:
    """Say what is doubtful."""
    if output.as_json:
        return
    found = await staging.problems(warnings=True)
    if found:
        output.say(_("Doubtful, but taken as it is:"))
        problem_lines(found)


async def differences(staging: Staging, output: Output) -> None:
    """Print what an import would change, addresses masked as in lists."""
    if output.as_json:
        return
    found = await staging.differences(DIFFERENCES_SHOWN + 1)
    if not found:
        return
    kinds = {"added": _("added"), "changed": _("changed"), "closed": _("closed")}
    rows: list[tuple[object, ...]] = []
    for item in found[:DIFFERENCES_SHOWN]:
        if item.kind != "changed":
            rows.append((kinds[item.kind], item.ref, "", "", ""))
            continue
        rows += [
            (kinds[item.kind], item.ref, name, masked(name, old), masked(name, new))
            for name, old, new in item.fields
        ]
    output.table(
        [
            Column(_("Change")),
            Column(_("Ref"), whole=True),
            Column(_("Field")),
            Column(_("Old")),
            Column(_("New")),
        ],
        rows,
    )
    if len(found) > DIFFERENCES_SHOWN:
        output.say(_("… and more; --json lists them all."))


async def done(found: Comparison, staging: Staging, output: Output, *, dry_run: bool) -> None:
    """Print how an import ended."""
    problems = await staging.problems()
    if output.as_json:
        output.document(
            {
                "dry_run": dry_run,
                "added": found.added,
                "changed": found.changed,
                "unchanged": found.unchanged,
                "closed": found.leaving,
                "invalid": found.invalid,
                "total": found.total,
                "problems": problem_rows(problems),
                "warnings": problem_rows(await staging.problems(warnings=True)),
                "differences": [_document(item) for item in await staging.differences()]
                if dry_run
                else [],
            }
        )
        return
    if problems:
        output.say(_("Left out:"))
        problem_lines(problems)
    output.paragraph(
        ngettext(
            "{total} row read: {added} added, {changed} changed, {unchanged} unchanged,"
            " {closed} closed, {invalid} invalid.",
            "{total} rows read: {added} added, {changed} changed, {unchanged} unchanged,"
            " {closed} closed, {invalid} invalid.",
            found.total,
        ).format(
            total=found.total,
            added=found.added,
            changed=found.changed,
            unchanged=found.unchanged,
            closed=found.leaving,
            invalid=found.invalid,
        )
    )
    if dry_run:
        output.say(_("Dry run: nothing was changed."))


def _document(item: Difference) -> dict[str, object]:
    return {
        "change": item.kind,
        "ref": item.ref,
        "row": item.line,
        "fields": [{"name": name, "old": old, "new": new} for name, old, new in item.fields],
    }
