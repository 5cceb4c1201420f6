"""Where an alert goes: a circle, a polygon or everywhere, and the sites there that it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

HALF_EARTH_M = 20_003_932.0
"""From a point to the one opposite to it, over the poles of WGS 84."""


class DivisionKind(StrEnum):
    """The levels of the administrative map that an alert can name."""

    COMMUNE = "commune"
    DEPARTEMENT = "departement"
    REGION = "region"


class Division(NamedTuple):
    """A commune, a département or a région: its INSEE code and what the French call it."""

    kind: DivisionKind
    code: str
    name: str


class Only(NamedTuple):
    """Of the sites of an area only those of these kinds, and of these refs; empty: of any."""

    kinds: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Say whether it keeps any site out."""
        return bool(self.kinds or self.refs)


EVERY_SITE = Only()


@dataclass(frozen=True, slots=True)
class Circle:
    """Every point whose geodesic distance from the centre is at most `radius_m`."""

    lat: float
    lon: float
    radius_m: float
    only: Only = EVERY_SITE


@dataclass(frozen=True, slots=True)
class Polygon:
    """Every point inside or on the edges of a GeoJSON geometry (RFC 7946).

    `geometry` is a Polygon or MultiPolygon, LONGITUDE FIRST, whose edges are straight in longitude
    and latitude. `lat` and `lon` are a point inside it, from which distances are measured;
    `radius_m` is how far its farthest corner lies from there. `divisions`: those that it is the
    outline of.
    """

    lat: float
    lon: float
    radius_m: float
    geometry: Mapping[str, Any]
    only: Only = EVERY_SITE
    divisions: tuple[Division, ...] = ()


@dataclass(frozen=True, slots=True)
class Everywhere:
    """Every point: what `only` names, or the whole register.

    `lat`, `lon` and `radius_m` are a circle around the sites that are meant, once the register has
    been asked for them; before, it is the Earth around the middle of France.
    """

    lat: float = 46.54
    lon: float = 2.43
    radius_m: float = HALF_EARTH_M
    only: Only = EVERY_SITE


Area = Circle | Polygon | Everywhere


def area_to_json(area: Area) -> dict[str, Any]:
    """Return an area as JSON has it; `area_from_json` reads it again."""
    document: dict[str, Any] = {"lat": area.lat, "lon": area.lon, "radius_m": area.radius_m}
    if isinstance(area, Polygon):
        document["polygon"] = area.geometry
        if area.divisions:
            document["divisions"] = [list(division) for division in area.divisions]
    if isinstance(area, Everywhere):
        document["everywhere"] = True
    if area.only.kinds:
        document["kinds"] = list(area.only.kinds)
    if area.only.refs:
        document["refs"] = list(area.only.refs)
    return document


def area_from_json(document: Mapping[str, Any]) -> Area:
    """Return the area that `area_to_json` has written."""
    place = (document["lat"], document["lon"], document["radius_m"])
    only = Only(tuple(document.get("kinds", ())), tuple(document.get("refs", ())))
    if document.get("everywhere"):
        return Everywhere(*place, only)
    if "polygon" not in document:
        return Circle(*place, only)
    named = tuple(
        Division(DivisionKind(kind), code, name)
        for kind, code, name in document.get("divisions", ())
    )
    return Polygon(*place, document["polygon"], only, named)


class SiteInArea(NamedTuple):
    """A site to alert, with its geodesic distance from the centre.

    A tuple: an area may hold tens of thousands, and a dataclass takes four times as long to make.
    """

    id: int
    ref: str
    name: str
    lat: float
    lon: float
    distance_m: float
