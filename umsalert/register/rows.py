"""One row, of a file or of the fields of a command, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from umsalert.errors import Problem, UsageError
from umsalert.i18n import _, titled
from umsalert.register import fields
from umsalert.register.hints import hint
from umsalert.register.table import Column

T = TypeVar("T")

_VALUE_SHOWN = 80
_REMEMBERED = 256
"""Different cells of one column whose check is done once: offices repeat themselves."""


class Limits:
    """The columns of a kind of rows: how long their cells may be, and what is known of some."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Know nothing of any cell."""
        self.most = {column.name: column.limit for column in columns}
        self.checked: dict[str, dict[str, tuple[object, Any]]] = {
            column.name: {} for column in columns
        }


class Row:
    """The cells of one row, and what is wrong with them. `line` None: they come from no file."""

    __slots__ = ("_checked", "_most", "cells", "line", "problems", "warnings")

    def __init__(self, cells: dict[str, str], limits: Limits, line: int | None = None) -> None:
        """Start without problems."""
        self.cells = cells
        self._most = limits.most
        self._checked = limits.checked
        self.line = line
        self.problems: Sequence[Problem] = ()
        self.warnings: Sequence[Problem] = ()

    def has(self, column: str) -> bool:
        """Say whether a cell holds anything."""
        text = self.cells.get(column)
        return bool(text) and not text.isspace()  # type: ignore[union-attr]

    def read(self, column: str, check: Callable[[str], T]) -> T | None:
        """Return what `check` makes of a cell; None where it is empty, or refused and noted.

        The same function gives the same answer for the same text, whatever the row.
        """
        text = self.cells.get(column)
        if not text:
            return None
        checked = self._checked[column]
        known = checked.get(text)
        if known is not None and known[0] is check:
            return known[1]  # type: ignore[no-any-return]
        if text.isspace():
            return None
        try:
            value = check(fields.clean(text, self._most[column]))
        except UsageError as error:
            self.refuse(column, error.code, error.message, error.hint)
            return None
        if len(checked) < _REMEMBERED:
            checked[text] = (check, value)
        return value

    def require(self, column: str, check: Callable[[str], T]) -> T | None:
        """Like `read`, for a cell that must hold something. A missing column is noted once."""
        text = self.cells.get(column)
        if text is not None and (not text or text.isspace()):
            self.refuse(column, "value_missing", _("The value is missing."))
            return None
        return self.read(column, check)

    def refuse(self, column: str, code: str, message: str, todo: str = "") -> None:
        """Note a problem, and what to do: the row is invalid."""
        problem = self._problem(column, code, message, todo)
        if problem not in self.problems:  # a cell may be looked at twice
            self.problems = (*self.problems, problem)

    def warn(self, column: str, code: str, message: str) -> None:
        """Note a doubt: the row is valid all the same."""
        self.warnings = (*self.warnings, self._problem(column, code, message, ""))

    def _problem(self, column: str, code: str, message: str, todo: str) -> Problem:
        value = self.cells.get(column, "")
        shown = value if len(value) <= _VALUE_SHOWN else value[:_VALUE_SHOWN] + "…"
        return Problem(code, message, self.line, column, shown or None, todo or hint(code))


def single(
    values: Mapping[str, str],
    columns: Sequence[Column],
    make: Callable[[Row], T | None],
    doubts: list[Problem] | None = None,
) -> T:
    """Return what `make` builds from the fields of one command; an absent one is empty.

    What is doubtful and taken all the same is added to `doubts`.

    Raises:
        UsageError: fields_invalid, with all problems.
    """
    cells = {column.name: values.get(column.name, "") for column in columns}
    row = Row(cells, Limits(columns))
    item = make(row)
    if item is None or row.problems:
        sentences = (titled(problem.column or "", problem.message) for problem in row.problems)
        raise UsageError(
            "fields_invalid",
            _("Nothing was changed. {problems}").format(problems=" ".join(sentences)),
            hint=_("docs/import.md describes each field."),
            problems=tuple(row.problems),
        )
    if doubts is not None:
        doubts += row.warnings
    return item
