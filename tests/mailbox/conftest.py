"""A real mailbox over TLS on localhost, and an office whose alert has left by e-mail."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.mailbox.office import PASSWORD, USERNAME, Office
from tests.workbench import OPERATOR, fill_register, new_alert, record
from umsalert.model import ChannelKind, Outcome, OutcomeKind
from umsalert.ports import Pace, Settled, Want
from umsalert.settings import ImapSettings, Secret, Settings
from umsalert.simulator.keys import Keys
from umsalert.simulator.mailbox import MailboxConfig, MailboxServer
from umsalert.store.schema import create
from umsalert.store.store import Store
from umsalert.wiring import SystemClock

OPEN = Pace(1000, 1000)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Return certificates for localhost."""
    return Keys(tmp_path_factory.mktemp("mailbox-keys"))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with two guards who have a mailbox, to be copied."""
    path = tmp_path_factory.mktemp("prepared") / "umsalert.db"

    async def fill() -> None:
        create(path)
        async with Store(path, SystemClock()) as store:
            await fill_register(store, 2)

    with asyncio.Runner() as runner:
        runner.run(fill())
    return path


@pytest.fixture
async def imap(keys: Keys) -> AsyncIterator[MailboxServer]:
    """Return a running server with an empty mailbox."""
    server = MailboxServer(MailboxConfig(0, USERNAME, PASSWORD), keys.server_tls())
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(server)
        yield server


@pytest.fixture
def settings(tmp_path: Path, prepared: Path, keys: Keys, imap: MailboxServer) -> Settings:
    """Return settings with a database of one's own, and the mailbox."""
    return Settings(
        home=tmp_path,
        database=Path(shutil.copy(prepared, tmp_path)),
        imap=ImapSettings(
            host="localhost",
            port=imap.port,
            username=USERNAME,
            password=Secret(PASSWORD),
            ca_file=keys.ca_file,
        ),
    )


@pytest.fixture
async def office(settings: Settings, imap: MailboxServer) -> AsyncIterator[Office]:
    """Return an office whose alert was accepted by the relay for both guards."""
    async with Store(settings.database, SystemClock()) as store:
        now = datetime.now(UTC)
        alert = await record(store, new_alert(channels=(ChannelKind.EMAIL,), at=now))
        sender = await store.outbox.open_sender(alert.id, OPERATOR)
        want = Want(ChannelKind.EMAIL, "smtp", OPEN, 10, 10)
        (claim,) = await store.outbox.exchange(sender, (), (want,))
        taken = Outcome(OutcomeKind.ACCEPTED)
        settled = [Settled(item, taken, "smtp", now, now, None) for item in claim.outgoing]
        await store.outbox.exchange(sender, settled, ())
        await store.outbox.close_sender(sender)
        yield Office(settings, store, imap, alert, list(claim.outgoing))
