"""Distances as people type and read them: `800m`, `3 km`, `1,5 km`. Inside, metres only."""

from __future__ import annotations

import math
import re
import unicodedata

from umsalert.errors import UsageError
from umsalert.i18n import _, decimal

_METRES = {"m": 1, "km": 1000}
_PARTS = r"(?P<number>.*?) ?(?P<unit>[^\W\d_]*)"
# Digits, or groups of three apart by one space as the French write them; then decimals.
_NUMBER = r"[-+]?([0-9]+|[0-9]{1,3}( [0-9]{3})+)([.,][0-9]+)?"
_THREE_DECIMALS = r".*[.,][0-9]{3}"
_AWAY = ((1_000, 1), (10_000, 10), (100_000, 100))
"""Below so many metres, rounded to so many."""


def parse_distance(text: str) -> float:
    """Return the metres of a distance with its unit, `m` or `km`, as typed.

    The decimal sign is a dot or a comma, thousands may be apart by a space of any kind.
    `1.500 m` is refused: it is 1.5 m to one reader and 1,500 m to another.

    Raises:
        UsageError: distance_not_a_number, distance_not_positive, distance_without_unit,
            distance_unit_unknown, distance_ambiguous.
    """
    clean = " ".join(unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-").split())
    parts = re.fullmatch(_PARTS, clean)
    number, unit = (parts["number"], parts["unit"].casefold()) if parts else ("", "")
    if not re.fullmatch(_NUMBER, number):
        raise _refused(
            "distance_not_a_number", _("The distance {text!r} is not a number.").format(text=text)
        )
    if not unit:
        raise _refused(
            "distance_without_unit", _("The distance {text!r} has no unit.").format(text=text)
        )
    if unit not in _METRES:
        raise _refused(
            "distance_unit_unknown",
            _("The distance {text!r} has a unit other than m and km.").format(text=text),
        )
    if unit == "m" and re.fullmatch(_THREE_DECIMALS, number):
        raise _refused(
            "distance_ambiguous",
            _("The distance {text!r} may mean thousands or thousandths.").format(text=text),
        )
    from decimal import Decimal

    metres = float(Decimal(number.replace(" ", "").replace(",", ".")) * _METRES[unit])
    if not 0 < metres < math.inf:
        raise _refused(
            "distance_not_positive",
            _("The distance {text!r} is not above 0 and finite.").format(text=text),
        )
    return metres


def format_distance(metres: float) -> str:
    """Return a distance for people, right to the metre: `800 m`, `1.5 km` (French `1,5 km`)."""
    whole = round(metres)
    if whole < 1000:
        return f"{whole} m"
    return decimal(f"{whole / 1000:.3f}".rstrip("0").rstrip(".")) + " km"


def format_away(metres: float) -> str:
    """Return how far away a place lies, as exact as anybody needs: three or four digits."""
    step = next((step for below, step in _AWAY if metres < below), 1000)
    return format_distance(round(metres / step) * step)


def check_radius(radius_m: float, limit_m: float) -> None:
    """Refuse a radius beyond the configured limit (`alert.max_radius_m`).

    Raises:
        UsageError: radius_out_of_range, also for NaN, zero and below.
    """
    if not 0 < radius_m <= limit_m:
        raise UsageError(
            "radius_out_of_range",
            _("A radius of {radius} is outside the configured limit, {limit}.").format(
                radius=format_distance(radius_m) if math.isfinite(radius_m) else radius_m,
                limit=format_distance(limit_m),
            ),
            hint=_("Draw a smaller circle, or raise the setting alert.max_radius_m."),
        )


def _refused(code: str, message: str) -> UsageError:
    return UsageError(code, message, hint=_("Type a number and its unit, such as 800m or 3km."))
