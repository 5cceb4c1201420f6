"""Circles: who is inside is exact, whatever the place."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
import shapely

from tests.geo.pairs import GEOD, circle_and_points
from umsalert.geo.boxes import Box
from umsalert.geo.circles import (
    KNOWN_DISTANCE,
    RIM_TOLERANCE_M,
    distance_m,
    outline,
    search_boxes,
    yardstick,
)
from umsalert.geo.territories import TERRITORIES
from umsalert.model import Circle


def geod_solve(pairs: list[tuple[float, float, float, float]]) -> list[float]:
    """Return the distances of (lat, lon, lat, lon) by GeographicLib's own program."""
    # Without exponents: GeodSolve takes an e for "east".
    lines = "\n".join(" ".join(f"{degrees:.17f}" for degrees in pair) for pair in pairs)
    done = subprocess.run(
        ["GeodSolve", "-i", "-p", "10"], input=lines, capture_output=True, text=True, check=True
    )
    return [float(line.split()[2]) for line in done.stdout.splitlines()]


def test_boxes_hold_every_point_of_the_circle() -> None:
    """Of 40,000 points, none that is inside by the exact distance lies outside the boxes."""
    inside = 0
    for circle, lat, lon, true_m in circle_and_points(seed=1, n=40_000):
        if true_m <= circle.radius_m + RIM_TOLERANCE_M:
            inside += 1
            assert any(box.contains(lat, lon) for box in search_boxes(circle)), (circle, lat, lon)
    assert inside > 20_000


def test_boxes_are_tight_in_every_territory() -> None:
    """No edge of a box reaches more than 0.4 % of the radius and 2 cm beyond the circle."""
    for territory in TERRITORIES:
        box = territory.box
        lat, lon = max(box.south, -70.0), (box.west + box.east) / 2
        for radius_m in (1.0, 800.0, 30_000.0, 200_000.0):
            (found,) = search_boxes(Circle(lat, lon, radius_m))
            limit_m = radius_m * 1.004 + 0.02
            assert distance_m(lat, lon, found.north, lon) < limit_m
            assert distance_m(lat, lon, found.south, lon) < limit_m
            east_edge = (
                distance_m(
                    lat, lon, found.south + (found.north - found.south) * i / 1000, found.east
                )
                for i in range(1001)
            )
            assert min(east_edge) < limit_m


def test_the_bound_is_below_every_distance() -> None:
    """Of 40,000 points, those in a search box are as far as the bound says, or farther."""
    spared = inside = 0
    for circle, lat, lon, true_m in circle_and_points(seed=4, n=40_000):
        for box in search_boxes(circle):
            if box.contains(lat, lon):
                measure = yardstick(circle, box)
                least_m = math.hypot(
                    measure.lat_m * (lat - circle.lat), measure.lon_m * (lon - measure.near_lon)
                )
                assert least_m <= true_m + RIM_TOLERANCE_M / 2, (circle, lat, lon)
                inside += 1
                spared += least_m > circle.radius_m + RIM_TOLERANCE_M
    assert inside > 20_000
    assert spared > 0


def test_the_bound_spares_the_corners() -> None:
    """In France a point 3 % of the radius outside needs no exact distance."""
    for radius_m in (800.0, 3_000.0, 30_000.0):
        circle = Circle(48.85, 2.35, radius_m)
        (box,) = search_boxes(circle)
        measure = yardstick(circle, box)
        for azimuth in range(0, 360, 5):
            lon, lat, _back = GEOD.fwd(circle.lon, circle.lat, azimuth, radius_m * 1.03)
            near = measure.lat_m * (lat - circle.lat), measure.lon_m * (lon - circle.lon)
            assert math.hypot(*near) > radius_m


@pytest.mark.parametrize("lon", [-180.0, -179.999, 179.999, 180.0])
def test_boxes_meet_at_the_antimeridian(lon: float) -> None:
    """A circle across the antimeridian has two boxes, and both ways to write 180 are inside."""
    boxes = search_boxes(Circle(-14.0, lon, 800.0))
    assert len(boxes) == 2
    for meridian in (-180.0, 180.0):
        assert any(box.contains(-14.0, meridian) for box in boxes)
    assert sum(box.east - box.west for box in boxes) < 0.02


@pytest.mark.parametrize(("lat", "pole"), [(89.0, 90.0), (90.0, 90.0), (-89.5, -90.0)])
def test_box_around_a_pole_has_every_longitude(lat: float, pole: float) -> None:
    """A circle around a pole is searched at every longitude, pole included."""
    (box,) = search_boxes(Circle(lat, 7.0, 120_000.0))
    assert (box.west, box.east) == (-180.0, 180.0)
    assert box.contains(pole, -123.0)
    assert not box.contains(lat - math.copysign(1.1, pole), 7.0)


def test_rim_tolerance_includes_the_rim_and_no_millimetre_more() -> None:
    """The tolerance takes in points put on the rim and leaves out those 1 mm beyond it."""
    for i, (circle, _lat, _lon, true_m) in enumerate(circle_and_points(seed=2, n=5_000)):
        if i % 10 < 6:
            assert (true_m <= circle.radius_m + RIM_TOLERANCE_M) == (i % 10 % 3 != 2)


def test_distance_agrees_with_geographiclib() -> None:
    """Distances of 600 pairs are GeographicLib's to 10 nm."""
    sample = list(circle_and_points(seed=3, n=600))
    solved = geod_solve([(c.lat, c.lon, lat, lon) for c, lat, lon, _true in sample])
    assert len(solved) == 600
    for (circle, lat, lon, _true), exact_m in zip(sample, solved, strict=True):
        assert distance_m(circle.lat, circle.lon, lat, lon) == pytest.approx(exact_m, abs=1e-8)


def test_known_distance_is_geographiclibs() -> None:
    """The distance that a database must prove is GeographicLib's."""
    known = KNOWN_DISTANCE
    (exact_m,) = geod_solve([(known.a_lat, known.a_lon, known.b_lat, known.b_lon)])
    assert known.distance_m == pytest.approx(exact_m, abs=1e-9)


def test_boxes_are_found_without_a_projection_library() -> None:
    """The way to the first message loads neither pyproj nor shapely nor numpy."""
    program = (
        "import sys; from umsalert.geo.circles import search_boxes; from umsalert.model import"
        " Circle; search_boxes(Circle(43.7, 7.27, 800.0));"
        " print([name for name in ('pyproj', 'shapely', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def area_m2(shape: Any) -> float:
    return sum(abs(GEOD.geometry_area_perimeter(part)[0]) for part in shapely.get_parts(shape))


@pytest.mark.parametrize(
    ("circle", "kind"),
    [
        (Circle(43.7005, 7.2683, 800.0), "Polygon"),
        (Circle(-20.9, 55.45, 30_000.0), "Polygon"),
        (Circle(-14.3, -179.99, 200_000.0), "MultiPolygon"),
        (Circle(-14.3, 179.99, 200_000.0), "MultiPolygon"),
        (Circle(88.0, 179.0, 200_000.0), "MultiPolygon"),
        (Circle(89.0, 7.2683, 200_000.0), "Polygon"),
        (Circle(-89.5, 170.1234567, 100_000.0), "Polygon"),
        (Circle(90.0, 0.0, 100_000.0), "Polygon"),
    ],
)
def test_outline_is_the_circle_as_geojson(circle: Circle, kind: str) -> None:
    """An outline is valid, counter-clockwise, within ±180, on the rim, as large as the circle."""
    document = json.loads(json.dumps(outline(circle)))
    assert document["type"] == kind
    shape = shapely.from_geojson(json.dumps(document))
    assert shape.is_valid
    for part in shapely.get_parts(shape):
        assert part.exterior.is_ccw
        for lon, lat in part.exterior.coords:
            assert abs(lon) <= 180
            if abs(lon) < 180 and abs(lat) < 90:
                rim_m = distance_m(circle.lat, circle.lon, lat, lon)
                assert rim_m == pytest.approx(circle.radius_m, abs=0.01)
    assert area_m2(shape) == pytest.approx(math.pi * circle.radius_m**2, rel=0.003)


def test_outline_has_the_vertices_asked_for() -> None:
    """The ring of an outline is closed and has as many corners as asked."""
    ring = outline(Circle(43.7, 7.27, 800.0), vertices=12)["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(set(ring)) == 12


def test_box_includes_its_edges() -> None:
    """A point on a corner of a box is inside, and latitude comes first."""
    assert Box(1.0, 2.0, 3.0, 4.0).contains(4.0, 1.0)
    assert not Box(1.0, 2.0, 3.0, 4.0).contains(1.0, 4.0)
