"""A cancelled alert on the real file: nothing more leaves, and who has it is known."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from tests.workbench import (
    NOON,
    OPERATOR,
    FixedClock,
    all_on_duty,
    commit,
    fill_register,
    new_alert,
    record,
    take,
    take_over,
)
from umsalert.errors import NobodyMatched, RefusedByRule
from umsalert.model import (
    Alert,
    ChannelKind,
    ContactStatus,
    DeliveryState,
    Following,
    FollowKind,
    Link,
    Operator,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
    SiteStatus,
)
from umsalert.ports import Pace, Settled, StoredWebhook
from umsalert.store.spatialite import connect, explained
from umsalert.store.store import Store

AMPLE = Pace(1000, 1000)
SMS = ChannelKind.SMS
ACCEPTED = Outcome(OutcomeKind.ACCEPTED, provider_id="uuid-1")
BUSY = Outcome(OutcomeKind.TEMPORARY, "429")
SILENT = Outcome(OutcomeKind.UNKNOWN, "timeout")
CHIEF = Operator("chief", "test")


async def claimed(store: Store, sites: int, n: int) -> tuple[Alert, int, tuple[Outgoing, ...]]:
    """Return the alert, the sender and `n` claimed SMS of an alert to `sites` sites."""
    await fill_register(store, sites)
    alert = await record(store, new_alert(channels=(SMS,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    return alert, sender, (await take(store, sender, SMS, AMPLE, n)).outgoing


async def settle(store: Store, outgoing: Outgoing, outcome: Outcome, *, again: bool) -> None:
    retry_at = NOON if again else None
    await commit(store, [Settled(outgoing, outcome, "vonage", NOON, NOON, retry_at)])


async def receipt(store: Store, outgoing: Outgoing, state: DeliveryState) -> None:
    said = Receipt("vonage", "uuid-1", outgoing.reference, state, "", NOON)
    await store.inbox.store(StoredWebhook("vonage", "status", "", b"{}"), outgoing.reference)
    (pending,) = await store.inbox.pending(1)
    assert await store.inbox.apply(pending.id, [said]) == 1


async def states(store: Store, alert: Alert) -> dict[DeliveryState, int]:
    return dict((await store.outbox.counts(alert.id))[SMS])


async def corrected(store: Store, alert: Alert, ref: str = "20260317-corr") -> Alert:
    """Record a correction of `alert`."""
    new = new_alert(ref, channels=(SMS,))
    follows = Following(alert.id, FollowKind.CORRECTION)
    return await store.alerts.create(dataclasses.replace(new, follows=follows), all_on_duty)


async def test_from_the_commit_on_nothing_is_claimed(store: Store) -> None:
    """What was queued is cancelled with its code and time; two on the wire are left alone."""
    alert, sender, _outgoing = await claimed(store, 5, 2)
    stopped = await store.outbox.cancel(alert.id, CHIEF, "wrong place")
    assert (stopped.messages, stopped.repeated) == (3, False)
    claim = await take(store, sender, SMS, AMPLE, 5)
    assert (claim.outgoing, claim.wait_s) == ((), None)
    assert await states(store, alert) == {DeliveryState.SENDING: 2, DeliveryState.CANCELLED: 3}
    rows = await store.record.deliveries(alert.id)
    assert {(row.code, row.ended_at) for row in rows if row.state == "cancelled"} == {
        ("cancelled", NOON)
    }
    cancelled = (await store.alerts.alert(alert.ref)).cancelled
    assert cancelled == stopped.cancellation
    assert (cancelled.by, cancelled.at, cancelled.reason) == ("chief@test", NOON, "wrong place")


async def test_what_is_queued_later_is_not_claimed_either(store: Store) -> None:
    """However a message came into the queue of a cancelled alert, it does not leave."""
    alert, sender, _outgoing = await claimed(store, 1, 1)
    await store.outbox.cancel(alert.id, CHIEF, "")
    connection = connect(store.path, write=True)
    connection.execute(
        "INSERT INTO delivery (alert_id, site_id, contact_id, channel, address, language,"
        " next_attempt_at, queued_at) SELECT alert_id, site_id, contact_id, 'email',"
        " 'agent-0@example.org', 'fr', queued_at, queued_at FROM delivery"
    )
    connection.close()
    assert (await take(store, sender, ChannelKind.EMAIL, AMPLE, 1)).outgoing == ()
    counts = await store.outbox.counts(alert.id)
    assert counts[ChannelKind.EMAIL] == {DeliveryState.QUEUED: 1}


@pytest.mark.parametrize(
    ("outcome", "again", "state", "code"),
    [
        (ACCEPTED, False, DeliveryState.ACCEPTED, ""),
        (BUSY, True, DeliveryState.CANCELLED, "cancelled"),
        (BUSY, False, DeliveryState.FAILED, "429"),
        (Outcome(OutcomeKind.UNREACHABLE, "refused"), True, DeliveryState.CANCELLED, "cancelled"),
        (Outcome(OutcomeKind.WITHDRAWN, "withdrawn"), True, DeliveryState.CANCELLED, "cancelled"),
        (Outcome(OutcomeKind.PERMANENT, "bad_number"), False, DeliveryState.FAILED, "bad_number"),
        (SILENT, False, DeliveryState.UNKNOWN, "timeout"),
        (SILENT, True, DeliveryState.UNKNOWN, "timeout"),
    ],
)
async def test_what_was_on_the_wire_ends_as_it_ends(
    store: Store, outcome: Outcome, again: bool, state: DeliveryState, code: str
) -> None:
    """Refused after the cancellation it is cancelled, unanswered it stays unknown."""
    alert, sender, (outgoing,) = await claimed(store, 1, 1)
    await store.outbox.cancel(alert.id, CHIEF, "")
    await settle(store, outgoing, outcome, again=again)
    assert await states(store, alert) == {state: 1}
    (row,) = await store.record.deliveries(alert.id)
    assert row.code == code
    assert (await take(store, sender, SMS, AMPLE, 1)).outgoing == ()


async def test_what_may_have_left_before_is_not_called_cancelled(store: Store) -> None:
    """Unanswered, queued again, then cancelled, it may have left; the receipt says it did."""
    alert, _sender, (outgoing,) = await claimed(store, 1, 1)
    await settle(store, outgoing, SILENT, again=True)
    assert (await store.outbox.cancel(alert.id, CHIEF, "")).messages == 1
    (holder,) = await store.record.holders(alert.id)
    assert (holder.state, holder.certain) == (DeliveryState.UNKNOWN, False)
    await receipt(store, outgoing, DeliveryState.DELIVERED)
    assert await states(store, alert) == {DeliveryState.DELIVERED: 1}
    (holder,) = await store.record.holders(alert.id)
    assert (holder.state, holder.certain) == (DeliveryState.DELIVERED, True)


async def test_unknown_is_never_queued_again(store: Store) -> None:
    """Not even where the template or a person asks for it."""
    alert, _sender, (outgoing,) = await claimed(store, 1, 1)
    await settle(store, outgoing, SILENT, again=False)
    await store.outbox.cancel(alert.id, CHIEF, "")
    await take_over(store, alert.id, resend_unknown=True)
    assert await states(store, alert) == {DeliveryState.UNKNOWN: 1}


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE delivery SET state = 'queued' WHERE state = 'unknown'", "alert_cancelled"),
        ("UPDATE alert SET cancelled_at = NULL", "cancel_fixed"),
        ("UPDATE alert SET cancelled_by = 'nobody'", "cancel_fixed"),
    ],
)
async def test_sql_itself_keeps_it_cancelled(store: Store, statement: str, rule: str) -> None:
    """Written past every service, straight into the file, a cancelled alert stays cancelled."""
    alert, _sender, (outgoing,) = await claimed(store, 1, 1)
    await settle(store, outgoing, SILENT, again=False)
    await store.outbox.cancel(alert.id, CHIEF, "")
    connection = connect(store.path, write=True)
    try:
        with pytest.raises(RefusedByRule) as caught, explained(store.path):
            connection.execute(statement)
    finally:
        connection.close()
    assert caught.value.code == rule


async def test_the_first_to_cancel_is_the_one_recorded(store: Store, clock: FixedClock) -> None:
    """Cancelled again, later and by somebody else, it says who did it and stops nothing more."""
    alert, _sender, _outgoing = await claimed(store, 3, 1)
    first = await store.outbox.cancel(alert.id, CHIEF, "slip")
    clock.move(60)
    again = await store.outbox.cancel(alert.id, OPERATOR, "other")
    assert again == dataclasses.replace(first, messages=0, repeated=True)


async def test_two_processes_cancel_at_once(store: Store, clock: FixedClock) -> None:
    """Through two connections at the same moment, one cancels and the other learns of it."""
    alert, _sender, _outgoing = await claimed(store, 4, 1)
    async with Store(store.path, clock) as other:
        both = await asyncio.gather(
            store.outbox.cancel(alert.id, CHIEF, ""), other.outbox.cancel(alert.id, OPERATOR, "")
        )
    assert sorted(stopped.messages for stopped in both) == [0, 3]
    assert {stopped.repeated for stopped in both} == {True, False}
    assert both[0].cancellation == both[1].cancellation


async def test_what_had_expired_is_not_called_cancelled(store: Store, clock: FixedClock) -> None:
    """An expired alert can be cancelled, for the record; its messages stay expired."""
    alert, _sender, _outgoing = await claimed(store, 2, 0)
    clock.move(3601)
    assert (await store.outbox.cancel(alert.id, CHIEF, "")).messages == 0
    assert await states(store, alert) == {DeliveryState.EXPIRED: 2}


async def fates(store: Store) -> tuple[Alert, dict[str, str]]:
    """Give each of nine SMS another fate; return the alert and each fate by contact."""
    alert, _sender, outgoing = await claimed(store, 9, 8)
    names = (
        "accepted",
        "delivered",
        "undelivered",
        "failed",
        "unknown",
        "refused",
        "silent, then cancelled",
        "sending",
    )
    by_fate = dict(zip(names, outgoing, strict=True))
    for name in ("accepted", "delivered", "undelivered"):
        await settle(store, by_fate[name], ACCEPTED, again=False)
    await receipt(store, by_fate["delivered"], DeliveryState.DELIVERED)
    await receipt(store, by_fate["undelivered"], DeliveryState.UNDELIVERED)
    failed = Outcome(OutcomeKind.PERMANENT, "bad_number")
    await settle(store, by_fate["failed"], failed, again=False)
    await settle(store, by_fate["unknown"], SILENT, again=False)
    await settle(store, by_fate["refused"], BUSY, again=True)
    await settle(store, by_fate["silent, then cancelled"], SILENT, again=True)
    await store.outbox.cancel(alert.id, CHIEF, "")
    refs = {row.delivery_id: row.contact_ref for row in await store.record.deliveries(alert.id)}
    fate_of = {item.delivery_id: name for name, item in by_fate.items()}
    return alert, {ref: fate_of.get(number, "queued") for number, ref in refs.items()}


async def test_who_has_it_is_told_from_who_may_have_it(store: Store) -> None:
    """Taken or delivered is certain; unanswered, on the wire or cancelled after silence is not."""
    alert, fate = await fates(store)
    found = {fate[h.contact_ref]: h.certain for h in await store.record.holders(alert.id)}
    assert found == {
        "accepted": True,
        "delivered": True,
        "unknown": False,
        "silent, then cancelled": False,
        "sending": False,
    }


async def test_the_correction_goes_to_exactly_those(store: Store) -> None:
    """Whoever has it or may have it is written to, and nobody else; the two are linked."""
    alert, fate = await fates(store)
    correction = await corrected(store, alert)
    rows = await store.record.deliveries(correction.id)
    assert {fate[row.contact_ref] for row in rows} == {
        "accepted",
        "delivered",
        "unknown",
        "silent, then cancelled",
        "sending",
    }
    assert len(rows) == 5
    assert correction.follows == Link(alert.ref, FollowKind.CORRECTION)
    followed_by = (await store.alerts.alert(alert.ref)).followed_by
    assert followed_by == (Link(correction.ref, FollowKind.CORRECTION),)


async def test_only_the_channels_that_brought_it_correct_it(store: Store) -> None:
    """Reached by SMS and not by the e-mail that was stopped, a guard is corrected by SMS."""
    await fill_register(store, 1)
    alert = await record(store)
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    for outgoing in (await take(store, sender, SMS, AMPLE, 1)).outgoing:
        await settle(store, outgoing, ACCEPTED, again=False)
    await store.outbox.cancel(alert.id, CHIEF, "")
    found = await store.alerts.recipients(alert.id, tuple(ChannelKind))
    assert dict(found.deliveries) == {SMS: 1}
    assert [site.ref for site in found.sites] == ["S0"]
    assert (await store.alerts.recipients(alert.id, (ChannelKind.EMAIL,))).contacts == 0


async def test_who_is_no_longer_vetted_gets_no_correction(store: Store) -> None:
    """A site suspended and a contact revoked meanwhile are left out, and counted."""
    alert, _sender, outgoing = await claimed(store, 3, 3)
    for item in outgoing:
        await settle(store, item, ACCEPTED, again=False)
    await store.register.set_site_status(["S0"], SiteStatus.SUSPENDED, OPERATOR)
    await store.register.set_contact_status(["S1-c1"], ContactStatus.REVOKED, OPERATOR)
    found = await store.alerts.recipients(alert.id, (SMS,))
    assert [site.ref for site in found.sites] == ["S2"]
    assert found.left_out == {"contact_not_certified": 2}
    assert [h.vetted for h in await store.record.holders(alert.id)] == [False, False, True]


async def test_nobody_is_corrected_twice(store: Store, clock: FixedClock) -> None:
    """A second correction is not recorded, unless the first did not get through to somebody."""
    alert, _sender, outgoing = await claimed(store, 2, 2)
    for item in outgoing:
        await settle(store, item, ACCEPTED, again=False)
    first = await corrected(store, alert)
    with pytest.raises(NobodyMatched):
        await corrected(store, alert, "20260317-twin")
    assert [line.alert.ref for line in await store.alerts.alerts(limit=9)] == [first.ref, alert.ref]
    sender = await store.outbox.open_sender(first.id, OPERATOR)
    (one, other) = (await take(store, sender, SMS, AMPLE, 2)).outgoing
    await settle(store, one, ACCEPTED, again=False)
    await settle(store, other, Outcome(OutcomeKind.PERMANENT, "off"), again=False)
    assert (await store.alerts.recipients(alert.id, (SMS,))).contacts == 1


async def test_two_corrections_at_once_are_one(store: Store, clock: FixedClock) -> None:
    """Recorded by two processes at the same moment, each guard is queued for one of them."""
    alert, _sender, outgoing = await claimed(store, 3, 3)
    for item in outgoing:
        await settle(store, item, ACCEPTED, again=False)
    async with Store(store.path, clock) as other:
        both = await asyncio.gather(
            corrected(store, alert, "20260317-left"),
            corrected(other, alert, "20260317-right"),
            return_exceptions=True,
        )
    assert sorted(type(item).__name__ for item in both) == ["Alert", "NobodyMatched"]


async def test_an_exercise_is_corrected_by_an_exercise(store: Store, database: Path) -> None:
    """SQL refuses a live correction of an exercise."""
    await fill_register(store, 1)
    exercise = await record(store, dataclasses.replace(new_alert(channels=(SMS,)), exercise=True))
    sender = await store.outbox.open_sender(exercise.id, OPERATOR)
    (outgoing,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    await settle(store, outgoing, ACCEPTED, again=False)
    with pytest.raises(RefusedByRule) as caught:
        await corrected(store, exercise)
    assert caught.value.code == "exercise_fixed"
