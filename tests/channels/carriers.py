"""Real servers on localhost that record what is handed over and misbehave on request."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

LOGIN, PASSWORD = "alerte", "mot-de-passe"


class Behaviour(Enum):
    """What a carrier does with one hand-over."""

    ACCEPT = auto()
    REFUSE_FOR_NOW = auto()
    REFUSE_FOR_GOOD = auto()
    REFUSE_US = auto()
    TAKE_AND_DROP = auto()
    TAKE_AND_RESET = auto()
    TAKE_AND_KEEP_SILENT = auto()


class Carrier:
    """A server on a free port of localhost; `taken` holds every complete hand-over, in order."""

    def __init__(self) -> None:
        self.behaviour = Behaviour.ACCEPT
        self.taken: list[bytes] = []
        self.connections = 0
        self.port = 0
        self.address = ""
        self.end = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self, context: ssl.SSLContext) -> None:
        """Listen with a certificate."""
        self._server = await self.listen(context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def listen(self, context: ssl.SSLContext) -> asyncio.Server:
        """Return the listening server."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Close the port and let the silent ones go."""
        self.end.set()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()


@dataclass
class HttpAnswer:
    """A canned answer; `raw` replaces all of it."""

    status: int
    body: object = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        if self.raw:
            return self.raw
        body = json.dumps(self.body).encode()
        headers = {"Content-Length": str(len(body)), "Content-Type": "application/json"}
        lines = [f"HTTP/1.1 {self.status} X"]
        lines += [f"{name}: {value}" for name, value in (headers | self.headers).items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


class HttpCarrier(Carrier):
    """Speaks just enough HTTP to see whole requests. `answers` come first, in order."""

    def __init__(self, status: int, id_key: str) -> None:
        super().__init__()
        self.accepted = HttpAnswer(status, {id_key: "0f9d1c34"})
        self.answers: list[HttpAnswer] = []
        self.heads: list[bytes] = []

    async def listen(self, context: ssl.SSLContext) -> asyncio.Server:
        """Listen with TLS."""
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                if head.startswith(b"GET "):
                    writer.write(self.told(head).encode())
                    await writer.drain()
                    continue
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                self.taken.append(await reader.readexactly(length))
                if not await self._answer(writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> bool:
        match self.behaviour:
            case Behaviour.TAKE_AND_DROP:
                return False
            case Behaviour.TAKE_AND_RESET:
                reset(writer.transport)
                return False
            case Behaviour.TAKE_AND_KEEP_SILENT:
                await self.end.wait()
                return False
        writer.write(self._next().encode())
        await writer.drain()
        return True

    def told(self, head: bytes) -> HttpAnswer:
        """Return what a question is answered with."""
        del head
        return HttpAnswer(404)

    def _next(self) -> HttpAnswer:
        refusal = self.refusal(self.address)
        if refusal:
            return refusal
        return self.answers.pop(0) if self.answers else self.accepted

    def refusal(self, quoted: str) -> HttpAnswer | None:
        """Return how a hand-over is refused, quoting what a log must not hold."""
        match self.behaviour:
            case Behaviour.REFUSE_FOR_NOW:
                problem = {"type": "https://carrier.example/api-errors#rate-limit"}
                return HttpAnswer(429, problem | {"detail": quoted}, {"Retry-After": "7"})
            case Behaviour.REFUSE_FOR_GOOD:
                problem = {"type": "https://carrier.example/messages#1150", "detail": quoted}
                refused = {"invalid_parameters": [{"name": "to", "reason": quoted}]}
                return HttpAnswer(422, problem | refused)
            case Behaviour.REFUSE_US:
                return HttpAnswer(401, {"title": "Unauthorized", "detail": quoted})
        return None


class OvhCarrier(HttpCarrier):
    """OVHcloud: tells the time, and takes jobs with one receiver. `time_s` is its clock."""

    def __init__(self, time_s: int) -> None:
        super().__init__(200, "")
        self.time = HttpAnswer(200, time_s)
        self.accepted = HttpAnswer(200, self.report(ids=[83920011], valid=["+33639980042"]))

    @staticmethod
    def report(
        ids: list[int], valid: Sequence[str] = (), invalid: Sequence[str] = ()
    ) -> dict[str, object]:
        """Return a sending report."""
        return {
            "totalCreditsRemoved": len(ids),
            "invalidReceivers": list(invalid),
            "ids": ids,
            "validReceivers": list(valid),
        }

    def told(self, head: bytes) -> HttpAnswer:
        """Tell the time to whoever asks."""
        return self.time if b"/auth/time " in head else HttpAnswer(404)

    def refusal(self, quoted: str) -> HttpAnswer | None:
        """Refuse as OVHcloud does: a bad number inside a 200, a bad key with its error code."""
        match self.behaviour:
            case Behaviour.REFUSE_FOR_GOOD:
                return HttpAnswer(200, self.report(ids=[], invalid=[quoted]))
            case Behaviour.REFUSE_US:
                return HttpAnswer(403, ovh_error("INVALID_CREDENTIAL", "403 Forbidden", quoted))
        return super().refusal(quoted)


class GatewayCarrier(HttpCarrier):
    """A gateway by docs/gateway.md."""

    def __init__(self) -> None:
        super().__init__(202, "id")
        self.ready = HttpAnswer(200, {"status": "ok"})

    def told(self, head: bytes) -> HttpAnswer:
        """Say that it is ready."""
        del head
        return self.ready


def ovh_error(code: str, status: str, message: str) -> dict[str, object]:
    """Return an error as OVHcloud writes it."""
    return {"errorCode": code, "httpCode": status, "message": message}


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Close with RST instead of FIN."""
    assert isinstance(transport, asyncio.Transport)
    sock: socket.socket = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def hang_up(session: SMTP) -> None:
    """Close a session's connection without a word."""
    assert session.transport is not None
    session.transport.close()


class _Session(SMTP):
    """aiosmtpd's session, which can also lose its nerve at the DATA command."""

    drops_at_data = False

    async def smtp_DATA(self, arg: str) -> None:
        """Answer 354 and take the letter, or hang up first."""
        if self.drops_at_data:
            hang_up(self)
        else:
            await super().smtp_DATA(arg)


class SmtpCarrier(Carrier):
    """A relay by aiosmtpd in this loop: STARTTLS and a login are demanded, unless told otherwise.

    `on_mail`, `on_rcpt` and `on_data` take the place of the usual answer while they are set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.starttls = True
        self.implicit_tls = False
        self.envelopes: list[Envelope] = []
        self.sessions: list[SMTP] = []
        self.mails: list[str] = []
        self.offers_auth = True
        self.drops_at_data = False
        self.logins = 0
        self.quits = 0
        self.on_mail: Callable[[SMTP], Awaitable[str]] | None = None
        self.on_rcpt: Callable[[SMTP], Awaitable[str]] | None = None
        self.on_data: Callable[[SMTP], Awaitable[str]] | None = None

    async def listen(self, context: ssl.SSLContext) -> asyncio.Server:
        """Listen in clear or with implicit TLS."""
        loop = asyncio.get_running_loop()
        outer = context if self.implicit_tls else None
        return await loop.create_server(lambda: self._session(context), "127.0.0.1", 0, ssl=outer)

    def _session(self, context: ssl.SSLContext) -> SMTP:
        self.connections += 1
        inner = context if self.starttls and not self.implicit_tls else None
        session = _Session(
            self,
            hostname="relay.example",
            tls_context=inner,
            require_starttls=inner is not None,
            auth_required=inner is not None,
            auth_require_tls=inner is not None,
            authenticator=self._authenticate,
            auth_exclude_mechanism=None if self.offers_auth else ["PLAIN", "LOGIN"],
        )
        session.drops_at_data = self.drops_at_data
        self.sessions.append(session)
        return session

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        self.logins += 1
        known = getattr(data, "login", b"") == LOGIN.encode()
        right = getattr(data, "password", b"") == PASSWORD.encode()
        return AuthResult(
            success=known and right and self.behaviour is not Behaviour.REFUSE_US, handled=False
        )

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        """Record the sender."""
        self.mails.append(address)
        if self.on_mail is not None:
            return await self.on_mail(server)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        """Accept or refuse the recipient, quoting it as relays do."""
        if self.on_rcpt is not None:
            return await self.on_rcpt(server)
        match self.behaviour:
            case Behaviour.REFUSE_FOR_NOW:
                return f"451 4.7.1 <{address}>: greylisted"
            case Behaviour.REFUSE_FOR_GOOD:
                return f"550 5.1.1 <{address}>: no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        """Count a farewell."""
        self.quits += 1
        return "221 Bye"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take the letter, then answer or not."""
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        self.envelopes.append(envelope)
        if self.on_data is not None:
            return await self.on_data(server)
        match self.behaviour:
            case Behaviour.TAKE_AND_DROP:
                hang_up(server)
            case Behaviour.TAKE_AND_RESET:
                reset(server.transport)
            case Behaviour.TAKE_AND_KEEP_SILENT:
                await self.end.wait()
        return "250 2.0.0 queued"
