"""How a course of events reaches the real store, and what it keeps in mind beside it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from tests.store.believed import Believed, BelievedPace
from tests.workbench import NOON, OPERATOR, FixedClock, reference_of
from umsalert.leases import LEASE_S
from umsalert.model import (
    Alert,
    Answer,
    ChannelKind,
    DeliveryState,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
)
from umsalert.ports import Pace, SenderSeen, Settled, StoredWebhook, Want
from umsalert.store.spatialite import Connection
from umsalert.store.store import Store

PACE = Pace(rate_per_s=1, burst=3)
CODES = {OutcomeKind.ACCEPTED: "", OutcomeKind.UNKNOWN: "timeout"}
TABLES = {
    "message": "SELECT delivery.id, contact.ref, site.ref AS site, channel FROM delivery"
    " JOIN contact ON contact.id = contact_id JOIN site ON site.id = delivery.site_id"
    " WHERE alert_id = ?",
    "delivery": "SELECT * FROM delivery WHERE alert_id = ? ORDER BY id",
    "attempt": "SELECT attempt.* FROM attempt JOIN delivery ON id = delivery_id"
    " WHERE alert_id = ? ORDER BY delivery_id, n",
}
T = TypeVar("T")


@dataclass
class Sender:
    """A process that sends. `held`: its claims that it has not settled yet."""

    id: int
    store: Store
    held: list[Outgoing] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """What all courses of events share."""

    runner: asyncio.Runner
    stores: Sequence[Store]
    clock: FixedClock
    reader: Connection


class Stage(RuleBasedStateMachine):
    """Two processes on one file, and what a reader believes of one alert."""

    _alert: Alert
    _provider: str
    _messages: dict[int, Believed]
    _paces: dict[ChannelKind, BelievedPace]

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._clock = world.clock
        self._clock.at = NOON
        self._true_s = 0.0
        self._seen: list[SenderSeen] = []
        self._senders: list[Sender] = []
        self._leases: dict[int, datetime | None] = {}
        self._cancelled = False
        self._stopped = set[str]()
        self._keys = itertools.count()
        self._before: dict[int, DeliveryState] = {}
        self._read: dict[str, Any] = {}

    def _opened(self, store: Store, sender_id: int) -> None:
        self._senders.append(Sender(sender_id, store))
        self._leases[sender_id] = self._clock.now() + timedelta(seconds=LEASE_S)

    def _lose(self, dead: Sequence[SenderSeen]) -> None:
        """Believe the same of what the dead held, unless they have renewed since."""
        for seen in dead:
            if self._leases[seen.id] == seen.lease_until:
                self._leases[seen.id] = None
                for message in self._messages.values():
                    message.lost(seen.id, self._clock.now())

    def _exchange(
        self,
        sender: Sender,
        settled: Sequence[Settled],
        wanted: tuple[ChannelKind, int] | None,
    ) -> None:
        wants = [] if wanted is None else [Want(wanted[0], self._provider, PACE, wanted[1], 1000)]
        claims = self._run(sender.store.outbox.exchange(sender.id, settled, wants))
        for item in sorted(settled, key=lambda item: item.outcome.kind is not OutcomeKind.ACCEPTED):
            message = self._messages[item.outgoing.delivery_id]
            no_more = self._no_more(message)
            message.settled(item, no_more)
        for want, claim in zip(wants, claims, strict=True):
            self._check(sender, want, claim.outgoing)
            sender.held += claim.outgoing

    def _settled(self, sender: Sender, kind: OutcomeKind, retry_s: float | None) -> Settled:
        now = self._clock.now()
        retry_at = None if retry_s is None else now + timedelta(seconds=retry_s)
        outcome = Outcome(kind, CODES.get(kind, "refused"))
        return Settled(sender.held.pop(0), outcome, self._provider, now, now, retry_at)

    def _check(self, sender: Sender, want: Want, taken: Sequence[Outgoing]) -> None:
        """Check what was claimed: what is due next, as much as the pace allows, nothing else."""
        if self._over:
            assert not taken
            self._end_expired()
            return
        pace, now = self._paces[want.channel], self._clock.now()
        most = min(want.limit, pace.refill(now))
        queue = [
            key
            for key, message in sorted(self._messages.items())
            if message.channel == want.channel and message.state is DeliveryState.QUEUED
        ]
        due = [key for key in queue if self._messages[key].due(now)]
        assert [outgoing.delivery_id for outgoing in taken] == due[:most]
        for outgoing in taken:
            message = self._messages[outgoing.delivery_id]
            assert message.again or not message.perhaps_sent
            assert self._no_more(message) is None
            message.claimed(sender.id)
            assert self._on_disk(sender, outgoing)
        if taken:
            pace.take(len(taken), self._true_s)
            assert pace.excess() <= 0

    def _on_disk(self, sender: Sender, outgoing: Outgoing) -> bool:
        """Say whether the attempt is committed, for every process to read, before it leaves."""
        rows = [r for r in self._rows("attempt") if r["delivery_id"] == outgoing.delivery_id]
        row = rows[-1]
        token = hashlib.sha256(outgoing.token.encode()).digest()
        return (row["n"], row["sender_id"], row["state"], row["token_sha256"]) == (
            outgoing.attempt_n,
            sender.id,
            "sending",
            token,
        )

    def _hear(self, item: Receipt | Answer, times: int) -> None:
        key, inbox = str(next(self._keys)), self._world.stores[1].inbox
        webhook = StoredWebhook(self._provider, "webhook", reference_of(item), b"{}")
        stored = [self._run(inbox.store(webhook, key)) for _time in range(times)]
        assert stored == [True, False][:times]
        *_left_by_a_failed_course, pending = self._run(inbox.pending(100))
        assert [self._run(inbox.apply(pending.id, [item])) for _time in stored] == [1, 0][:times]

    @property
    def _tries(self) -> int:
        return sum(len(message.tries) for message in self._messages.values())

    @property
    def _over(self) -> bool:
        return self._cancelled or self._clock.now() >= self._alert.expires_at

    def _no_more(self, message: Believed) -> DeliveryState | None:
        if self._cancelled:
            return DeliveryState.CANCELLED
        return DeliveryState.NOT_NEEDED if message.site in self._stopped else None

    def _end_queued(self) -> None:
        for message in self._messages.values():
            end = self._no_more(message)
            if end is not None:
                message.ended(end)

    def _end_expired(self) -> None:
        if self._clock.now() >= self._alert.expires_at:
            for message in self._messages.values():
                message.ended(DeliveryState.EXPIRED)

    def _sender(self, which: int) -> Sender:
        """Return one of those who send; somebody begins where all have crashed."""
        if not self._senders:
            store = self._world.stores[which % 2]
            self._opened(store, self._run(store.outbox.open_sender(self._alert.id, OPERATOR)))
        return self._senders[which % len(self._senders)]

    def _pick(self, which: int) -> tuple[int, int]:
        """Return a delivery and the number of one of its attempts."""
        tries = [(key, n + 1) for key, m in self._messages.items() for n in range(len(m.tries))]
        return tries[which % len(tries)]

    def _reference(self, delivery: int, n: int) -> str:
        return f"{self._alert.ref}-{delivery}-{n}"

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        self._read.clear()
        return self._world.runner.run(work)

    def _told(self, what: str, ask: Callable[[int], Coroutine[Any, Any, T]]) -> T:
        """Ask the store, once after each change."""
        if what not in self._read:
            self._read[what] = self._world.runner.run(ask(self._alert.id))
        found: T = self._read[what]
        return found

    def _rows(self, table: str) -> list[Any]:
        """Read the file as another process does, once after each change."""
        if table not in self._read:
            found = self._world.reader.execute(TABLES[table], (self._alert.id,))
            self._read[table] = found.fetchall()
        rows: list[Any] = self._read[table]
        return rows
