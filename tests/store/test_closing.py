"""How an incident ends, on the real file: nothing more leaves, and who had it is told once."""

from __future__ import annotations

import pytest

from tests.store.incident import (
    AMPLE,
    EMAIL,
    SILENT,
    SMS,
    TAKEN,
    WRONG,
    closing,
    first_alert,
    next_wave,
    reached,
    sent,
    states,
    to,
)
from tests.workbench import (
    CENTRE,
    NOON,
    OPERATOR,
    FixedClock,
    all_on_duty,
    commit,
    fill_register,
    new_alert,
    record,
    take,
)
from umsalert.errors import NobodyMatched, RefusedByRule, UmsalertError
from umsalert.model import (
    Alert,
    Audience,
    ChannelKind,
    ContactStatus,
    DeliveryState,
    Following,
    FollowKind,
    Outcome,
    OutcomeKind,
    SiteStatus,
    Wave,
)
from umsalert.ports import Settled
from umsalert.store.store import Store


@pytest.fixture
async def alert(store: Store) -> Alert:
    return await first_alert(store)


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
