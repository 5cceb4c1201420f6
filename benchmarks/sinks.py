"""Providers that accept everything at once, in a process of their own, and note the first moment.

As bare as the protocols allow, so that what is measured is the sender. The certificates are those
of the training simulator.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import web

from umsalert.simulator.keys import Keys

_CONTEXT = multiprocessing.get_context("spawn")
_EXTENSIONS = b"250-localhost\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
_REPLIES = {b"EHLO": _EXTENSIONS, b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


@dataclass(frozen=True, slots=True)
class Record:
    """What both sinks write down: messages in all, and when the first came (monotonic clock)."""

    count: Synchronized[int]
    first_s: Synchronized[float]

    def message(self) -> None:
        """Note one."""
        if not self.count.value:
            self.first_s.value = time.monotonic()
        self.count.value += 1

    def forget(self) -> None:
        """Begin anew."""
        self.count.value = 0


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
    record = Record(_CONTEXT.Value("q", 0), _CONTEXT.Value("d", 0.0))
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
    asyncio.run(_serve(home, record, ready))


async def _serve(home: Path, record: Record, ready: Connection) -> None:
    tls = Keys(home).server_tls()
    loop = asyncio.get_running_loop()
    https = await loop.create_server(web.Server(_accepting(record)), "127.0.0.1", 0, ssl=tls)
    smtp = await loop.create_server(lambda: _Smtp(record), "127.0.0.1", 0, ssl=tls)
    ready.send([server.sockets[0].getsockname()[1] for server in (https, smtp)])
    await asyncio.Event().wait()


def _accepting(record: Record) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def accept(request: web.BaseRequest) -> web.StreamResponse:
        record.message()
        await request.read()
        name = str(uuid4())
        return web.json_response({"message_uuid": name, "uuid": name}, status=202)

    return accept


class _Smtp(asyncio.Protocol):
    """Just enough of RFC 5321: every command is good, DATA ends with a dot."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._buffer = bytearray()
        self._in_data = False

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's own transport class is not public
        self._transport = transport
        transport.write(b"220 localhost\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n.\r\n" if self._in_data else b"\r\n")) >= 0:
            line = bytes(self._buffer[:4])
            del self._buffer[: end + (5 if self._in_data else 2)]
            if self._in_data:
                self._in_data = False
                self._record.message()
                self._transport.write(b"250 taken\r\n")
            else:
                self._in_data = line == b"DATA"
                self._transport.write(_REPLIES.get(line.upper(), b"250 ok\r\n"))
