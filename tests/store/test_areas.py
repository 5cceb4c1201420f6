"""Départements, lists, kinds and everywhere on a real SpatiaLite file, selected like a circle."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
import shapely

from tests.workbench import NOON, OPERATOR, all_on_duty, new_alert
from umsalert.geo.divisions import division
from umsalert.geo.outlines import around
from umsalert.geo.polygons import polygon_of
from umsalert.model import (
    Area,
    ChannelKind,
    Circle,
    DivisionKind,
    Everywhere,
    NewContact,
    NewSite,
    Only,
    Polygon,
)
from umsalert.store.store import Store

EMAIL = (ChannelKind.EMAIL,)
KINDS = ("mall", "station", "museum", None)


def named(kind: DivisionKind, *codes: str) -> Polygon:
    found = tuple(division(kind, code) for code in codes)
    return polygon_of(around(found), found)


ALPES = named(DivisionKind.DEPARTEMENT, "06")
AREAS = [
    ALPES,
    named(DivisionKind.COMMUNE, "06088"),
    named(DivisionKind.DEPARTEMENT, "974"),
    named(DivisionKind.DEPARTEMENT, "988"),
    named(DivisionKind.REGION, "94"),  # Corse, with its isles
    named(DivisionKind.COMMUNE, "06088", "06004", "97411"),
]


def sites_in(area: Polygon, count: int) -> list[NewSite]:
    """Return sites in the box of an area, half of them within 300 m of its edges."""
    chance, shape = random.Random(area.radius_m), shapely.geometry.shape(area.geometry)
    west, south, east, north = shape.bounds
    points = [(chance.uniform(west, east), chance.uniform(south, north)) for _i in range(count)]
    edges = shapely.get_parts(shape.boundary)
    for _i in range(count):
        spot = chance.choice(edges).interpolate(chance.random(), normalized=True)
        near = (spot.x + chance.gauss(0, 0.001), spot.y + chance.gauss(0, 0.001))
        points.append(near)
    return [
        NewSite(f"S{i}", "Site", y, x, "FR", "Europe/Paris", kind=KINDS[i % len(KINDS)])
        for i, (x, y) in enumerate(points)
    ]


async def add(store: Store, sites: Sequence[NewSite], *, approve: bool = True) -> None:
    await store.register.add_sites(sites, OPERATOR, approve=approve)
    contacts = [NewContact(it.ref, "Agent", email=f"{it.ref}@police.example") for it in sites]
    await store.register.add_contacts(contacts, OPERATOR, certify=True)


async def alerted(store: Store, area: Area) -> set[str]:
    selection = await store.alerts.select(area, EMAIL, all_on_duty)
    distances = [site.distance_m for site in selection.sites]
    assert distances == sorted(distances)
    return {site.ref for site in selection.sites}


@pytest.mark.parametrize("area", AREAS, ids=lambda area: "+".join(it.code for it in area.divisions))
async def test_sql_finds_the_sites_that_shapely_finds(store: Store, area: Polygon) -> None:
    """Of 2,000 points in the box of an area and around its edges, SQL and shapely agree."""
    sites = sites_in(area, 1_000)
    await add(store, sites)
    shape = shapely.geometry.shape(area.geometry)
    expected = {it.ref for it in sites if shape.covers(shapely.Point(it.lon, it.lat))}
    assert await alerted(store, area) == expected
    assert 100 < len(expected) < len(sites)


async def test_kinds_and_lists_narrow_down_any_area(store: Store) -> None:
    """A circle, a polygon and everywhere, with kinds, with refs and with both."""
    sites = sites_in(ALPES, 300)
    await add(store, sites)
    chance = random.Random(1)
    refs = tuple(it.ref for it in chance.sample(sites, 200))
    for area in (Circle(ALPES.lat, ALPES.lon, 40_000), ALPES, Everywhere()):
        inside = await alerted(store, area)
        for only in (
            Only(kinds=("mall",)),
            Only(kinds=("mall", "station")),
            Only(refs=refs),
            Only(("mall",), refs),
            Only(kinds=("zoo",)),
        ):
            expected = {
                it.ref
                for it in sites
                if it.ref in inside
                and (not only.kinds or it.kind in only.kinds)
                and (not only.refs or it.ref in only.refs)
            }
            assert await alerted(store, replace(area, only=only)) == expected
            assert expected or only.kinds == ("zoo",)


async def test_everywhere_is_every_vetted_site_and_no_other(store: Store) -> None:
    """From Nice to Wallis; what is not approved is left out and counted."""
    spots = {"NICE": (43.70, 7.27), "UVEA": (-13.28, -176.18), "NOUMEA": (-22.27, 166.44)}
    sites = [NewSite(r, r, *spot, "FR", "Europe/Paris") for r, spot in spots.items()]
    await add(store, sites)
    await add(store, [NewSite("NEW", "New", 48.85, 2.35, "FR", "Europe/Paris")], approve=False)
    assert await alerted(store, Everywhere()) == set(spots)
    selection = await store.alerts.select(Everywhere(), EMAIL, all_on_duty)
    assert selection.left_out == {"site_not_approved": 1}


async def test_the_register_says_what_it_knows_of_names(store: Store) -> None:
    """Kinds by how many there are, refs that are none, where the approved sites lie."""
    await add(store, sites_in(ALPES, 20))
    await add(store, [NewSite("NEW", "New", 43.7, 7.27, "FR", "Europe/Paris")], approve=False)
    area = Everywhere(only=Only(("museum",), ("S2", "NEW", "NOPE", "S6", "NIL")))
    known = await store.alerts.named_sites(area)
    assert set(known.kinds) == {"mall", "station", "museum"}
    assert known.unknown == ("NOPE", "NIL")
    places = {it.ref: (it.lat, it.lon) for it in sites_in(ALPES, 20)}
    assert sorted(known.spots) == sorted([places["S2"], places["S6"]])
    situation = await store.alerts.situation(area, "x", NOON, exercise=False)
    assert situation.unvetted == ("NEW",)


async def test_a_postcode_that_is_another_communes_code_is_noticed(store: Store) -> None:
    """06100 is a postcode of Nice and the INSEE code of another commune."""
    site = NewSite("N", "N", 43.7, 7.27, "FR", "Europe/Paris", postcode="06100", commune="Nice")
    await add(store, [site])
    area = named(DivisionKind.COMMUNE, "06100")
    situation = await store.alerts.situation(area, "x", NOON, exercise=False)
    assert situation.postcodes == {"06100": ("Nice",)}


@pytest.mark.parametrize(
    "area",
    [
        ALPES,
        replace(ALPES, only=Only(("mall",), ("S0", "S4"))),
        Circle(43.9, 7.1, 90_000.0, Only(kinds=("mall",))),
        Everywhere(43.9, 7.1, 123.4, Only(refs=("S0",))),
        Everywhere(),
    ],
)
async def test_an_area_comes_back_from_the_record_as_it_was(store: Store, area: Area) -> None:
    """Its names, its kinds, its list and its circle or polygon."""
    middle = NewSite("S0", "S0", ALPES.lat, ALPES.lon, "FR", "Europe/Paris", kind="mall")
    await add(store, [middle])
    written = await store.alerts.create(new_alert(channels=EMAIL, area=area), all_on_duty)
    assert (await store.alerts.alert(written.ref)).area == area


async def test_what_is_usual_is_the_radius_of_circles(store: Store) -> None:
    """Alerts to départements and to all do not make a radius of 50 km usual."""
    middle = NewSite("S0", "S0", ALPES.lat, ALPES.lon, "FR", "Europe/Paris")
    await add(store, [middle])
    circle = Circle(ALPES.lat, ALPES.lon, 800.0)
    areas: list[Area] = [ALPES, Everywhere(), ALPES, circle, circle, circle]
    for i, area in enumerate(areas):
        alert = new_alert(f"A{i}", EMAIL, area=area)
        await store.alerts.create(alert, all_on_duty)
    found = await store.alerts.situation(circle, alert.template, NOON, exercise=False)
    assert found.usual_radius_m == 800.0
