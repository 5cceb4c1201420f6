"""Which column a header means: French and English names as offices write them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from operator import itemgetter

from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.register.hints import problem
from umsalert.register.mapping import Mapping
from umsalert.register.names import lookup, normal
from umsalert.register.sources import Line
from umsalert.register.table import Column

REASON = "reason"
"""The last column of a file of rejected rows; never read."""
STATUS = "status"
"""A column that an export has; never read: nobody is vetted by a file."""


@dataclass(frozen=True)
class Binding:
    """Which cell of a line is which column of ours.

    Attributes:
        header: the names in the file, as they stand there.
        line: where the header is.
        columns: ours, in the order of the file.
        places: the cells of each; more than one are joined by a space.
        problems: everything wrong with the header.
    """

    header: tuple[str, ...]
    line: int
    columns: tuple[str, ...]
    places: tuple[tuple[int, ...], ...]
    problems: tuple[Problem, ...]

    @cached_property
    def reasons(self) -> frozenset[int]:
        """Return which cells say why a row was rejected before."""
        return frozenset(at for at, name in enumerate(self.header) if normal(name) == REASON)

    @cached_property
    def names(self) -> dict[str, str]:
        """Return what the file calls each column of ours that it has; others by their own name."""
        ours = {
            column: " + ".join(self.header[place] for place in at)
            for column, at in zip(self.columns, self.places, strict=True)
        }
        return {name: name for name in self.header} | ours

    @property
    def width(self) -> int:
        """How many cells a line has, the `reason` of a rejected one among them."""
        return len(self.header)

    @cached_property
    def cells(self) -> Callable[[Sequence[str]], dict[str, str]]:
        """Return what finds the cells of a line by our names; the line has `width` cells."""
        columns, places = self.columns, self.places
        if len(columns) > 1 and all(len(at) == 1 for at in places):
            picked = itemgetter(*(at[0] for at in places))
            return lambda found: dict(zip(columns, picked(found), strict=True))
        return lambda found: {
            column: " ".join(found[place] for place in at)
            for column, at in zip(columns, places, strict=True)
        }


def bind(
    line: Line, columns: Sequence[Column], mapping: Mapping, *, ignore_unknown: bool = False
) -> Binding:
    """Return what the header means, and everything wrong with it."""
    header = tuple(cell.strip() for cell in _without_tail(line.cells))
    known = [column.name for column in columns]
    binder = _Binder(header, line.number, known, mapping)
    binder.bind(ignore_unknown=ignore_unknown)
    for theirs in mapping.headers():
        if normal(theirs) not in map(normal, header):
            message = _("The mapping names a column {name}, which the file does not have.").format(
                name=theirs
            )
            binder.note("column_missing", message, theirs)
    places = binder.places
    return Binding(
        header, line.number, tuple(places), tuple(places.values()), tuple(binder.problems)
    )


class _Binder:
    def __init__(
        self, header: Sequence[str], line: int, known: Sequence[str], mapping: Mapping
    ) -> None:
        self._header = header
        self._line = line
        self._known = known
        self._mapping = mapping
        found = lookup(contacts="site_ref" in known)
        self._names = {name: ours for name, ours in found.items() if ours in known}
        self.places: dict[str, tuple[int, ...]] = {}
        self.problems: list[Problem] = []

    def bind(self, *, ignore_unknown: bool) -> None:
        wanted = {normal(name): place for place, name in enumerate(self._header)}
        for ours, theirs in self._mapping.columns.items():
            if all(normal(name) in wanted for name in theirs):
                self.places[ours] = tuple(wanted[normal(name)] for name in theirs)
        passed = {
            normal(name)
            for name in (*self._mapping.headers(), *self._mapping.ignore, REASON, STATUS)
        }
        for place, name in enumerate(self._header):
            if not name:
                message = _("Column {n} has no name.").format(n=place + 1)
                self.note("column_unnamed", message, None)
            elif normal(name) not in passed:
                self._bind_one(place, name, ignore_unknown=ignore_unknown)

    def _bind_one(self, place: int, name: str, *, ignore_unknown: bool) -> None:
        ours = self._names.get(normal(name))
        if ours is None:
            if not ignore_unknown:
                self.note("column_unknown", self._unknown(name), name)
        elif ours in self.places:
            self.note("column_repeated", self._repeated(ours, name), name)
        else:
            self.places[ours] = (place,)

    def note(self, code: str, message: str, column: str | None) -> None:
        self.problems.append(problem(code, message, row=self._line, column=column))

    def _repeated(self, ours: str, name: str) -> str:
        first = self._header[self.places[ours][0]]
        if normal(first) == normal(name):
            return _("There is more than one column {name}.").format(name=name)
        return _("{first} and {name} both mean the column {column}.").format(
            first=first, name=name, column=ours
        )

    def _unknown(self, name: str) -> str:
        closest = get_close_matches(normal(name), self._names, n=1)
        if closest:
            return _("There is no column {name}; the closest is {closest}.").format(
                name=name, closest=self._names[closest[0]]
            )
        return _("There is no column {name}; there are: {known}.").format(
            name=name, known=", ".join(self._known)
        )


def missing(binding: Binding, names: Collection[str]) -> Iterator[Problem]:
    """Yield a problem for each column that has to be there and is not."""
    for name in names:
        if name not in binding.columns:
            message = _("The column {name} is missing.").format(name=name)
            yield problem("column_missing", message, row=binding.line, column=name)


def _without_tail(cells: Sequence[str]) -> Sequence[str]:
    """Return cells without the empty ones at the end, which spreadsheets add."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]
