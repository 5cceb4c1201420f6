"""Sites where nobody is on duty: the rule, the moment of sending, the channels somebody wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workbench import CENTRE, NOON, OPERATOR, FixedClock
from umsalert import resources
from umsalert.errors import NobodyMatched, RefusedByRule
from umsalert.messages import templates
from umsalert.model import (
    Alert,
    Audience,
    ChannelKind,
    Circle,
    Following,
    FollowKind,
    NewContact,
    NewSite,
    OffDuty,
)
from umsalert.ports import Pace
from umsalert.selection import Planner, Prices, Request, Station, Words, nobody, wave, widened
from umsalert.store.store import Store

TEMPLATE = templates.load("search-person", [resources.folder("templates")])
VALUES = {"description": "blouson rouge", "last_seen": "gare"}
REQUEST = Request(CENTRE, TEMPLATE, VALUES, OPERATOR, channels=(ChannelKind.SMS,))
SMALL = replace(CENTRE, radius_m=300.0)
NIGHT = "Mo-Su 20:00-06:00"
"""Closed at noon, when the alerts here leave."""


@pytest.fixture
def planner(store: Store, clock: FixedClock) -> Planner:
    paces = dict.fromkeys(ChannelKind, Pace(10, 1))
    return Planner(store.alerts, clock, Station("Nice", "04 65 71 00 17", paces, Prices()))


async def add(store: Store, site: NewSite, *contacts: NewContact) -> None:
    await store.register.add_sites([site], OPERATOR, approve=True)
    await store.register.add_contacts(contacts, OPERATOR, certify=True)


def site(ref: str, hours: str | None = None, *, north_m: float = 0.0, **more: str) -> NewSite:
    lat = CENTRE.lat + north_m / 111_195
    here = NewSite(ref, f"Site {ref}", lat, CENTRE.lon, "FR", "Europe/Paris", hours=hours)
    return here._replace(**more)  # type: ignore[arg-type]


def guard(
    ref: str,
    n: int,
    *,
    hours: str | None = None,
    channels: str | None = None,
    fallback: bool = False,
) -> NewContact:
    return NewContact(
        ref.partition("-")[0],
        f"Agent {n}",
        ref,
        phone=f"+3363998{n:04}",
        phone_kind="mobile",
        email=f"agent-{n}@example.org",
        hours=hours,
        channels=channels,
        fallback=fallback,
    )


async def recipients(store: Store, alert: Alert) -> set[str]:
    return {row.contact_ref for row in await store.record.deliveries(alert.id)}


@pytest.fixture
async def three_sites(store: Store) -> None:
    """Add DAY, NIGHT, which has a fallback contact, and EMPTY, which has none."""
    await add(store, site("DAY"), guard("DAY-a", 1), guard("DAY-b", 2, hours=NIGHT))
    await add(store, site("NIGHT", NIGHT), guard("NIGHT-a", 3), guard("NIGHT-b", 4, fallback=True))
    await add(store, site("EMPTY", NIGHT), guard("EMPTY-a", 5))


@pytest.mark.parametrize(
    ("rule", "people", "left_out"),
    [
        (OffDuty.SKIP, {"DAY-a"}, {"site_off_duty": 2, "contact_off_duty": 1}),
        (
            OffDuty.INCLUDE,
            {"DAY-a", "NIGHT-a", "NIGHT-b", "EMPTY-a"},
            {"contact_off_duty": 1},
        ),
        (
            OffDuty.FALLBACK_CONTACT,
            {"DAY-a", "NIGHT-b"},
            {"site_without_fallback_contact": 1, "contact_off_duty": 2},
        ),
    ],
)
@pytest.mark.usefixtures("three_sites")
async def test_the_rule_says_what_of_a_site_without_anybody(
    store: Store, planner: Planner, rule: OffDuty, people: set[str], left_out: dict[str, int]
) -> None:
    """Nobody, all who are certified, or the fallback contact; who is off elsewhere stays off."""
    plan = await planner.plan(replace(REQUEST, off_duty=rule))
    assert {place.ref for place in plan.selection.off_duty} == {"NIGHT", "EMPTY"}
    assert plan.selection.left_out == left_out
    assert plan.selection.contacts == plan.estimate.sms_parts == len(people)
    alert = await planner.record(plan)
    assert await recipients(store, alert) == people
    assert (alert.off_duty, alert.left_out) == (rule, left_out)
    off_map = {place.site_id for place in await planner.others(plan)}
    alerted = {ref.partition("-")[0] for ref in people}
    assert len(off_map) == 3 - len(alerted)


async def test_ones_own_hours_go_before_those_of_the_site(store: Store, planner: Planner) -> None:
    """A site is present when somebody certified there is, and absent when nobody is."""
    await add(store, site("A", NIGHT), guard("A-a", 1), guard("A-b", 2, hours="24/7"))
    await add(store, site("B", "24/7"), guard("B-a", 3, hours=NIGHT))
    plan = await planner.plan(REQUEST)
    assert [place.ref for place in plan.selection.sites] == ["A"]
    assert [place.ref for place in plan.selection.off_duty] == ["B"]
    assert await recipients(store, await planner.record(plan)) == {"A-b"}


async def test_who_is_not_certified_makes_no_site_present(store: Store, planner: Planner) -> None:
    """The hours of somebody who was only named do not count, nor does their being a fallback."""
    await add(store, site("A", NIGHT), guard("A-a", 1))
    named = guard("A-b", 2, hours="24/7", fallback=True)
    await store.register.add_contacts([named], OPERATOR, certify=False)
    assert [it.ref for it in (await planner.plan(REQUEST)).selection.off_duty] == ["A"]
    fallback = await planner.plan(replace(REQUEST, off_duty=OffDuty.FALLBACK_CONTACT))
    assert fallback.selection.contacts == 0
    assert fallback.selection.left_out["site_without_fallback_contact"] == 1
    everybody = await planner.plan(replace(REQUEST, off_duty=OffDuty.INCLUDE))
    assert everybody.selection.contacts == 1


async def test_who_is_on_duty_is_asked_at_the_moment_of_sending(
    store: Store, planner: Planner, clock: FixedClock
) -> None:
    """An officer hesitates for ten minutes over the shift change: the new shift gets it."""
    clock.at = NOON
    await add(
        store,
        site("A"),
        guard("A-a", 1, hours="Mo-Su 06:00-13:05"),
        guard("A-b", 2, hours="Mo-Su 13:05-20:00"),
    )
    plan = await planner.plan(REQUEST)  # 13:00 in Paris
    assert plan.selection.contacts == 1
    clock.move(timedelta(minutes=10).total_seconds())
    assert await recipients(store, await planner.record(plan)) == {"A-b"}


async def test_hours_are_read_by_the_holidays_of_the_site(
    store: Store, planner: Planner, clock: FixedClock
) -> None:
    """Good Friday at the same hour: off in Strasbourg, by its postcode, and on in Nancy."""
    clock.at = NOON.replace(month=4, day=3)
    hours = "Mo-Fr 08:00-18:00; PH off"
    await add(store, site("STR", hours, postcode="67000"), guard("STR-a", 1))
    await add(store, site("NCY", hours, postcode="54000"), guard("NCY-a", 2))
    await add(store, site("RUN", hours, region="RE", postcode="97400"), guard("RUN-a", 3))
    await add(store, site("NEW", postcode="68100"), guard("NEW-a", 4, hours=hours))
    plan = await planner.plan(REQUEST)
    assert {place.ref for place in plan.selection.sites} == {"NCY", "RUN"}
    assert {place.ref for place in plan.selection.off_duty} == {"STR", "NEW"}
    clock.at = NOON.replace(year=2028, month=12, day=20)
    plan = await planner.plan(REQUEST)
    assert {place.ref for place in plan.selection.off_duty} == {"RUN"}


async def test_everybody_off_duty_is_told_what_can_be_done(store: Store, planner: Planner) -> None:
    """The refusal names the rule that would alert them; with that rule it does."""
    await add(store, site("A", NIGHT), guard("A-a", 1))
    plan = await planner.plan(REQUEST)
    with pytest.raises(NobodyMatched) as caught:
        await planner.record(plan)
    assert "--off-duty include" in caught.value.hint
    included = await planner.plan(replace(REQUEST, off_duty=OffDuty.INCLUDE))
    assert (await planner.record(included)).off_duty is OffDuty.INCLUDE


async def test_a_hint_does_not_promise_what_include_would_not_do(
    store: Store, planner: Planner
) -> None:
    """Already included, and nobody can be reached: the hint is another one."""
    await add(store, site("A", NIGHT), guard("A-a", 1, channels="email"))
    plan = await planner.plan(replace(REQUEST, off_duty=OffDuty.INCLUDE))
    assert plan.selection.left_out == {"contact_without_usable_address": 1}
    assert "--off-duty" not in nobody(plan).hint


async def test_another_rule_is_another_request(store: Store, planner: Planner) -> None:
    """A key that was used with one rule is refused with the other, and finds its own again."""
    await add(store, site("A"), guard("A-a", 1))
    request = replace(REQUEST, idempotency_key="k", off_duty=OffDuty.INCLUDE)
    alert = await planner.record(await planner.plan(request))
    assert await planner.earlier(request) == alert
    with pytest.raises(RefusedByRule):
        await planner.earlier(replace(request, off_duty=OffDuty.SKIP))


async def test_a_wider_circle_keeps_the_rule_of_its_alert(store: Store, planner: Planner) -> None:
    """Unless another one is given."""
    await add(store, site("IN"), guard("IN-a", 1))
    await add(store, site("OUT", NIGHT, north_m=500), guard("OUT-a", 2))
    for rule, asked, people in (
        (OffDuty.SKIP, None, 0),
        (OffDuty.INCLUDE, None, 1),
        (OffDuty.SKIP, OffDuty.INCLUDE, 1),
        (OffDuty.INCLUDE, OffDuty.FALLBACK_CONTACT, 0),
    ):
        first = await planner.record(
            await planner.plan(replace(REQUEST, area=SMALL, off_duty=rule))
        )
        words = Words(TEMPLATE, VALUES, OPERATOR, (ChannelKind.SMS,), off_duty=asked)
        area = widened(first, CENTRE.radius_m)
        plan = await planner.plan(wave(first, Following(first.id, FollowKind.WIDENED), area, words))
        assert plan.selection.contacts == people
        assert [place.ref for place in plan.selection.off_duty] == ["OUT"]
        if people:
            later = await planner.record(plan)
            assert later.off_duty is (asked or rule)
            assert await recipients(store, later) == {"OUT-a"}


async def test_who_has_an_alert_is_told_more_off_duty_too(
    store: Store, planner: Planner, clock: FixedClock
) -> None:
    """A follow-up asks for nobody's hours, but for the channels that somebody wants."""
    hours = "Mo-Su 06:00-13:05"
    await add(
        store,
        site("A", hours),
        guard("A-a", 1, channels="sms"),
        guard("A-b", 2, channels="email,sms"),
    )
    first = await planner.record(await planner.plan(REQUEST))
    clock.move(timedelta(minutes=10).total_seconds())
    words = Words(TEMPLATE, {**VALUES, "direction": "la gare"}, OPERATOR, (ChannelKind.EMAIL,))
    following = Following(first.id, FollowKind.FOLLOW_UP, Audience.ALL)
    plan = await planner.plan(wave(first, following, first.area, words))
    assert plan.selection.off_duty == ()
    assert plan.selection.left_out == {"contact_without_usable_address": 1}
    assert await recipients(store, await planner.record(plan)) == {"A-b"}


async def test_a_channel_wanted_first_leaves_first(store: Store, planner: Planner) -> None:
    """Calls are few at a time: whoever wants one first is called before nearer sites that do not.

    A channel that the alert does not use, or for which there is no address, comes before nothing.
    """
    for n, channels in enumerate((None, "sms,voice", "email,voice", "voice,sms", "sms,email")):
        await add(store, site(f"S{n}", north_m=10 * n), guard(f"S{n}-a", n + 1, channels=channels))
    request = replace(REQUEST, channels=(ChannelKind.SMS, ChannelKind.VOICE))
    alert = await planner.record(await planner.plan(request))
    rows = sorted(await store.record.deliveries(alert.id), key=lambda row: row.delivery_id)
    order = {
        kind: [row.site_ref for row in rows if row.channel == kind] for kind in request.channels
    }
    assert order[ChannelKind.VOICE] == ["S0", "S2", "S3", "S1"]
    assert order[ChannelKind.SMS] == ["S0", "S1", "S4", "S3"]


async def test_a_rule_asks_only_for_what_is_in_the_area(store: Store, planner: Planner) -> None:
    """A site elsewhere with nobody on duty is none of this alert's."""
    await add(store, site("IN"), guard("IN-a", 1))
    await add(store, site("FAR", NIGHT, north_m=5_000), guard("FAR-a", 2, hours="24/7"))
    plan = await planner.plan(replace(REQUEST, off_duty=OffDuty.INCLUDE))
    assert plan.selection.off_duty == ()
    assert plan.selection.contacts == 1
    wide = replace(REQUEST, area=Circle(CENTRE.lat, CENTRE.lon, 6_000.0))
    assert (await planner.plan(wide)).selection.contacts == 2
