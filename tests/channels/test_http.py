"""What an answer, or its absence, means over HTTPS."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.carriers import Carrier, HttpAnswer, HttpCarrier, reset
from tests.channels.workshop import NOW, Workshop
from umsalert.channels.http import MAX_ANSWER_BYTES, problem_code, retry_after_s
from umsalert.channels.network import no_connection
from umsalert.model import ChannelKind, Outcome, OutcomeKind

ERRORS = "https://developer.vonage.com/api-errors"
NUMBER = "33639980042"


class Door(HttpCarrier):
    """Calls `on_hello` in the middle of each TLS handshake."""

    on_hello: Callable[[], None]

    async def listen(self, context: ssl.SSLContext) -> asyncio.Server:
        """Listen with TLS."""

        def hello(_connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
            self.on_hello()

        context.sni_callback = hello
        return await super().listen(context)


async def test_a_request_withdrawn_while_connecting_stays(workshop: Workshop) -> None:
    """Cancelled before TLS stands, nothing is posted over the connection that then comes about."""
    carrier = await workshop.start(Door(202, "message_uuid"))
    channel = await workshop.open(ChannelKind.SMS, carrier)
    carrier.on_hello = channel.withdraw
    outgoing = workshop.outgoing(ChannelKind.SMS)
    assert (await channel.send(outgoing)).kind is OutcomeKind.WITHDRAWN
    carrier.on_hello = lambda: None
    later = await workshop.open(ChannelKind.SMS, carrier)
    assert (await later.send(outgoing)).kind is OutcomeKind.ACCEPTED
    assert (carrier.connections, len(carrier.heads)) == (2, 1)


async def handed_to(workshop: Workshop, answer: HttpAnswer) -> tuple[Outcome, HttpCarrier]:
    """Hand one SMS to a carrier that gives this answer."""
    carrier = await workshop.start(HttpCarrier(202, "message_uuid"))
    carrier.answers = [answer]
    channel = await workshop.open(ChannelKind.SMS, carrier)
    return await channel.send(workshop.outgoing(ChannelKind.SMS)), carrier


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (HttpAnswer(400), OutcomeKind.PERMANENT, "http_400"),
        (
            HttpAnswer(401, {"type": "UNAUTHORIZED", "error_title": "Unauthorized"}),
            OutcomeKind.MISCONFIGURED,
            "unauthorized",
        ),
        (
            HttpAnswer(402, {"type": f"{ERRORS}#low-balance"}),
            OutcomeKind.MISCONFIGURED,
            "low_balance",
        ),
        (HttpAnswer(403), OutcomeKind.MISCONFIGURED, "http_403"),
        (HttpAnswer(404), OutcomeKind.MISCONFIGURED, "http_404"),
        (HttpAnswer(408), OutcomeKind.TEMPORARY, "http_408"),
        (
            HttpAnswer(422, {"type": f"{ERRORS}/messages#1150", "title": "Invalid params"}),
            OutcomeKind.PERMANENT,
            "messages_1150",
        ),
        (HttpAnswer(422, {"title": f"Number {NUMBER}"}), OutcomeKind.PERMANENT, "http_422"),
        (HttpAnswer(422, {"type": "about:blank"}), OutcomeKind.PERMANENT, "http_422"),
        (HttpAnswer(422, ["not", "an", "object"]), OutcomeKind.PERMANENT, "http_422"),
        (HttpAnswer(429, {"type": f"{ERRORS}#rate-limit"}), OutcomeKind.TEMPORARY, "rate_limit"),
        (HttpAnswer(500), OutcomeKind.UNKNOWN, "http_500"),
        (HttpAnswer(502), OutcomeKind.UNKNOWN, "http_502"),
        (HttpAnswer(503), OutcomeKind.TEMPORARY, "http_503"),
        (HttpAnswer(504), OutcomeKind.UNKNOWN, "http_504"),
    ],
)
async def test_a_status_decides(
    workshop: Workshop, answer: HttpAnswer, kind: OutcomeKind, code: str
) -> None:
    """Each status has one meaning, and a problem document names its code."""
    outcome, carrier = await handed_to(workshop, answer)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert len(carrier.taken) == 1


@pytest.mark.parametrize(
    "answer",
    [
        HttpAnswer(202, {}),
        HttpAnswer(202, {"message_uuid": 7}),
        HttpAnswer(202, ["message_uuid"]),
        HttpAnswer(200, {"message_uuid": "x", "padding": "x" * MAX_ANSWER_BYTES}),
        HttpAnswer(0, raw=b"HTTP/1.1 202 X\r\nContent-Length: 9\r\n\r\n\xff\xfe}{[[]]]"),
        HttpAnswer(0, raw=b"HTTP/1.1 202 X\r\nContent-Length: 20000\r\n\r\n" + b"[" * 20_000),
    ],
    ids=["empty", "number", "list", "oversized", "binary", "nested"],
)
async def test_an_acceptance_without_an_id_is_unknown(
    workshop: Workshop, answer: HttpAnswer
) -> None:
    """A 2xx answer that cannot be read neither loses nor repeats the message."""
    outcome, carrier = await handed_to(workshop, answer)
    assert (outcome.kind, outcome.code) == (OutcomeKind.UNKNOWN, "answer_unreadable")
    assert len(carrier.taken) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-hello\r\n\r\n",
        b'HTTP/1.1 202 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\nzz\r\n',
        b"HTTP/1.1 202 X\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["another-protocol", "bad-chunk", "endless-header"],
)
async def test_an_answer_that_is_not_http_is_unknown(workshop: Workshop, raw: bytes) -> None:
    """A server that took the request and answers garbage may have taken the message."""
    outcome, carrier = await handed_to(workshop, HttpAnswer(0, raw=raw))
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert len(carrier.taken) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(workshop: Workshop, status: int) -> None:
    """A redirected request goes nowhere else: the address in the settings is wrong."""
    outcome, carrier = await handed_to(workshop, HttpAnswer(status, headers={"Location": "/other"}))
    assert outcome.kind is OutcomeKind.MISCONFIGURED
    assert len(carrier.heads) == 1


async def test_refused_parameters_are_named_without_their_values(workshop: Workshop) -> None:
    """A refusal names the members at fault; a name that looks like a number is left out."""
    refused = [{"name": "to", "reason": NUMBER}, {"name": NUMBER}, {"name": "06 39 98 00 42"}, "x"]
    outcome, _carrier = await handed_to(workshop, HttpAnswer(422, {"invalid_parameters": refused}))
    assert outcome.detail == "HTTP status 422; refused: to"


async def test_refused_parameters_of_a_call_are_named(workshop: Workshop) -> None:
    """The Voice API writes them as a mapping."""
    answer = HttpAnswer(400, {"type": "BAD_REQUEST", "invalid_parameters": {"ncco": "missing"}})
    outcome, _carrier = await handed_to(workshop, answer)
    assert (outcome.code, outcome.detail) == ("bad_request", "HTTP status 400; refused: ncco")


@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        ({"to[0].number": "x"}, OutcomeKind.PERMANENT),
        ([{"name": "from"}, {"name": "to"}], OutcomeKind.PERMANENT),
        ([{"name": "from"}], OutcomeKind.MISCONFIGURED),
        ({"ncco": "x", "token": "x"}, OutcomeKind.MISCONFIGURED),
        ([], OutcomeKind.PERMANENT),
    ],
)
async def test_only_a_refused_number_is_a_number_refused(
    workshop: Workshop, refused: object, kind: OutcomeKind
) -> None:
    """A refused sender or text would be refused for everybody: no guard is given up for it."""
    outcome, _carrier = await handed_to(workshop, HttpAnswer(422, {"invalid_parameters": refused}))
    assert outcome.kind is kind


@pytest.mark.parametrize(("status", "throttled"), [(429, True), (503, False), (408, False)])
async def test_too_fast_is_told_from_too_busy(
    workshop: Workshop, status: int, throttled: bool
) -> None:
    """Only 429 says that we were too fast."""
    outcome, _carrier = await handed_to(workshop, HttpAnswer(status))
    assert (outcome.kind, outcome.throttled) == (OutcomeKind.TEMPORARY, throttled)


async def test_the_wait_is_the_providers(workshop: Workshop) -> None:
    """A throttled hand-over carries how long the provider asks us to wait."""
    headers = {"Retry-After": "Mon, 23 Nov 2026 18:15:30 GMT"}
    outcome, _carrier = await handed_to(workshop, HttpAnswer(429, headers=headers))
    assert outcome.retry_after_s == 30


class Rude(Carrier):
    """A TCP server that fails before, during or right after the TLS handshake."""

    def __init__(self, manner: str) -> None:
        super().__init__()
        self.manner = manner

    async def listen(self, context: ssl.SSLContext) -> asyncio.Server:
        """Listen in clear, or with TLS for what happens after the handshake."""
        tls = context if self.manner == "drops_when_encrypted" else None
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match self.manner:
            case "resets_the_handshake":
                await reader.read(1)
                reset(writer.transport)
            case "speaks_no_tls":
                writer.write(b"220 relay.example ESMTP\r\n" * 9)
            case "stays_silent":
                await self.end.wait()
        writer.close()


@pytest.mark.parametrize(
    ("manner", "kind", "code"),
    [
        ("drops", OutcomeKind.UNREACHABLE, "connection_failed"),
        ("resets_the_handshake", OutcomeKind.UNREACHABLE, "connection_failed"),
        ("speaks_no_tls", OutcomeKind.UNREACHABLE, "tls_handshake"),
        ("stays_silent", OutcomeKind.UNREACHABLE, "connect_timeout"),
        ("drops_when_encrypted", OutcomeKind.UNKNOWN, "connection_lost"),
    ],
)
async def test_nothing_leaves_before_the_handshake_ends(
    workshop: Workshop, manner: str, kind: OutcomeKind, code: str
) -> None:
    """Until TLS stands nothing has left; from then on the request may have."""
    workshop.timeout_s = 3.0 if manner == "stays_silent" else 30.0
    carrier = await workshop.start(Rude(manner))
    channel = await workshop.open(ChannelKind.SMS, carrier)
    outcome = await channel.send(workshop.outgoing(ChannelKind.SMS))
    assert (outcome.kind, outcome.code) == (kind, code)


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    """The look-up's error is found behind whatever a library wraps it in."""
    wrapped = ConnectionError("cannot connect")
    wrapped.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert no_connection(wrapped) == Outcome(OutcomeKind.UNREACHABLE, "dns_failed")


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("Mon, 23 Nov 2026 18:16:00 GMT", 60),
        ("Mon, 23 Nov 2026 18:16:00 -0000", 60),
        ("Mon, 23 Nov 2026 18:00:00 GMT", 0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("9" * 5000, None),
        ("Mon, 23 Nov 99999999999999999999 18:16:00 GMT", None),
        ("Mon, 23 Nov 2026 18:16:00 +99999999999999999999", None),
        ("Fri, 31 Dec 9999 23:59:59 -0900", 999_999_999),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, wait_s: float | None) -> None:
    """Both notations of RFC 9110 are read; a date in the past means now."""
    assert retry_after_s(value, NOW) == wait_s


@given(st.text(max_size=40) | st.from_regex(r"\w{3}, \d{1,3} \w{3} \d{1,5} [\d:]{0,9} [+-]\d{1,6}"))
def test_retry_after_never_fails(value: str) -> None:
    """Whatever a server writes, the wait is a number of seconds or nothing."""
    wait_s = retry_after_s(value, datetime(2026, 11, 23, tzinfo=UTC))
    assert wait_s is None or wait_s >= 0


@given(st.text(), st.text())
def test_a_code_is_snake_case_and_hides_numbers(kind: str, title: str) -> None:
    """Whatever a provider writes, its code is short, plain and no telephone number."""
    code = problem_code({"type": kind, "title": title})
    assert re.fullmatch("([a-z0-9]+(_[a-z0-9]+)*)?", code)
    assert len(code) <= 60
    assert sum(map(str.isdigit, code)) <= 5
