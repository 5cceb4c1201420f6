"""Whom the next wave of an incident goes to, on the real file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.incident import (
    SILENT,
    SMS,
    STEP_DEG,
    TAKEN,
    WRONG,
    audience,
    first_alert,
    next_wave,
    reached,
    receipt,
    said,
    selected,
    sent,
    to,
)
from tests.workbench import (
    CENTRE,
    NOON,
    OPERATOR,
    FixedClock,
    all_on_duty,
    fill_register,
    new_alert,
    record,
)
from umsalert.errors import NobodyMatched, RefusedByRule
from umsalert.model import (
    Alert,
    Answer,
    Audience,
    Circle,
    ContactStatus,
    DeliveryState,
    Following,
    FollowKind,
    Link,
    NewContact,
    ReplyKind,
    ReplySource,
    SiteStatus,
    Tie,
    Wave,
)
from umsalert.store.store import Store


@pytest.fixture
async def alert(store: Store) -> Alert:
    return await first_alert(store)


async def test_unreached_are_those_whom_no_message_can_have_reached(
    store: Store, alert: Alert
) -> None:
    """Refused, or undelivered by its receipt; not: taken, delivered, unknown or still queued."""
    outgoing = await sent(store, alert, [TAKEN, TAKEN, TAKEN, SILENT, WRONG])
    await receipt(store, outgoing[1], DeliveryState.DELIVERED)
    await receipt(store, outgoing[2], DeliveryState.UNDELIVERED)
    assert await audience(store, alert, Audience.UNREACHED) == {"S2", "S4"}
    assert await audience(store, alert, Audience.ALL) == {f"S{i}" for i in range(7)}


async def test_unreached_by_one_wave_and_reached_by_another_is_reached(
    store: Store, alert: Alert
) -> None:
    """All alerts of the incident count, whichever of them is named."""
    await sent(store, alert, [WRONG, WRONG])
    again = next_wave(alert, FollowKind.FOLLOW_UP, to=Audience.UNREACHED)
    again = replace(again, variables={"description": "blue"})
    later = await record(store, again)
    assert await reached(store, later) == ["S0-c1", "S1-c1"]
    await sent(store, later, [TAKEN, WRONG])
    for named in (alert, later):
        assert await audience(store, named, Audience.UNREACHED) == {"S1"}
    assert later.follows == Link(alert.ref, FollowKind.FOLLOW_UP, Audience.UNREACHED)
    assert later.incident_ref == alert.incident_ref == alert.ref


async def test_a_corrected_number_is_written_to(store: Store, alert: Alert) -> None:
    """A follow-up goes to the address of this moment, if that is still vetted."""
    await sent(store, alert, [WRONG, WRONG])
    await store.register.set_site_status(["S1"], SiteStatus.SUSPENDED, OPERATOR)
    following = Following(alert.id, FollowKind.FOLLOW_UP, Audience.UNREACHED)
    found = await selected(store, alert, following)
    assert found == ({"S0"}, {"contact_not_certified": 1})


async def test_who_has_it_and_is_silent_has_not_answered(store: Store, alert: Alert) -> None:
    """Any answer that counts is one; who may have it is asked too, who has not got it is not."""
    outgoing = await sent(store, alert, [TAKEN, TAKEN, TAKEN, TAKEN, SILENT, WRONG])
    await said(store, outgoing[0], ReplyKind.ACKNOWLEDGED)
    await said(store, outgoing[1], ReplyKind.SIGHTING)
    await said(store, outgoing[2], ReplyKind.CANNOT)
    assert await audience(store, alert, Audience.UNANSWERED) == {"S3", "S4"}
    assert await audience(store, alert, Audience.ACKNOWLEDGED) == {"S0"}
    assert await audience(store, alert, Audience.SIGHTING) == {"S1"}


async def test_the_last_word_counts_and_a_lockdown_is_an_acknowledgement(
    store: Store, alert: Alert
) -> None:
    """A sighting that becomes "cannot" is none any more; locked down means that it was read."""
    outgoing = await sent(store, alert, [TAKEN, TAKEN])
    await said(store, outgoing[0], ReplyKind.SIGHTING)
    await said(store, outgoing[0], ReplyKind.CANNOT)
    await said(store, outgoing[1], ReplyKind.LOCKED_DOWN)
    assert await audience(store, alert, Audience.SIGHTING) == set()
    assert await audience(store, alert, Audience.ACKNOWLEDGED) == {"S1"}
    assert await audience(store, alert, Audience.UNANSWERED) == set()


@pytest.mark.parametrize(("enough", "asked"), [(True, 0), (False, 1)])
async def test_one_answer_is_enough_for_a_site_where_the_template_says_so(
    store: Store, enough: bool, asked: int
) -> None:
    """Two guards of a site have it, one has answered: the other is reminded of a lockdown only."""
    await fill_register(store, 1, guards=2)
    new = replace(new_alert(channels=(SMS,)), stop_when_acknowledged=enough)
    alert = await record(store, new)
    outgoing = await sent(store, alert, [TAKEN, TAKEN])
    await said(store, outgoing[0], ReplyKind.ACKNOWLEDGED)
    wave = Wave(
        Following(alert.id, FollowKind.FOLLOW_UP, Audience.UNANSWERED),
        alert.area,
        "reminder",
        {},
    )
    assert (await store.alerts.wave(wave, (SMS,), all_on_duty)).contacts == asked


async def test_a_site_that_phones_in_without_a_name_has_answered(store: Store) -> None:
    """Nobody knows who called: all its guards get what is for those who saw somebody."""
    await fill_register(store, 1, guards=2)
    alert = await record(store, new_alert(channels=(SMS,)))
    await sent(store, alert, [TAKEN, TAKEN])
    answer = Answer(ReplyKind.SIGHTING, ReplySource.OPERATOR, "", NOON, Tie())
    await store.answers.add(answer, alert.id, "S0", OPERATOR)
    for people, n in ((Audience.SIGHTING, 2), (Audience.UNANSWERED, 0)):
        wave = Wave(Following(alert.id, FollowKind.FOLLOW_UP, people), alert.area, "other", {})
        assert (await store.alerts.wave(wave, (SMS,), all_on_duty)).contacts == n


async def test_a_wider_circle_alerts_those_newly_inside(store: Store, alert: Alert) -> None:
    """And those of the old one whom nothing has reached: has, may have, is queued gets nothing."""
    outgoing = await sent(store, alert, [TAKEN, TAKEN, SILENT, WRONG, WRONG])
    await receipt(store, outgoing[1], DeliveryState.UNDELIVERED)
    following = Following(alert.id, FollowKind.WIDENED)
    found = await selected(store, alert, following, area=to(8))
    assert found == ({"S3", "S4", "S7", "S8"}, {"has_these_words": 5})
    later = await record(store, next_wave(alert, FollowKind.WIDENED, area=to(8)))
    assert await reached(store, later) == ["S3-c1", "S4-c1", "S7-c1", "S8-c1"]


async def test_other_words_go_to_everybody_in_the_new_area(store: Store, alert: Alert) -> None:
    """Another value makes it another message; the first words once more go to nobody."""
    await sent(store, alert, [TAKEN])
    following = Following(alert.id, FollowKind.WIDENED)
    blue = {"description": "blue"}
    everybody = {f"S{i}" for i in range(9)}
    assert await selected(store, alert, following, blue, to(8)) == (everybody, {})
    later = await record(store, next_wave(alert, FollowKind.WIDENED, area=to(8), variables=blue))
    assert await selected(store, later, Following(later.id, FollowKind.WIDENED), blue, to(8)) == (
        set(),
        {"has_these_words": 9},
    )


async def test_words_are_remembered_over_several_waves(store: Store, alert: Alert) -> None:
    """Red, then blue, then red again: who had red with the first wave gets it no more."""
    await sent(store, alert, [TAKEN] * 7)
    area = Circle(CENTRE.lat + 7 * STEP_DEG, CENTRE.lon, 170)  # S6 to S8
    blue = next_wave(alert, FollowKind.RECENTERED, area=area, variables={"description": "blue"})
    later = await record(store, blue)
    assert await reached(store, later) == ["S7-c1", "S6-c1", "S8-c1"]
    following = Following(later.id, FollowKind.RECENTERED)
    found = await selected(store, alert, following, area=area)
    assert found == ({"S7", "S8"}, {"has_these_words": 1})


async def test_a_number_gets_the_same_words_once_whoever_answers_it(
    store: Store, alert: Alert
) -> None:
    """Two sites share a number: told for the one, it is not written to for the other."""
    shared = NewContact("S8", "Agent", ref="shared", phone="+33639980000", phone_kind="mobile")
    await store.register.add_contacts([shared], OPERATOR, certify=True)
    await sent(store, alert, [TAKEN] * 7)
    later = await record(store, next_wave(alert, FollowKind.WIDENED, area=to(8)))
    assert await reached(store, later) == ["S7-c1", "S8-c1"]


async def test_a_site_that_has_answered_is_not_told_again(store: Store) -> None:
    """What was not needed there is not sent by a wider circle either."""
    await fill_register(store, 2, guards=2, step_deg=STEP_DEG)
    new = replace(new_alert(channels=(SMS,), area=to(0)), stop_when_acknowledged=True)
    alert = await record(store, new)
    (outgoing,) = await sent(store, alert, [TAKEN])
    await said(store, outgoing, ReplyKind.ACKNOWLEDGED)
    later = await record(store, next_wave(alert, FollowKind.WIDENED, area=to(1)))
    assert await reached(store, later) == ["S1-c1", "S1-c2"]


async def test_who_was_told_to_disregard_it_hears_it_again(store: Store, alert: Alert) -> None:
    """A wave to the wrong place is cancelled and corrected: the right one reaches them too."""
    await sent(store, alert, [TAKEN] * 7)
    wrong = await record(store, next_wave(alert, FollowKind.WIDENED, area=to(8)))
    await sent(store, wrong, [TAKEN, TAKEN])
    await store.outbox.cancel(wrong.id, OPERATOR, "")
    following = Following(alert.id, FollowKind.WIDENED)
    assert (await selected(store, alert, following, area=to(9)))[0] == {"S9"}
    correction = await record(store, next_wave(wrong, FollowKind.CORRECTION))
    await sent(store, correction, [TAKEN, TAKEN])
    assert (await selected(store, alert, following, area=to(9)))[0] == {"S7", "S8", "S9"}
    assert await audience(store, alert, Audience.ALL) == {f"S{i}" for i in range(7)}


async def test_who_phones_in_is_found_by_any_alert_of_the_incident(
    store: Store, alert: Alert
) -> None:
    """An operator types `last`, which is the wave: it is tied to the alert that went there."""
    later = await record(store, next_wave(alert, FollowKind.WIDENED, area=to(8)))
    assert "S0-c1" not in await reached(store, later)
    seen = Answer(ReplyKind.SIGHTING, ReplySource.OPERATOR, "", NOON, Tie())
    for named, ref in ((later, "S0-c1"), (later, "S7"), (alert, "S8-c1"), (alert, "S1")):
        await store.answers.add(seen, named.id, ref, OPERATOR)
    for named in (alert, later):
        rows = await store.answers.of_incident(named.id)
        assert [(row.alert_ref, row.site_ref) for row in rows] == [
            (alert.ref, "S0"),
            (later.ref, "S7"),
            (later.ref, "S8"),
            (alert.ref, "S1"),
        ]
    other = await record(store, new_alert("20260317-othr", channels=(SMS,), area=to(9)))
    assert await store.answers.of_incident(other.id) == ()


async def test_nobody_off_duty_or_unvetted_is_in_a_new_area(store: Store, alert: Alert) -> None:
    """A new area is selected as the first one was."""
    await store.register.set_contact_status(["S7-c1"], ContactStatus.REVOKED, OPERATOR)
    following = Following(alert.id, FollowKind.WIDENED)
    sites, left_out = await selected(store, alert, following, area=to(8))
    assert sites == {"S8"}
    assert left_out["site_without_certified_contact"] == 1


async def test_two_waves_at_once_are_one(store: Store, alert: Alert, clock: FixedClock) -> None:
    """Widened by two processes: what the first has queued the second does not queue again."""
    first = next_wave(alert, FollowKind.WIDENED, area=to(8))
    async with Store(store.path, clock) as other:
        await record(store, first)
        with pytest.raises(NobodyMatched):
            await record(other, replace(first, ref="20260317-twin"))


async def test_what_was_cancelled_is_followed_by_its_correction_only(
    store: Store, alert: Alert
) -> None:
    """SQL refuses a wave after an alert that was cancelled meanwhile."""
    await sent(store, alert, [TAKEN])
    await store.outbox.cancel(alert.id, OPERATOR, "")
    with pytest.raises(RefusedByRule) as caught:
        await record(store, next_wave(alert, FollowKind.WIDENED, area=to(8)))
    assert caught.value.code == "alert_cancelled"
