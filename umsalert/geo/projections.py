"""Points in metres on the projections that are legal in France, to degrees WGS 84.

X IS EAST AND y IS NORTH, always, whatever order a system's authority prints them in; the result is
LATITUDE FIRST, as everywhere else.

The systems are those of décret 2000-1276 of 26 December 2000 as amended by décret 2019-165 of
5 March 2019 and its arrêté; their EPSG codes are in IGN's list "Systèmes de Référence de
Coordonnées usités en France". Each is a realisation of the ITRS that differs from WGS 84 by less
than a metre, which is left aside as EPSG's own transformations do.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from umsalert.errors import UsageError
from umsalert.geo.boxes import Box
from umsalert.geo.coordinates import check_point, parse_coordinate
from umsalert.geo.native import check_order
from umsalert.geo.territories import territory_at
from umsalert.i18n import _

if TYPE_CHECKING:
    from pyproj import CRS, Transformer


@dataclass(frozen=True, slots=True)
class System:
    """A system that x and y may be in.

    Attributes:
        epsg: its code.
        name: what IGN calls it; a proper name, not translated.
        regions: the ISO 3166 regions where it is legal.
        also: other codes and names of it, plain (see `_plain`).
    """

    epsg: int
    name: str
    regions: tuple[str, ...]
    also: tuple[str, ...] = ()


_SYSTEMS = (
    System(2154, "RGF93 Lambert-93", ("FR",), ("lambert93", "lamb93", "l93", "rgf93")),
    *(
        System(3900 + parallel, f"RGF93 CC{parallel}", ("FR",), (f"cc{parallel}",))
        for parallel in range(42, 51)
    ),
    System(5490, "RGAF09 UTM 20N", ("GP", "MQ", "BL", "MF"), ("rgaf09", "rgaf09utm20")),
    System(2972, "RGFG95 UTM 22N", ("GF",), ("rgfg95", "rgfg95utm22")),
    System(2975, "RGR92 UTM 40S", ("RE",), ("rgr92",)),
    System(4471, "RGM04 UTM 38S", ("YT",), ("rgm04",)),
    System(4467, "RGSPM06 UTM 21N", ("PM",), ("rgspm06", "rgspm06u21")),
    System(3163, "RGNC91-93 Lambert NC", ("NC",), ("lambertnc", "rgnc9193", "rgnc")),
    *(System(3291 + zone, f"RGPF UTM {zone}S", ("PF",)) for zone in (5, 6, 7, 8)),
    System(8903, "RGWF96 UTM 1S", ("WF",), ("rgwf96",)),
)
_TWINS = {
    # RGF93 v2 and v2b, a centimetre from v1
    9793: 2154, 9794: 2154, **{9800 + zone: 3900 + zone for zone in range(42, 51)},
    # RRAF91, legal until 2022, and the zones on WGS 84 itself
    4559: 5490, 32620: 5490, 32622: 2972, 32740: 2975, 32738: 4471, 32621: 4467, 32701: 8903,
    **{32700 + zone: 3291 + zone for zone in (5, 6, 7, 8)},
}  # fmt: skip
"""Codes of what is the same to a metre."""
_DEGREES = frozenset(("wgs84", "4326", "4171", "crs84"))
"""x is the longitude, y the latitude: WGS 84, and RGF93 that is the same to a metre."""

_SEA = Box(-4.8, 46.0, -2.6, 47.2)
"""Off the Loire, south of Belle-Île: CC47 has the numbers there that Lambert-93 has in Corsica."""

_CODE = re.compile(r"(?:.*epsg\W*(?:[0-9.]*[:/])?)?([0-9]{4,5})(?:\.0)?", re.IGNORECASE)
# Datums that are not named here lie hundreds of metres apart: a name is known as a whole, or not.
_EMPTY_WORDS = re.compile(r"epsg|ignf|zone|fuseau|(?<=rgf93)v(?:1|2b?)")
_HEMISPHERE = re.compile(r"(utm[0-9]{1,2})(nord|north|sud|south)")
_CONIC = re.compile(r"(?:lambert|conique|conforme|cc)+(4[2-9]|50)")
_GROUPED = re.compile(r"[-+]?([0-9]{1,3}( [0-9]{3})+|[0-9]+)([.,][0-9]*)?")
_POWER = re.compile(r"[-+]?[0-9](?:[.,]([0-9]*))?e\+?([0-9]{1,2})", re.IGNORECASE)
_FARTHEST_M = 10_000_000
"""From equator to pole: no northing or easting of these systems is larger."""


def load() -> None:
    """Load pyproj now, before the first spatial query of a process that reads projected points.

    Raises RuntimeError after it (see `native`).
    """
    _transformer(_SYSTEMS[0].epsg)


def parse_metres(text: str) -> float:
    """Return one easting or northing as typed: 6859290,95 or 6 859 290.95.

    Raises:
        UsageError: coordinate_not_a_number, coordinate_digits_lost.
    """
    clean = unicodedata.normalize("NFKC", text).strip().replace("\N{MINUS SIGN}", "-")
    if power := _POWER.fullmatch(clean):
        if len(power[1] or "") < int(power[2]):
            raise UsageError(
                "coordinate_digits_lost",
                _("A spreadsheet has shortened this coordinate, and its last digits are lost."),
                hint=_("Give the column the format Number there, and save the file again."),
            )
    elif not _GROUPED.fullmatch(clean):
        raise UsageError(
            "coordinate_not_a_number",
            _("The coordinate {text!r} is not a number of metres.").format(text=text),
            hint=_("Type one number in metres, such as 652709.4."),
        )
    return float(clean.replace(" ", "").replace(",", "."))


def typed_to_wgs84(x: str, y: str, crs: str, region: str | None = None) -> tuple[float, float]:
    """Return latitude and longitude of x, y and crs as typed. X IS EAST, y IS NORTH.

    Args:
        x: easting.
        y: northing.
        crs: as `to_wgs84` takes it; empty, and it is guessed with `region` as `guess_crs` does.
        region: ISO 3166 region that the postcode names, where one does.

    Raises:
        UsageError: what `parse_metres`, `to_wgs84` and `guess_crs` raise.
    """
    if _plain(crs) in _DEGREES:
        return to_wgs84(parse_coordinate(x), parse_coordinate(y), crs)
    east, north = parse_metres(x), parse_metres(y)
    return to_wgs84(east, north, crs.strip() or str(guess_crs(east, north, region).epsg))


def to_wgs84(x: float, y: float, crs: str) -> tuple[float, float]:
    """Return latitude and longitude of a point on a projection. X IS EAST, y IS NORTH.

    Args:
        x: easting in metres (the longitude where `crs` is in degrees).
        y: northing in metres (the latitude where `crs` is in degrees).
        crs: EPSG code or name, as people write it: 2154, EPSG:2975, Lambert 93, UTM 40S, CC43.

    Raises:
        UsageError: crs_unknown, coordinates_swapped, coordinates_in_degrees, outside_crs (the
            point is not where that system is used); what `check_point` raises for degrees.
    """
    if _plain(crs) in _DEGREES:
        check_point(y, x)
        return y, x
    system = find_crs(crs)
    point = _inside(system, x, y)
    if point:
        return point
    raise _misplaced(system, x, y)


@lru_cache(maxsize=256)
def find_crs(text: str) -> System:
    """Return the projected system of a code or name. Raises UsageError: crs_unknown."""
    system = _by_name().get(_plain(text))
    if system is None:
        raise UsageError(
            "crs_unknown",
            _("{text!r} is none of the coordinate systems that are legal in France.").format(
                text=text
            ),
            hint=_("Known: {names}; or their EPSG codes. Convert older ones first.").format(
                names=_names()
            ),
        )
    return system


def guess_crs(x: float, y: float, region: str | None = None) -> System:
    """Return the one system that x and y can be in. X IS EAST, y IS NORTH.

    With a `region` (by the postcode) these are the ones that are legal there. Without one they
    are the metropolitan ones: of all numbers that are legal elsewhere, only those of Rapa, the
    south of Polynesia, would be in the métropole too.

    Raises:
        UsageError: crs_missing where none or several would do; coordinates_swapped or
            coordinates_in_degrees where it is plain that the numbers are no metres east and north.
    """
    found = _possible(x, y, region or "FR")
    if len(found) == 1:
        return found[0]
    legal = [system for system in _SYSTEMS if (region or "FR") in system.regions]
    for system in (*_possible(y, x, region or "FR"), *legal)[: 0 if found else 1]:
        error = _misplaced(system, x, y)
        if error.code != "outside_crs":
            raise error
    raise UsageError(
        "crs_missing",
        _("Nothing says which coordinate system x and y are in."),
        hint=_("Add a column crs: {names}; or the EPSG code.").format(names=_names()),
    )


def _possible(x: float, y: float, region: str) -> list[System]:
    return [
        system
        for system in _SYSTEMS
        if region in system.regions and _in_zone(system, _inside(system, x, y))
    ]


def _inside(system: System, x: float, y: float) -> tuple[float, float] | None:
    """Return the point in degrees, LATITUDE FIRST, if it lies where the system is legal."""
    if not (abs(x) <= _FARTHEST_M and abs(y) <= _FARTHEST_M):
        return None
    lon, lat = _transformer(system.epsg).transform(x, y)
    territory = territory_at(lat, lon)
    return (lat, lon) if territory and territory.region in system.regions else None


def _in_zone(system: System, point: tuple[float, float] | None) -> bool:
    """Say whether a point is on the land that a metropolitan system is made for."""
    if point is None or "FR" not in system.regions:
        return point is not None
    area = _crs(system.epsg).area_of_use  # of EPSG's registry
    return area is not None and Box(*area.bounds).contains(*point) and not _SEA.contains(*point)


def _misplaced(system: System, x: float, y: float) -> UsageError:
    if abs(x) <= 180 and abs(y) <= 180:
        return UsageError(
            "coordinates_in_degrees",
            _("x {x} and y {y} are degrees, not metres in {name}.").format(
                x=x, y=y, name=system.name
            ),
            hint=_("Put them into the columns lon and lat, and leave x, y and crs empty."),
        )
    if _inside(system, y, x):
        return UsageError(
            "coordinates_swapped",
            _("x {x} and y {y} seem swapped: x goes east, y goes north.").format(x=x, y=y),
            hint=_("Exchange the two columns."),
        )
    return UsageError(
        "outside_crs",
        _("x {x} and y {y} in {name} are no point where that system is used: {regions}.").format(
            x=x, y=y, name=system.name, regions=", ".join(system.regions)
        ),
        hint=_("Check the numbers, and that crs names the system they were made in."),
    )


@cache
def _transformer(epsg: int) -> Transformer:
    crs = _crs(epsg)  # checks the order of loading
    from pyproj import Transformer

    # To its own degrees: a formula, without grids that one machine has and another has not.
    # always_xy: LONGITUDE FIRST here, and only here.
    return Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)


@cache
def _crs(epsg: int) -> CRS:
    check_order("pyproj")
    from pyproj import CRS

    return CRS.from_epsg(epsg)


@cache
def _by_name() -> dict[str, System]:
    found = {}
    for system in _SYSTEMS:
        zone = system.name.partition(" UTM ")[2].lower()
        utm = (f"utm{zone}", f"wgs84utm{zone}") if zone else ()
        for name in (str(system.epsg), _plain(system.name), *system.also, *utm):
            found[name] = system
    found["rgnc9193lambertnewcaledonia"] = found["lambertnc"]
    return found | {str(code): found[str(epsg)] for code, epsg in _TWINS.items()}


def _plain(text: str) -> str:
    """Return a name without accents, signs and the words that say nothing."""
    folded = unicodedata.normalize("NFKD", text).casefold().strip()
    if code := _CODE.fullmatch(folded):
        return code[1]
    words = _EMPTY_WORDS.sub("", "".join(filter(str.isalnum, folded)))
    zone = _HEMISPHERE.sub(lambda match: match[1] + match[2][0], words)
    return _CONIC.sub(r"cc\1", zone)


def _names() -> str:
    overseas = (system.name for system in _SYSTEMS if "FR" not in system.regions)
    return ", ".join(("Lambert-93", "CC42…CC50", *overseas))
