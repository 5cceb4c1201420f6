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


def parse_coordinate(text: str) -> float:
    """Return the degrees of one latitude or longitude as typed, with a decimal dot or comma.

    Raises:
        UsageError: coordinate_not_a_number, also for NaN, infinity, a pair, degrees and minutes.
    """
    clean = text.strip()
    if not clean.isascii():
        clean = unicodedata.normalize("NFKC", clean).strip().replace("\N{MINUS SIGN}", "-")
    degrees = float(clean.replace(",", ".")) if _DECIMAL.fullmatch(clean) else math.nan
    if not math.isfinite(degrees):
        raise UsageError(
            "coordinate_not_a_number",
            _("The coordinate {text!r} is not a number of degrees.").format(text=text),
            hint=_("Type one number in decimal degrees, such as 43.7005."),
        )
    return degrees


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
