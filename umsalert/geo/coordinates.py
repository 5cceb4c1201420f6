"""Points as people type them: decimal degrees WGS 84. LATITUDE FIRST, then longitude.

Everything raises UsageError with a code, for a command; a row of a file catches it and keeps the
code and the sentence.
"""

from __future__ import annotations

import math
import re
import unicodedata

from umsalert.errors import UsageError
from umsalert.geo.territories import Territory, territory_at
from umsalert.i18n import _

# Spreadsheets write small longitudes with an exponent (Greenwich crosses Normandy: 4.5E-05).
_DECIMAL = re.compile(r"[-+]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)(e[-+]?[0-9]+)?", re.IGNORECASE)
# 43°42'00,5"N; O is the French W. The sign ° must be there: 43 42 could be two numbers.
_SEXAGESIMAL = re.compile(
    r"([-+])?([0-9]{1,3}(?:[.,][0-9]+)?)°(?:([0-9]{1,2}(?:[.,][0-9]+)?)')?"
    r"(?:([0-9]{1,2}(?:[.,][0-9]+)?)(?:\"|''))?([NSEWO])?",
    re.IGNORECASE,
)
_AROUND_SIGNS = re.compile(" *([°'\"]) *")
_SIGNS = str.maketrans(
    {
        "\N{MINUS SIGN}": "-",
        "\N{MASCULINE ORDINAL INDICATOR}": "°",
        "\N{RING ABOVE}": "°",
        "\N{ACUTE ACCENT}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{PRIME}": "'",
        "\N{DOUBLE PRIME}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    }
)
"""What stands for a sign of degrees, minutes or seconds; some are no such thing to NFKC."""


def parse_coordinate(text: str) -> float:
    """Return the degrees of one latitude or longitude as typed.

    In decimal degrees with a dot or a comma, or in degrees, minutes and seconds with their signs.

    Raises:
        UsageError: coordinate_not_a_number, also for NaN, infinity, a pair.
    """
    clean = text.strip()
    if not clean.isascii():
        clean = unicodedata.normalize("NFKC", clean.translate(_SIGNS)).strip()
    degrees = _number(clean) if _DECIMAL.fullmatch(clean) else _sexagesimal(clean)
    if not math.isfinite(degrees):
        raise UsageError(
            "coordinate_not_a_number",
            _("The coordinate {text!r} is not a number of degrees.").format(text=text),
            hint=_("Type one number in decimal degrees, such as 43.7005."),
        )
    return degrees


def _sexagesimal(clean: str) -> float:
    """Return the degrees of degrees, minutes and seconds, NaN where they are none."""
    match = _SEXAGESIMAL.fullmatch(_AROUND_SIGNS.sub(r"\1", clean))
    if match is None:
        return math.nan
    sign, *numbers, side = match.groups()
    given = [number for number in numbers if number is not None]
    minutes, seconds = (_number(number or "0") for number in numbers[1:])
    whole = all(number.isdigit() for number in given[:-1])  # only the last may have a fraction
    if not whole or minutes >= 60 or seconds >= 60 or (sign and side):
        return math.nan
    degrees = _number(numbers[0]) + minutes / 60 + seconds / 3600
    return -degrees if sign == "-" or (side and side in "SWOswo") else degrees


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def check_point(lat: float, lon: float) -> Territory:
    """Return the French territory of a point. LATITUDE FIRST, degrees.

    Raises:
        UsageError: coordinates_swapped (only the exchanged pair lies in France),
            coordinates_out_of_range (also NaN and infinity), outside_france.
    """
    territory = territory_at(lat, lon)
    if territory:
        return territory
    swapped_into = territory_at(lon, lat)
    if swapped_into:
        raise UsageError(
            "coordinates_swapped",
            _(
                "Latitude {lat} and longitude {lon} seem swapped: latitude {lon} and longitude"
                " {lat} would be in this territory: {name}."
            ).format(lat=lat, lon=lon, name=swapped_into.name),
            hint=_("Type: {flags}").format(flags=f"--lat {lon} --lon {lat}"),
        )
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        raise UsageError(
            "coordinates_out_of_range",
            _("Latitude {lat}, longitude {lon} is no point on Earth.").format(lat=lat, lon=lon),
            hint=_("Latitude goes from -90 to 90 degrees, longitude from -180 to 180."),
        )
    raise UsageError(
        "outside_france",
        _("Latitude {lat}, longitude {lon} is in no French territory.").format(lat=lat, lon=lon),
        hint=_("Check the signs: south and west are negative."),
    )
