"""What a preview warns of, from a real record: slips of the hand, and alerts that are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.workbench import (
    CENTRE,
    NOON,
    OPERATOR,
    FixedClock,
    all_on_duty,
    fill_register,
    new_alert,
)
from umsalert import resources
from umsalert.geo.divisions import division
from umsalert.geo.outlines import around
from umsalert.geo.polygons import polygon_of
from umsalert.messages import templates
from umsalert.model import Area, ChannelKind, Circle, DivisionKind, Everywhere, NewSite, Only
from umsalert.ports import Pace
from umsalert.selection import Plan, Planner, Prices, Request, Station
from umsalert.selection.unusual import lasting
from umsalert.store.store import Store

TEMPLATE = templates.load("search-person", [resources.folder("templates")])
VALUES = {"description": "blouson rouge", "last_seen": "gare"}


async def plan(
    store: Store,
    clock: FixedClock,
    *,
    area: Area = CENTRE,
    incident_at: datetime | None = None,
    values: Mapping[str, str] = VALUES,
    exercise: bool = False,
) -> Plan:
    station = Station("Nice", "04 65 71 00 17", dict.fromkeys(ChannelKind, Pace(10, 1)), Prices())
    request = Request(area, TEMPLATE, values, OPERATOR, incident_at=incident_at, exercise=exercise)
    return await Planner(store.alerts, clock, station).plan(request)


def unusual(found: Plan) -> set[str]:
    codes = {
        "radius_unusual",
        "centre_remote",
        "alert_open_here",
        "exercise_open_here",
        "real_alert_open_here",
        "incident_old",
    }
    codes |= {"all_sites", "commune_or_postcode", "sites_not_vetted"}
    return {finding.code for finding in found.findings} & codes


async def past_alerts(store: Store, *radii_m: float, exercise: bool = False) -> None:
    """Record alerts that expired yesterday."""
    for i, radius_m in enumerate(radii_m):
        new = new_alert(f"past-{i}", at=NOON - timedelta(days=1))
        area = replace(CENTRE, radius_m=radius_m)
        await store.alerts.create(replace(new, area=area, exercise=exercise), all_on_duty)


async def test_an_ordinary_alert_is_not_commented(store: Store, clock: FixedClock) -> None:
    """Nothing is said of an alert like the ones before, among known sites, that happened now."""
    await fill_register(store)
    await past_alerts(store, 700, 800, 900)
    found = await plan(store, clock)
    assert unusual(found) == set()
    nearest = found.situation.nearest
    assert nearest is not None
    assert (nearest.ref, nearest.distance_m) == ("S0", 0.0)


@pytest.mark.parametrize(("radii_m", "warned"), [((800, 800, 800), True), ((800, 800), False)])
async def test_a_nought_too_many_is_seen(
    store: Store, clock: FixedClock, radii_m: tuple[float, ...], warned: bool
) -> None:
    """8 km where 800 m is usual is ten times as much; two alerts make nothing usual yet."""
    await fill_register(store)
    await past_alerts(store, *radii_m)
    found = await plan(store, clock, area=replace(CENTRE, radius_m=8_000))
    assert ("radius_unusual" in unusual(found)) is warned


async def test_exercises_do_not_make_a_radius_usual(store: Store, clock: FixedClock) -> None:
    """A week of small exercises does not make a live alert look too large."""
    await fill_register(store)
    await past_alerts(store, 800, 800, 800, exercise=True)
    assert unusual(await plan(store, clock, area=replace(CENTRE, radius_m=8_000))) == set()


@pytest.mark.parametrize(("lat", "warned"), [(43.7 + 0.0179, False), (43.7 + 0.0181, True)])
async def test_a_centre_far_from_every_site_is_seen(
    store: Store, clock: FixedClock, lat: float, warned: bool
) -> None:
    """1,989 m from the only known site is ordinary, 2,011 m is not."""
    site = NewSite("S", "Site", 43.7, 7.27, "FR", "Europe/Paris")
    await store.register.add_sites([site], OPERATOR, approve=False)
    found = await plan(store, clock, area=Circle(lat, 7.27, 800))
    assert ("centre_remote" in unusual(found)) is warned


async def test_an_empty_register_has_no_nearest_site(store: Store, clock: FixedClock) -> None:
    """Where nothing is known at all the centre is remote, and nothing breaks."""
    found = await plan(store, clock)
    assert found.situation.nearest is None
    assert unusual(found) == {"centre_remote"}


async def test_an_open_alert_here_is_named(store: Store, clock: FixedClock) -> None:
    """An alert that has not expired and overlaps is named, with the command that shows it."""
    await fill_register(store)
    alert = await store.alerts.create(new_alert("20260317-open"), all_on_duty)
    away = Circle(43.7, 7.27 + 0.0210, 800)  # 1,692 m: 92 m beyond both radii
    assert unusual(await plan(store, clock, area=away)) == set()
    found = await plan(store, clock)
    (finding,) = [item for item in found.findings if item.code == "alert_open_here"]
    assert alert.ref in finding.message
    assert alert.ref in finding.hint
    clock.move(3_601)
    assert unusual(await plan(store, clock)) == set()


@pytest.mark.parametrize("exercise", [False, True])
async def test_an_exercise_and_an_alert_are_never_taken_for_each_other(
    store: Store, clock: FixedClock, *, exercise: bool
) -> None:
    """What is open here is said to be the other kind, and nobody is told to follow it up."""
    await fill_register(store)
    new = replace(new_alert("20260317-open"), exercise=not exercise)
    alert = await store.alerts.create(new, all_on_duty)
    found = await plan(store, clock, exercise=exercise)
    code = "real_alert_open_here" if exercise else "exercise_open_here"
    assert unusual(found) == {code}
    (finding,) = [item for item in found.findings if item.code == code]
    assert alert.ref in finding.message
    assert ("REAL" if exercise else "EXERCISE") in finding.message
    assert "follow-up" not in finding.hint
    same = await plan(store, clock, exercise=not exercise)
    assert unusual(same) == {"alert_open_here"}
    for now in (found, same):  # of what is planned for another day it says nothing
        assert {*lasting(now.findings)} == {*now.findings} - {
            item for item in now.findings if item.code.endswith("_open_here")
        }


async def test_the_alert_that_an_all_clear_ends_is_no_surprise(
    store: Store, clock: FixedClock
) -> None:
    """A text that names the open alert is about it."""
    await fill_register(store)
    alert = await store.alerts.create(new_alert("20260317-open"), all_on_duty)
    about = {**VALUES, "last_seen": alert.ref}
    assert unusual(await plan(store, clock, values=about)) == set()


async def test_a_time_read_as_yesterdays_is_seen(store: Store, clock: FixedClock) -> None:
    """An incident 23 hours ago is said with its date and zone; one of ten minutes ago is not."""
    await fill_register(store)
    old = await plan(store, clock, incident_at=NOON - timedelta(hours=23))
    (finding,) = [item for item in old.findings if item.code == "incident_old"]
    assert "2026-03-16 14:00 (Europe/Paris)" in finding.message
    recent = datetime(2026, 3, 17, 11, 50, tzinfo=UTC)
    assert unusual(await plan(store, clock, incident_at=recent)) == set()


async def test_named_areas_have_no_radius_to_mistype(store: Store, clock: FixedClock) -> None:
    """Neither its size nor its middle was typed: a département is no slip of the hand."""
    await fill_register(store)
    await past_alerts(store, 800, 800, 800)
    for kind, code in ((DivisionKind.REGION, "93"), (DivisionKind.DEPARTEMENT, "06")):
        assert unusual(await plan(store, clock, area=named(kind, code))) == set()


async def test_the_whole_register_is_said_to_be_all(store: Store, clock: FixedClock) -> None:
    """A national alert is pointed at; a list of sites or one kind is what was meant."""
    await fill_register(store)
    assert unusual(await plan(store, clock, area=Everywhere())) == {"all_sites"}
    some = Everywhere(only=Only(refs=("S0", "S1")))
    assert unusual(await plan(store, clock, area=some)) == set()


async def test_a_site_of_the_list_that_is_not_approved_is_named(
    store: Store, clock: FixedClock
) -> None:
    """In a list alone and in a list within a circle."""
    await fill_register(store)
    new = NewSite("NEW", "New", CENTRE.lat, CENTRE.lon, "FR", "Europe/Paris")
    await store.register.add_sites([new], OPERATOR, approve=False)
    only = Only(refs=("S0", "NEW"))
    for area in (Everywhere(only=only), replace(CENTRE, only=only)):
        found = await plan(store, clock, area=area)
        assert unusual(found) == {"sites_not_vetted"}
        assert [site.ref for site in found.selection.sites] == ["S0"]


async def test_a_code_that_is_a_postcode_elsewhere_is_pointed_at(
    store: Store, clock: FixedClock
) -> None:
    """06100 is a postcode of Nice, and INSEE's code of a village: the officer looks again."""
    nice = NewSite("N", "N", 43.7, 7.27, "FR", "Europe/Paris", postcode="06100", commune="Nice")
    await store.register.add_sites([nice], OPERATOR, approve=True)
    found = await plan(store, clock, area=named(DivisionKind.COMMUNE, "06100"))
    assert unusual(found) == {"commune_or_postcode"}
    assert any("Nice" in finding.message for finding in found.findings)


def named(kind: DivisionKind, code: str) -> Area:
    it = division(kind, code)
    return polygon_of(around([it]), (it,))
