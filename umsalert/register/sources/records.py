"""Rows that come from somewhere else than a text or a workbook, by the names of their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from umsalert.errors import Problem
from umsalert.register.sources.base import Line

HEAD = b"SQLite format 3\0"
"""How every GeoPackage begins (OGC 12-128, 1.1.1.1.1): it is an SQLite file."""


class Records:
    """The rows of a table, read anew each time; `number` is their place, the header being 1."""

    delimiter = ","
    warnings: tuple[Problem, ...] = ()

    def __init__(self, read: Callable[[], Iterable[Mapping[str, str]]]) -> None:
        """Take what `read` yields; a name that a row has not is an empty cell."""
        self._read = read
        self._names = tuple(dict.fromkeys(name for row in read() for name in row))

    def lines(self) -> Iterator[Line]:
        """Yield the names of the columns and what is below them."""
        yield Line(1, self._names)
        for number, row in enumerate(self._read(), 2):
            yield Line(number, [row.get(name, "") for name in self._names])
