"""A prepared database, and the server on it as `umsalert serve` starts it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from tests import support
from tests.web import guards
from tests.web.vonage import APPLICATION_ID, SECRET, Serving
from umsalert.model import Alert, Outgoing
from umsalert.settings import AlertSettings, Secret, ServeSettings, Settings, VonageSettings
from umsalert.store.store import Store
from umsalert.web import server
from umsalert.web.page import stamp
from umsalert.wiring import SystemClock


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with a small register, to be copied."""
    path = tmp_path_factory.mktemp("prepared") / "umsalert.db"
    with asyncio.Runner() as runner:
        runner.run(support.make_register(path))
    return path


@pytest.fixture
def settings(tmp_path: Path, prepared: Path) -> Settings:
    """Return settings with a database of one's own and a free port."""
    return settings_of(tmp_path, prepared)


def settings_of(home: Path, prepared: Path) -> Settings:
    """Return settings in a folder, with a copy of a database."""
    return Settings(
        home=home,
        database=Path(shutil.copy(prepared, home)),
        vonage=VonageSettings(
            application_id=APPLICATION_ID,
            signature_secret=Secret(SECRET),
            webhook_url="https://alerte.example.org",
        ),
        serve=ServeSettings(port=0),
        alert=AlertSettings(callback_number=guards.CALLBACK),
    )


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """Return the store of another process on the same database."""
    async with Store(settings.database, SystemClock()) as store:
        yield store


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a press count however soon it comes."""
    monkeypatch.setattr(stamp, "SOONEST", timedelta(0))


@pytest.fixture
async def sent(store: Store) -> tuple[Alert, Sequence[Outgoing]]:
    """Return an alert to a French and an English guard of one site, and to one of another."""
    await store.register.add_contacts([guards.ENGLISH], support.OPERATOR, certify=True)
    return await guards.send(store)


@pytest.fixture
def phone(serving: Serving, sent: tuple[Alert, Sequence[Outgoing]]) -> guards.Phone:
    """Return the telephone of a French guard."""
    return guards.phone_of(serving, sent[1])


@pytest.fixture
async def serving(settings: Settings) -> AsyncIterator[Serving]:
    """Return the running server."""
    async with running(settings) as serving:
        yield serving


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Serving]:
    """Run the server; `Serving.stop` stops it earlier."""
    stop = asyncio.Event()
    ready: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(server.serve(settings, ready.put_nowait, stop))
    task.add_done_callback(lambda _task: ready.put_nowait(""))  # it may fail before it is ready
    url = await ready.get()
    if not url:
        await task
    try:
        async with aiohttp.ClientSession() as client:
            yield Serving(url, client, stop, task)
    finally:
        stop.set()
        await task
