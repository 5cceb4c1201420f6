"""A real SpatiaLite file for each test, and an alert that has left for its guards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from tests.store.conftest import clock, database, empty_database, store
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
from umsalert.board import Look, Watcher
from umsalert.model import (
    Alert,
    Answer,
    ChannelKind,
    Outcome,
    OutcomeKind,
    Outgoing,
    ReplyKind,
    ReplySource,
    Tie,
)
from umsalert.ports import Pace, Settled
from umsalert.store.store import Store

__all__ = ["clock", "database", "empty_database", "store"]

AMPLE = Pace(1000, 1000)
SITES = 4


@dataclass
class Scene:
    """An alert by SMS to one guard at each of four sites, and who watches it."""

    store: Store
    clock: FixedClock
    alert: Alert
    outgoing: list[Outgoing]
    watcher: Watcher

    async def look(self, after_s: float = 1.0) -> Look:
        """Let time pass, then look."""
        self.clock.move(after_s)
        return await self.watcher.look(self.clock)

    async def answer(self, place: int, kind: ReplyKind, text: str = "") -> int:
        """Let the guard of a site answer by link."""
        tie = Tie(token=self.outgoing[place].token)
        answer = Answer(kind, ReplySource.LINK, text, self.clock.now(), tie, text=text)
        found = await self.store.answers.record(answer)
        assert found is not None
        return found


async def sent(
    store: Store, ref: str = "20260317-k7f3", outcome: OutcomeKind = OutcomeKind.ACCEPTED
) -> tuple[Alert, list[Outgoing]]:
    """Send an alert by SMS to everybody."""
    alert = await record(store, replace(new_alert(ref, (ChannelKind.SMS,)), exercise=True))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    outgoing = (await take(store, sender, ChannelKind.SMS, AMPLE, 100)).outgoing
    settled = [
        Settled(item, Outcome(outcome, "x"), "vonage", NOON, NOON, None) for item in outgoing
    ]
    await commit(store, settled)
    return alert, list(outgoing)


@pytest.fixture
async def scene(store: Store, clock: FixedClock) -> Scene:
    """Return an alert that a provider has taken, and that nobody has looked at yet."""
    await fill_register(store, SITES, step_deg=0.001)
    alert, outgoing = await sent(store)
    return Scene(
        store, clock, alert, outgoing, Watcher(alert, store.alerts, store.board, store.answers)
    )
