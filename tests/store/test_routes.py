"""Receipts that do not come, held against their provider on the real store."""

from __future__ import annotations

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
)
from umsalert.health import ILL_RECEIPTS
from umsalert.model import ChannelKind, DeliveryState, Outcome, OutcomeKind, Outgoing, Receipt
from umsalert.ports import Pace, ReceiptSample, Settled, StoredWebhook
from umsalert.store.store import Store

SMS = ChannelKind.SMS
SENT = 40


async def accepted(store: Store) -> list[Outgoing]:
    """Hand an alert over to a provider that takes all of it."""
    await fill_register(store, SENT, step_deg=1e-5)
    alert = await record(store, new_alert(channels=(SMS,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    outgoing = (await take(store, sender, SMS, Pace(1000, 1000), SENT)).outgoing
    taken = Outcome(OutcomeKind.ACCEPTED)
    await commit(store, [Settled(item, taken, "vonage", NOON, NOON, None) for item in outgoing])
    return list(outgoing)


async def deliver(store: Store, outgoing: Outgoing) -> None:
    """Let the provider say that a message has arrived."""
    await store.inbox.store(
        StoredWebhook("vonage", "message-status", outgoing.reference, b"{}"), outgoing.reference
    )
    for stored in await store.inbox.pending(10):
        receipt = Receipt("vonage", "", outgoing.reference, DeliveryState.DELIVERED, "", NOON)
        await store.inbox.apply(stored.id, [receipt])


@pytest.mark.parametrize(
    ("come", "late_s", "well"), [(SENT, 0, True), (15, 0, False), (15, 3600, True), (0, 0, True)]
)
async def test_missing_receipts(
    store: Store, clock: FixedClock, come: int, late_s: float, well: bool
) -> None:
    """Ill when most are missing while others reach us; nothing is known when nobody listens."""
    outgoing = await accepted(store)
    for item in outgoing[:come]:
        await deliver(store, item)
    clock.move(late_s)
    sample = tuple((item.delivery_id, item.attempt_n) for item in outgoing)
    await store.outbox.note_receipts(ReceiptSample("vonage", SMS, sample))
    (state,) = await store.outbox.routes()
    assert state.health.well is well
    assert (state.health.fault_code == ILL_RECEIPTS) is not well
