"""`umsalert serve` and the mailbox: answers come in beside webhooks, and hold nothing up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from tests.web.conftest import running
from tests.web.vonage import Serving
from umsalert.errors import ConfigurationError
from umsalert.settings import ImapSettings, Secret, Settings, VonageSettings
from umsalert.simulator.keys import Keys
from umsalert.simulator.mailbox import MailboxConfig, MailboxServer
from umsalert.store.store import Store
from umsalert.web import server

HANGS_S = 30.0
MAIL = (
    b"From: a@galerie.example\r\nMessage-ID: <1@galerie.example>\r\nSubject: x\r\n\r\nIl court\r\n"
)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Return certificates for localhost."""
    return Keys(tmp_path_factory.mktemp("mailbox-keys"))


@pytest.fixture
async def imap(keys: Keys) -> AsyncIterator[MailboxServer]:
    """Return a running mailbox."""
    async with MailboxServer(MailboxConfig(0, "reponse", "secret"), keys.server_tls()) as server:
        yield server


@pytest.fixture
def with_mailbox(settings: Settings, keys: Keys, imap: MailboxServer) -> Settings:
    """Return settings of a server that has a mailbox and no provider's webhooks."""
    return settings._replace(
        vonage=VonageSettings(),
        imap=ImapSettings(
            "localhost", imap.port, "tls", "reponse", Secret("secret"), ca_file=keys.ca_file
        ),
    )


async def mailbox_state(serving: Serving, wanted: Callable[[str], bool]) -> str:
    """Return what the health page says of the mailbox, once it is as wanted."""
    async with asyncio.timeout(HANGS_S):
        while True:
            async with serving.client.get(f"{serving.url}/health") as response:
                page = json.loads(await response.text())
            assert page["status"] == "ok"
            if wanted(page["mailbox"]):
                return str(page["mailbox"])


async def test_a_mailbox_is_enough_to_serve(
    with_mailbox: Settings, imap: MailboxServer, store: Store
) -> None:
    """Mails become answers while it runs; webhooks of nobody are refused."""
    async with running(with_mailbox) as serving:
        await mailbox_state(serving, lambda state: state == "ok")
        await imap.put(MAIL, datetime.now(UTC))
        async with asyncio.timeout(HANGS_S):
            while not await store.answers.unmatched():  # noqa: ASYNC110 - another process's work
                await asyncio.sleep(0.01)
        url = f"{serving.url}/webhooks/imap/mail"
        async with serving.client.post(url, data=MAIL) as response:
            assert response.status == 404
    (reply,) = await store.answers.unmatched()
    assert (reply.text, reply.sender) == ("Il court", "a@galerie.example")


async def test_what_was_taken_is_applied_at_the_stop(
    with_mailbox: Settings, imap: MailboxServer, store: Store
) -> None:
    """A stop while it waits for mail ends at once, and leaves nothing pending."""
    await imap.put(MAIL, datetime.now(UTC))
    async with running(with_mailbox) as serving:
        await mailbox_state(serving, lambda state: state == "ok")
        async with asyncio.timeout(HANGS_S):
            await serving.stop()
    assert not await store.inbox.pending(10)
    assert len(await store.answers.unmatched()) == 1


async def test_a_mailbox_that_fails_stops_no_webhook(settings: Settings) -> None:
    """The page says so, and the server goes on."""
    imap = ImapSettings("localhost", 1, "tls", "reponse", Secret("secret"))
    async with running(settings._replace(imap=imap)) as serving:
        assert await mailbox_state(serving, bool) == "failing"
        url = f"{serving.url}/webhooks/vonage/message-status"
        async with serving.client.post(url, data=b"{}") as response:
            assert response.status == 401


async def test_no_mailbox_is_off(settings: Settings) -> None:
    """Where none is set, the page says that."""
    async with running(settings) as serving:
        assert await mailbox_state(serving, bool) == "off"


async def test_a_mailbox_without_a_password(with_mailbox: Settings) -> None:
    """What is missing is told before anything listens."""
    imap = with_mailbox.imap._replace(password=Secret(""), username="")
    with pytest.raises(ConfigurationError) as caught:
        await server.serve(with_mailbox._replace(imap=imap), lambda _url: None, asyncio.Event())
    assert {item.column for item in caught.value.problems} == {"imap.username", "imap.password"}


async def test_nothing_to_serve(settings: Settings) -> None:
    """Without webhooks and without a mailbox there is nothing to wait for."""
    bare = settings._replace(vonage=VonageSettings())
    with pytest.raises(ConfigurationError) as caught:
        await server.serve(bare, lambda _url: None, asyncio.Event())
    assert caught.value.code == "settings_missing"
