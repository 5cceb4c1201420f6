"""From a source to checked rows, a batch at a time: no file is ever held whole."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.ports import Batch
from umsalert.register import headers, names
from umsalert.register.headers import Binding
from umsalert.register.hints import problem
from umsalert.register.mapping import Mapping
from umsalert.register.rows import Limits, Row
from umsalert.register.sources import Line, Source, UnreadableError
from umsalert.register.table import Column

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

BATCH = 500


@dataclass(frozen=True, slots=True)
class Manner:
    """How the columns of a file are taken."""

    mapping: Mapping = field(default_factory=Mapping)
    ignore_unknown: bool = False


class Maker(Protocol[T_co]):
    """Makes what one kind of row stands for."""

    @property
    def columns(self) -> Sequence[Column]:
        """Return those that its files may have."""

    def needed(self, present: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that a new row has to have, given those that the file has."""

    def found(self, present: Sequence[str], /) -> tuple[str, ...]:
        """Return the columns that are not in the file and looked up, given those that are."""

    def prepare(self, rows: Sequence[Row], absent: Sequence[str]) -> None:
        """Look up what is known of a batch; fill in the needed columns that are absent."""

    def make(self, row: Row) -> T_co | None:
        """Return what a row stands for; its problems are noted in it."""


class Reading(Generic[T]):
    """One file and what makes its rows."""

    def __init__(self, source: Source, maker: Maker[T], manner: Manner) -> None:
        """Read the header. Raises UnreadableError."""
        self._source = source
        self._maker = maker
        self._values = manner.mapping.values
        self._limits = Limits(maker.columns)
        self.delimiter = source.delimiter
        self.binding, self._skipped = _header(source, maker.columns, manner)
        present = self.binding.columns
        self.columns = (*present, *maker.found(present))
        self._absent = tuple(name for name in maker.needed(present) if name not in present)
        key = [column.name for column in maker.columns if column.required][:1]
        problems = list(self.binding.problems)
        if not set(key) <= set(self.columns) and "ref" not in self.columns:
            problems = [*headers.missing(self.binding, key), *problems]
        self.problems = tuple(problems)
        self.sound = not problems

    @property
    def header(self) -> list[str]:
        """Return the names of the file's columns, without that of reasons."""
        return self.without_reason(self.binding.header)

    @property
    def headers(self) -> Dictionary[str, str]:
        """Return what the file calls each column."""
        return self.binding.names

    def lines(self) -> Iterator[Line]:
        """Yield what is below the header, as it stands in the file."""
        yield from itertools.islice(self._source.lines(), self._skipped, None)

    def without_reason(self, cells: Sequence[str]) -> list[str]:
        """Return the cells of a line without that of an earlier rejection."""
        reasons = self.binding.reasons
        return [cell for place, cell in enumerate(cells) if place not in reasons]

    def batches(self) -> Iterator[Batch[T]]:
        """Yield checked rows; none is valid where the header is wrong. Raises UnreadableError."""
        first = Batch[T](problems=list(self.problems), warnings=list(self._source.warnings))
        lines = self.lines()
        said_missing = False
        empty = True
        while chunk := list(itertools.islice(lines, BATCH)):
            batch, first = first, Batch[T]()
            rows = list(self._rows(chunk, batch))
            self._maker.prepare(rows, self._absent)
            for row in rows:
                self._check(row, batch)
            if not said_missing and (lacking := self._lacking(rows)):
                said_missing = True
                missing = headers.missing(self.binding, lacking)
                batch.problems[:0] = [each for each in missing if each not in self.problems]
            batch.problems.sort(key=lambda problem: problem.row or 0)
            empty = False
            yield batch
        if empty:
            first.problems.append(_without_rows(self.binding.line))
            yield first

    def _rows(self, lines: Iterable[Line], batch: Batch[T]) -> Iterator[Row]:
        limits = self._limits
        width = self.binding.width
        cells_of = self.binding.cells
        for line in lines:
            batch.total += 1
            cells = line.cells
            if line.problem:
                batch.problems.append(line.problem)
                continue
            if len(cells) != width:
                if len(cells) < width or any(cell.strip() for cell in cells[width:]):
                    if self.sound:  # a wrong header makes every row look so
                        batch.problems.append(_ragged(line, width))
                    continue
                cells = cells[:width]
            found = cells_of(cells)
            if self._values:
                _translate(found, self._values)
            yield Row(found, limits, line.number)

    def _check(self, row: Row, batch: Batch[T]) -> None:
        item = self._maker.make(row)
        for name in self._absent:
            if self.sound and name not in row.cells:
                message = _("The row is new, and the file has no column {name}.").format(name=name)
                row.refuse(name, "row_incomplete", message)
        if row.problems:
            batch.problems += row.problems
        elif item is not None and self.sound and row.line is not None:
            batch.items.append((row.line, item))
        batch.warnings += row.warnings

    def _lacking(self, rows: Sequence[Row]) -> list[str]:
        return [name for name in self._absent if any(name not in row.cells for row in rows)]


def _header(source: Source, columns: Sequence[Column], manner: Manner) -> tuple[Binding, int]:
    """Return what the header means, and how many lines end with it."""
    first = list(itertools.islice(source.lines(), names.WITHIN))
    if not first:
        raise UnreadableError("file_empty", _("The file is empty."))
    at = names.place([line.cells for line in first], manner.mapping.normal())
    line = first[at]
    if line.problem:
        raise UnreadableError(line.problem.code, line.problem.message, row=line.number)
    binding = headers.bind(line, columns, manner.mapping, ignore_unknown=manner.ignore_unknown)
    return binding, at + 1


def _translate(cells: dict[str, str], values: Dictionary[str, Dictionary[str, str]]) -> None:
    for column, words in values.items():
        if column in cells:
            cells[column] = words.get(cells[column].strip().casefold(), cells[column])


def _ragged(line: Line, expected: int) -> Problem:
    message = _("The row has {n} cells, the header {expected}.").format(
        n=len(line.cells), expected=expected
    )
    return problem("row_ragged", message, row=line.number)


def _without_rows(line: int) -> Problem:
    message = _("The file has a header and no rows below it.")
    return problem("file_without_rows", message, row=line)
