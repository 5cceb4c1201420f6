"""An office whose provider misbehaves: the real channels, store and web app, over real sockets.

The dispatcher's clock and the simulated world run SPEED times as fast as the machine's, so that
documented rates and back-off hold between the two and nobody waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.workbench import OPERATOR, FastClock, Told, fill_register, new_alert, record, tell
from umsalert import settings, wiring
from umsalert.dispatch import Dispatcher, Result, Run
from umsalert.model import Alert, ChannelKind, UnknownPolicy
from umsalert.settings import Settings
from umsalert.simulator import Simulator, SimulatorConfig
from umsalert.simulator.record import Call, Email, Misbehaved, Sms
from umsalert.simulator.scenario import Scenario
from umsalert.simulator.training import Training, prepare_home, serve_url
from umsalert.store.schema import create
from umsalert.store.spatialite import connect
from umsalert.store.store import Store
from umsalert.web.server import serve

SPEED = 100.0
HANGS_S = 60.0
"""Only a test that hangs waits this long."""
STEP_DEG = 0.00001
"""About a metre between two sites: all of them lie in the circle."""


@dataclass
class World:
    """What one proof works with."""

    settings: Settings
    simulator: Simulator
    store: Store
    clock: FastClock

    async def alert(self, policy: UnknownPolicy, *kinds: ChannelKind) -> Alert:
        """Record an alert to everybody by `kinds`, whose template says `policy`."""
        now = self.clock.now()
        new = new_alert(channels=kinds or tuple(ChannelKind), at=now, unknown=policy)
        # an hour of this clock is soon over on a busy machine
        return await record(self.store, replace(new, expires_at=now + timedelta(hours=12)))

    async def send(self, alert: Alert) -> Result:
        """Send it until nothing is queued, as `alert send` does."""
        run = Run(self.store.outbox, self.clock, lambda _event: None, OPERATOR)
        async with wiring.open_lanes(self.settings, alert.channels) as lanes:
            return await Dispatcher(run, alert, lanes).send()

    async def report(self, alert: Alert) -> Told:
        return await tell(self.store, alert)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the database file itself."""
        with contextlib.closing(connect(self.settings.database, write=False)) as connection:
            return [tuple(row) for row in connection.execute(sql)]

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Run the real web app, which takes receipts."""
        stop, ready = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(serve(self.settings, lambda _url: ready.set(), stop))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        try:
            yield
        finally:
            stop.set()
            waiting.cancel()
            await running


@contextlib.asynccontextmanager
async def open_world(
    home: Path, people: int, scenario: Scenario, serve_port: int
) -> AsyncIterator[World]:
    """Open an office with `people` guards, each with a mobile and a mailbox."""
    url = serve_url(serve_port)
    config = SimulatorConfig(home, speed=SPEED, seed=1, scenario=scenario, serve_url=url)
    async with Simulator(config) as simulator:
        prepare_home(Training(home, simulator.http_port, simulator.smtp_port, serve_port))
        found = settings.load(environ={"UMSALERT_HOME": str(home)})
        create(found.database)
        clock = FastClock(SPEED)
        async with Store(found.database, clock) as store:
            await fill_register(store, people, step_deg=STEP_DEG)
            yield World(found, simulator, store, clock)


@dataclass
class Books:
    """What the carrier's record says, by our references `<alert>-<delivery>-<attempt>`."""

    taken: list[str] = field(default_factory=list)
    reached: dict[str, str] = field(default_factory=dict)
    """Whom each of them went to."""
    faults: dict[str, Misbehaved] = field(default_factory=dict)
    unread: list[Misbehaved] = field(default_factory=list)

    @classmethod
    def of(cls, simulator: Simulator) -> Books:
        """Read the record of a simulator."""
        books = cls()
        seen = simulator.record
        to = [(entry.client_ref, entry.to) for entry in seen.of(Sms)]
        to += [(reference(entry.event_url or ""), entry.to) for entry in seen.of(Call)]
        to += [
            (reference(item.mail_from), mail) for item in seen.of(Email) for mail in item.rcpt_to
        ]
        books.taken += [ref for ref, _address in to]
        books.reached |= dict(to)
        for entry in seen.of(Misbehaved):
            if entry.reference:
                books.faults[reference(entry.reference)] = entry
            else:
                books.unread.append(entry)
        return books


def reference(seen: str) -> str:
    """Return our reference from where it stands: alone, in a URL or in an envelope's sender."""
    if seen.startswith("http"):
        return parse_qs(urlsplit(seen).query)["ref"][0]
    local, at, _domain = seen.partition("@")
    return local.partition("+")[2] if at else seen


def delivery_of(ref: str) -> int:
    """Return the delivery of a reference."""
    return int(ref.split("-")[-2])
