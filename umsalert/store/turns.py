"""Whose turn it is to write: an import of many rows gives way to everybody else, alerts above all.

SQLite tells nobody that others wait. So who wants to write holds a shared lock on the folder of the
database until the writing has begun; no file is made for it, and the lock ends with its process.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from umsalert.store.spatialite import Connection, sqlite

try:
    import fcntl
except ImportError:  # this system has no such locks: an import holds others up to its end
    fcntl = None  # type: ignore[assignment]

UNDISTURBED_S = 0.25
"""A writing that is so short holds nobody up."""
LOOK_EVERY_S = 0.05
_STEPS = 20_000
"""Of SQLite's machine, between two looks at the clock: about two milliseconds."""
_TRIES = 5


class GaveWayError(Exception):
    """Somebody else wants to write; what was begun is to be rolled back."""


class Courtesy(NamedTuple):
    """How long others wait for a transaction; none goes on once `stopped` is set."""

    patience_s: float
    stopped: threading.Event


class Turns:
    """The lock of one connection; does nothing where the folder cannot be locked."""

    def __init__(self, path: Path) -> None:
        """Open the folder of the database at `path`."""
        self._folder: int | None = None
        if fcntl is not None:
            with contextlib.suppress(OSError):
                self._folder = os.open(path.resolve().parent, os.O_RDONLY)

    def close(self) -> None:
        """Close the folder."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Let others see that somebody wants to write."""
        for _try in range(_TRIES):  # it is held for a moment by who looks
            if self._lock(shared=True):
                break
            time.sleep(0.001)
        try:
            yield
        finally:
            self._unlock()

    @contextlib.contextmanager
    def giving_way(self, connection: Connection, courtesy: Courtesy) -> Iterator[None]:
        """Stop what `connection` does once somebody has waited too long. Raises GaveWayError."""
        look = _Look(self, courtesy)
        connection.set_progress_handler(look, _STEPS)
        try:
            yield
            if courtesy.stopped.is_set():
                raise GaveWayError
        except sqlite().OperationalError as error:
            if not look.enough:
                raise
            raise GaveWayError from error
        finally:
            connection.set_progress_handler(None, 0)

    def somebody_waits(self) -> bool:
        """Say whether another connection, of whatever process, waits for its turn."""
        if self._folder is None:
            return False
        alone = self._lock(shared=False)
        self._unlock()
        return not alone

    def _lock(self, *, shared: bool) -> bool:
        if self._folder is None:
            return True
        try:
            fcntl.flock(self._folder, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without such locks
            self.close()
        return True

    def _unlock(self) -> None:
        if self._folder is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(self._folder, fcntl.LOCK_UN)


def begin(connection: Connection, path: Path) -> None:
    """Begin a transaction that writes to the database at `path`; an import gives way to it."""
    turns = Turns(path)
    try:
        with turns.waiting():
            connection.execute("BEGIN IMMEDIATE")
    finally:
        turns.close()


class _Look:
    """Called by SQLite now and then; true ends its statement."""

    def __init__(self, turns: Turns, courtesy: Courtesy) -> None:
        self.enough = False
        self._turns = turns
        self._courtesy = courtesy
        self._next_s = time.monotonic() + UNDISTURBED_S
        self._waits_since_s: float | None = None

    def __call__(self) -> bool:
        now_s = time.monotonic()
        if self._courtesy.stopped.is_set():
            self.enough = True
        elif now_s >= self._next_s and not self.enough:
            self._next_s = now_s + LOOK_EVERY_S
            if not self._turns.somebody_waits():
                self._waits_since_s = None
                return False
            self._waits_since_s = self._waits_since_s or now_s
            self.enough = now_s - self._waits_since_s >= self._courtesy.patience_s
        return self.enough
