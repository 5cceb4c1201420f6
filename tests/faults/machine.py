"""What goes wrong with the machine under us: no room on its disk, somebody who holds the file."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from umsalert.store.spatialite import connect

UNLIMITED = resource.RLIM_INFINITY

_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute(sys.argv[2])
connection.execute("SELECT count(*) FROM delivery").fetchone()
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


class NoRoom:
    """Lets the log of a database not grow any more: for one process, by its file size limit.

    Any account may do that to its own processes, and it needs no mounting. The kernel says EFBIG
    where a full disk says ENOSPC.
    """

    def __init__(self, pid: int, database: Path) -> None:
        """Take the room from a process that writes behind the present end of the log."""
        self._pid = pid
        limit_bytes = write_ahead_log(database).stat().st_size + 1_000
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit_bytes, UNLIMITED))

    def end(self) -> None:
        """Give the room back."""
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


def write_ahead_log(database: Path) -> Path:
    """Return the file that commits are appended to, until they are folded in."""
    return database.with_name(f"{database.name}-wal")


def fold_in(database: Path) -> None:
    """Fold the log into the database, so that it begins anew and does not turn round midway."""
    with contextlib.closing(connect(database, write=True)) as connection:
        busy, _frames, _done = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy


@contextlib.contextmanager
def small_files(limit_bytes: int) -> Iterator[None]:
    """Let processes that are started here write no file beyond a size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, UNLIMITED))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


@contextlib.contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[None]:
    """Mount a file system of a few megabytes. Skips where this account may not mount."""
    options = f"size={size_mb}m,mode=0700"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this account may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """Write until there is no room left."""
    with file.open("ab", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(bytes(4096))


@contextlib.contextmanager
def held(database: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the database: `BEGIN` to read, `BEGIN IMMEDIATE` to write."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(database), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.communicate("")
