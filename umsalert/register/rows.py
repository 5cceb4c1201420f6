"""One row, of a file or of the fields of a command, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from umsalert.errors import Problem, UsageError
from umsalert.i18n import _
from umsalert.register import fields
from umsalert.register.hints import hint
from umsalert.register.table import Column

T = TypeVar("T")

_VALUE_SHOWN = 80


class Row:
    """The cells of one row, and what is wrong with them. `line` None: they come from no file."""

    __slots__ = ("cells", "limits", "line", "problems", "warnings")

    def __init__(
        self, cells: dict[str, str], limits: Mapping[str, int], line: int | None = None
    ) -> None:
        """Start without problems."""
        self.cells = cells
        self.limits = limits
        self.line = line
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def has(self, column: str) -> bool:
        """Say whether a cell holds anything."""
        return bool(self.cells.get(column, "").strip())

    def read(self, column: str, check: Callable[[str], T]) -> T | None:
        """Return what `check` makes of a cell; None where it is empty, or refused and noted."""
        text = self.cells.get(column)
        if not text or text.isspace():
            return None
        try:
            return check(fields.clean(text, self.limits[column]))
        except UsageError as error:
            self.refuse(column, error.code, error.message, error.hint)
            return None

    def require(self, column: str, check: Callable[[str], T]) -> T | None:
        """Like `read`, for a cell that must hold something. A missing column is noted once."""
        if column in self.cells and not self.has(column):
            self.refuse(column, "value_missing", _("The value is missing."))
        return self.read(column, check)

    def refuse(self, column: str, code: str, message: str, todo: str = "") -> None:
        """Note a problem, and what to do: the row is invalid."""
        self.problems.append(self._problem(column, code, message, todo))

    def warn(self, column: str, code: str, message: str) -> None:
        """Note a doubt: the row is valid all the same."""
        self.warnings.append(self._problem(column, code, message, ""))

    def _problem(self, column: str, code: str, message: str, todo: str) -> Problem:
        value = self.cells.get(column, "")
        shown = value if len(value) <= _VALUE_SHOWN else value[:_VALUE_SHOWN] + "…"
        return Problem(code, message, self.line, column, shown or None, todo or hint(code))


def single(
    values: Mapping[str, str], columns: Sequence[Column], make: Callable[[Row], T | None]
) -> T:
    """Return what `make` builds from the fields of one command; an absent one is empty.

    Raises:
        UsageError: fields_invalid, with all problems.
    """
    cells = {column.name: values.get(column.name, "") for column in columns}
    row = Row(cells, {column.name: column.limit for column in columns})
    item = make(row)
    if item is None or row.problems:
        sentences = (f"{problem.column}: {problem.message}" for problem in row.problems)
        raise UsageError(
            "fields_invalid",
            _("Nothing was added. {problems}").format(problems=" ".join(sentences)),
            hint=_("docs/import.md describes each field."),
            problems=tuple(row.problems),
        )
    return item
