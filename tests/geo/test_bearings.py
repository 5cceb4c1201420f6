"""In which direction a place lies, and about how far."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from umsalert.geo.bearings import about_m, bearing_deg, octant

GEOD = Geod(ellps="WGS84")


@given(
    lat=st.floats(-60, 60),
    lon=st.floats(-180, 180),
    direction=st.floats(0, 360),
    distance_m=st.floats(10, 100_000),
)
def test_a_direction_is_that_of_the_geodesic(
    lat: float, lon: float, direction: float, distance_m: float
) -> None:
    """By Karney's direct solution: to a third of a degree, 0.6 %, across the antimeridian too."""
    to_lon, to_lat, _back = GEOD.fwd(lon, lat, direction, distance_m)
    off = (bearing_deg(lat, lon, to_lat, to_lon) - direction + 180) % 360 - 180
    assert abs(off) < 1 / 3
    assert abs(about_m(lat, lon, to_lat, to_lon) / distance_m - 1) < 0.006


@pytest.mark.parametrize(
    ("degrees", "point"), [(0, 0), (22, 0), (23, 1), (90, 2), (180, 4), (270, 6), (338, 0)]
)
def test_eight_points_of_the_compass(degrees: float, point: int) -> None:
    """The nearest one, north on both sides."""
    assert octant(degrees) == point
