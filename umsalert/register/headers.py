"""Which column a header means: French and English names as offices write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property, lru_cache
from operator import itemgetter

from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.register.hints import problem
from umsalert.register.mapping import Mapping
from umsalert.register.sources import Line
from umsalert.register.table import Column

REASON = "reason"
"""The last column of a file of rejected rows; never read."""
STATUS = "status"
"""A column that an export has; never read: nobody is vetted by a file."""

WITHIN = 10
"""Lines in which the header is: some offices write a title above the names of the columns."""

# Accents, case, blanks, hyphens and a plural s do not count: `normal` takes them away.
SITE_NAMES = {
    "ref": ("référence", "réf site", "référence du site", "code site", "identifiant", "id"),
    "name": ("nom", "nom du site", "site", "dénomination", "libellé", "enseigne"),
    "lat": ("latitude", "latitude wgs84", "lat wgs84"),
    "lon": ("longitude", "longitude wgs84", "lng", "long", "lon wgs84"),
    "x": ("coordonnée x", "x lambert 93", "lambert x", "easting"),
    "y": ("coordonnée y", "y lambert 93", "lambert y", "northing"),
    "crs": ("epsg", "projection", "système de coordonnées", "srid"),
    "kind": ("type", "type de site", "catégorie", "nature", "category"),
    "address": ("adresse", "rue", "voie", "adresse postale", "street"),
    "postcode": ("code postal", "cp", "postal code", "zip"),
    "commune": ("ville", "localité", "town", "city"),
    "agents": ("nombre d'agents", "nb agents", "effectif", "guards", "number of agents"),
    "hours": ("horaires", "heures", "heures de présence", "horaires de présence", "opening hours"),
    "time_zone": ("fuseau", "fuseau horaire", "timezone"),
    "leader": ("responsable", "encadrant", "chef de poste", "responsable sur place"),
    "lockdown_procedure": ("procédure de confinement", "confinement", "procédure confinement"),
    "convention_ref": ("convention", "référence de la convention", "n° de convention"),
    "client": ("donneur d'ordre", "donneur d'ordres", "customer"),
    "company": ("société", "entreprise", "société de sécurité", "entreprise de sécurité"),
    "company_authorisation": (
        "autorisation", "n° d'autorisation", "numéro d'autorisation", "autorisation cnaps",
        "company authorization",
    ),
}  # fmt: skip
CONTACT_NAMES = {
    "site_ref": ("site", "réf site", "référence du site", "code site", "référence site",
                 "site id"),
    "name": ("nom", "nom et prénom", "nom prénom", "prénom nom", "nom complet", "full name",
             "contact", "agent"),
    "ref": ("référence", "référence du contact", "réf contact", "identifiant", "id", "matricule"),
    "role": ("rôle", "fonction", "poste", "qualité", "function"),
    "phone": ("téléphone", "tél", "tel", "portable", "mobile", "numéro de téléphone",
              "n° de téléphone", "téléphone portable", "telephone", "phone number", "gsm"),
    "email": ("e-mail", "mail", "courriel", "adresse mail", "adresse e-mail",
              "adresse électronique", "mél", "email address"),
    "card": ("carte", "carte professionnelle", "carte pro", "n° de carte", "numéro de carte",
             "carte cnaps", "n° carte professionnelle", "professional card", "card number"),
    "language": ("langue", "lang"),
    "named_by": ("désigné par", "nommé par", "proposé par"),
    "channels": ("canaux", "canal", "moyens", "moyens d'alerte"),
    "hours": ("horaires", "heures", "heures de présence", "horaires de présence", "opening hours"),
    "fallback": ("suppléant", "recours", "contact de secours", "fallback contact"),
}  # fmt: skip
"""Other names of each column; its own is always one."""


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """Return a name without accents, case, marks and a plural s: `Téléphones` -> telephone."""
    letters = unicodedata.normalize("NFKD", name.replace("°", " ").replace("º", " ")).casefold()
    plain = "".join(char for char in letters if not unicodedata.combining(char))
    words = "".join(char if char.isalnum() else " " for char in plain).split()
    return " ".join(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)


@lru_cache(maxsize=4096)
def is_known(name: str) -> bool:
    """Say whether any list of ours has a column of this name."""
    found = normal(name)
    return any(found in _lookup(contacts=contacts) for contacts in (False, True))


def known(cells: Sequence[str]) -> int:
    """Return how many cells are names of columns of ours."""
    return sum(map(is_known, cells))


def place(lines: Sequence[Line]) -> int:
    """Return which of the first lines, of which there is one at least, is the header."""
    found = [known(line.cells) for line in lines]
    return 0 if found[0] else found.index(max(found))


@cache
def _lookup(*, contacts: bool) -> dict[str, str]:
    """Return our column by each name, without accents and the like."""
    names = CONTACT_NAMES if contacts else SITE_NAMES
    found: dict[str, str] = {}
    for column, others in names.items():
        for name in (column, *others):
            found[normal(name)] = column
    return found


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
        lookup = _lookup(contacts="site_ref" in known)
        self._names = {name: ours for name, ours in lookup.items() if ours in known}
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
