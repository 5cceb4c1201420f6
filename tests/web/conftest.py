"""A prepared database, and the server on it as `umsalert serve` starts it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests import support
from tests.web.vonage import APPLICATION_ID, SECRET, Serving
from umsalert.settings import Secret, ServeSettings, Settings, VonageSettings
from umsalert.store.store import Store
from umsalert.web import server
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
    return Settings(
        home=tmp_path,
        database=Path(shutil.copy(prepared, tmp_path)),
        vonage=VonageSettings(
            application_id=APPLICATION_ID,
            signature_secret=Secret(SECRET),
            webhook_url="https://alerte.example.org",
        ),
        serve=ServeSettings(port=0),
    )


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """Return the store of another process on the same database."""
    async with Store(settings.database, SystemClock()) as store:
        yield store


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
