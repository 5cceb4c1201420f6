"""E-mails that have come: stored first, marked as seen on the server, applied after."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from umsalert.errors import UmsalertError
from umsalert.ports import Clock, Inbox, Mailbox, StoredWebhook

TOPIC = "mail"
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0

_log = logging.getLogger(__name__)


class MailboxState(StrEnum):
    """Whether answers by e-mail reach us."""

    OK = "ok"
    FAILING = "failing"
    OFF = "off"
    """No mailbox is set."""


class Collector:
    """Takes mails out of a mailbox and into the inbox, for as long as it runs."""

    def __init__(self, inbox: Inbox, mailbox: Mailbox, clock: Clock, poll_s: float) -> None:
        """Look into `mailbox` at least each `poll_s`; store what is there in `inbox`."""
        self._inbox = inbox
        self._mailbox = mailbox
        self._clock = clock
        self._poll_s = poll_s
        self._failures = 0
        self._code = ""
        self._tries: Counter[str] = Counter()
        self.state = MailboxState.FAILING

    async def run(self, stored: Callable[[], None]) -> None:
        """Collect until cancelled; call `stored` after something new. Raises nothing else."""
        try:
            while True:
                try:
                    await self._collect(stored)
                    self._well()
                    await self._mailbox.wait(self._poll_s)
                except UmsalertError as error:
                    await self._failed(error.code)
                except Exception:  # noqa: BLE001 - a bug must not hold up every answer behind it
                    _log.exception("mailbox not read")
                    await self._failed("not_collected")
        finally:
            await self._mailbox.close()

    async def _collect(self, stored: Callable[[], None]) -> None:
        names = await self._mailbox.arrived()
        # a mail that its server fails over must not stand before all others
        for name in sorted(names, key=lambda name: self._tries[name]):
            self._tries[name] += 1
            mail = await self._mailbox.mail(name)
            if mail is None:
                _log.warning("mail not given", extra={"provider": self._mailbox.provider})
                continue
            item = StoredWebhook(self._mailbox.provider, TOPIC, mail.reference, mail.content)
            new = await self._inbox.store(item, mail.key)
            about = {"provider": item.provider, "topic": TOPIC, "reference": item.reference}
            _log.info("mail taken" if new else "mail repeated", extra=about)
            if new:
                stored()
            await self._mailbox.taken(name)
            del self._tries[name]

    def _well(self) -> None:
        if self.state is not MailboxState.OK:
            _log.info("mailbox read", extra={"provider": self._mailbox.provider})
        self.state, self._failures, self._code = MailboxState.OK, 0, ""

    async def _failed(self, code: str) -> None:
        """Say so, once for each reason, and rest longer each time."""
        level = logging.DEBUG if code == self._code else logging.WARNING
        _log.log(
            level, "mailbox not read", extra={"provider": self._mailbox.provider, "code": code}
        )
        self.state, self._code = MailboxState.FAILING, code
        await self._mailbox.close()
        await self._clock.sleep(min(FIRST_RETRY_S * 2**self._failures, LAST_RETRY_S))
        self._failures = min(self._failures + 1, 10)
