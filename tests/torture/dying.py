"""`python -m tests.torture.dying POINT TURN SHARE MARK WORDS...`: umsalert, and its own murderer.

The real program runs; only the libraries below it, TLS and SQLite, are watched, and at the
TURN-th time that it is at POINT it gets SIGKILL. SHARE (0 to 1) says how far inside the point.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import signal
import ssl
import statistics
import sys
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.torture.points import COUNTS, Mark, Point
from umsalert.cli.main import run
from umsalert.store.spatialite import sqlite

FIRST_COMMIT_S = 0.001
"""Assumed length of a commit before one was seen."""


class Murderer:
    """Counts down to a point, then kills this process. The mark says that it was there."""

    def __init__(self, turn: int, share: float, mark: Path) -> None:
        self.share = share
        self._turns = turn
        with mark.open("r+b") as file:
            self._mark = mmap.mmap(file.fileno(), Mark.SIZE)  # outlives us without a system call

    def is_turn(self) -> bool:
        """Say whether this is the time to do it; each call is one time."""
        self._turns -= 1
        return self._turns == 0

    def mark(self, mark: Mark) -> None:
        """Leave this behind, should the end come."""
        self._mark[:] = mark.packed()

    def kill(self, mark: Mark) -> None:
        """Die, and say that it was here."""
        self.mark(mark)
        os.kill(os.getpid(), signal.SIGKILL)


class Wire:
    """Watches what goes into TLS and comes out of it, in clear."""

    def __init__(self, murderer: Murderer, point: Point) -> None:
        self._murderer = murderer
        self._point = point
        self._write, self._read = ssl.SSLObject.write, ssl.SSLObject.read
        self._asked: weakref.WeakSet[ssl.SSLObject] = weakref.WeakSet()

    def watch(self) -> None:
        """Look at every connection from now on."""
        wire = self

        def write(connection: ssl.SSLObject, data: bytes) -> int:
            wire.leaving(connection, data)
            return wire._write(connection, data)

        def read(connection: ssl.SSLObject, *arguments: Any) -> Any:
            found = wire._read(connection, *arguments)
            wire.arrived(connection, found)
            return found

        ssl.SSLObject.write = write  # type: ignore[method-assign,assignment]
        ssl.SSLObject.read = read  # type: ignore[method-assign,assignment]

    def leaving(self, connection: ssl.SSLObject, data: bytes) -> None:
        """See what is about to be encrypted: a request, or the content of a letter."""
        begins = bytes(data[:4096])
        if not begins.startswith(b"POST /v1/") and b"\nMessage-ID: <" not in begins:
            return
        self._asked.add(connection)
        if self._point is Point.BEFORE_REQUEST and self._murderer.is_turn():
            self._murderer.kill(Mark(hit=True))

    def arrived(self, connection: ssl.SSLObject, found: bytes | int) -> None:
        """See the first that comes after a request: its answer."""
        if not found or connection not in self._asked:
            return
        self._asked.discard(connection)
        if self._point is Point.AFTER_ANSWER and self._murderer.is_turn():
            self._murderer.kill(Mark(hit=True))


class Timer:
    """Sends SIGKILL after microseconds, whatever this process does then.

    It is the kernel's (POSIX `timer_create`): a thread of Python would come too late for a commit.
    """

    class _Event(ctypes.Structure):
        """`struct sigevent` of Linux, 64 bytes."""

        _fields_ = (
            ("value", ctypes.c_void_p),
            ("signal", ctypes.c_int),
            ("notify", ctypes.c_int),
            ("rest", ctypes.c_int * 12),
        )

    class _Times(ctypes.Structure):
        """`struct itimerspec`: the interval, then the time left; seconds and nanoseconds."""

        _fields_ = (("interval", ctypes.c_long * 2), ("left", ctypes.c_long * 2))

    def __init__(self) -> None:
        """Raise OSError when the system has no such timer."""
        self._system = ctypes.CDLL(None, use_errno=True)
        self._id = ctypes.c_void_p()
        event = self._Event(None, signal.SIGKILL, 0)  # 0: SIGEV_SIGNAL
        self._check(
            self._system.timer_create(
                time.CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(self._id)
            )
        )

    def set(self, seconds: float) -> None:
        """Kill in `seconds`; 0 takes a kill back."""
        left = (int(seconds), int(seconds % 1 * 1e9))
        times = self._Times((0, 0), left)
        self._check(self._system.timer_settime(self._id, 0, ctypes.byref(times), None))

    def _check(self, result: int) -> None:
        if result:
            raise OSError(ctypes.get_errno(), "the timer of the system")


class Transactions:
    """Watches every statement of every connection to the database."""

    def __init__(self, murderer: Murderer, point: Point) -> None:
        self._murderer = murderer
        self._point = point
        self._begun = False  # this process has started to write
        self._matters = False  # the transaction has an alert, hand-overs or their outcomes
        self._lengths_s: list[float] = []
        self._due = False
        self._share = murderer.share**3  # most of a commit is waiting for the disk
        self._timer = Timer()

    def watch(self) -> None:
        """Look at every connection from now on."""
        module: Any = sqlite()
        watcher = self

        class Watched(module.Connection):  # type: ignore[misc]
            def execute(self, sql: str, *values: Any) -> Any:
                return watcher.step(self, sql, functools.partial(super().execute, sql, *values))

            def executemany(self, sql: str, *values: Any) -> Any:
                return watcher.step(self, sql, functools.partial(super().executemany, sql, *values))

        module.connect = functools.partial(module.connect, factory=Watched)

    def step(self, connection: Any, sql: str, work: functools.partial[Any]) -> Any:
        """Run one statement, unless this is the moment."""
        if sql.startswith("BEGIN"):
            self._begun, self._matters = True, False
        handing_over = "INTO attempt" in sql
        self._matters |= handing_over or "UPDATE attempt" in sql or "INTO alert" in sql
        if self._point is Point.IN_TAKEOVER and self._begun:
            return self._take_over(work, over=handing_over)
        if self._point is Point.IN_COMMIT and self._matters and sql == "COMMIT":
            return self._commit(connection, work)
        return work()

    def _take_over(self, work: functools.partial[Any], *, over: bool) -> Any:
        if over:
            self._begun = False  # what comes now is sending
            return work()
        now = self._murderer.is_turn()
        if now and self._murderer.share < 0.5:
            self._murderer.kill(Mark(hit=True))
        done = work()
        if now:
            self._murderer.kill(Mark(hit=True))
        return done

    def _commit(self, connection: Any, work: functools.partial[Any]) -> Any:
        """Commit; once it is time, with a kill that comes before the end of it.

        The kill that came too late is taken back, and comes earlier in the next commit.
        """
        self._due = self._due or self._murderer.is_turn()
        begun_s = time.perf_counter()
        if self._due:
            length_s = statistics.median(self._lengths_s) if self._lengths_s else FIRST_COMMIT_S
            seen = connection.cursor().execute(COUNTS).fetchone()
            self._murderer.mark(Mark(hit=True, counts=tuple(seen)))
            self._timer.set(max(self._share * length_s, 1e-6))
            self._share /= 2
        done = work()
        if self._due:
            self._murderer.mark(Mark())
            self._timer.set(0)
        self._lengths_s.append(time.perf_counter() - begun_s)
        return done


def main(words: Sequence[str]) -> None:
    """Run umsalert until it is killed or ends."""
    name, turn, share, mark, *command = words
    point = Point[name]
    murderer = Murderer(int(turn), float(share), Path(mark))
    if point in (Point.BEFORE_REQUEST, Point.AFTER_ANSWER):
        Wire(murderer, point).watch()
    else:
        Transactions(murderer, point).watch()
    run(command)


if __name__ == "__main__":
    main(sys.argv[1:])
