"""Cron's run-due beside others who write: it waits for its turn, and what it sends goes on.

The file, the other process and the carrier are real; SQLite waits less than usual.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import pytest

from tests.e2e.office import POLL_S, Office
from tests.e2e.test_bulletins import DAY, plan, shown
from tests.faults.conftest import SITES
from tests.faults.machine import held
from umsalert.bulletins import Round, Runner
from umsalert.cli import bulletin_look, bulletin_run, patience
from umsalert.cli.context import Session
from umsalert.cli.journal import Journal
from umsalert.cli.output import Output
from umsalert.errors import ExitCode, TemporaryError
from umsalert.store import spatialite
from umsalert.wiring import SystemClock

HANGS_S = 30.0
"""Only a test that hangs waits this long."""
SENT = (ExitCode.OK, ExitCode.SOME_FAILED)


def wait_for(office: Office, before: int, enough: int) -> None:
    """Wait until the carrier has taken so many messages."""
    while len(office.sms(before)) < enough:
        time.sleep(POLL_S)


class Heard:
    """Hears what the record's being held does to the look at what is due, `ahead_s` from now."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.busy = asyncio.Event()
        self.ahead_s = 0.0
        begin = Runner.begin

        async def heard(
            runner: Runner, mine: Collection[int] = (), into: Round | None = None
        ) -> Round:
            runner._house = replace(runner._house, clock=SystemClock(self.ahead_s))
            try:
                return await begin(runner, mine, into)
            except TemporaryError:
                self.busy.set()
                raise

        patch.setattr(Runner, "begin", heard)


@pytest.fixture
def here(office: Office, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Return a session of the office in this process."""
    for name, value in DAY.items():
        monkeypatch.setitem(office.environ, name, value)
    monkeypatch.setattr(spatialite, "BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(patience, "RETRY_S", 0.02)
    for name, value in {**office.environ, "UMSALERT_HOME": str(office.home)}.items():
        monkeypatch.setenv(name, value)
    return Session(Journal())


async def test_it_waits_for_who_writes(
    office: Office, here: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import or another sender has the file for long: cron is told nothing, and all is sent."""
    heard, bulletin, before = Heard(monkeypatch), plan(office), office.forget()
    assert await bulletin_look.anything(here)
    with held(office.database, "BEGIN IMMEDIATE"):
        run = asyncio.create_task(bulletin_run.Running(here, Output(as_json=False)).run())
        async with asyncio.timeout(HANGS_S):
            await heard.busy.wait()
        assert not run.done()
    assert await run in SENT
    assert len(office.sms(before)) == SITES
    assert [item["state"] for item in shown(office, bulletin)["runs"]] == ["ended"]


async def test_what_it_sends_goes_on_while_it_cannot_look(
    office: Office, here: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is held while it looks for more: what is on the wire is waited for, once each."""
    monkeypatch.setattr(bulletin_run, "LOOK_S", 0.01)
    heard, before = Heard(monkeypatch), office.forget()
    plan(office)
    plan(office, late=-30)
    run = asyncio.create_task(bulletin_run.Running(here, Output(as_json=False)).run())
    async with asyncio.timeout(HANGS_S):
        await asyncio.to_thread(wait_for, office, before, 1)
        with held(office.database, "BEGIN IMMEDIATE"):
            heard.ahead_s = 31 * 60
            await heard.busy.wait()
            assert not run.done()
        assert await run in SENT
    assert set(Counter(event["to"] for event in office.sms(before)).values()) == {2}


async def test_it_gives_up_in_the_end(
    office: Office, here: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held for longer than alert.give_up_s: exit 75, nothing begun, and the next run sends it."""
    monkeypatch.setenv("UMSALERT_ALERT_GIVE_UP_S", "0.1")
    bulletin, before = plan(office), office.forget()
    with held(office.database, "BEGIN IMMEDIATE"), pytest.raises(TemporaryError) as caught:
        await bulletin_run.Running(here, Output(as_json=False)).run()
    assert (caught.value.code, caught.value.exit_code) == ("database_busy", ExitCode.TEMPORARY)
    assert shown(office, bulletin)["runs"] == []
    assert await bulletin_run.Running(here, Output(as_json=False)).run() in SENT
    assert len(office.sms(before)) == SITES
