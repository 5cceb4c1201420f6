"""The public holidays of the French territories: what `PH` means in hours of duty.

Sources: Code du travail L3133-1 (national), L3134-13 (Alsace and Moselle), L3422-2 (the abolition
of slavery overseas); for New Caledonia, French Polynesia, Wallis and Futuna the days of their own
laws, as the library `holidays` gathers them. Checked: for 2013 to 2059 the table says what version
0.109 of it does, without three days that are custom, not law (21 July and Mi-Carême in the
Antilles, Good Friday in Guadeloupe). It takes 0.2 s to load, which an officer would wait for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

ALSACE_MOSELLE = "FR-AM"
"""The calendar of départements 57, 67 and 68; every other one is named for its region."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day of every year from `since` to `until`: of the calendar, or counted from Easter."""

    name: str
    month: int = 0
    day: int = 0
    after_easter: int = 0
    since: int = 0
    until: int = 9999

    def of(self, year: int) -> date:
        """Return its date."""
        if self.month:
            return date(year, self.month, self.day)
        return easter(year) + timedelta(days=self.after_easter)


_GOOD_FRIDAY = Holiday("Vendredi saint", after_easter=-2)
_ABOLITION = "Abolition de l'esclavage"

NATIONAL = (
    Holiday("Jour de l'an", 1, 1),
    Holiday("Lundi de Pâques", after_easter=1),
    Holiday("Fête du Travail", 5, 1),
    Holiday("Victoire de 1945", 5, 8),
    Holiday("Ascension", after_easter=39),
    Holiday("Lundi de Pentecôte", after_easter=50),
    Holiday("Fête nationale", 7, 14),
    Holiday("Assomption", 8, 15),
    Holiday("Toussaint", 11, 1),
    Holiday("Armistice de 1918", 11, 11),
    Holiday("Noël", 12, 25),
)
"""Of every territory; L3133-1."""

REGIONAL = {
    ALSACE_MOSELLE: (_GOOD_FRIDAY, Holiday("Saint-Étienne", 12, 26)),
    "GP": (Holiday(_ABOLITION, 5, 27),),
    "MQ": (Holiday(_ABOLITION, 5, 22),),
    "GF": (Holiday(_ABOLITION, 6, 10),),
    "RE": (Holiday(_ABOLITION, 12, 20),),
    "YT": (Holiday(_ABOLITION, 4, 27),),
    "BL": (Holiday(_ABOLITION, 10, 9),),
    "MF": (Holiday(_ABOLITION, 5, 28),),
    "PM": (),
    "NC": (Holiday("Fête de la citoyenneté", 9, 24),),
    "PF": (
        Holiday("Arrivée de l'Évangile", 3, 5),
        _GOOD_FRIDAY,
        Holiday("Fête de l'autonomie", 6, 29, until=2024),
        Holiday("Matāri'i", 11, 20, since=2025),
    ),
    "WF": (
        Holiday("Saint Pierre Chanel", 4, 28),
        Holiday("Saints Pierre et Paul", 6, 29),
        Holiday("Fête du Territoire", 7, 29),
    ),
}
"""What comes on top, by calendar."""


def is_holiday(day: date, calendar: str) -> bool:
    """Say whether `day` is a public holiday: of a region, or of Alsace and Moselle."""
    return day in _of_year(day.year, calendar)


@lru_cache(maxsize=256)
def _of_year(year: int, calendar: str) -> frozenset[date]:
    days = (*NATIONAL, *REGIONAL.get(calendar, ()))
    return frozenset(day.of(year) for day in days if day.since <= year <= day.until)


def easter(year: int) -> date:
    """Return Easter Sunday by the Gregorian algorithm of Meeus, Jones and Butcher."""
    century, of_century = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * (year % 19) + century - leaps - shift + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (year % 19 + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
