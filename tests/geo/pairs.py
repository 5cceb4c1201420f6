"""Circles and points where a selection goes wrong first: on rims, at poles, at the antimeridian."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pyproj import Geod

from umsalert.geo.boxes import Box
from umsalert.geo.territories import TERRITORIES
from umsalert.model import Circle

GEOD = Geod(ellps="WGS84")
MIN_RADIUS_M, MAX_RADIUS_M = 800.0, 200_000.0
POINTS_PER_CIRCLE = 10

_HARD_PLACES = (
    Box(-180.0, 88.9, 180.0, 89.1),
    Box(-180.0, -90.0, 180.0, -88.0),
    Box(-180.0, -60.0, -179.0, 60.0),
    Box(179.0, -60.0, 180.0, 60.0),
    Box(-180.0, -1.0, 180.0, 1.0),
    Box(0.0, 0.0, 0.0, 0.0),
    Box(180.0, 0.0, 180.0, 0.0),
)
_PLACES = (*(territory.box for territory in TERRITORIES), *_HARD_PLACES)


def circle_and_points(seed: int, n: int) -> Iterator[tuple[Circle, float, float, float]]:
    """Yield `n` of (circle, lat, lon, geodesic distance of that point in metres). LATITUDE FIRST.

    Places take turns: every French territory, latitude 89, the antimeridian, the equator. Radii
    are spread over 800 m to 200 km by logarithm. Of ten points, three lie on the rim, 1 mm
    inside and 1 mm outside on the circle's eastmost or westmost side, three likewise anywhere
    on the rim, and four anywhere up to 1.2 radii away.
    """
    rng = random.Random(seed)
    for i in range(n):
        turn = i % POINTS_PER_CIRCLE
        if turn == 0:
            box = _PLACES[i // POINTS_PER_CIRCLE % len(_PLACES)]
            circle = Circle(
                rng.uniform(box.south, box.north),
                rng.uniform(box.west, box.east),
                MIN_RADIUS_M * (MAX_RADIUS_M / MIN_RADIUS_M) ** rng.random(),
            )
        azimuth = (
            rng.choice((-90.0, 90.0)) + rng.uniform(-5, 5) if turn < 3 else rng.uniform(0, 360)
        )
        reach_m = (
            circle.radius_m + (0.0, -0.001, 0.001)[turn % 3]
            if turn < 6
            else circle.radius_m * rng.uniform(0, 1.2)
        )
        lon, lat, _back = GEOD.fwd(circle.lon, circle.lat, azimuth, reach_m)
        yield circle, lat, lon, GEOD.inv(circle.lon, circle.lat, lon, lat)[2]
