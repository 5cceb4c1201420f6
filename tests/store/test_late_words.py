"""What is heard late, of an attempt that others have followed, on the real file."""

from __future__ import annotations

import itertools

import pytest

from tests.workbench import (
    NOON,
    OPERATOR,
    FixedClock,
    commit,
    fill_register,
    new_alert,
    record,
    take,
    take_over,
)
from umsalert.model import (
    Alert,
    ChannelKind,
    DeliveryState,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
)
from umsalert.ports import DeliveryRow, Pace, Settled, StoredWebhook
from umsalert.store.store import Store

AMPLE = Pace(1000, 1000)
SMS = ChannelKind.SMS
BUSY = Outcome(OutcomeKind.TEMPORARY, "503")
REFUSED = Outcome(OutcomeKind.PERMANENT, "no_mailbox")
SILENT = Outcome(OutcomeKind.UNKNOWN, "timeout")
UNKNOWN = DeliveryState.UNKNOWN
keys = itertools.count()


@pytest.fixture
async def alert(store: Store) -> Alert:
    """Return an alert to one guard by SMS."""
    await fill_register(store, 1)
    return await record(store, new_alert(channels=(SMS,)))


async def claim(store: Store, alert: Alert) -> Outgoing:
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    (outgoing,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    return outgoing


async def settle(store: Store, item: Outgoing, outcome: Outcome, *, again: bool = False) -> None:
    retry_at = NOON if again else None
    await commit(store, [Settled(item, outcome, "vonage", NOON, NOON, retry_at)])


async def hear(store: Store, item: Outgoing, state: DeliveryState) -> None:
    said = Receipt("vonage", "u", item.reference, state, "", NOON)
    await store.inbox.store(StoredWebhook("vonage", "status", "", b"{}"), str(next(keys)))
    (pending,) = await store.inbox.pending(1)
    assert await store.inbox.apply(pending.id, [said]) == 1


async def row(store: Store, alert: Alert) -> DeliveryRow:
    (found,) = await store.record.deliveries(alert.id)
    return found


async def test_two_refusals_are_a_failure_in_either_order(store: Store, alert: Alert) -> None:
    """Sent again after its sender was given up, refused; then that one tells its own refusal."""
    lost = await claim(store, alert)
    sender = await take_over(store, alert.id, resend_unknown=True)
    (again,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    await settle(store, again, REFUSED)
    assert (await row(store, alert)).state == UNKNOWN
    await settle(store, lost, REFUSED)
    found = await row(store, alert)
    assert (found.state, found.code, found.copies_at_most) == ("failed", "no_mailbox", 0)
    assert found.ended_at == NOON


@pytest.mark.parametrize("end", ["failed", "expired", "cancelled"])
async def test_a_receipt_ends_what_only_it_left_unknown(
    store: Store, alert: Alert, clock: FixedClock, end: str
) -> None:
    """The attempt that may have left did not arrive: the message ended as its last one says."""
    first = await claim(store, alert)
    await settle(store, first, SILENT, again=True)
    again = await claim(store, alert)
    await settle(store, again, REFUSED if end == "failed" else BUSY, again=end != "failed")
    if end == "expired":
        clock.move(3600)
        await store.outbox.expire(alert.id)
    elif end == "cancelled":
        await store.outbox.cancel(alert.id, OPERATOR, "")
    assert (await row(store, alert)).state == UNKNOWN
    await hear(store, first, DeliveryState.UNDELIVERED)
    assert (await row(store, alert)).state == end
    assert await store.record.holders(alert.id) == ()


async def test_who_has_a_refused_message_is_known(store: Store, alert: Alert) -> None:
    """A gateway said 503 and sent it all the same: its receipt counts, a correction goes there."""
    first = await claim(store, alert)
    await settle(store, first, BUSY, again=True)
    await hear(store, first, DeliveryState.ACCEPTED)
    found = await row(store, alert)
    assert (found.state, found.copies_at_most) == ("accepted", 1)
    (holder,) = await store.record.holders(alert.id)
    assert holder.certain


async def test_a_late_answer_does_not_accept_the_attempt_on_the_wire(
    store: Store, alert: Alert
) -> None:
    """Undelivered by its receipt, the lost attempt was accepted once: the next is still sending."""
    lost = await claim(store, alert)
    sender = await take_over(store, alert.id, resend_unknown=True)
    await hear(store, lost, DeliveryState.UNDELIVERED)
    assert len((await take(store, sender, SMS, AMPLE, 1)).outgoing) == 1
    await settle(store, lost, Outcome(OutcomeKind.ACCEPTED))
    assert (await row(store, alert)).state == "sending"


async def test_a_late_word_does_not_make_a_resend_wait_for_the_clock(
    store: Store, alert: Alert, clock: FixedClock
) -> None:
    """Queued again, then the clock is set back, then the lost sender speaks: it leaves at once."""
    lost = await claim(store, alert)
    sender = await take_over(store, alert.id, resend_unknown=True)
    clock.jump(-3600)
    outcome = Settled(lost, SILENT, "vonage", clock.now(), clock.now(), None)
    await commit(store, [outcome])
    assert len((await take(store, sender, SMS, AMPLE, 1)).outgoing) == 1
