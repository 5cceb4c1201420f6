"""Files into the register: staged beside it, compared, then written in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from umsalert.chain import GENESIS
from umsalert.errors import DatabaseError, Problem, RefusedByRule, TemporaryError
from umsalert.geo.territories import territory_at
from umsalert.i18n import _, system_reason
from umsalert.model import AuditHead
from umsalert.ports.imports import (
    Comparison,
    Difference,
    KnownRows,
    Noun,
    Order,
    Progress,
    Rows,
    Step,
)
from umsalert.store import audit, staged
from umsalert.store.database import Lane, Work, queries
from umsalert.store.import_checks import check, note
from umsalert.store.import_writing import close_leaving, judge_new, update
from umsalert.store.known import SqlKnownRows
from umsalert.store.spatialite import Connection
from umsalert.store.status import Move
from umsalert.store.tidying import shrink_log
from umsalert.store.turns import Courtesy, GaveWayError
from umsalert.store.versions import check_exists

T = TypeVar("T")
Prune = Literal["none", "named", "everywhere"]

PATIENCE_S = (0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 4.0)
"""How long others wait for each try of a writing. They fail after BUSY_TIMEOUT_MS; a sender renews
its lease every five seconds, and an import that always began anew would come to no end."""
PAUSE_S = 1.0
"""How long others go first before the next try."""
QUIET_S = 2.0
"""Nobody wrote for so long: an alert is over, or waits for answers. Each time twice as long, ..."""
QUIET_DOUBLINGS = 4
QUIET_WITHIN_S = 60.0
"""... and looked for no longer than this before the next try."""
LAST_PATIENCE_S = 6.0
"""How long others wait for the tries of the second half."""
ROUNDS = 10
"""So many times; after some ten minutes the import gives up."""
_CACHE_KIB = 16_000
"""Of the staged rows that are kept in memory; the others are in the file."""


class SqlImports:
    """`ports.Imports` on the database."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        """Use the database at `path`, and a clock."""
        self._path = path
        self._now = now

    def open(self, noun: Noun) -> SqlStaging:
        """Return the staging of one file; use it as `async with`."""
        return SqlStaging(self._path, noun, self._now)


class _StoppedError(Exception):
    """The command was interrupted: nobody waits for the thread any more."""


class _RehearsedError(Exception):
    """Everything went well, and shall not have been."""


class SqlStaging:
    """`ports.Staging`: a connection of its own, with a file beside the database.

    The file has no name any more once it is open: nothing is left of it, however the process ends.
    Nobody waits for this connection before `apply` begins to write.
    """

    def __init__(self, path: Path, noun: Noun, now: Callable[[], datetime]) -> None:
        """Prepare an import into the database at `path`."""
        check_exists(path)
        self._path = path
        self._now = now
        self._shape = staged.SHAPES[noun]
        self._lane = Lane(path, write=True)
        self._stopped = threading.Event()
        self._columns: tuple[str, ...] = ()
        self._headers: Mapping[str, str] = {}
        self._total = 0
        self._seen: tuple[int, AuditHead] = (0, GENESIS)
        self._compared: Comparison | None = None
        self._wrote = False

    async def __aenter__(self) -> Self:
        await self._run(self._attach)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        self._stopped.set()
        interrupted = kind is not None and not issubclass(kind, Exception)
        if self._wrote and not interrupted:
            with contextlib.suppress(DatabaseError, TemporaryError):  # the import is done
                await self._run(shrink_log)
        await self._lane.close()

    async def fill(
        self, read: Callable[[KnownRows], Rows[Any]], progress: Progress | None = None
    ) -> None:
        """Take in what `read` finds, and check it as a whole. Raises what reading raises."""
        await self._run(lambda connection: self._fill(connection, read, progress))

    async def problems(self, *, warnings: bool = False, most: int = -1) -> Sequence[Problem]:
        """Return what is wrong, or doubtful, in the order of the file; at most so many."""
        values = {"doubt": warnings, "most": most}

        def work(connection: Connection) -> tuple[Problem, ...]:
            found = connection.execute(queries("imports")["problems"], values)
            return tuple(_problem(row, self._headers) for row in found)

        return await self._run(work)

    async def rejected(self) -> Mapping[int, Sequence[Problem]]:
        """Return the problems of each line that is left out."""
        problems = await self.problems()
        rows = groupby((problem for problem in problems if problem.row), lambda item: item.row)
        return {row: tuple(found) for row, found in rows if row is not None}

    async def compare(self, prune: Prune) -> Comparison:
        """Return what writing would do."""
        return await self._run(lambda connection: self._compare(connection, prune))

    async def differences(self, most: int = -1) -> Sequence[Difference]:
        """Return what writing would do row by row, as compared last; at most so many."""
        return await self._run(lambda connection: self._differences(connection, most))

    async def apply(self, order: Order, progress: Progress | None = None) -> Comparison:
        """Write everything in one transaction; return what was done.

        Who else wants to write goes first: then it is begun anew, some times. Raises RefusedByRule,
        nothing being changed, when the register has changed since it was compared so that something
        else would be done, TemporaryError when others wrote all the time.
        """

        def work(connection: Connection) -> Comparison:
            return self._apply(connection, order, progress)

        return await self._write(work)

    async def rehearse(self, order: Order) -> None:
        """Raise what `apply` would raise, and write nothing."""

        def work(connection: Connection) -> None:
            self._apply(connection, order, None)
            raise _RehearsedError  # which rolls everything back

        with contextlib.suppress(_RehearsedError):
            await self._write(work)

    async def _write(self, work: Work[T]) -> T:
        self._wrote = True
        for again in range(ROUNDS):
            patiences: tuple[float, ...] = PATIENCE_S
            if again:
                await self._quiet(QUIET_S * 2 ** min(again - 1, QUIET_DOUBLINGS))
                patiences = (LAST_PATIENCE_S,) if again >= ROUNDS / 2 else PATIENCE_S[-1:]
            for patience_s in patiences:
                seen = self._seen
                self._lane.courtesy = Courtesy(patience_s, self._stopped)
                try:
                    return await self._lane.run(work, spatial=self._shape.noun == "site")
                except GaveWayError:
                    self._seen = seen  # what was settled since then is rolled back
                except TemporaryError as error:
                    if error.code != "database_busy":  # another import goes first
                        raise
                # Rows that were being read keep the register of that moment open, from which nobody
                # may write: the error and its frames hold them, and one another.
                gc.collect()
                await asyncio.sleep(PAUSE_S)
        raise TemporaryError(
            "others_write",
            _("Others write to the register all the time: an alert is being sent, perhaps."),
            hint=_("They go first. Nothing was changed. Run the same command again later."),
        )

    async def _quiet(self, quiet_s: float) -> None:
        """Wait until nobody has written for a while, or for long enough."""
        before = await self._run(_version)
        for _look in range(int(QUIET_WITHIN_S / quiet_s)):
            await asyncio.sleep(quiet_s)
            now = await self._run(_version)
            if now == before:
                return
            before = now

    def _apply(self, connection: Connection, order: Order, progress: Progress | None) -> Comparison:
        expected = self._compared
        version, head = self._seen
        # a sender writes all the time; who changes the register is in the log
        if _version(connection) != version and audit.head(connection) != head:
            self._settle(connection)
        found = self._compare(connection, order.prune)
        if expected is not None and found != expected:
            raise RefusedByRule(
                "register_changed",
                _("The register was changed while the file was being compared with it."),
                hint=_("Nothing was changed. Run the same command again."),
            )
        to = Move(order.status, order.by, self._now())
        staged.insert_new(connection, self._shape, to, self._told(progress))
        if order.judge is not None:
            judge_new(connection, self._shape, order.judge)
        update(connection, self._shape, self._written(), to)
        close_leaving(connection, self._shape, to)
        return found

    async def _run(self, work: Work[T]) -> T:
        return await self._lane.run(work, spatial=False, whole=False)

    def _attach(self, connection: Connection) -> None:
        # what was erased from the register shall not be found in a file beside it
        name = _file_beside(self._path)
        try:
            connection.execute("ATTACH ? AS staging", (name,))
            for pragma in (
                "journal_mode = MEMORY",  # OFF could not be rolled back
                "synchronous = OFF",
                "locking_mode = EXCLUSIVE",
                f"cache_size = -{_CACHE_KIB}",
            ):
                connection.execute(f"PRAGMA staging.{pragma}")
            staged.create(connection, self._shape, "staging")
        finally:
            Path(name).unlink()
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        connection.create_function("zone_of", 2, _zone_of, deterministic=True)

    def _fill(
        self,
        connection: Connection,
        read: Callable[[KnownRows], Rows[Any]],
        progress: Progress | None,
    ) -> None:
        known = SqlKnownRows(connection)
        rows = read(known)
        self._columns = tuple(rows.columns)
        self._headers = rows.headers
        told = self._told(progress)
        stager = staged.Stager(connection, self._shape, self._columns)
        connection.execute("BEGIN")  # nothing of the register is written in it
        try:
            for batch in rows.batches():
                if self._shape.noun == "site":
                    stager.sites(batch.items)
                else:
                    ids = known.site_ids({contact.site_ref for _line, contact in batch.items})
                    stager.contacts(batch.items, ids)
                note(connection, batch.problems, doubt=False)
                note(connection, batch.warnings, doubt=True)
                self._total += batch.total
                told(Step.READING, self._total)
            self._settle(connection)
        finally:
            connection.execute("COMMIT")

    def _settle(self, connection: Connection) -> None:
        """Find what the register holds already, and what only the whole file can tell."""
        self._seen = _version(connection), audit.head(connection)
        check(connection, self._shape, self._columns, self._written())

    def _compare(self, connection: Connection, prune: Prune) -> Comparison:
        sql = queries("imports")
        noun = self._shape.noun
        values = {"everywhere": prune == "everywhere"}
        connection.execute(sql["forget_leaving"])
        standing = 0
        if prune != "none":
            connection.execute(sql[f"leaving_{noun}s"], values)
            standing = connection.execute(sql[f"standing_{noun}s"], values).fetchone()["n"]
        counts = connection.execute(sql["counts"]).fetchone()
        self._compared = Comparison(
            total=self._total,
            valid=counts["valid"],
            added=counts["valid"] - counts["matched"],
            changed=counts["changed"],
            unchanged=counts["matched"] - counts["changed"],
            leaving=counts["leaving"],
            standing=standing,
        )
        return self._compared

    def _differences(self, connection: Connection, most: int) -> tuple[Difference, ...]:
        sql = queries("imports")
        noun, written = self._shape.noun, self._written()
        found: list[Difference] = []
        values = {"most": most}
        added = sql["added"].format(columns=", ".join(self._shape.inserted))
        for row in connection.execute(added, values):
            fields = [(name, None, row[name]) for name in written if row[name] is not None]
            found.append(Difference("added", row["ref"] or "", row["line"], tuple(fields)))
        both = ", ".join(f"old.{name} AS old_{name}, new.{name} AS new_{name}" for name in written)
        changed = sql["changed"].format(noun=noun, old_and_new=both or "NULL")
        for row in connection.execute(changed, values):
            names = row["changed"].strip(",").split(",")
            fields = [(name, row[f"old_{name}"], row[f"new_{name}"]) for name in names]
            found.append(Difference("changed", row["ref"], row["line"], tuple(fields)))
        leaving = connection.execute(sql["leaving_refs"])
        found += [Difference("closed", row["ref"]) for row in leaving]
        return tuple(found if most < 0 else found[:most])

    def _written(self) -> tuple[str, ...]:
        return self._shape.written(self._columns)

    def _told(self, progress: Progress | None) -> Progress:
        """Return a progress that ends the thread once nobody waits for it."""

        def told(step: Step, done: int) -> None:
            if self._stopped.is_set():
                raise _StoppedError
            if progress:
                progress(step, done)

        return told


def _file_beside(path: Path) -> str:
    """Make an empty file of mode 0600 in the folder of the database."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-import-")
    except OSError as error:
        raise DatabaseError(
            "database_not_writable",
            _("{path} cannot be opened for writing: {reason}").format(
                path=path, reason=system_reason(error)
            ),
            hint=_("Check the owner and the mode of the file and of its folder."),
        ) from error
    os.close(descriptor)
    return name


def _version(connection: Connection) -> int:
    """Return a number that changes when another connection has written to the register."""
    return int(connection.execute("PRAGMA main.data_version").fetchone()[0])


def _zone_of(lat: float, lon: float) -> str | None:
    territory = territory_at(lat, lon)
    return territory.time_zone if territory else None


def _problem(row: Connection, headers: Mapping[str, str]) -> Problem:
    name = row["field"]
    return Problem(
        row["code"],
        row["message"],
        row["line"],
        name,
        row["value"],
        row["hint"],
        None if name is None else headers.get(name),
    )
