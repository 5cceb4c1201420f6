"""HTTP connections that cost us little while nobody says anything on them.

uvicorn waits for the head of a request for as long as the other side likes, and takes connections
until the process may open no more files. Here a connection without a request ends after
`HEAD_WITHIN_S`, however it trickles, and where there are too many, the one that has waited longest
makes room. A bound for each address would shut guards out: a whole mobile operator may have one.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN_S = 10.0
"""From the connection, or the last answer, to the end of the next request's head; it is also how
long an answer may take over the line, or the rest of a body that nobody reads."""
MOST_CONNECTIONS = 4_000
OTHER_FILES = 128
"""Of this process: the database, the log, photos on their way."""


class WaryProtocol(H11Protocol):
    """uvicorn's protocol, with an end to waiting; made by `protocol`."""

    most: ClassVar[int]
    waiting: ClassVar[dict[WaryProtocol, asyncio.TimerHandle]]
    """All that have no request in progress, longest first."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            longest = next(iter(self.waiting), self)
            longest.give_up()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the waiting."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait no more once a whole head is there."""
        super().data_received(data)
        if self._busy:
            self._wait_no_more()

    def on_response_complete(self) -> None:
        """Wait for the next request, which may be here already."""
        super().on_response_complete()
        if not self._busy:
            self._wait()

    def give_up(self) -> None:
        """End the connection at once, whatever the other side still takes or sends."""
        self._wait_no_more()
        self.transport.abort()

    @property
    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._wait_no_more()
        self.waiting[self] = self.loop.call_later(HEAD_WITHIN_S, self.give_up)

    def _wait_no_more(self) -> None:
        timer = self.waiting.pop(self, None)
        if timer is not None:
            timer.cancel()


def protocol(most: int) -> type[WaryProtocol]:
    """Return the protocol of one server that keeps at most so many connections."""
    return type("Protocol", (WaryProtocol,), {"most": most, "waiting": {}})


def most_connections() -> int:
    """Return how many connections this process can keep, after asking the system for more files."""
    try:
        import resource
    except ImportError:  # Windows counts no files
        return MOST_CONNECTIONS
    wanted = MOST_CONNECTIONS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < wanted:  # a negative one is no limit
        more = wanted if hard < 0 else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):  # some systems have a limit of their own
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
            soft = more
    return MOST_CONNECTIONS if soft < 0 else min(MOST_CONNECTIONS, max(1, soft - OTHER_FILES))
