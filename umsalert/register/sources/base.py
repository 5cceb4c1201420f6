"""What every source of rows is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from umsalert.errors import Problem
from umsalert.register.hints import hint


@dataclass(frozen=True, slots=True)
class Options:
    """How a person wants a file to be read.

    Attributes:
        sheet: the sheet of a workbook by its name; None: the first that is visible.
        encoding: that of a CSV file; None: found out.
        points: whether the rows have a place, which GeoJSON writes as a geometry.
        headers: names that a header may have beside those that we know, `normal`.
    """

    sheet: str | None = None
    encoding: str | None = None
    points: bool = True
    headers: Set[str] = frozenset()


class Line(NamedTuple):
    """One row with anything in it, the header among them.

    `number` is where it starts: the line in an editor, the row of a sheet, the number of a
    feature. `cells` is empty where `problem` says why there are none; `raw` is then its text.
    """

    number: int
    cells: Sequence[str]
    problem: Problem | None = None
    raw: str = ""


class Source(Protocol):
    """A file that can be read from its beginning as often as needed.

    Attributes:
        delimiter: what a file of rejected rows is to be cut by.
        warnings: what the file was read as, where that is doubtful.
    """

    delimiter: str
    warnings: tuple[Problem, ...]

    def lines(self) -> Iterator[Line]:
        """Yield the header and what is below it. Raises UnreadableError."""


class UnreadableError(Exception):
    """The bytes hold no table at all."""

    def __init__(self, code: str, message: str, *, row: int | None = None) -> None:
        """Say why; `row` is the line of a text."""
        super().__init__(code)
        self.problem = Problem(code, message, row=row, hint=hint(code))
