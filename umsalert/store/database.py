"""One file, one writer thread, readers beside it.

Writes run one after the other in a thread that owns the writing connection, each in one
`BEGIN IMMEDIATE`; reads run in another thread on a read-only connection. The SpatiaLite extension
is loaded, and proven, only on a connection that touches geometry.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from umsalert.store.spatialite import (
    Connection,
    connect,
    explained,
    in_memory,
    load_extension,
    prove,
    sqlite,
    unshared,
)
from umsalert.store.turns import Courtesy, Turns
from umsalert.store.versions import SQL, check_exists, check_version

if TYPE_CHECKING:  # whoever only reads waits for neither: see `_loop_runs`
    import asyncio
    from concurrent.futures import Future, ThreadPoolExecutor

T = TypeVar("T")
Work = Callable[[Connection], T]

_closing = threading.Lock()  # mod_spatialite's clean-up is not safe in two threads at once


class Lane:
    """A thread with its own connection, both made at first use.

    Without an event loop there is nobody whom a statement would hold up, and no thread is needed.
    """

    courtesy: Courtesy | None = None
    """Who gives way ends a transaction with GaveWayError. None: it goes on to its end."""

    def __init__(self, path: Path, *, write: bool) -> None:
        """Open `path` for `write`, or for reading only."""
        self._path = path
        self._write = write
        self._turns: Turns | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._connection: Connection | None = None
        self._spatial = False

    async def run(self, work: Work[T], *, spatial: bool = False, whole: bool = True) -> T:
        """Run `work`; what a writer does is one transaction, unless `whole` is false."""
        if not _loop_runs():
            return self._work(work, spatial, whole)
        import asyncio

        loop = asyncio.get_running_loop()
        if not self._write:
            return await loop.run_in_executor(self._thread(), self._work, work, spatial, whole)
        # A commit that has begun is finished even when the waiting task is cancelled; how it ends
        # then concerns nobody. (`asyncio.shield` would take the busy loop one turn more.)
        answer: asyncio.Future[T] = loop.create_future()
        committing = self._thread().submit(self._work, work, spatial, whole)
        committing.add_done_callback(partial(_tell, loop, answer))
        return await answer

    async def close(self) -> None:
        """Wait for what is running, then close the connection."""
        if self._pool is None:
            self._close()
            return
        import asyncio

        await asyncio.get_running_loop().run_in_executor(self._pool, self._close)
        self._pool.shutdown()

    def _thread(self) -> ThreadPoolExecutor:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(1, "write" if self._write else "read")
        return self._pool

    def _work(self, work: Work[T], spatial: bool, whole: bool) -> T:
        with explained(self._path):
            connection = self._open(spatial)
            if not (self._write and whole):
                return work(connection)
            turns = self._turns = self._turns or Turns(self._path)
            courtesy = self.courtesy
            with turns.waiting() if courtesy is None else contextlib.nullcontext():
                connection.execute("BEGIN IMMEDIATE")
            try:
                if courtesy is None:
                    result = work(connection)
                else:
                    with turns.giving_way(connection, courtesy):
                        result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

    def _open(self, spatial: bool) -> Connection:
        if self._connection is None:
            self._connection = self._connected()
        if spatial and not self._spatial:
            load_extension(self._connection)
            prove(self._connection)
            self._spatial = True
        return self._connection

    def _connected(self) -> Connection:
        try:
            return self._checked(connect(self._path, write=self._write))
        except sqlite().OperationalError:
            if self._write or os.access(self._path.parent, os.W_OK):
                raise
            return self._checked(unshared(self._path))

    def _checked(self, connection: Connection) -> Connection:
        try:
            check_version(connection, self._path)
        except BaseException:
            connection.close()
            raise
        return connection

    def on_copy(self, work: Work[T]) -> Work[T]:
        """Return `work` on a copy in memory, which the lane has from then on."""

        def work_on_copy(connection: Connection) -> T:
            copy = in_memory(connection)
            with _closing:
                connection.close()
            self._connection, self._spatial = copy, False
            return work(copy)

        return work_on_copy

    def _close(self) -> None:
        if self._turns is not None:
            self._turns.close()
        if self._connection is not None:
            with _closing:
                self._connection.close()
            self._connection = None


def _loop_runs() -> bool:
    """Say whether this thread has an event loop, without the import of asyncio for those without.

    That takes as long as all else that a list has to import.
    """
    loaded = sys.modules.get("asyncio")
    return loaded is not None and loaded._get_running_loop() is not None


def _tell(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[T], committed: Future[T]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended without waiting
        loop.call_soon_threadsafe(_answer, answer, committed)


def _answer(answer: asyncio.Future[T], committed: Future[T]) -> None:
    error = committed.exception()
    if answer.cancelled():
        return
    if error is None:
        answer.set_result(committed.result())
    else:
        answer.set_exception(error)


class Database:
    """The open file. `read` and `write` take a function of a connection."""

    def __init__(self, path: Path) -> None:
        """Open `path` at first use. Raises DatabaseError when there is no such file."""
        check_exists(path)
        self.path = path
        self._writer = Lane(path, write=True)
        self._reader = Lane(path, write=False)

    async def write(self, work: Work[T], *, spatial: bool = False) -> T:
        """Run `work` in one transaction: all of it is committed, or nothing."""
        return await self._writer.run(work, spatial=spatial)

    async def maintain(self, work: Work[T]) -> T:
        """Run `work` on the writing connection without a transaction: it looks after the file."""
        return await self._writer.run(work, whole=False)

    async def read(self, work: Work[T], *, spatial: bool = False) -> T:
        """Run `work` on a connection that cannot change the file."""
        return await self._reader.run(work, spatial=spatial)

    async def pretend(self, work: Work[T]) -> T:
        """Run `work` on a copy in memory: `read` sees what it writes, the file never gets it."""
        return await self._reader.run(self._reader.on_copy(work))

    async def close(self) -> None:
        """Close both connections; the writer last, since only it can fold the log away."""
        await self._reader.close()
        await self._writer.close()


@cache
def queries(name: str) -> dict[str, str]:
    """Return the statements of `sql/queries/<name>.sql` by the name in their `-- name:` line."""
    text = (SQL / "queries" / f"{name}.sql").read_text("utf-8")
    found = {}
    for block in text.split("-- name: ")[1:]:
        title, _newline, statement = block.partition("\n")
        found[title.strip()] = statement.strip().rstrip(";")
    return found
