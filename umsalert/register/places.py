"""Where a site lies: degrees, the metres of a projection, or an address that is looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from umsalert.errors import UsageError
from umsalert.geo.coordinates import check_point, parse_coordinate
from umsalert.geo.territories import Territory
from umsalert.i18n import _
from umsalert.register.rows import Row

ADDRESS = ("address", "postcode", "commune")


class Geocoder(Protocol):
    """Finds the point of an address. Called in the thread that reads the file."""

    def locate(self, address: str, postcode: str, commune: str) -> tuple[float, float]:
        """Return latitude and longitude. Raises UsageError where it finds none, or many."""


ToWgs84 = Callable[[str, str, str], tuple[float, float]]
"""Returns latitude and longitude of `x`, `y` and `crs` as typed, the last may be empty. Raises
UsageError."""


@dataclass(frozen=True, slots=True)
class Locating:
    """What a point can be found by, beside degrees."""

    to_wgs84: ToWgs84 | None = None
    geocoder: Geocoder | None = None


class Place(NamedTuple):
    """A point in a French territory. LATITUDE FIRST, degrees WGS 84."""

    lat: float
    lon: float
    territory: Territory


def place_of(row: Row, locating: Locating) -> Place | None:
    """Return where the row's site lies; None where that is missing or wrong, which is noted."""
    typed = row.cells.get("lat")
    if (typed and not typed.isspace()) or row.has("lon"):
        column = "lat"
        lat = row.require("lat", parse_coordinate)
        lon = row.require("lon", parse_coordinate)
        point = None if lat is None or lon is None else (lat, lon)
    elif _projected(row) and locating.to_wgs84:
        column = "x"
        point = _from_metres(row, locating.to_wgs84)
    elif locating.geocoder and any(map(row.has, ADDRESS)):
        column = "address"
        point = _from_address(row, locating.geocoder)
    else:
        column, point = "lat", None
        for name in ("lat", "lon"):
            row.require(name, parse_coordinate)
    if point is None:
        return None
    try:
        return Place(*point, check_point(*point))
    except UsageError as error:
        row.refuse(column, error.code, error.message, _not_for_commands(error))
        return None


def _projected(row: Row) -> bool:
    return row.has("x") or row.has("y")


def _from_metres(row: Row, to_wgs84: ToWgs84) -> tuple[float, float] | None:
    x, y = row.require("x", str), row.require("y", str)
    crs = row.read("crs", str) or ""
    if x is None or y is None:
        return None
    try:
        return to_wgs84(x, y, crs)
    except UsageError as error:
        row.refuse("x", error.code, error.message, error.hint)
        return None


def _from_address(row: Row, geocoder: Geocoder) -> tuple[float, float] | None:
    parts = [row.read(column, str) or "" for column in ADDRESS]
    try:
        return geocoder.locate(*parts)
    except UsageError as error:
        row.refuse("address", error.code, error.message, error.hint)
        return None


def _not_for_commands(error: UsageError) -> str:
    """Return what to do in a file, where the hint names options of a command."""
    return _("Exchange the two cells.") if error.code == "coordinates_swapped" else error.hint
