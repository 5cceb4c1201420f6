"""One process at a time: a lock on a file, which ends with the process that holds it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # this system has no such locks; whoever takes one must be right without
    fcntl = None  # type: ignore[assignment]
_LOCKS = fcntl is not None


@contextlib.contextmanager
def alone(path: Path, mode: int = 0o600) -> Iterator[bool]:
    """Say whether nobody else is between these two lines; nobody is waited for.

    The file is made with `mode` and stays. Where it cannot be locked, everybody is alone: the lock
    spares work, and what it spares must be right without it.
    """
    if not _LOCKS:
        yield True
        return
    try:
        file = os.open(path, os.O_CREAT | os.O_RDONLY, mode)
    except OSError:
        yield True
        return
    try:
        yield _locked(file)
    finally:
        os.close(file)  # ends the lock


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without such locks
        return True
    return True
