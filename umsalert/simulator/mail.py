"""The mail relay of the simulator: takes everything from whoever logs in, delivers nothing."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self, cast
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from umsalert.simulator.record import Email, Record

# It writes every command, and so every address, at INFO, and about itself at WARNING.
logging.getLogger("mail.log").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class MailConfig:
    """How the relay is reached. `implicit_tls` replaces STARTTLS; neither can be left out."""

    port: int
    username: str
    password: str = field(repr=False)
    implicit_tls: bool = False


class MailServer:
    """An SMTP server on 127.0.0.1, in the running loop. For `async with`."""

    def __init__(
        self,
        config: MailConfig,
        tls: ssl.SSLContext,
        record: Record,
        now: Callable[[], datetime],
    ) -> None:
        """Write every mail to `record`."""
        self._config = config
        self._tls = tls
        self._record = record
        self._now = now
        self._connections: WeakSet[SMTP] = WeakSet()

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

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Record a mail."""
        message = message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
        self._record.add(
            Email(
                at=self._now(),
                mail_from=envelope.mail_from or "",
                rcpt_to=list(envelope.rcpt_tos),
                headers={name: str(value) for name, value in message.items()},
                text=_body(message, "plain"),
                html=_body(message, "html"),
            )
        )
        return "250 2.0.0 OK: recorded, goes nowhere"


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
