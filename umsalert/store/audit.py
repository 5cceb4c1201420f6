"""The audit log: appended to in the transaction of what it tells, never changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from umsalert.model import AuditHead
from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, optional_text, to_text
from umsalert.store.spatialite import Connection

if TYPE_CHECKING:
    from umsalert.model import AuditEntry, Deed, Operator, Verdict
    from umsalert.ports import Wanted

_NEVER = datetime.min.replace(tzinfo=UTC)
"""In the place of a time that was never written so: no hash is right with it."""

_as_json = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


class SqlAuditLog:
    """`ports.AuditLog` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def append(self, by: Operator, deeds: Sequence[Deed]) -> None:
        """Add what was done outside of any other transaction."""
        await self._database.write(lambda c: append(c, by, self._now(), deeds))

    async def head(self) -> AuditHead:
        """Return the newest link of the chain."""
        return await self._database.read(head)

    async def page(
        self, wanted: Wanted, limit: int, before: int | None = None
    ) -> Sequence[AuditEntry]:
        """Return the newest `limit` entries that fit, numbered below `before`, newest first."""
        values = {
            "before": before,
            "since": optional_text(wanted.since),
            "until": optional_text(wanted.until),
            "operator": wanted.operator,
            "action": wanted.action,
            "noun": wanted.noun,
            "ref": wanted.ref,
            "limit": limit,
        }

        def work(connection: Connection) -> tuple[AuditEntry, ...]:
            return tuple(_entries(connection.execute(queries("audit")["page"], values)))

        return await self._database.read(work)

    async def verify(self, kept: AuditHead | None = None) -> Verdict:
        """Read the whole chain, in bounded memory, and hold it against a head kept elsewhere."""
        from umsalert import chain

        def work(connection: Connection) -> Verdict:
            sql = queries("audit")
            factory = connection.text_factory
            connection.text_factory = _any_text
            connection.execute("BEGIN")  # one state of the file, however long it takes
            try:
                checkpoints = connection.execute(sql["checkpoints"]).fetchall()
                heads = [AuditHead(row["n"], row["sha256"]) for row in checkpoints]
                return chain.verify(_entries(connection.execute(sql["all"])), heads, kept)
            finally:
                connection.execute("COMMIT")
                connection.text_factory = factory

        return await self._database.read(work)


def append(connection: Connection, by: Operator | str, at: datetime, deeds: Iterable[Deed]) -> None:
    """Add what `by` has done to the chain; call it in the transaction that does it."""
    Appender(connection, by, at).append(deeds)


class Appender:
    """Adds to the chain again and again, in one transaction in which nobody else does."""

    def __init__(self, connection: Connection, by: Operator | str, at: datetime) -> None:
        """Begin at the newest link."""
        self._connection = connection
        self._operator = str(by)
        # without what the text leaves out of it, so that it is hashed as it is read again
        self._moment = to_text(at)
        self._at = from_text(self._moment)
        self._head = head(connection)

    def append(self, deeds: Iterable[Deed]) -> None:
        """Add deeds."""
        self._connection.executemany(queries("audit")["insert"], self._rows(deeds))

    def append_alike(
        self, action: str, noun: str, refs: Iterable[str], detail: Mapping[str, object]
    ) -> None:
        """Add one deed for each ref, all of one kind: a hundred thousand at once."""
        from umsalert import chain

        text = _as_json(detail)
        moment = self._moment
        operator = self._operator
        fields = (operator, action, noun)

        def rows() -> Iterator[tuple[object, ...]]:
            n, before = self._head.n, self._head.sha256
            for n, sha256, ref in chain.links(self._head, self._at, (*fields, text), refs):
                yield (n, moment, operator, action, noun, ref, text, before, sha256)
                before = sha256
            self._head = AuditHead(n, before)

        self._connection.executemany(queries("audit")["insert"], rows())

    def _rows(self, deeds: Iterable[Deed]) -> Iterator[tuple[object, ...]]:
        from umsalert import chain

        moment = self._moment
        previous = self._head
        for deed in deeds:
            detail = _as_json(deed.detail)
            fields = (self._operator, deed.action, deed.noun, deed.ref, detail)
            new = chain.link(previous, self._at, fields)
            yield (new.n, moment, *fields, previous.sha256, new.sha256)
            self._head = previous = new


def head(connection: Connection) -> AuditHead:
    """Return the newest link, that of the last purge where nothing was done since."""
    row = connection.execute(queries("audit")["head"]).fetchone()
    if row:
        return AuditHead(row["n"], row["sha256"])
    from umsalert import chain

    return chain.GENESIS


def _entries(rows: Iterable[Connection]) -> Iterator[AuditEntry]:
    from umsalert.model import AuditEntry

    for row in rows:
        yield AuditEntry(
            n=row["n"],
            at=_time(row["at"]),
            operator=row["operator"],
            action=row["action"],
            noun=row["noun"],
            ref=row["ref"],
            detail=row["detail"],
            previous_sha256=row["previous_sha256"],
            sha256=row["sha256"],
        )


@lru_cache(maxsize=64)  # of an import all entries have one
def _time(text: str) -> datetime:
    """Return a time; what is none, or is not written as we write it, was altered."""
    try:
        moment = from_text(text)
        return moment if to_text(moment) == text else _NEVER
    except (ValueError, OverflowError, TypeError):
        return _NEVER


def _any_text(data: bytes) -> str:
    """Return what somebody has put into the file, were it no text: its hash tells."""
    return data.decode("utf-8", "surrogateescape")
