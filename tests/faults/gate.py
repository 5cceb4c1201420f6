"""The network between us and the simulated carrier, to be cut, blocked or given a certificate."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import trustme

from tests.e2e.office import POLL_S


class Gate:
    """Terminates TLS on a port of its own and passes each request on, one per connection.

    It runs in a thread, so that tests may start processes and wait for them.
    """

    def __init__(self, carrier_port: int, carrier_ca_file: Path) -> None:
        """Pass on to the carrier on this machine."""
        self._upstream = carrier_port
        self._client = ssl.create_default_context(cafile=carrier_ca_file)
        self._shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        # Chosen for each connection: a port that is closed meanwhile may lose one.
        self._listening = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._listening.sni_callback = self._show
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._server: asyncio.Server | None = None
        self._hole: socket.socket | None = None
        self._open_ends = set[asyncio.StreamWriter]()
        self._answering = asyncio.Event()
        self._answering.set()
        self.port = 0

    @property
    def url(self) -> str:
        """Return where SMS are posted to."""
        return f"https://localhost:{self.port}/v1/messages"

    def show(self, authority: trustme.CA) -> None:
        """Show a certificate of `authority` from the next connection on."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        self._shown = context

    def open(self) -> None:
        """Listen, on the port of before."""
        self._call(self._open())

    def refuse(self) -> None:
        """Close the port: whoever connects is refused."""
        self._call(self._close())

    def swallow(self) -> None:
        """Take every connection and never say a word, as behind a firewall that drops."""
        self._call(self._swallow())

    def keep_answers(self) -> None:
        """Pass requests on and keep what the carrier answers, until `give_answers`."""
        self._loop.call_soon_threadsafe(self._answering.clear)

    def give_answers(self) -> None:
        """Give what was kept, and keep nothing more."""
        self._loop.call_soon_threadsafe(self._answering.set)

    @contextlib.contextmanager
    def running(self) -> Iterator[Gate]:
        """Run the gate's thread."""
        self._thread.start()
        try:
            yield self
        finally:
            self._call(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _show(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._shown

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _open(self) -> None:
        await self._close()
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._listening, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            for listening in self._server.sockets:
                self._loop.remove_reader(listening.fileno())
            await asyncio.sleep(0)  # CPython #109564 loses what was accepted in the turn of close()
            self._server.close()
            self._server = None
        if self._hole is not None:
            self._hole.close()
            self._hole = None

    async def _swallow(self) -> None:
        await self._close()
        self._hole = socket.create_server(("127.0.0.1", self.port))

    async def _end(self) -> None:
        await self._close()
        self._answering.set()
        while self._open_ends:
            for end in self._open_ends:  # TLS would wait for the other side's farewell
                end.transport.abort()
            await asyncio.sleep(POLL_S)
        handshakes = asyncio.all_tasks() - {asyncio.current_task()}
        for task in handshakes:
            task.cancel()
        await asyncio.gather(*handshakes, return_exceptions=True)
        for _turn in range(3):  # a transport closes its socket in the turn after
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (
            contextlib.suppress(OSError, asyncio.IncompleteReadError),
            self._closing(writer),
        ):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            answer = await self._ask(head, body)
            await self._answering.wait()
            writer.write(answer)
            await writer.drain()

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        """Return the carrier's whole answer, which says that the connection ends with it."""
        reader, writer = await asyncio.open_connection(
            "localhost", self._upstream, ssl=self._client
        )
        with self._closing(writer):
            writer.write(head[:-2] + b"Connection: close\r\n\r\n" + body)
            return await reader.read()

    @contextlib.contextmanager
    def _closing(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._open_ends.add(writer)
        try:
            yield
        finally:
            writer.close()
            closing = asyncio.ensure_future(writer.wait_closed())
            closing.add_done_callback(lambda done: self._closed(writer, done))

    def _closed(self, writer: asyncio.StreamWriter, closing: asyncio.Future[None]) -> None:
        closing.exception()
        self._open_ends.discard(writer)
