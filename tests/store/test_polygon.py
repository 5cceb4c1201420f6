"""Sites in a polygon, on a real SpatiaLite file, against shapely's plane geometry."""

from __future__ import annotations

import json
import random

import shapely

from tests.workbench import OPERATOR, all_on_duty, new_alert
from umsalert.geo.polygons import parse_polygon
from umsalert.model import ChannelKind, NewContact, NewSite
from umsalert.store.store import Store

OUTER = [(7.20, 43.68), (7.30, 43.66), (7.27, 43.71), (7.33, 43.74), (7.22, 43.75)]
HOLE = [(7.24, 43.70), (7.26, 43.70), (7.25, 43.72)]
ISLE = [(2.30, 48.85), (2.40, 48.85), (2.35, 48.90)]
SHAPE = shapely.MultiPolygon([shapely.Polygon(OUTER, [HOLE]), shapely.Polygon(ISLE)])
POLYGON = parse_polygon(shapely.to_geojson(SHAPE))
SITES = 3_000


def _points() -> list[tuple[float, float]]:
    """Return random points around the parts, and corners and middles of edges, exact or nearly."""
    chance = random.Random(3)
    points = [(chance.uniform(7.18, 7.35), chance.uniform(43.65, 43.76)) for _ in range(SITES)]
    points += [(chance.uniform(2.28, 2.42), chance.uniform(48.84, 48.91)) for _ in range(SITES)]
    return points + OUTER + HOLE + ISLE


async def test_a_site_is_inside_by_the_straight_edges_of_rfc_7946(store: Store) -> None:
    """Of 6,000 points around two parts and a hole, corners included, SQL and shapely agree."""
    points = _points()
    await store.register.add_sites(
        [NewSite(f"S{i}", "Site", y, x, "FR", "Europe/Paris") for i, (x, y) in enumerate(points)],
        OPERATOR,
        approve=True,
    )
    await store.register.add_contacts(
        [NewContact(f"S{i}", "Agent", email=f"a{i}@police.example") for i in range(len(points))],
        OPERATOR,
        certify=True,
    )
    selection = await store.alerts.select(POLYGON, (ChannelKind.EMAIL,), all_on_duty)
    expected = {f"S{i}" for i, point in enumerate(points) if SHAPE.covers(shapely.Point(point))}
    assert {site.ref for site in selection.sites} == expected
    assert 500 < len(expected) < len(points)
    distances = [site.distance_m for site in selection.sites]
    assert distances == sorted(distances)
    assert max(distances) <= POLYGON.radius_m


async def test_a_polygon_comes_back_from_the_record_as_it_was(store: Store) -> None:
    """The alert of a polygon is read with its geometry, its centre and its reach."""
    await store.register.add_sites(
        [NewSite("A", "Site", POLYGON.lat, POLYGON.lon, "FR", "Europe/Paris")],
        OPERATOR,
        approve=True,
    )
    await store.register.add_contacts(
        [NewContact("A", "Agent", email="a@police.example")], OPERATOR, certify=True
    )
    alert = await store.alerts.create(new_alert(area=POLYGON), all_on_duty)
    found = await store.alerts.alert(alert.ref)
    assert found.area == POLYGON
    assert json.dumps(found.area.geometry) == json.dumps(POLYGON.geometry)
