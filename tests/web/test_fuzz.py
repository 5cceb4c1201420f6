"""Whatever is sent to whichever address, the answer comes, and it is never a 5xx."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.web import guards
from tests.web.conftest import running, settings_of
from tests.web.test_photo import picture
from tests.web.vonage import signature
from umsalert.model import ReplyKind
from umsalert.store.store import Store
from umsalert.web.page import limits, stamp
from umsalert.wiring import SystemClock

ANSWERS_WITHIN_S = 30.0
BOUNDARY = b"fuzz"


@dataclass(frozen=True)
class Target:
    """The running server, and the token of a guard."""

    runner: asyncio.Runner
    port: int
    token: str

    def send(self, request: bytes) -> bytes:
        """Send bytes and that no more come; return all that comes back."""
        return self.runner.run(self._exchange(request))

    async def _exchange(self, request: bytes) -> bytes:
        found = b""
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            with contextlib.suppress(ConnectionError):
                writer.write(request)
                await writer.drain()
                while chunk := await reader.read(65_536):
                    found += chunk
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return found


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Target]:
    """Return a server that has seen a sighting, and counts no posts."""
    configured = settings_of(tmp_path_factory.mktemp("fuzz"), prepared)

    async def sent() -> str:
        async with Store(configured.database, SystemClock()) as store:
            _alert, outgoing = await guards.send(store)
            return outgoing[0].token

    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "ANSWERS_MOST", 10**9)
        patch.setattr(limits, "PHOTOS_MOST", 10**9)
        patch.setattr(limits, "MISSES_MOST", 10**9)
        patch.setattr(stamp, "SOONEST", timedelta(0))
        stack = contextlib.AsyncExitStack()
        token = runner.run(sent())
        serving = runner.run(stack.enter_async_context(running(configured)))
        port = int(serving.url.rpartition(":")[2])
        found = Target(runner, port, token)
        pressed = urlencode({"stamp": fresh(token), "answer": "sighting"}).encode()
        assert b" 303 " in found.send(post(f"/r/{token}", pressed))
        yield found
        assert found.send(head("GET", "/health") + b"\r\n").startswith(b"HTTP/1.1 200")
        runner.run(stack.aclose())


def fresh(token: str) -> str:
    return stamp.make(token, datetime.now(UTC) - timedelta(seconds=2))


def head(method: str, path: str) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode("latin-1")


def post(
    path: str,
    body: bytes,
    content_type: bytes = b"application/x-www-form-urlencoded",
    headers: bytes = b"",
) -> bytes:
    length = str(len(body)).encode()
    lines = b"Content-Type: " + content_type + b"\r\nContent-Length: " + length + b"\r\n"
    return head("POST", path) + headers + lines + b"\r\n" + body


def part(name: str, value: bytes, more: bytes = b"") -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"'.encode("utf-8", "replace")
    return b"--" + BOUNDARY + b"\r\n" + disposition + more + b"\r\n\r\n" + value + b"\r\n"


def sound(answer: bytes) -> bool:
    """Say whether an answer is one that a person or a provider may get."""
    status = answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/1.1 ") else b""
    return status.isdigit() and 200 <= int(status) < 500


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["", "\x00", "\N{RIGHT-TO-LEFT OVERRIDE}", "<b>", "%", "25:61", "18:22", "1e9", "-1", "x" * 600]
)
tokens = st.just("TOKEN") | st.text("Aa0_-./%", max_size=30) | texts
paths = st.one_of(
    tokens.map("/r/{}".format),
    tokens.map("/r/{}/photo".format),
    st.tuples(st.sampled_from(["vonage", "ovh", "gateway", "x", ""]), texts).map(
        lambda found: "/webhooks/{}/{}".format(*found)
    ),
    st.sampled_from(
        ["/", "/health", "/r", "/r/", "//", "*", "http://x/r/", "/webhooks/vonage/dlr"]
    ),
    texts.map("/{}".format),
)
NAMES = (
    *("X-Forwarded-For", "X-Forwarded-Proto", "Cookie", "Authorization", "Content-Type", "Expect"),
    *("Upgrade", "Range", "Accept-Language", "Origin", "Transfer-Encoding"),
)
latin = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=60)
headers = st.lists(st.tuples(st.sampled_from(NAMES), latin), max_size=4)
BAD_BOUNDARY = [("Content-Type", "multipart/form-data; boundary=é")]


requests = st.tuples(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "FOO"]),
    paths,
    st.none() | texts,
    headers,
    st.binary(max_size=300),
)


@given(requests)
@example(
    ("POST", "/r/TOKEN/photo", None, [("Content-Type", "multipart/form-data; boundary=é")], b"")
)
@example(("GET", "http://[x/r/TOKEN", None, [], b""))
def test_any_request(target: Target, request_: tuple[str, str, str | None, Any, bytes]) -> None:
    """Any method, address, query, header and body."""
    method, path, query, lines, body = request_
    address = quote(path.replace("TOKEN", target.token), safe="/:*%[")
    if query is not None:
        address += "?" + quote(query, safe="=&%")
    said = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in lines)
    length = f"Content-Length: {len(body)}\r\n\r\n".encode()
    answer = target.send(head(method, address) + said + length + body)
    assert sound(answer), answer[:200]


@given(
    st.dictionaries(
        st.sampled_from(["text", "direction", "ago", "at", "details", "website", "x"]), texts
    ),
    st.sampled_from([*ReplyKind, "undo", "", "x"]),
    st.sampled_from(["", "?note=again", "?note=photo-heic", "?x=%ff"]),
)
def test_any_form(target: Target, fields: dict[str, str], answer: str, query: str) -> None:
    """Any words in the fields of a page that a guard has open."""
    body = urlencode({"stamp": fresh(target.token), "answer": answer, **fields}).encode()
    found = target.send(post(f"/r/{target.token}{query}", body))
    assert sound(found), found[:200]
    assert sound(target.send(head("GET", f"/r/{target.token}{query}") + b"\r\n"))


contents = st.one_of(
    st.binary(max_size=200),
    st.tuples(
        st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.integers(0, 3000), st.binary(max_size=8)
    ).map(lambda found: broken(*found)),
)


def broken(kind: str, at: int, spoilt: bytes) -> bytes:
    """Return a picture in which some bytes are others."""
    whole = picture(kind, (32, 24))
    at %= len(whole)
    return whole[:at] + spoilt + whole[at + len(spoilt) :]


parts = st.tuples(
    st.sampled_from(["photo", "other"]),
    st.sampled_from([b"", b"\r\nContent-Type: image/jpeg", b"; filename*=utf-8''%ff", b"\r\n\x00"]),
    contents,
)


@given(
    parts,
    st.dictionaries(st.sampled_from(["stamp", "website", "x"]), texts, max_size=2),
    st.sampled_from([b"--" + BOUNDARY + b"--\r\n", b"--" + BOUNDARY, b"", b"\x00"]),
)
def test_any_photo(
    target: Target, sent: tuple[str, bytes, bytes], fields: dict[str, str], end: bytes
) -> None:
    """Any bytes in any kind of form where a photo belongs."""
    name, more, content = sent
    typed = {"stamp": fresh(target.token), **fields}
    body = b"".join(part(field, value.encode()) for field, value in typed.items())
    body += part(name, content, b'; filename="x.jpg"' + more) + end
    kind = b"multipart/form-data; boundary=" + BOUNDARY
    found = target.send(post(f"/r/{target.token}/photo", body, kind))
    assert sound(found), found[:200]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from(["message-status", "inbound", "voice-event", "voice-answer", "voice-input"]),
    st.dictionaries(
        st.sampled_from(["to", "from", "text", "status", "client_ref", "dtmf", "message_uuid"]),
        values,
    )
    | values,
)
def test_any_signed_webhook(target: Target, topic: str, document: object) -> None:
    """A provider that signs nonsense is answered, and holds up nothing."""
    body = json.dumps(document).encode()
    signed = f"Authorization: {signature(body)}\r\n".encode()
    address = f"/webhooks/vonage/{topic}"
    found = target.send(post(address, body, b"application/json", signed))
    assert sound(found), found[:200]
