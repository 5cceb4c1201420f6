"""The writer's thread and those who wait for it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from umsalert.store.database import Database
from umsalert.store.spatialite import Connection


def _lack(until: str) -> str:
    return (
        "INSERT INTO lane_wait (provider, channel, priority, until)"
        f" VALUES ('vonage', 'sms', 1, '{until}')"
    )


async def _rows(opened: Database) -> int:
    return await opened.read(
        lambda c: int(c.execute("SELECT count(*) FROM lane_wait").fetchone()[0])
    )


async def test_a_commit_that_has_begun_is_finished_for_nobody(database: Path) -> None:
    """Whoever waits may be cancelled: the transaction is committed, and the next one comes."""
    opened = Database(database)
    begun, go_on = threading.Event(), threading.Event()

    def work(connection: Connection) -> None:
        connection.execute(_lack("2026"))
        begun.set()
        assert go_on.wait(10)

    waiting = asyncio.create_task(opened.write(work))
    await asyncio.to_thread(begun.wait, 10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    assert await opened.write(lambda c: c.execute("SELECT 1").fetchone()[0]) == 1
    assert await _rows(opened) == 1
    await opened.close()


async def test_an_error_is_told_and_leaves_nothing(database: Path) -> None:
    """Who waits hears it; with nobody there it is not complained about."""
    opened = Database(database)

    def work(connection: Connection) -> None:
        connection.execute(_lack("2026"))
        raise LookupError

    with pytest.raises(LookupError):
        await opened.write(work)
    waiting = asyncio.create_task(opened.write(work))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await opened.write(lambda _c: None)  # behind it: now it has run
    assert await _rows(opened) == 0
    await opened.close()


def test_the_end_of_the_loop_does_not_undo_a_commit(database: Path) -> None:
    """A command that ends at once leaves the thread its work, and the thread no noise."""
    opened = Database(database)
    go_on = threading.Event()

    def work(connection: Connection) -> None:
        assert go_on.wait(10)
        connection.execute(_lack("2026"))

    async def leave() -> None:
        waiting = asyncio.create_task(opened.write(work))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave())
    go_on.set()

    async def look() -> int:
        await opened.write(lambda _c: None)
        found = await _rows(opened)
        await opened.close()
        return found

    assert asyncio.run(look()) == 1
