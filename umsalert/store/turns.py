"""Whose turn it is to write: an import of many rows gives way to everybody else, alerts above all.

SQLite tells nobody that others wait. So who wants to write holds a shared lock on the folder of the
database until the writing has begun; no file is made for it, and the lock ends with its process.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

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
    def giving_way(self, connection: Connection, patience_s: float) -> Iterator[None]:
        """Stop what `connection` does once somebody has waited so long. Raises GaveWayError."""
        stopped = False
        waits_since_s: float | None = None
        next_s = time.monotonic() + UNDISTURBED_S

        def look() -> bool:
            nonlocal stopped, waits_since_s, next_s
            now_s = time.monotonic()
            if now_s >= next_s and not stopped:
                next_s = now_s + LOOK_EVERY_S
                if not self.somebody_waits():
                    waits_since_s = None
                elif waits_since_s is None:
                    waits_since_s = now_s
                stopped = waits_since_s is not None and now_s - waits_since_s >= patience_s
            return stopped

        connection.set_progress_handler(look, _STEPS)
        try:
            yield
        except sqlite().OperationalError as error:
            if not stopped:
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
