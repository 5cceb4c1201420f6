"""Claims, outcomes, receipts and take-overs, on the real file."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.workbench import (
    NOON,
    OPERATOR,
    FixedClock,
    answer_to,
    commit,
    fill_register,
    new_alert,
    record,
    take,
    take_over,
)
from umsalert.leases import LEASE_S
from umsalert.model import (
    TRANSITIONS,
    ChannelKind,
    ContactStatus,
    DeliveryState,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
    ReplyKind,
)
from umsalert.ports import Pace, Settled, StoredWebhook
from umsalert.store.spatialite import connect
from umsalert.store.store import Store

AMPLE = Pace(1000, 1000)
SMS = ChannelKind.SMS
ACCEPTED = Outcome(OutcomeKind.ACCEPTED, provider_id="uuid-1")


async def claimed(store: Store, n: int = 1) -> tuple[int, int, tuple[Outgoing, ...]]:
    """Return (alert id, sender id, what was claimed) over `n` sites, by SMS."""
    await fill_register(store, n)
    alert = await record(store, new_alert(channels=(SMS,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    claim = await take(store, sender, SMS, AMPLE, n)
    return alert.id, sender, claim.outgoing


def settled(
    outgoing: Outgoing, outcome: Outcome = ACCEPTED, retry_s: float | None = None
) -> Settled:
    retry_at = None if retry_s is None else NOON + timedelta(seconds=retry_s)
    return Settled(outgoing, outcome, "vonage", NOON, NOON, retry_at)


async def receipt(store: Store, reference: str, state: DeliveryState, key: str = "k") -> int:
    """Store and apply one status webhook; return how many hand-overs it matched."""
    said = Receipt("vonage", "uuid-1", reference, state, "", NOON)
    await store.inbox.store(StoredWebhook("vonage", "status", reference, b"{}"), key)
    pending = await store.inbox.pending(1)
    return await store.inbox.apply(pending[0].id, [said]) or 0 if pending else 0


async def states(store: Store, alert_id: int) -> dict[DeliveryState, int]:
    return dict((await store.outbox.counts(alert_id))[SMS])


async def test_the_transition_table_in_sql_is_the_model_s(store: Store) -> None:
    """The trigger knows exactly the moves that the model allows."""
    await store.alerts.alerts(limit=1)
    connection = connect(store.path, write=False)
    rows = connection.execute("SELECT from_state, to_state FROM delivery_transition").fetchall()
    connection.close()
    assert {tuple(row) for row in rows} == {
        (before.value, after.value) for before, afters in TRANSITIONS.items() for after in afters
    }


async def test_an_attempt_is_on_disk_before_the_hand_over(store: Store) -> None:
    """What a claim returns stands in the file already, as `sending`, with its reference."""
    alert_id, _sender, (outgoing,) = await claimed(store)
    connection = connect(store.path, write=False)
    row = connection.execute("SELECT delivery_id, n, state FROM attempt").fetchone()
    connection.close()
    assert tuple(row) == (outgoing.delivery_id, 1, "sending")
    assert outgoing.reference == f"20260317-test-{outgoing.delivery_id}-1"
    assert await states(store, alert_id) == {DeliveryState.SENDING: 1}


async def test_two_senders_share_one_rate_and_never_a_row(store: Store) -> None:
    """Ten tokens serve ten messages, whoever asks; no message is claimed twice."""
    await fill_register(store, 20)
    alert = await record(store, new_alert(channels=(SMS,)))
    senders = [await store.outbox.open_sender(alert.id, OPERATOR) for _number in range(2)]
    got = [
        await take(store, sender, SMS, Pace(rate_per_s=5, burst=10), 7) for sender in senders * 2
    ]
    ids = [item.delivery_id for claim in got for item in claim.outgoing]
    assert len(ids) == len(set(ids)) == 10
    assert got[-1].wait_s == pytest.approx(0.2)


async def test_tokens_come_back_with_time(store: Store, clock: FixedClock) -> None:
    """After one second at 5/s five more may leave, never more than the burst."""
    await fill_register(store, 30)
    alert = await record(store, new_alert(channels=(SMS,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    pace = Pace(rate_per_s=5, burst=10)
    counts = []
    for pause_s in (0, 1, 600, -600):
        clock.move(pause_s)
        counts.append(len((await take(store, sender, SMS, pace, 30)).outgoing))
    assert counts == [10, 5, 10, 0]


@pytest.mark.parametrize(
    ("outcome", "retry_s", "state"),
    [
        (ACCEPTED, None, DeliveryState.ACCEPTED),
        (Outcome(OutcomeKind.TEMPORARY, "429"), 2.0, DeliveryState.QUEUED),
        (Outcome(OutcomeKind.TEMPORARY, "429"), None, DeliveryState.FAILED),
        (Outcome(OutcomeKind.PERMANENT, "bad_number"), None, DeliveryState.FAILED),
        (Outcome(OutcomeKind.UNKNOWN, "timeout"), None, DeliveryState.UNKNOWN),
        (Outcome(OutcomeKind.UNKNOWN, "timeout"), 2.0, DeliveryState.QUEUED),
        (Outcome(OutcomeKind.UNREACHABLE, "refused"), 0.0, DeliveryState.QUEUED),
        (Outcome(OutcomeKind.MISCONFIGURED, "401"), 0.0, DeliveryState.QUEUED),
    ],
)
async def test_each_outcome_has_its_state(
    store: Store, outcome: Outcome, retry_s: float | None, state: DeliveryState
) -> None:
    """Accepted, temporary, permanent and unknown end in four different states."""
    alert_id, _sender, (outgoing,) = await claimed(store)
    await commit(store, [settled(outgoing, outcome, retry_s)])
    assert await states(store, alert_id) == {state: 1}


async def test_a_retry_waits_for_its_time(store: Store, clock: FixedClock) -> None:
    """A message refused for two seconds is not claimed before, and counts its refusals."""
    _alert_id, sender, (outgoing,) = await claimed(store)
    await commit(store, [settled(outgoing, Outcome(OutcomeKind.TEMPORARY, "429"), 2.0)])
    early = await take(store, sender, SMS, AMPLE, 1)
    assert early.outgoing == ()
    assert early.wait_s is not None
    assert 0 < early.wait_s <= 2
    clock.move(2)
    (again,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    assert (again.attempt_n, again.refusals) == (2, 1)


@pytest.mark.parametrize("late", [False, True])
async def test_a_receipt_may_overtake_our_own_commit(store: Store, late: bool) -> None:
    """`delivered` that arrives while we still say `sending` stays; our `accepted` adds its time."""
    alert_id, _sender, (outgoing,) = await claimed(store)
    if late:
        await commit(store, [settled(outgoing)])
    assert await receipt(store, outgoing.reference, DeliveryState.DELIVERED) == 1
    if not late:
        await commit(store, [settled(outgoing)])
    assert await states(store, alert_id) == {DeliveryState.DELIVERED: 1}
    (row,) = await store.record.deliveries(alert_id)
    assert row.accepted_at is not None
    assert row.delivered_at is not None


async def test_receipts_out_of_order_never_go_back(store: Store) -> None:
    """`submitted` after `delivered`, and `undelivered` after `delivered`, change nothing."""
    alert_id, _sender, (outgoing,) = await claimed(store)
    await commit(store, [settled(outgoing)])
    for number, state in enumerate(
        (DeliveryState.DELIVERED, DeliveryState.ACCEPTED, DeliveryState.UNDELIVERED)
    ):
        await receipt(store, outgoing.reference, state, key=str(number))
    assert await states(store, alert_id) == {DeliveryState.DELIVERED: 1}


async def test_a_repeated_webhook_is_kept_once(store: Store) -> None:
    """The provider repeats for 24 hours; one key is one row."""
    _alert_id, _sender, (outgoing,) = await claimed(store)
    webhook = StoredWebhook("vonage", "status", outgoing.reference, b"{}")
    assert [await store.inbox.store(webhook, "k") for _time in range(3)] == [True, False, False]


@pytest.mark.parametrize("reference", ["", "x", "20260317-test-1-2", "20260317-else-1-1", "a-b-c"])
async def test_a_receipt_for_nothing_of_ours_changes_nothing(store: Store, reference: str) -> None:
    """A reference that is not ours is kept in the inbox as unmatched, without an error."""
    alert_id, _sender, _outgoing = await claimed(store)
    assert await receipt(store, reference, DeliveryState.DELIVERED) == 0
    assert await states(store, alert_id) == {DeliveryState.SENDING: 1}


async def test_an_answer_is_tied_to_site_and_contact(store: Store) -> None:
    """A key pressed in a call becomes a reply of that guard at that site."""
    alert_id, _sender, (outgoing,) = await claimed(store)
    await store.inbox.store(StoredWebhook("vonage", "input", outgoing.reference, b"{}"), "k")
    (pending,) = await store.inbox.pending(1)
    said = answer_to(outgoing.reference, ReplyKind.SIGHTING, NOON)
    await store.inbox.apply(pending.id, [said])
    (reply,) = await store.answers.of_alert(alert_id)
    assert (reply.site_ref, reply.contact_ref, reply.kind) == ("S0", "S0-c1", "sighting")
    assert await store.inbox.pending(1) == ()


async def test_what_a_dead_sender_held_becomes_unknown(store: Store) -> None:
    """Only once, and never what was settled."""
    alert_id, sender, outgoing = await claimed(store, 3)
    await commit(store, [settled(outgoing[0])])
    dead = await store.outbox.senders(alert_id)
    assert [item.id for item in dead] == [sender]
    assert await store.outbox.recover(alert_id, dead) == 2
    assert await store.outbox.recover(alert_id, dead) == 0
    assert await store.outbox.senders(alert_id) == []
    assert await states(store, alert_id) == {DeliveryState.ACCEPTED: 1, DeliveryState.UNKNOWN: 2}


async def test_a_sender_that_has_renewed_its_lease_is_not_dead(
    store: Store, clock: FixedClock
) -> None:
    """Taken for dead a moment ago, it keeps what it holds, and nobody takes its alert over."""
    alert_id, sender, _outgoing = await claimed(store, 3)
    seen = await store.outbox.senders(alert_id)
    clock.move(LEASE_S)
    await store.outbox.renew(sender)
    assert await store.outbox.recover(alert_id, seen) == 0
    assert await store.outbox.take_over(alert_id, seen, OPERATOR, resend_unknown=True) is None
    assert await states(store, alert_id) == {DeliveryState.SENDING: 3}


async def test_one_of_two_takes_over(store: Store) -> None:
    """Both saw the same dead sender: the first one gets the alert, the second one nothing."""
    alert_id, _sender, _outgoing = await claimed(store, 3)
    dead = await store.outbox.senders(alert_id)
    first, second = [
        await store.outbox.take_over(alert_id, dead, OPERATOR, resend_unknown=True)
        for _time in range(2)
    ]
    assert first is not None
    assert second is None
    assert await states(store, alert_id) == {DeliveryState.QUEUED: 3}
    assert len((await take(store, first, SMS, AMPLE, 3)).outgoing) == 3


async def test_what_a_sender_left_behind_is_found_after_its_end(store: Store) -> None:
    """It ended with something on the wire: that is taken over like a dead one's."""
    alert_id, sender, _outgoing = await claimed(store, 1)
    await store.outbox.close_sender(sender)
    (left,) = await store.outbox.senders(alert_id)
    assert (left.id, left.lease_until) == (sender, None)
    assert await store.outbox.recover(alert_id, [left]) == 1


SILENT = Outcome(OutcomeKind.UNKNOWN, "no_answer")
REFUSED = Outcome(OutcomeKind.PERMANENT, "bad_number")
BUSY = Outcome(OutcomeKind.TEMPORARY, "429")


@pytest.mark.parametrize(
    ("outcome", "resumed", "state"),
    [
        (ACCEPTED, "", DeliveryState.ACCEPTED),
        (ACCEPTED, "queued", DeliveryState.ACCEPTED),
        (ACCEPTED, "sending", DeliveryState.ACCEPTED),
        (REFUSED, "", DeliveryState.FAILED),
        (REFUSED, "queued", DeliveryState.FAILED),
        (REFUSED, "sending", DeliveryState.SENDING),
        (BUSY, "", DeliveryState.QUEUED),
        (SILENT, "", DeliveryState.UNKNOWN),
        (SILENT, "queued", DeliveryState.QUEUED),
    ],
)
async def test_a_sender_given_up_for_dead_may_still_tell_its_answer(
    store: Store, outcome: Outcome, resumed: str, state: DeliveryState
) -> None:
    """A process that slept longer than its lease knows what came of it: that is not lost."""
    alert_id, _sender, (outgoing,) = await claimed(store)
    other = await take_over(store, alert_id, resend_unknown=bool(resumed))
    if resumed == "sending":
        assert len((await take(store, other, SMS, AMPLE, 1)).outgoing) == 1
    await commit(store, [settled(outgoing, outcome, 1.0 if outcome is BUSY else None)])
    assert await states(store, alert_id) == {state: 1}
    holders = await store.record.holders(alert_id)
    assert any(item.certain for item in holders) == (outcome is ACCEPTED)


async def test_a_cancelled_alert_hears_its_late_sender_too(store: Store) -> None:
    """Cancelled while its sender slept, a message that was refused after all has not gone out."""
    alert_id, _sender, outgoing = await claimed(store, 3)
    await store.outbox.cancel(alert_id, OPERATOR, "")
    assert await store.outbox.recover(alert_id, await store.outbox.senders(alert_id)) == 3
    answers = ((ACCEPTED, None), (BUSY, 1.0), (SILENT, None))
    for item, (outcome, retry_s) in zip(outgoing, answers, strict=True):
        await commit(store, [settled(item, outcome, retry_s)])
    assert await states(store, alert_id) == {
        DeliveryState.ACCEPTED: 1,
        DeliveryState.CANCELLED: 1,
        DeliveryState.UNKNOWN: 1,
    }


async def test_unknown_is_sent_again_only_when_asked(store: Store, clock: FixedClock) -> None:
    """An unknown message is not claimed by itself; queued again, a late receipt still counts."""
    alert_id, sender, (outgoing,) = await claimed(store)
    await commit(store, [settled(outgoing, Outcome(OutcomeKind.UNKNOWN, "timeout"))])
    assert (await take(store, sender, SMS, AMPLE, 1)).wait_s is None
    sender = await take_over(store, alert_id, resend_unknown=True)
    assert await states(store, alert_id) == {DeliveryState.QUEUED: 1}
    await receipt(store, outgoing.reference, DeliveryState.DELIVERED)
    assert await states(store, alert_id) == {DeliveryState.DELIVERED: 1}
    clock.move(1)
    assert (await take(store, sender, SMS, AMPLE, 1)).outgoing == ()


async def test_nothing_is_claimed_past_the_expiry(store: Store, clock: FixedClock) -> None:
    """One second after the alert expired, what was queued is expired, not sent."""
    await fill_register(store, 2)
    alert = await record(store, new_alert(channels=(SMS,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    clock.move(3601)
    claim = await take(store, sender, SMS, AMPLE, 10)
    assert (claim.outgoing, claim.wait_s) == ((), None)
    assert await states(store, alert.id) == {DeliveryState.EXPIRED: 2}


async def perhaps_sent(store: Store) -> tuple[int, int]:
    """Return (alert id, sender id) of a message that may have left and is queued again."""
    alert_id, sender, (outgoing,) = await claimed(store)
    timed_out = Outcome(OutcomeKind.UNKNOWN, "no_answer")
    await commit(store, [settled(outgoing, timed_out, retry_s=0)])
    assert await states(store, alert_id) == {DeliveryState.QUEUED: 1}
    return alert_id, sender


async def test_a_refusal_speaks_for_its_own_attempt_only(store: Store) -> None:
    """What may have left once and is refused for good the second time is unknown, not failed."""
    alert_id, sender = await perhaps_sent(store)
    (again,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    assert (again.attempt_n, again.unknowns, again.refusals) == (2, 1, 0)
    await commit(store, [settled(again, Outcome(OutcomeKind.PERMANENT, "no_mailbox"))])
    assert await states(store, alert_id) == {DeliveryState.UNKNOWN: 1}
    (row,) = await store.record.deliveries(alert_id)
    assert (row.code, row.attempts, row.copies_at_most) == ("no_mailbox", 2, 1)
    await take_over(store, alert_id, resend_unknown=True)
    assert await states(store, alert_id) == {DeliveryState.UNKNOWN: 1}  # it would be refused again


@pytest.mark.parametrize("late", [True, False], ids=["expired", "no longer vetted"])
async def test_what_is_not_sent_again_is_still_unknown(
    store: Store, clock: FixedClock, late: bool
) -> None:
    """Too late, or no longer vetted, for its second attempt: the first may have arrived."""
    alert_id, sender = await perhaps_sent(store)
    if late:
        clock.move(3601)
    else:
        await store.register.set_contact_status(["S0-c1"], ContactStatus.REVOKED, OPERATOR)
    assert (await take(store, sender, SMS, AMPLE, 1)).outgoing == ()
    assert await states(store, alert_id) == {DeliveryState.UNKNOWN: 1}


async def test_copies_are_counted_by_what_may_have_arrived(store: Store) -> None:
    """Refused attempts do not count; unknown, accepted and delivered ones do."""
    alert_id, sender = await perhaps_sent(store)
    (second,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    refused = Outcome(OutcomeKind.TEMPORARY, "rate_limit")
    await commit(store, [settled(second, refused, retry_s=0)])
    (third,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    await commit(store, [settled(third)])
    (row,) = await store.record.deliveries(alert_id)
    assert (row.state, row.attempts, row.copies_at_most) == (DeliveryState.ACCEPTED, 3, 2)
