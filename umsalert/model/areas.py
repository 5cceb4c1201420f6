"""Where an alert goes: a circle or a polygon, and the sites in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Circle:
    """Every point whose geodesic distance from the centre is at most `radius_m`."""

    lat: float
    lon: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """Every point inside or on the edges of a GeoJSON geometry (RFC 7946).

    `geometry` is a Polygon or MultiPolygon, LONGITUDE FIRST, whose edges are straight in longitude
    and latitude. `lat` and `lon` are a point inside it, from which distances are measured;
    `radius_m` is how far its farthest corner lies from there.
    """

    lat: float
    lon: float
    radius_m: float
    geometry: Mapping[str, Any]


Area = Circle | Polygon


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
