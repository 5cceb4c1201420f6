"""Providers that accept everything at once, in a process of their own, and note the first moment.

As bare as the protocols allow, so that what is measured is the sender. The certificates are those
of the training simulator.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvloop

from umsalert.simulator.keys import Keys

_CONTEXT = multiprocessing.get_context("spawn")
_EXTENSIONS = b"250-localhost\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
_REPLIES = {b"EHLO": _EXTENSIONS, b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_ACCEPTED = (
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 93\r\n\r\n"
    b'{"message_uuid":"%s","uuid":"%s"}'
)


@dataclass(frozen=True, slots=True)
class Record:
    """What both sinks write down: messages in all, and when the first came (monotonic clock)."""

    count: Any
    first_s: Any

    def message(self) -> None:
        """Note one."""
        if not self.count.value:
            self.first_s.value = time.monotonic()
        self.count.value += 1

    def forget(self) -> None:
        """Begin anew."""
        self.count.value = 0

    def expect(self, count: int) -> None:
        """Raise where another number of messages has come."""
        if self.count.value != count:
            raise AssertionError(f"{self.count.value} arrived of {count}")


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where they listen on localhost, by TLS, and what has come in."""

    https_port: int
    smtp_port: int
    record: Record


@contextmanager
def running(home: Path) -> Iterator[Sinks]:
    """Run both sinks with the keys of `home`."""
    home.mkdir(exist_ok=True)
    Keys(home)
    record = Record(_CONTEXT.RawValue("q", 0), _CONTEXT.RawValue("d", 0.0))
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_main, args=(home, record, theirs), daemon=True)
    process.start()
    try:
        https_port, smtp_port = ours.recv()
        yield Sinks(https_port, smtp_port, record)
    finally:
        process.kill()
        process.join()


def _main(home: Path, record: Record, ready: Connection) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(home, record, ready))


async def _serve(home: Path, record: Record, ready: Connection) -> None:
    tls = Keys(home).server_tls()
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(partial(protocol, record), "127.0.0.1", 0, ssl=tls)
        for protocol in (_Http, _Smtp)
    ]
    ready.send([server.sockets[0].getsockname()[1] for server in servers])
    await asyncio.Event().wait()


class _Sink(asyncio.Protocol):
    """What both have in common."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._buffer = bytearray()

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's own transport class is not public
        self._transport = transport


class _Http(_Sink):
    """Just enough of RFC 9112: every request has a Content-Length, and the answer an id."""

    _next = itertools.count(1)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, end + 2)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < total:
                return
            del self._buffer[:total]
            self._record.message()
            name = b"%032x" % next(self._next)
            self._transport.write(_ACCEPTED % (name, name))


class _Smtp(_Sink):
    """Just enough of RFC 5321: every command is good, DATA ends with a dot."""

    _in_data = False

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as above
        super().connection_made(transport)
        transport.write(b"220 localhost\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies = b""
        while (end := self._buffer.find(b"\r\n.\r\n" if self._in_data else b"\r\n")) >= 0:
            line = bytes(self._buffer[:4])
            del self._buffer[: end + (5 if self._in_data else 2)]
            if self._in_data:
                self._in_data = False
                self._record.message()
                replies += b"250 taken\r\n"
            else:
                self._in_data = line == b"DATA"
                replies += _REPLIES.get(line.upper(), b"250 ok\r\n")
        if replies:
            self._transport.write(replies)
