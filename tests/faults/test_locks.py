"""Another process holds the database: to read for long, or to write for longer than SQLite waits.

The file and the other process are real; time runs fast, and SQLite waits less than usual.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dispatching import SMS, Desk, Wire, lanes, open_desk
from tests.e2e.office import Office, sending
from tests.faults.conftest import SITES
from tests.faults.machine import fold_in, held, write_ahead_log
from tests.faults.proof import each_once
from tests.workbench import OPERATOR
from umsalert.dispatch import Run, resume
from umsalert.errors import TemporaryError
from umsalert.events import Event, RecordPaused
from umsalert.model import DeliveryState
from umsalert.store import spatialite
from umsalert.store.store import Store

BUSY_TIMEOUT_MS = 20
HANGS_S = 30.0
"""Only a test that hangs waits this long."""


class Heard:
    """Waits until the run says that the record cannot be written."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.paused = asyncio.Event()

    def __call__(self, event: Event, /) -> None:
        self.events.append(event)
        if isinstance(event, RecordPaused):
            self.paused.set()

    async def that_it_waits(self) -> None:
        """Return once the run has said so."""
        async with asyncio.timeout(HANGS_S):
            await self.paused.wait()


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """Return a desk whose SQLite waits a second of its clock for others."""
    monkeypatch.setattr(spatialite, "BUSY_TIMEOUT_MS", BUSY_TIMEOUT_MS)
    async with open_desk(tmp_path) as opened:
        yield opened


def test_a_long_reader_stops_nothing(office: Office) -> None:
    """While another process reads, the log cannot be folded in and grows; everything leaves."""
    log = write_ahead_log(office.database)
    fold_in(office.database)
    with held(office.database, "BEGIN"):
        size = log.stat().st_size
        process, before = sending(office, 1)
        assert office.end(process).code == 0
        assert log.stat().st_size > size
    each_once(office, before, SITES)


def test_spatialite_does_not_shorten_the_wait(desk: Desk) -> None:
    """It sets a time-out of its own when it is loaded; ours holds."""
    with contextlib.closing(spatialite.connect(desk.store.path, write=True)) as connection:
        spatialite.load_extension(connection)
        assert connection.execute("PRAGMA busy_timeout").fetchone()[0] == BUSY_TIMEOUT_MS


async def test_a_writer_that_ends_is_waited_for(desk: Desk) -> None:
    """Held by another between claim and answer for longer than SQLite waits: the run goes on."""
    heard = Heard()
    desk.run = Run(desk.store.outbox, desk.clock, heard, OPERATOR)
    alert, wire = await desk.alert(SMS), Wire(SMS)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    with held(desk.store.path, "BEGIN IMMEDIATE"):
        wire.hold.set()
        await heard.that_it_waits()
        assert len(wire.handed) == 2
    assert dict((await sending).counts[SMS]) == {DeliveryState.ACCEPTED: 5}
    assert [e.code for e in heard.events if isinstance(e, RecordPaused)] == ["database_busy"]


async def test_a_writer_that_never_ends(desk: Desk) -> None:
    """After `give_up_s` the run ends with a sentence; what could not be recorded is unknown."""
    desk.run = Run(desk.store.outbox, desk.clock, desk.events.append, OPERATOR, give_up_s=10)
    alert, wire = await desk.alert(SMS), Wire(SMS)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    with held(desk.store.path, "BEGIN IMMEDIATE"):
        wire.hold.set()
        with pytest.raises(TemporaryError, match="is held by another process") as caught:
            await sending
    assert caught.value.code == "database_busy"
    async with Store(desk.store.path, desk.clock) as store:  # as the next process does
        run = Run(store.outbox, desk.clock, desk.events.append, OPERATOR)
        result = await (await resume(run, alert, lanes([wire]))).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 3, DeliveryState.UNKNOWN: 2}
    assert len({item.delivery_id for item in wire.handed}) == len(wire.handed) == 5


async def test_whoever_stops_does_not_wait_for_a_writer(desk: Desk) -> None:
    """The second Ctrl-C ends a run that could wait for an hour."""
    heard = Heard()
    desk.run = Run(desk.store.outbox, desk.clock, heard, OPERATOR, give_up_s=3600)
    alert, wire = await desk.alert(SMS), Wire(SMS)
    wire.hold.clear()
    dispatcher = desk.dispatcher(alert, wire, in_flight=2)
    sending = asyncio.create_task(dispatcher.send())
    await wire.has_taken(2)
    with held(desk.store.path, "BEGIN IMMEDIATE"):
        wire.hold.set()
        await heard.that_it_waits()
        dispatcher.stop()
        dispatcher.abort()
        async with asyncio.timeout(HANGS_S):
            with pytest.raises(TemporaryError):
                await sending


async def test_a_renewal_that_fails_after_the_end_bothers_nobody(desk: Desk) -> None:
    """Given up while it waited for the writer, it ends without a complaint on the terminal."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: complaints.append(what))
    alert = await desk.alert(SMS)
    sender = await desk.store.outbox.open_sender(alert.id, OPERATOR)
    with held(desk.store.path, "BEGIN IMMEDIATE"):
        renewing = asyncio.create_task(desk.store.outbox.renew(sender))
        await asyncio.sleep(0)
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        with pytest.raises(TemporaryError):  # behind it, in the same thread
            await desk.store.outbox.renew(sender)
    del renewing
    gc.collect()
    assert complaints == []
