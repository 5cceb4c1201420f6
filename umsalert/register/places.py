"""Where a site lies: degrees, the metres of a projection, or an address that is looked up."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from umsalert.errors import UsageError
from umsalert.geo.coordinates import check_point, parse_coordinate
from umsalert.geo.territories import Territory, region_of_postcode
from umsalert.i18n import _
from umsalert.register.rows import Row

ADDRESS = ("address", "postcode", "commune")


class Geocoder(Protocol):
    """Finds the points of addresses. Called in the thread that reads the file."""

    def prepare(self, addresses: Iterable[tuple[str, str, str]]) -> None:
        """Look up several at a time."""

    def locate(self, address: str, postcode: str, commune: str) -> tuple[float, float]:
        """Return latitude and longitude. Raises UsageError where it finds none, or many."""

    def doubts(self, address: str, postcode: str, commune: str) -> tuple[tuple[str, str], ...]:
        """Return code and sentence of each warning about an address that was located."""


ToWgs84 = Callable[[str, str, str, str | None], tuple[float, float]]
"""Returns latitude and longitude of `x`, `y` and `crs` as typed, the last may be empty, in the
region of the postcode. Raises UsageError."""


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


def prepare(rows: Iterable[Row], geocoder: Geocoder) -> None:
    """Look up the addresses of those rows of a batch that have nothing else."""
    geocoder.prepare(
        _address(row)
        for row in rows
        if not (row.has("lat") or row.has("lon") or _projected(row)) and any(map(row.has, ADDRESS))
    )


def keep_point(row: Row, held: Mapping[str, str]) -> None:
    """Give a row without coordinates what the register holds, the point if the address is the same.

    A point that somebody has corrected stays, and a site whose address is another's moves.
    """
    for column in ADDRESS:
        row.cells.setdefault(column, held[column])
    if _plain(row.cells) == _plain(held):
        row.cells.update(lat=held["lat"], lon=held["lon"])


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
    elif locating.geocoder and (any(map(row.has, ADDRESS)) or "lat" not in row.cells):
        column = "address"
        point = _from_address(row, locating.geocoder)
    else:
        column, point = "lat", None
        for name in _wanted(row, locating):
            row.require(name, parse_coordinate)
    if point is None:
        return None
    try:
        return Place(*point, check_point(*point))
    except UsageError as error:
        row.refuse(column, error.code, error.message, _not_for_commands(error))
        return None


def _plain(cells: Mapping[str, str]) -> list[str]:
    street, postcode, commune = (
        unicodedata.normalize("NFC", " ".join(cells[column].split())) for column in ADDRESS
    )
    return [street, postcode.zfill(5) if postcode else "", commune]


def _wanted(row: Row, locating: Locating) -> tuple[str, ...]:
    """Return the columns of the file that a row without any place should have filled in."""
    ways: list[tuple[str, ...]] = [("lat", "lon"), ("x", "y")]
    if locating.geocoder:
        ways.append(("address",))
    return next((way for way in ways if any(name in row.cells for name in way)), ways[0])


def _projected(row: Row) -> bool:
    return row.has("x") or row.has("y")


def _from_metres(row: Row, to_wgs84: ToWgs84) -> tuple[float, float] | None:
    x, y = row.require("x", str), row.require("y", str)
    crs = row.read("crs", str) or ""
    if x is None or y is None:
        return None
    try:
        return to_wgs84(x, y, crs, region_of_postcode(row.cells.get("postcode", "").strip()))
    except UsageError as error:
        row.refuse("x", error.code, error.message, error.hint)
        return None


def _from_address(row: Row, geocoder: Geocoder) -> tuple[float, float] | None:
    parts = _address(row)
    if any(problem.column in ADDRESS for problem in row.problems):
        return None  # it would be called incomplete as well
    try:
        point = geocoder.locate(*parts)
    except UsageError as error:
        row.refuse("address", error.code, error.message, error.hint)
        return None
    for code, message in geocoder.doubts(*parts):
        row.warn("address", code, message)
    return point


def _address(row: Row) -> tuple[str, str, str]:
    street, postcode, commune = (row.read(column, str) or "" for column in ADDRESS)
    return street, postcode, commune


def _not_for_commands(error: UsageError) -> str:
    """Return what to do in a file, where the hint names options of a command."""
    return _("Exchange the two cells.") if error.code == "coordinates_swapped" else error.hint
