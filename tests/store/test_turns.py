"""An import of many rows holds up no alert: it gives way, and comes again."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.store.importing import dump, reading
from tests.workbench import NOON
from umsalert.errors import TemporaryError
from umsalert.model import SiteStatus
from umsalert.ports import Order, Step
from umsalert.store import (
    copies,
    examination,
    import_writing,
    imports,
    spatialite,
    staged,
    tidying,
    turns,
)
from umsalert.store.database import Database, Lane
from umsalert.store.imports import SqlStaging
from umsalert.store.info import describe
from umsalert.store.spatialite import connect
from umsalert.store.store import Store
from umsalert.store.turns import Turns

SITES = "ref,name,lat,lon\n" + "".join(
    f"S{n},Site {n},{43 + n / 10_000:.4f},7.2\n" for n in range(1500)
)
ORDER = Order(support.OPERATOR, SiteStatus.APPROVED)


class Officer:
    """Wants to write from another connection each time that an import tells how far it is."""

    def __init__(self, path: Path, times: int, write: Callable[[Path], None] | None = None) -> None:
        self.wrote = 0
        self._path = path
        self._left = times
        self._begin = write or _write
        self._threads: list[threading.Thread] = []

    def told(self, step: Step, _done: int) -> None:
        """Begin to wait in the middle of the import's transaction."""
        if step is not Step.WRITING or not self._left:
            return
        self._left -= 1
        thread = threading.Thread(target=self._write)
        self._threads.append(thread)
        thread.start()
        eyes = Turns(self._path)
        while not eyes.somebody_waits():
            time.sleep(0.01)  # who looks holds it for a moment
        eyes.close()

    def _write(self) -> None:
        self._begin(self._path)
        self.wrote += 1

    def join(self) -> None:
        """Wait until all is written."""
        for thread in self._threads:
            thread.join()


def _write(path: Path) -> None:
    lane = Lane(path, write=True)
    lane._work(lambda connection: connection.execute(_HARMLESS), spatial=False, whole=True)
    lane._close()


_HARMLESS = "UPDATE geometry_columns_time SET last_delete = last_delete"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "UNDISTURBED_S", 0.0)
    monkeypatch.setattr(turns, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(turns, "_STEPS", 100)
    monkeypatch.setattr(imports, "PAUSE_S", 0.05)
    monkeypatch.setattr(imports, "QUIET_S", 0.05)
    monkeypatch.setattr(staged, "CHUNK", 500)


@pytest.fixture
def officers(database: Path) -> Iterator[list[Officer]]:
    made: list[Officer] = []
    yield made
    for officer in made:
        officer.join()


@pytest.fixture
async def staging(store: Store) -> AsyncIterator[SqlStaging]:
    async with store.imports.open("site") as opened:
        await opened.fill(lambda known: reading("site", SITES.encode(), known))
        await opened.compare("none")
        yield opened


async def test_who_waits_goes_first_and_the_import_comes_again(
    staging: SqlStaging, database: Path, officers: list[Officer]
) -> None:
    """Twice somebody wants to write in its middle; in the end every row is there once."""
    officers.append(officer := Officer(database, times=2))
    done = await staging.apply(ORDER, officer.told)
    assert officer.wrote == 2  # both before the import had ended
    assert done.added == 1500
    found = dump(database)
    assert [len(found[table]) for table in ("site", "status_change", "idx_site_geom")] == [1500] * 3


@pytest.mark.parametrize("command", ["backup", "doctor"])
async def test_who_writes_without_the_store_waits_likewise(
    staging: SqlStaging, database: Path, officers: list[Officer], tmp_path: Path, command: str
) -> None:
    """A backup's entry of the log, and doctor's look, come before the end of a long import."""

    def write(path: Path) -> None:
        if command == "doctor":
            examination.check_writable(path)
        else:
            copies.back_up(path, tmp_path / "copy.db", support.OPERATOR, NOON, force=False)

    officers.append(officer := Officer(database, 1, write))
    assert (await staging.apply(ORDER, officer.told)).added == 1500
    assert officer.wrote == 1


async def test_an_alert_does_not_wait_for_the_file_to_be_rewritten(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A purge at night has not tidied up, and says so, where somebody wanted to write meanwhile."""
    monkeypatch.setattr(tidying, "PATIENCE_S", 0.0)
    file, officer = Database(database), Turns(database)
    try:
        with officer.waiting():
            assert not await tidying.tidy(file, NOON)
        assert await tidying.tidy(file, NOON)
    finally:
        officer.close()
        await file.close()


@pytest.mark.parametrize("read", [False, True])
async def test_no_large_log_stays_behind_an_import(
    store: Store, database: Path, read: bool
) -> None:
    """It is emptied unless somebody reads it, who is not waited for."""
    with contextlib.closing(connect(database, write=False)) as reader:
        if read:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM site").fetchone()
        async with store.imports.open("site") as opened:
            await opened.fill(lambda known: reading("site", SITES.encode(), known))
            await opened.apply(ORDER)
        size = (await describe(database)).log_bytes
        assert (size > 500_000) if read else (size == 0)
    assert len(await store.register.sites()) == 1500


async def test_where_others_write_all_the_time_nothing_is_imported(
    staging: SqlStaging, database: Path, officers: list[Officer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, and nothing is left of its tries."""
    monkeypatch.setattr(imports, "PATIENCE_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(imports, "ROUNDS", 1)
    before = dump(database)
    officers.append(officer := Officer(database, times=9))
    with pytest.raises(TemporaryError) as caught:
        await staging.apply(ORDER, officer.told)
    assert caught.value.code == "others_write"
    assert officer.wrote == 3
    assert dump(database) == before


async def test_it_waits_for_a_quiet_moment_and_comes_again(
    staging: SqlStaging, database: Path, officers: list[Officer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that goes first more often than there are tries is not the end of an import.

    What it writes is no change of the register, so the whole file is not checked once more.
    """
    monkeypatch.setattr(imports, "PATIENCE_S", (0.0,))
    monkeypatch.setattr(imports, "check", None)
    officers.append(officer := Officer(database, times=3))
    assert (await staging.apply(ORDER, officer.told)).added == 1500
    assert officer.wrote == 3


async def test_an_import_waits_for_another(
    store: Store, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which tells nobody that it waits, and so may hold the file for long."""
    monkeypatch.setattr(spatialite, "BUSY_TIMEOUT_MS", 10)
    monkeypatch.setattr(imports, "PATIENCE_S", (0.0,))
    with contextlib.closing(connect(database, write=True)) as other:
        async with store.imports.open("site") as opened:
            await opened.fill(lambda known: reading("site", SITES.encode(), known))
            other.execute("BEGIN IMMEDIATE")

            async def quiet(_quiet_s: float) -> None:
                other.execute("ROLLBACK")

            monkeypatch.setattr(opened, "_quiet", quiet)
            assert (await opened.apply(ORDER)).added == 1500


async def test_at_last_others_wait_a_little(
    staging: SqlStaging, database: Path, officers: list[Officer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import on a slow machine comes to its end beside a sender that renews its lease."""
    monkeypatch.setattr(imports, "PATIENCE_S", (0.0, 60.0))
    officers.append(officer := Officer(database, times=2))
    done = await staging.apply(ORDER, officer.told)
    assert (done.added, len(dump(database)["site"])) == (1500, 1500)
    officer.join()
    assert officer.wrote == 2


async def test_an_interrupted_import_ends_at_once_and_writes_nothing(
    store: Store, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where only known rows change, of which nothing is told; what had begun is not kept."""
    async with store.imports.open("site") as opened:
        await opened.fill(lambda known: reading("site", SITES.encode(), known))
        await opened.apply(ORDER)
    before = dump(database)
    begun = threading.Event()

    def update(*given: Any) -> None:
        import_writing.update(*given)
        begun.set()
        time.sleep(0.2)

    monkeypatch.setattr(imports, "update", update)
    async with store.imports.open("site") as opened:
        text = SITES.replace("Site", "Place").encode()
        await opened.fill(lambda known: reading("site", text, known))
        task = asyncio.create_task(opened.apply(ORDER))
        await asyncio.to_thread(begun.wait)
        task.cancel()
    assert dump(database) == before
