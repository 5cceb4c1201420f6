"""A desk that sends one alert to five sites over scripted wires, on the real store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from tests.workbench import OPERATOR, FastClock, fill_register, new_alert, record
from umsalert.dispatch import Dispatcher, LaneConfig, RouteConfig, Run
from umsalert.events import Event
from umsalert.model import (
    Alert,
    ChannelKind,
    DeliveryState,
    Outcome,
    OutcomeKind,
    Outgoing,
    UnknownPolicy,
)
from umsalert.ports import Pace
from umsalert.store.schema import create
from umsalert.store.store import Store

SMS, VOICE, EMAIL = ChannelKind.SMS, ChannelKind.VOICE, ChannelKind.EMAIL
OK = Outcome(OutcomeKind.ACCEPTED, provider_id="x")
SPEED = 50


class Wire:
    """A channel that answers by a script and remembers what it was handed."""

    def __init__(
        self,
        kind: ChannelKind,
        answer: Callable[[Outgoing], Outcome] = lambda _o: OK,
        provider: str = "script",
    ) -> None:
        self.kind = kind
        self.provider = provider
        self.handed: list[Outgoing] = []
        self._answer = answer
        self.hold = asyncio.Event()
        self.hold.set()
        self.at_once = self.most_at_once = 0
        self.withdrawn = False
        self._taken = asyncio.Condition()

    async def send(self, outgoing: Outgoing) -> Outcome:
        async with self._taken:
            self.handed.append(outgoing)
            self._taken.notify_all()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.hold.wait()
        await asyncio.sleep(0.001)
        self.at_once -= 1
        return self._answer(outgoing)

    async def has_taken(self, count: int) -> None:
        async with self._taken:
            await self._taken.wait_for(lambda: len(self.handed) >= count)

    def withdraw(self) -> None:
        self.withdrawn = True

    async def close(self) -> None:
        return None


class Desk:
    """One alert to five sites, and what a run of it says."""

    def __init__(self, store: Store, clock: FastClock) -> None:
        self.store = store
        self.clock = clock
        self.events: list[Event] = []
        self.run = Run(store.outbox, clock, self.events.append, OPERATOR)

    async def alert(
        self, *kinds: ChannelKind, unknown: UnknownPolicy = UnknownPolicy.HOLD, sites: int = 5
    ) -> Alert:
        await fill_register(self.store, sites, step_deg=1e-5)
        return await record(
            self.store, new_alert(channels=kinds, at=self.clock.now(), unknown=unknown)
        )

    async def alert_again(self, *kinds: ChannelKind) -> Alert:
        return await record(self.store, new_alert("20260317-next", kinds, at=self.clock.now()))

    def dispatcher(self, alert: Alert, *wires: Wire, in_flight: int = 4) -> Dispatcher:
        return Dispatcher(self.run, alert, lanes(wires, in_flight))

    async def states(self, alert: Alert, kind: ChannelKind = SMS) -> dict[DeliveryState, int]:
        return dict((await self.store.outbox.counts(alert.id))[kind])


def lanes(wires: Sequence[Wire], in_flight: int = 4) -> list[LaneConfig]:
    """Return a lane for each channel; several wires of one are its providers, in their order."""
    routes: dict[ChannelKind, list[RouteConfig]] = {}
    for wire in wires:
        routes.setdefault(wire.kind, []).append(RouteConfig(wire, Pace(1000, 1000), in_flight))
    return [LaneConfig(kind, tuple(of_kind)) for kind, of_kind in routes.items()]


@contextlib.asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    """Open a desk with a database of its own."""
    create(folder / "umsalert.db")
    clock = FastClock(SPEED)
    async with Store(folder / "umsalert.db", clock) as store:
        yield Desk(store, clock)
