"""The mail relay of the simulator: delivers nothing, takes all that the scenario lets it take."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
import warnings
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self, cast
from weakref import WeakKeyDictionary, WeakSet

from aiosmtpd.smtp import (
    SMTP,
    AuthResult,
    Envelope,
    LoginPassword,
    Session,
    TLSSetupException,
)

from umsalert.simulator.correspondents import Letter, Postmen
from umsalert.simulator.faults import (
    GREYLISTED,
    MAILBOX_FAULTS,
    SMTP_FAULTS,
    Fate,
    Fates,
    Fault,
    Greylist,
    Wire,
)
from umsalert.simulator.record import Email, Misbehaved, Record
from umsalert.simulator.scenario import Scenario
from umsalert.simulator.timeline import Timeline

# It writes every command, and so every address, at INFO, and about itself at WARNING.
logging.getLogger("mail.log").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class MailConfig:
    """How the relay is reached. `implicit_tls` replaces STARTTLS; neither can be left out."""

    port: int
    username: str
    password: str = field(repr=False)
    implicit_tls: bool = False


DOCUMENTED_DOMAIN = "simulator.example"
"""Mailboxes named for a fault always have it, whatever seed and scenario."""


class Mailroom:
    """Decides what becomes of a letter, and records it."""

    def __init__(
        self, record: Record, timeline: Timeline, seed: int, scenario: Scenario, postmen: Postmen
    ) -> None:
        """Let letters have their fates by `seed` and `scenario`; `postmen` bring them on."""
        self._record = record
        self._timeline = timeline
        self._postmen = postmen
        self._mailboxes = scenario.mailboxes
        self._fates = Fates(f"{seed}/email", scenario.email, SMTP_FAULTS)
        self._greylist = Greylist(f"{seed}/greylist", scenario.email.greylist)

    def announced(self, mailbox: str) -> Fate:
        """Return the fate of a letter that is announced for `mailbox`."""
        return self._fates.instead(self._fates.next(), self._of(mailbox.lower()))

    def _of(self, mailbox: str) -> Fault | None:
        """Return what this mailbox does to its letters."""
        local, _at, domain = mailbox.partition("@")
        documented = local if domain == DOCUMENTED_DOMAIN else ""
        fault = MAILBOX_FAULTS.get(self._mailboxes.get(mailbox, documented))
        if self._greylist.refuses(mailbox, always=fault is GREYLISTED):
            return GREYLISTED
        return None if fault is GREYLISTED else fault

    async def befall(self, fate: Fate, mail_from: str, mailbox: str) -> None:
        """Record what now happens to a letter, and be as slow as its fate wants it."""
        if fate.fault or fate.delay_s:
            self._record.add(Misbehaved.of(fate, self._timeline.now(), "smtp", mailbox, mail_from))
            await asyncio.sleep(fate.delay_s / self._timeline.speed)

    def keep(self, envelope: Envelope) -> None:
        """Record a mail that was taken, and let its recipients have it."""
        message = message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
        text = _body(message, "plain")
        self._record.add(
            Email(
                at=self._timeline.now(),
                mail_from=envelope.mail_from or "",
                rcpt_to=list(envelope.rcpt_tos),
                headers={name: str(value) for name, value in message.items()},
                text=text,
                html=_body(message, "html"),
            )
        )
        for recipient in envelope.rcpt_tos:
            self._postmen.took(Letter(envelope.mail_from or "", recipient, message, text))


class MailServer:
    """An SMTP server on 127.0.0.1, in the running loop. For `async with`."""

    def __init__(self, config: MailConfig, tls: ssl.SSLContext, mailroom: Mailroom) -> None:
        """Bring every mail to `mailroom`."""
        self._config = config
        self._tls = tls
        self._mailroom = mailroom
        self._connections: WeakSet[SMTP] = WeakSet()
        self._fates: WeakKeyDictionary[Envelope, Fate] = WeakKeyDictionary()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol,
            "127.0.0.1",
            self._config.port,
            ssl=self._tls if self._config.implicit_tls else None,
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._server.close()
        for connection in list(self._connections):
            if isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def _protocol(self) -> SMTP:
        starttls = not self._config.implicit_tls
        with warnings.catch_warnings():
            # under implicit TLS the library cannot see that the login is encrypted
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            connection = SMTP(
                self,
                hostname="localhost",
                ident="umsalert simulator",
                tls_context=self._tls if starttls else None,
                require_starttls=starttls,
                auth_required=True,
                auth_require_tls=starttls,
                authenticator=self._authenticate,
                enable_SMTPUTF8=True,
                loop=asyncio.get_running_loop(),
            )
        self._connections.add(connection)
        return connection

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: object
    ) -> AuthResult:
        expected = (self._config.username.encode(), self._config.password.encode())
        matches = isinstance(login, LoginPassword) and all(
            secrets.compare_digest(*pair) for pair in zip(login, expected, strict=True)
        )
        return AuthResult(success=matches, handled=False)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds it by this name
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Take a recipient, unless the letter's fate ends here."""
        fate = self._mailroom.announced(address)
        if fate.fault and fate.wire in (Wire.ERROR, Wire.CLOSING, Wire.DROP_BEFORE):
            await self._mailroom.befall(fate, envelope.mail_from or "", address)
            if fate.wire is Wire.ERROR:
                return _reply(fate.fault)
            if fate.wire is Wire.CLOSING:
                await server.push(_reply(fate.fault))
            await _hang_up(server)
        self._fates[envelope] = fate  # of several recipients, the last one's
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds it by this name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a letter, unless its fate is another; answer unless its fate is silence."""
        fate = self._fates[envelope]
        if fate.taken:
            self._mailroom.keep(envelope)
        await self._mailroom.befall(fate, envelope.mail_from or "", envelope.rcpt_tos[-1])
        if fate.wire is Wire.DROP_AFTER:
            await _hang_up(server)
        if fate.fault:
            return _reply(fate.fault)
        return "250 2.0.0 OK: recorded, goes nowhere"

    async def handle_exception(self, error: Exception) -> str:
        """Let a client go that ends in its handshake; all else is told as the library does."""
        if not isinstance(error, TLSSetupException):
            raise error
        return ""


def _reply(fault: Fault) -> str:
    return f"{fault.code} {fault.text}"


async def _hang_up(server: SMTP) -> None:
    """End the connection; the library then cancels whoever waits here."""
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()
    await asyncio.Event().wait()


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
