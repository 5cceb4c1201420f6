"""From a file, or from the fields of one command, to checked values and all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from umsalert.errors import Problem, UsageError
from umsalert.i18n import _
from umsalert.register import fields, table
from umsalert.register.table import Column

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

_VALUE_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Import(Generic[T]):
    """What a file came to.

    Attributes:
        rows: the valid ones, in the order of the file; none where the header is wrong.
        problems: everything wrong, in the order of the file.
        warnings: what is doubtful and was taken all the same.
        total: rows read, valid or not.
    """

    rows: tuple[T, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    total: int


@dataclass(slots=True)
class Row:
    """The cells of one row, and what is wrong with them. `line` None: they come from no file."""

    cells: Mapping[str, str]
    limits: Mapping[str, int]
    line: int | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def has(self, column: str) -> bool:
        """Say whether a cell holds anything."""
        return bool(self.cells.get(column, "").strip())

    def read(self, column: str, check: Callable[[str], T]) -> T | None:
        """Return what `check` makes of a cell; None where it is empty, or refused and noted."""
        if not self.has(column):
            return None
        try:
            return check(fields.clean(self.cells[column], self.limits[column]))
        except UsageError as error:
            self.refuse(column, error.code, error.message)
            return None

    def require(self, column: str, check: Callable[[str], T]) -> T | None:
        """Like `read`, for a cell that must hold something. A missing column is noted once."""
        if column in self.cells and not self.has(column):
            self.refuse(column, "value_missing", _("The value is missing."))
        return self.read(column, check)

    def refuse(self, column: str, code: str, message: str) -> None:
        """Note a problem: the row is invalid."""
        self.problems.append(self._problem(column, code, message))

    def warn(self, column: str, code: str, message: str) -> None:
        """Note a doubt: the row is valid all the same."""
        self.warnings.append(self._problem(column, code, message))

    def _problem(self, column: str, code: str, message: str) -> Problem:
        value = self.cells.get(column, "")
        shown = value if len(value) <= _VALUE_SHOWN else value[:_VALUE_SHOWN] + "…"
        return Problem(code, message, self.line, column, shown or None)


class Unique(Generic[K]):
    """Keys that may come once: in the register and the file together."""

    def __init__(self, known: Collection[K]) -> None:
        """Start with what the register holds."""
        self._known = frozenset(known)
        self._lines: dict[K, int | None] = {}

    def known(self, key: K) -> bool:
        """Say whether the register holds the key."""
        return key in self._known

    def first_line(self, key: K, line: int | None) -> int | None:
        """Return the earlier line that has the key, or None and remember this one."""
        if key in self._lines:
            return self._lines[key]
        self._lines[key] = line
        return None


def claim_ref(row: Row, ref: str, refs: Unique[str]) -> None:
    """Refuse a ref that the register or an earlier row has."""
    if refs.known(ref):
        row.refuse("ref", "ref_exists", _("The ref is in the register already."))
    if first := refs.first_line(ref, row.line):
        row.refuse("ref", "ref_repeated", _("Line {line} has the same ref.").format(line=first))


def read(data: bytes, columns: Sequence[Column], make: Callable[[Row], T | None]) -> Import[T]:
    """Return what `make` builds from each row of a CSV file; it notes problems in the row."""
    found = table.parse(data, columns)
    limits = {column.name: column.limit for column in columns}
    made, problems, warnings = [], list(found.problems), []
    for record in found.records:
        row = Row(record.cells, limits, record.line)
        item = make(row)
        if item is not None and found.sound and not row.problems:
            made.append(item)
        problems += row.problems
        warnings += row.warnings
    problems.sort(key=lambda problem: problem.row or 0)
    return Import(tuple(made), tuple(problems), tuple(warnings), found.total)


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
    row = Row(cells, {column.name: column.limit for column in columns})
    item = make(row)
    if item is None or row.problems:
        sentences = (f"{problem.column}: {problem.message}" for problem in row.problems)
        raise UsageError(
            "fields_invalid",
            _("Nothing was changed. {problems}").format(problems=" ".join(sentences)),
            hint=_("docs/import.md describes each field."),
            problems=tuple(row.problems),
        )
    if doubts is not None:
        doubts += row.warnings
    return item
