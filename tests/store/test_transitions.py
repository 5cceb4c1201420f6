"""The transition table, held by the real file: every pair of states, every order of receipts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.workbench import (
    CENTRE,
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
from umsalert.errors import RefusedByRule
from umsalert.model import (
    OPEN_STATES,
    TRANSITIONS,
    ChannelKind,
    DeliveryState,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
)
from umsalert.ports import Pace, Settled, StoredWebhook
from umsalert.store.spatialite import Connection, connect, explained
from umsalert.store.store import Store

AMPLE = Pace(1_000_000, 1_000_000)
SMS = ChannelKind.SMS
BY_STRENGTH = (DeliveryState.ACCEPTED, DeliveryState.UNDELIVERED, DeliveryState.DELIVERED)
"""What a receipt may say; the later one prevails."""
CODES = {DeliveryState.UNDELIVERED: "1320"}
LASTING = frozenset(DeliveryState) - OPEN_STATES - {DeliveryState.UNKNOWN}
RECEIVED = (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)
"""Only what a provider has taken, or may have taken, gets receipts."""


@pytest.fixture
def connection(database: Path) -> Iterator[Connection]:
    """Return the writing connection of a file with one delivery, `queued`."""

    async def one_delivery() -> None:
        async with Store(database, FixedClock()) as store:
            await fill_register(store, 1)
            await record(store, new_alert(channels=(SMS,)))

    asyncio.run(one_delivery())
    opened = connect(database, write=True)
    yield opened
    opened.close()


@pytest.mark.parametrize("before", DeliveryState)
def test_the_file_allows_exactly_the_moves_of_the_model(
    connection: Connection, database: Path, before: DeliveryState
) -> None:
    """From every state each of the nine is reached, or refused, as the model says."""
    reached = set()
    for after in DeliveryState:
        connection.execute("BEGIN")
        _put(connection, before)
        try:
            with explained(database):
                connection.execute("UPDATE delivery SET state = ?", (after,))
        except RefusedByRule as error:
            assert error.code == "transition_forbidden"  # noqa: PT017 - the refusals are counted
        else:
            reached.add(after)
        connection.execute("ROLLBACK")
    assert reached == TRANSITIONS[before] | {before}


def _put(connection: Connection, state: DeliveryState) -> None:
    """Bring the delivery into a state by the moves that the file allows."""
    ways = {DeliveryState.QUEUED: [DeliveryState.QUEUED]}
    while state not in ways:
        for known, way in list(ways.items()):
            for after in TRANSITIONS[known]:
                ways.setdefault(after, [*way, after])
    for step in ways[state]:
        connection.execute("UPDATE delivery SET state = ?", (step,))


def test_nothing_that_lasts_is_ever_sent_again() -> None:
    """No way of any length leads from a lasting state back to `queued` or `sending`."""
    for start in LASTING:
        reached, new = set[DeliveryState](), {start}
        while new:
            reached |= new
            new = {after for state in new for after in TRANSITIONS[state]} - reached
        assert not reached & OPEN_STATES


@pytest.mark.parametrize("settled", RECEIVED)
async def test_receipts_in_any_order_end_alike(store: Store, settled: OutcomeKind) -> None:
    """Whatever the order of our commit and of the receipts, once or twice each: one end."""
    orders = _orders()
    await fill_register(store, len(orders))
    wide = replace(CENTRE, radius_m=50_000)
    alert = await record(store, replace(new_alert(channels=(SMS,)), area=wide))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    claim = await take(store, sender, SMS, AMPLE, len(orders))
    for outgoing, order in zip(claim.outgoing, orders, strict=True):
        for n, said in enumerate(order):
            if said is None:
                await _settle(store, outgoing, settled)
            else:
                await _receive(store, outgoing, said, f"{outgoing.reference}/{n}")
    ends = _ends(store.path)
    by_heard: dict[frozenset[DeliveryState | None], set[tuple[str, ...]]] = {}
    for outgoing, order in zip(claim.outgoing, orders, strict=True):
        by_heard.setdefault(frozenset(order), set()).add(ends[outgoing.delivery_id])
    assert {heard: len(found) for heard, found in by_heard.items()} == dict.fromkeys(by_heard, 1)
    for heard, ((state, *_rest),) in by_heard.items():
        assert state == next(said for said in reversed(BY_STRENGTH) if said in heard)


def _orders() -> list[tuple[DeliveryState | None, ...]]:
    """Return every order of up to three receipts, repeated ones too, and of our commit, None."""
    orders = set[tuple[DeliveryState | None, ...]]()
    for n in (1, 2, 3):
        for said in itertools.product(BY_STRENGTH, repeat=n):
            orders.update((*said[:at], None, *said[at:]) for at in range(n + 1))
    return sorted(orders, key=repr)


async def test_a_receipt_that_overtakes_our_commit_does_not_delay_it(
    store: Store, clock: FixedClock
) -> None:
    """The message was accepted when the provider said so to us, not when its receipt was made."""
    await fill_register(store, 1)
    alert = await record(store, new_alert(channels=(SMS,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    (outgoing,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    for state in (DeliveryState.ACCEPTED, DeliveryState.DELIVERED):
        await _receive(store, outgoing, state, state, at=NOON + timedelta(seconds=3))
    await _settle(store, outgoing, OutcomeKind.ACCEPTED)
    (row,) = await store.record.deliveries(alert.id)
    assert (row.accepted_at, row.delivered_at) == (NOON, NOON + timedelta(seconds=3))


async def test_a_late_outcome_of_an_earlier_hand_over_leaves_the_later_one(
    store: Store, clock: FixedClock
) -> None:
    """Taken for lost and sent again, a message is settled by its second hand-over only."""
    await fill_register(store, 1)
    alert = await record(store, new_alert(channels=(SMS,)))
    first = await store.outbox.open_sender(alert.id, OPERATOR)
    (lost,) = (await take(store, first, SMS, AMPLE, 1)).outgoing
    second = await take_over(store, alert.id, resend_unknown=True)
    (again,) = (await take(store, second, SMS, AMPLE, 1)).outgoing
    found = []
    for outgoing, kind in ((lost, OutcomeKind.PERMANENT), (again, OutcomeKind.ACCEPTED)):
        await _settle(store, outgoing, kind)
        (row,) = await store.record.deliveries(alert.id)
        found.append(row.state)
    assert found == [DeliveryState.SENDING, DeliveryState.ACCEPTED]


async def _receive(
    store: Store, outgoing: Outgoing, state: DeliveryState, key: str, at: datetime = NOON
) -> None:
    said = Receipt("vonage", "u", outgoing.reference, state, CODES.get(state, ""), at)
    await store.inbox.store(StoredWebhook("vonage", "status", outgoing.reference, b"{}"), key)
    for pending in await store.inbox.pending(10):
        assert await store.inbox.apply(pending.id, [said]) == 1


async def _settle(
    store: Store, outgoing: Outgoing, kind: OutcomeKind, retry_s: float | None = None
) -> None:
    retry_at = None if retry_s is None else NOON + timedelta(seconds=retry_s)
    code = "" if kind is OutcomeKind.ACCEPTED else "no_answer"
    outcome = Outcome(kind, code, provider_id="u" if kind is OutcomeKind.ACCEPTED else "")
    await commit(store, [Settled(outgoing, outcome, "vonage", NOON, NOON, retry_at)])


def _ends(path: Path) -> dict[int, tuple[str, ...]]:
    """Return by delivery what a report says of it: states and codes, of the attempt too."""
    connection = connect(path, write=False)
    rows = connection.execute(
        "SELECT delivery.id, delivery.state, delivery.code, attempt.state, attempt.code,"
        " attempt.provider_id, delivery.accepted_at, delivery.delivered_at, delivery.ended_at"
        " FROM delivery JOIN attempt ON attempt.delivery_id = delivery.id"
    ).fetchall()
    connection.close()
    return {row[0]: tuple(row)[1:] for row in rows}
