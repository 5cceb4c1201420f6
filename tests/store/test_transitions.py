"""The transition table, held by the real file: every pair of states, every order of receipts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

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


class Delivery(RuleBasedStateMachine):
    """One delivery in the real file; whatever happens to it, and in whatever order."""

    serial = itertools.count()

    def __init__(self, runner: asyncio.Runner, store: Store, clock: FixedClock) -> None:
        super().__init__()
        self._run = runner.run
        self._store = store
        self._clock = clock
        self._started: list[Outgoing] = []
        self._unsettled: list[Outgoing] = []
        self._keys = itertools.count()
        self._over = False
        self._on_wire = set[int]()
        self._perhaps_sent = set[int]()
        self._lost = set[int]()
        self._state = DeliveryState.QUEUED

    @initialize()
    def plan(self) -> None:
        """Record an alert to the only guard."""
        ref = f"20260317-{next(self.serial)}"
        new = new_alert(ref, (SMS,), at=self._clock.now())
        self._alert_id = self._run(record(self._store, new)).id
        self._sender = self._run(self._store.outbox.open_sender(self._alert_id, OPERATOR))

    @rule()
    def claim(self) -> None:
        """Ask for what is due."""
        claim = self._run(take(self._store, self._sender, SMS, AMPLE, 10))
        self._started += claim.outgoing
        self._unsettled += claim.outgoing
        self._on_wire |= {outgoing.attempt_n for outgoing in claim.outgoing}
        if claim.outgoing:
            self._moves({DeliveryState.QUEUED: DeliveryState.SENDING}, always=True)
        else:
            self._moves({DeliveryState.QUEUED: self._unsent()} if self._over else {})

    @precondition(lambda self: self._unsettled)
    @rule(kind=st.sampled_from(OutcomeKind), retry_s=st.sampled_from([None, 0.0, 5.0]))
    def settle(self, kind: OutcomeKind, retry_s: float | None) -> None:
        """Commit what a hand-over came to, also one that was taken for lost."""
        outgoing = self._unsettled.pop(0)
        self._run(_settle(self._store, outgoing, kind, retry_s))
        if kind is OutcomeKind.ACCEPTED:
            after = DeliveryState.ACCEPTED
        elif retry_s is not None:
            after = DeliveryState.QUEUED
        else:
            unknown = kind is OutcomeKind.UNKNOWN or self._perhaps_sent - {outgoing.attempt_n}
            after = DeliveryState.UNKNOWN if unknown else DeliveryState.FAILED
        if outgoing.attempt_n in self._on_wire:
            self._on_wire.remove(outgoing.attempt_n)
            self._perhaps_sent |= {outgoing.attempt_n} if kind is OutcomeKind.UNKNOWN else set()
        last = outgoing is self._started[-1]
        moves = {DeliveryState.SENDING: after} if last else {}
        if outgoing.attempt_n in self._lost:
            self._hear_of_lost(outgoing.attempt_n, kind)
            if last or after is DeliveryState.ACCEPTED:
                moves = dict.fromkeys((*OPEN_STATES, DeliveryState.UNKNOWN), after)
            if after is DeliveryState.UNKNOWN:  # the resend that was asked for still holds
                moves.pop(DeliveryState.QUEUED, None)
        self._moves(moves)

    def _hear_of_lost(self, attempt_n: int, kind: OutcomeKind) -> None:
        self._lost.remove(attempt_n)
        if kind is not OutcomeKind.UNKNOWN:
            self._perhaps_sent.discard(attempt_n)

    @precondition(lambda self: self._started)
    @rule(which=st.integers(0, 9), said=st.sampled_from(BY_STRENGTH))
    def hear(self, which: int, said: DeliveryState) -> None:
        """Apply a receipt of any hand-over so far."""
        outgoing = self._started[which % len(self._started)]
        key = f"{outgoing.reference}/{next(self._keys)}"
        self._run(_receive(self._store, outgoing, said, key))
        self._on_wire.discard(outgoing.attempt_n)
        self._perhaps_sent.discard(outgoing.attempt_n)
        self._lost.discard(outgoing.attempt_n)
        stale = said is DeliveryState.UNDELIVERED and outgoing is not self._started[-1]
        self._moves({} if stale else {old: said for old in TRANSITIONS if said in TRANSITIONS[old]})

    @rule(resend=st.booleans())
    def die(self, resend: bool) -> None:
        """Stop without a word, and be taken over; perhaps what may have left is queued again."""
        self._sender = self._run(take_over(self._store, self._alert_id, resend_unknown=resend))
        self._perhaps_sent |= self._on_wire
        self._lost |= self._on_wire
        self._on_wire.clear()
        after = DeliveryState.QUEUED if resend else DeliveryState.UNKNOWN
        self._moves(dict.fromkeys((DeliveryState.SENDING, DeliveryState.UNKNOWN), after))

    @precondition(lambda self: self._started)
    @rule()
    def expire(self) -> None:
        """Let the hour pass after which the alert helps nobody."""
        self._clock.move(3600)
        self._over = True
        self._run(self._store.outbox.expire(self._alert_id))
        self._moves({DeliveryState.QUEUED: self._unsent()})

    def _unsent(self) -> DeliveryState:
        """Return where a message ends that is not sent again: no attempt may have left, or one."""
        return DeliveryState.UNKNOWN if self._perhaps_sent else DeliveryState.EXPIRED

    def _moves(self, moves: Mapping[DeliveryState, DeliveryState], *, always: bool = False) -> None:
        """Compare the file with the moves that the last step may make; all else stays."""
        assert not always or self._state in moves
        self._state = moves.get(self._state, self._state)
        (row,) = self._run(self._store.record.deliveries(self._alert_id))
        assert (row.state, row.attempts) == (self._state, len(self._started))


def test_no_course_of_events_moves_a_delivery_backwards(database: Path, clock: FixedClock) -> None:
    """Claims, outcomes, receipts, deaths, resends and the expiry, as they come: only forward."""
    with asyncio.Runner() as runner:
        store = runner.run(Store(database, clock).__aenter__())
        runner.run(fill_register(store, 1))

        class Here(Delivery):
            def __init__(self) -> None:
                super().__init__(runner, store, clock)

        try:
            run_state_machine_as_test(Here, settings=hypothesis.settings(stateful_step_count=30))
        finally:
            runner.run(store.__aexit__(None, None, None))


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
