"""Whom the next wave of an incident goes to, on the real file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workbench import (
    CENTRE,
    NOON,
    OPERATOR,
    FixedClock,
    all_on_duty,
    answer_to,
    commit,
    fill_register,
    new_alert,
    record,
    take,
)
from umsalert.errors import NobodyMatched, RefusedByRule, UmsalertError
from umsalert.model import (
    Alert,
    Answer,
    Area,
    Audience,
    ChannelKind,
    Circle,
    ContactStatus,
    DeliveryState,
    Following,
    FollowKind,
    Link,
    NewAlert,
    NewContact,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
    ReplyKind,
    ReplySource,
    SiteStatus,
    Tie,
    Wave,
)
from umsalert.ports import Pace, Settled, StoredWebhook
from umsalert.store.store import Store

AMPLE = Pace(1000, 1000)
SMS, EMAIL = ChannelKind.SMS, ChannelKind.EMAIL
TAKEN = Outcome(OutcomeKind.ACCEPTED, provider_id="uuid-1")
WRONG = Outcome(OutcomeKind.PERMANENT, "bad_number")
SILENT = Outcome(OutcomeKind.UNKNOWN, "timeout")
STEP_DEG = 0.001
"""From site to site: 111 m."""


def to(n: int) -> Circle:
    """Return a circle that holds the sites S0 to Sn."""
    return replace(CENTRE, radius_m=(n + 0.5) * 111.2)


def next_wave(alert: Alert, kind: FollowKind, **changes: object) -> NewAlert:
    """Return an alert that follows `alert`, with its words unless they are changed."""
    changes = {"variables": alert.variables, "area": alert.area, **changes}
    people = changes.pop("to", None)
    assert people is None or isinstance(people, Audience)
    new = new_alert(f"{alert.ref}-{kind}", channels=alert.channels)
    return replace(new, follows=Following(alert.id, kind, people), **changes)  # type: ignore[arg-type]


async def selected(
    store: Store,
    alert: Alert,
    following: Following,
    values: Mapping[str, str] | None = None,
    area: Area | None = None,
) -> tuple[set[str], Mapping[str, int]]:
    """Return the sites that a wave would go to, and who is left out."""
    said = alert.variables if values is None else values
    wave = Wave(following, area or alert.area, alert.template, said)
    found = await store.alerts.wave(wave, alert.channels, all_on_duty)
    return {site.ref for site in found.sites}, found.left_out


async def audience(store: Store, alert: Alert, people: Audience) -> set[str]:
    """Return the sites that a follow-up with other words would go to."""
    following = Following(alert.id, FollowKind.FOLLOW_UP, people)
    return (await selected(store, alert, following, {"description": "else"}))[0]


async def settle(store: Store, outgoing: Outgoing, outcome: Outcome) -> None:
    await commit(store, [Settled(outgoing, outcome, "vonage", NOON, NOON, None)])


async def sent(
    store: Store, alert: Alert, outcomes: Sequence[Outcome], kind: ChannelKind = SMS
) -> Sequence[Outgoing]:
    """Hand over so many messages of an alert, in their order, with these outcomes."""
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    claim = await take(store, sender, kind, AMPLE, len(outcomes))
    for item, outcome in zip(claim.outgoing, outcomes, strict=True):
        await settle(store, item, outcome)
    return claim.outgoing


async def said(store: Store, outgoing: Outgoing, kind: ReplyKind) -> None:
    assert await store.answers.record(answer_to(outgoing.reference, kind, NOON)) is not None


async def receipt(store: Store, outgoing: Outgoing, state: DeliveryState) -> None:
    said = Receipt("vonage", "uuid-1", outgoing.reference, state, "", NOON)
    await store.inbox.store(StoredWebhook("vonage", "status", "", b"{}"), outgoing.reference)
    (pending,) = await store.inbox.pending(1)
    assert await store.inbox.apply(pending.id, [said]) == 1


async def reached(store: Store, alert: Alert) -> list[str]:
    """Return the contacts of an alert, in the order of sending."""
    rows = sorted(await store.record.deliveries(alert.id), key=lambda row: row.delivery_id)
    return [row.contact_ref for row in rows]


@pytest.fixture
async def alert(store: Store) -> Alert:
    """Return an SMS alert to the sites S0 to S6, of which nothing has left."""
    await fill_register(store, 10, step_deg=STEP_DEG)
    new = new_alert(channels=(SMS,), area=to(6))
    return await record(store, replace(new, variables={"description": "red"}))


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


def closing(alert: Alert, outcome: str = "Arrested.", ref: str = "20260317-over") -> NewAlert:
    new = next_wave(alert, FollowKind.CLOSING, variables={"outcome": outcome})
    return replace(new, ref=ref, template="all-clear", created_at=NOON + timedelta(minutes=20))


async def states(store: Store, alert: Alert) -> dict[DeliveryState, int]:
    return dict((await store.outbox.counts(alert.id))[SMS])


async def test_closing_stops_every_alert_and_tells_who_has_one(store: Store, alert: Alert) -> None:
    """Once each, taken or unknown, whichever wave it was; who got nothing hears nothing."""
    await sent(store, alert, [TAKEN, SILENT, WRONG])
    blue = next_wave(alert, FollowKind.WIDENED, area=to(8), variables={"description": "blue"})
    later = await record(store, blue)
    await sent(store, later, [TAKEN, WRONG, WRONG, TAKEN])
    over = await record(store, closing(alert))
    assert await reached(store, over) == ["S0-c1", "S1-c1", "S3-c1"]
    assert await states(store, alert) == {
        DeliveryState.ACCEPTED: 1,
        DeliveryState.UNKNOWN: 1,
        DeliveryState.FAILED: 1,
        DeliveryState.CANCELLED: 4,
    }
    assert (await states(store, later))[DeliveryState.CANCELLED] == 5
    assert await store.outbox.stopped_by_closing(later.id) == 9
    for named in (alert, later, over):
        closed = (await store.alerts.alert(named.ref)).closed
        assert closed is not None
        assert (closed.by, closed.outcome) == (str(OPERATOR), "Arrested.")
    await sent(store, over, [TAKEN] * 3)  # the message itself is not stopped


async def test_whoever_sends_a_closed_alert_is_told(store: Store, alert: Alert) -> None:
    """The next claim takes nothing, a refusal in flight is not tried again, nobody resumes it."""
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    (outgoing,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    over = await record(store, closing(alert))
    assert await reached(store, over) == ["S0-c1"]  # on the wire: it may arrive
    claim = await take(store, sender, SMS, AMPLE, 5)
    assert (claim.outgoing, claim.cancelled) == ((), True)
    busy = Outcome(OutcomeKind.TEMPORARY, "429")
    await commit(store, [Settled(outgoing, busy, "vonage", NOON, NOON, NOON)])
    assert await states(store, alert) == {DeliveryState.CANCELLED: 7}
    ended = await store.outbox.cancellation(alert.id)
    assert ended is not None
    assert ended.closed
    assert await store.outbox.cancellation(over.id) is None


async def test_only_the_channels_that_brought_it_say_that_it_is_over(store: Store) -> None:
    """Reached by SMS in one wave and by e-mail in the next, a guard hears by both, once."""
    await fill_register(store, 1)
    alert = await record(store, new_alert(channels=(SMS, EMAIL)))
    await sent(store, alert, [TAKEN])
    await sent(store, alert, [WRONG], EMAIL)
    over = next_wave(alert, FollowKind.CLOSING)
    wave = Wave(Following(alert.id, FollowKind.CLOSING), alert.area, over.template, {})
    found = await store.alerts.wave(wave, tuple(ChannelKind), all_on_duty)
    assert dict(found.deliveries) == {SMS: 1}
    blue = next_wave(alert, FollowKind.FOLLOW_UP, to=Audience.ALL, variables={"direction": "x"})
    later = await record(store, blue)
    await sent(store, later, [TAKEN], EMAIL)
    found = await store.alerts.wave(wave, tuple(ChannelKind), all_on_duty)
    assert dict(found.deliveries) == {SMS: 1, EMAIL: 1}
    assert found.contacts == 1


async def test_who_is_not_vetted_any_more_is_not_told(store: Store, alert: Alert) -> None:
    """A contact revoked and a site suspended meanwhile hear nothing of the end."""
    await sent(store, alert, [TAKEN] * 3)
    await store.register.set_contact_status(["S0-c1"], ContactStatus.REVOKED, OPERATOR)
    await store.register.set_site_status(["S1"], SiteStatus.SUSPENDED, OPERATOR)
    over = await record(store, closing(alert))
    assert await reached(store, over) == ["S2-c1"]
    assert over.left_out == {"contact_not_certified": 2}


async def test_closing_for_nobody_changes_nothing(store: Store, alert: Alert) -> None:
    """Where the message reaches nobody nothing is closed with it: it is closed without one."""
    with pytest.raises(NobodyMatched):
        await record(store, closing(alert))
    assert (await store.alerts.alert(alert.ref)).closed is None
    assert await states(store, alert) == {DeliveryState.QUEUED: 7}
    await store.outbox.close(alert.id, OPERATOR, "Nothing there.")
    assert await states(store, alert) == {DeliveryState.CANCELLED: 7}


async def test_of_two_who_close_at_once_one_does(
    store: Store, alert: Alert, clock: FixedClock
) -> None:
    """With or without a message, the second is refused, and nobody is told twice."""
    await sent(store, alert, [TAKEN] * 7)
    await record(store, closing(alert))
    async with Store(store.path, clock) as other:
        for outcome in ("Arrested.", "False alarm."):
            with pytest.raises(RefusedByRule) as caught:
                await record(other, closing(alert, outcome, "20260317-twin"))
            assert caught.value.code == "incident_closed"
            with pytest.raises(RefusedByRule):
                await other.outbox.close(alert.id, OPERATOR, outcome)
    assert len(await store.alerts.incident(alert.id)) == 2


async def test_a_quiet_end_can_still_be_told_in_the_same_words(store: Store, alert: Alert) -> None:
    """Closed without a message: the message may follow, once, and says the same."""
    await sent(store, alert, [TAKEN])
    await store.outbox.close(alert.id, OPERATOR, "Arrested.")
    with pytest.raises(RefusedByRule):
        await record(store, closing(alert, "Something else."))
    over = await record(store, closing(alert))
    assert await reached(store, over) == ["S0-c1"]


@pytest.mark.parametrize("kind", [FollowKind.FOLLOW_UP, FollowKind.WIDENED, FollowKind.CORRECTION])
async def test_nothing_follows_a_closed_incident(
    store: Store, alert: Alert, kind: FollowKind
) -> None:
    """Neither an alert of it nor its closing message is followed by anything."""
    await sent(store, alert, [TAKEN])
    over = await record(store, closing(alert))
    await sent(store, over, [TAKEN])
    for named in (alert, over):
        with pytest.raises(UmsalertError) as caught:
            await record(
                store, next_wave(named, kind, area=to(8), variables={"description": "blue"})
            )
        assert caught.value.code == "incident_closed"


async def test_a_closed_incident_is_not_open(store: Store, alert: Alert) -> None:
    """Of an incident the newest area is open here; once it is closed none is."""
    later = await record(store, next_wave(alert, FollowKind.WIDENED, area=to(8)))
    found = await store.alerts.situation(CENTRE, "search-person", NOON, exercise=False)
    assert [item.ref for item in found.open_alerts] == [later.ref]
    await store.outbox.close(alert.id, OPERATOR, "Arrested.")
    found = await store.alerts.situation(CENTRE, "search-person", NOON, exercise=False)
    assert found.open_alerts == ()
