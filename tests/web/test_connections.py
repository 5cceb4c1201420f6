"""Connections on which nobody speaks, or speaks slowly, or too much, cost little and end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
from collections.abc import AsyncIterator

import pytest

from tests.web.conftest import running
from tests.web.vonage import Serving
from umsalert.settings import Settings
from umsalert.web import connections, server

HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def connected(serving: Serving) -> AsyncIterator[Line]:
    """Open a connection of one's own."""
    host, port = serving.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Wait until the other side ends; return what came before."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(1000):
            found += chunk
    return found


async def answered(line: Line) -> bytes:
    """Ask for the health; return the first line of the answer, and read the rest."""
    reader, writer = line
    writer.write(HEALTH)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(v for v in head.split(b"\r\n") if v.lower().startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return head.partition(b"\r\n")[0]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server wait for a head, but not for long."""
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.2)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("said", [b"", b"G", b"GET /health HTTP/1.1\r\nHost: x\r\n"])
async def test_who_does_not_finish_a_head_is_left(serving: Serving, said: bytes) -> None:
    """Nothing, a letter, or all but the end: no answer, and no connection after a while."""
    async with connected(serving) as (reader, writer):
        writer.write(said)
        assert await ended(reader) == b""


@pytest.mark.usefixtures("impatient")
async def test_a_trickle_does_not_put_the_end_off(serving: Serving) -> None:
    """A header line every few milliseconds, for ever: it ends at the same time."""
    async with connected(serving) as (reader, writer):
        writer.write(b"GET /health HTTP/1.1\r\n")
        gone = asyncio.create_task(ended(reader))
        lines = 0
        while not gone.done():
            lines += 1
            with contextlib.suppress(ConnectionError):
                writer.write(b"x-%d: y\r\n" % (lines % 100))
                await writer.drain()
            await asyncio.wait([gone], timeout=0.005)
        assert await gone == b""


@pytest.mark.usefixtures("impatient")
async def test_a_kept_connection_ends_too(serving: Serving) -> None:
    """After an answer, half of the next head is waited for no longer than half of the first."""
    async with connected(serving) as line:
        assert await answered(line) == b"HTTP/1.1 200 OK"
        assert await answered(line) == b"HTTP/1.1 200 OK"
        line[1].write(HEALTH[:-2])
        assert await ended(line[0]) == b""


@pytest.mark.usefixtures("impatient")
async def test_what_nobody_reads_is_not_sent_for_ever(serving: Serving) -> None:
    """A body that goes on after its answer ends with the connection."""
    async with connected(serving) as (reader, writer):
        writer.write(b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert (await ended(reader)).startswith(b"HTTP/1.1 405")


async def test_a_request_in_progress_is_waited_for(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is for the head: a body has its own."""
    async with connected(serving) as line:
        reader, writer = line
        writer.write(b"POST /webhooks/vonage/voice-input HTTP/1.1\r\nHost: x\r\n")
        writer.write(b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert b" 100 " in await reader.readuntil(b"\r\n\r\n")
        protocols = [p for p in _protocols() if p.cycle is not None]
        assert protocols
        assert all(p not in p.waiting for p in protocols)
        writer.write(b"{}")
        assert (await reader.readline()).split()[1] == b"401"


def _protocols() -> list[connections.WaryProtocol]:
    import gc

    return [item for item in gc.get_objects() if isinstance(item, connections.WaryProtocol)]


async def test_who_has_waited_longest_makes_room(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten connections that say nothing keep no guard out: the oldest of them ends."""
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 10)
    async with running(settings) as serving, contextlib.AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(connected(serving)) for _n in range(10)]
        async with connected(serving) as line:
            assert await answered(line) == b"HTTP/1.1 200 OK"
        assert await ended(silent[0][0]) == b""
        assert await answered(silent[9]) == b"HTTP/1.1 200 OK"


async def test_a_large_head_is_refused(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    """More than 16 KiB is no request of a browser; nothing of it is logged."""
    with caplog.at_level(logging.DEBUG):
        async with connected(serving) as (reader, writer):
            writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n")
            writer.write(b"x-large: " + b"y" * server.MAX_HEAD_BYTES * 2)
            found = await ended(reader)
    assert found == b"" or found.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
    assert "yyyy" not in caplog.text


async def test_nonsense_is_refused(serving: Serving) -> None:
    """What is no HTTP ends at once."""
    async with connected(serving) as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00\r\n\r\n")
        assert (await ended(reader)).startswith(b"HTTP/1.1 400")


def test_the_process_asks_for_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the connections need, never more than the system allows."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _what, limits: asked.append(limits))
    for soft, hard, most in ((1024, 524_288, 4000), (256, 1024, 896), (4128, 4128, 4000)):
        monkeypatch.setattr(resource, "getrlimit", lambda _what, s=soft, h=hard: (s, h))
        assert connections.most_connections() == most
    assert asked == [(4128, 524_288), (1024, 1024)]
