"""What an import says: everything wrong, what it would change, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from umsalert.cli.output import Output, problem_lines, problem_rows
from umsalert.cli.register import masked
from umsalert.cli.tables import Column
from umsalert.errors import InvalidData, Problem, RefusedByRule
from umsalert.i18n import _, ngettext

if TYPE_CHECKING:
    from umsalert.ports import Comparison, Difference, Staging
    from umsalert.ports.imports import Judge, Noun

DIFFERENCES_SHOWN = 50


def unreadable(problem: Problem) -> InvalidData:
    """Return the error that a file holds no table."""
    message = " ".join((_("Nothing was changed."), problem.message))
    if problem.row is not None:  # said below, with its place
        message = _("Nothing was changed: the file cannot be read.")
    return InvalidData(
        "import_invalid",
        message,
        hint=problem.hint or _("docs/import.md says what a file looks like."),
        problems=(problem,),
    )


def invalid(found: Comparison, problems: Sequence[Problem], *, sound: bool) -> InvalidData:
    """Return the error that rows are invalid; none is valid where the header is not `sound`."""
    if not sound:
        message = _("Nothing was changed: the header of the file is wrong.")
    elif found.total:
        message = ngettext(
            "{invalid} of {total} rows is invalid; nothing was changed.",
            "{invalid} of {total} rows are invalid; nothing was changed.",
            found.invalid,
        ).format(invalid=found.invalid, total=found.total)
    else:
        message = _("Nothing was changed: the file has no rows.")
    return InvalidData(
        "import_invalid",
        message,
        hint=_("Correct the file. To import only its valid rows: --skip-invalid")
        if found.valid
        else _("docs/import.md says what a file looks like."),
        problems=tuple(problems),
    )


def judge(noun: Noun, check: Callable[[Iterable[Any]], None]) -> Judge:
    """Return a check of new rows that names the lines of a file, not refs of nobody's."""

    def judged(rows: Iterable[tuple[int, Any]]) -> None:
        lines: dict[str, int] = {}

        def items() -> Iterator[Any]:
            for line, item in rows:
                lines[item.ref] = line
                yield item

        try:
            check(items())
        except RefusedByRule as error:
            raise _unvetted(noun, error, lines) from error

    return judged


def _unvetted(noun: Noun, error: RefusedByRule, lines: Mapping[str, int]) -> RefusedByRule:
    named = {problem.value: lines.get(problem.value or "") for problem in error.problems}
    n = len(named)
    if noun == "site":
        message = ngettext(
            "Nothing was imported: {n} new site lacks facts that its approval takes.",
            "Nothing was imported: {n} new sites lack facts that their approval takes.",
            n,
        )
        hint = _(
            "Fill in these columns of the file, or leave --approve away and approve them later."
        )
    else:
        message = ngettext(
            "Nothing was imported: {n} new contact cannot be certified.",
            "Nothing was imported: {n} new contacts cannot be certified.",
            n,
        )
        hint = _("Correct the file, or leave --certify away and certify them later.")
    problems = tuple(
        problem._replace(
            row=named[problem.value],
            value=problem.value if noun == "site" else None,  # made for this import, perhaps
        )
        for problem in error.problems
    )
    return RefusedByRule(error.code, message.format(n=n), hint=hint, problems=problems)


async def warnings(staging: Staging, output: Output) -> None:
    """Say what is doubtful."""
    if output.as_json:
        return
    found = await staging.problems(warnings=True)
    if found:
        output.say(_("Doubtful, but taken as it is:"))
        problem_lines(found)


async def differences(staging: Staging, output: Output, headers: Mapping[str, str]) -> None:
    """Print what an import would change in which column of the file, addresses masked."""
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
            (
                kinds[item.kind],
                item.ref,
                headers.get(name, name),
                masked(name, old),
                masked(name, new),
            )
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
        output.say(_("Rows left out:"))
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
