"""An office that has alerted by e-mail and reads what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import imap_tools

from tests.workbench import FastClock
from umsalert import wiring
from umsalert.channels.mailbox.account import ImapMailbox
from umsalert.model import Alert, Outgoing
from umsalert.ports import ReplyRow
from umsalert.replies import Collector
from umsalert.settings import Settings
from umsalert.simulator.mailbox import MailboxServer
from umsalert.store.store import Store

USERNAME, PASSWORD = "reponse", "secret of the mailbox"
HANGS_S = 30.0
"""Only a test that hangs waits this long."""
LONG_S = 600.0
SPEED = 100

Flags = list[tuple[str, ...]]
"""Those of each mail."""


class Watched(ImapMailbox):
    """The mailbox; each time that all of it was taken, `looks` has one more entry."""

    looks: asyncio.Queue[None]

    async def wait(self, seconds: float) -> None:
        self.looks.put_nowait(None)
        await super().wait(seconds)


class RestingClock(FastClock):
    """A clock that nobody waits for; each rest after a failure is one more entry of `rests`."""

    def __init__(self, rests: asyncio.Queue[float]) -> None:
        super().__init__(SPEED)
        self._rests = rests

    async def sleep(self, seconds: float) -> None:
        self._rests.put_nowait(seconds)
        await super().sleep(seconds)


@dataclass
class Office:
    """The database, the mailbox and the alert between them."""

    settings: Settings
    store: Store
    imap: MailboxServer
    alert: Alert
    outgoing: list[Outgoing]
    looks: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    rests: asyncio.Queue[float] = field(default_factory=asyncio.Queue)

    async def put(self, *mails: bytes) -> None:
        """Let mails come."""
        for mail in mails:
            await self.imap.put(mail, datetime.now(UTC))

    @contextlib.asynccontextmanager
    async def collecting(self, poll_s: float = LONG_S) -> AsyncIterator[Collector]:
        """Collect in the background."""
        mailbox = Watched(self.settings.imap)
        mailbox.looks = self.looks
        collector = Collector(self.store.inbox, mailbox, RestingClock(self.rests), poll_s)
        task = asyncio.create_task(collector.run(lambda: None))
        try:
            yield collector
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def look(self) -> None:
        """Wait until the mailbox was looked into once more, and nothing was left."""
        async with asyncio.timeout(HANGS_S):
            await self.looks.get()

    async def fails(self, times: int) -> list[float]:
        """Wait until reading has failed so often; return how long it rests after each."""
        async with asyncio.timeout(HANGS_S):
            return [await self.rests.get() for _time in range(times)]

    async def collect(self, *mails: bytes) -> None:
        """Let mails come, take them out, and apply what they say."""
        await self.put(*mails)
        async with self.collecting():
            await self.look()
        await self.apply()

    async def apply(self) -> None:
        assert await wiring.receiver(self.settings, self.store).apply_pending()

    async def stored(self, count: int) -> None:
        """Wait until so many mails are in the inbox; nothing is applied meanwhile."""
        async with asyncio.timeout(HANGS_S):
            while len(await self.store.inbox.pending(100)) < count:
                await self.looks.get()

    async def replies(self) -> Sequence[ReplyRow]:
        return await self.store.answers.of_alert(self.alert.id)

    async def problems(self) -> list[str]:
        """Return what is wrong with each mail of the inbox, oldest first."""
        return await self.store._database.read(
            lambda c: [row["problem"] for row in c.execute("SELECT problem FROM inbox ORDER BY id")]
        )

    async def flags(self) -> Flags:
        """Return the flags of every mail on the server."""
        return await self.ask(lambda box: [mail.flags for mail in box.fetch(mark_seen=False)])

    async def ask(self, question: Callable[[imap_tools.MailBox], Flags]) -> Flags:
        """Ask the server as a mail program would."""
        imap = self.settings.imap

        def work() -> Flags:
            context = ssl.create_default_context(cafile=imap.ca_file)
            box = imap_tools.MailBox("localhost", self.imap.port, ssl_context=context)
            with box.login(USERNAME, PASSWORD):
                return question(box)

        return await asyncio.to_thread(work)
