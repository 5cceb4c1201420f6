"""The audit log: appended to in the transaction of what it tells, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from umsalert import chain
from umsalert.model import AuditHead, Deed, Operator
from umsalert.store.database import queries, to_text
from umsalert.store.spatialite import Connection

_DETAIL = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


def append(connection: Connection, by: Operator, at: datetime, deeds: Iterable[Deed]) -> None:
    """Add what `by` has done to the chain; call it in the transaction that does it."""
    Appender(connection, by, at).append(deeds)


class Appender:
    """Adds to the chain again and again, in one transaction in which nobody else does."""

    def __init__(self, connection: Connection, by: Operator, at: datetime) -> None:
        """Begin at the newest link."""
        self._connection = connection
        self._operator = str(by)
        self._at = at
        self._head = head(connection)

    def append(self, deeds: Iterable[Deed]) -> None:
        """Add deeds."""
        self._connection.executemany(queries("audit")["insert"], self._rows(deeds))

    def append_alike(
        self, action: str, noun: str, refs: Iterable[str], detail: Mapping[str, object]
    ) -> None:
        """Add one deed for each ref, all of one kind: a hundred thousand at once."""
        text = _DETAIL.encode(detail)
        moment = to_text(self._at)
        fields = (self._operator, action, noun)

        def rows() -> Iterator[tuple[object, ...]]:
            before = self._head.sha256
            for new, ref in chain.links(self._head, self._at, (*fields, text), refs):
                yield (new.n, moment, *fields, ref, text, before, new.sha256)
                before = new.sha256
                self._head = new

        self._connection.executemany(queries("audit")["insert"], rows())

    def _rows(self, deeds: Iterable[Deed]) -> Iterator[tuple[object, ...]]:
        moment = to_text(self._at)
        previous = self._head
        for deed in deeds:
            detail = _DETAIL.encode(deed.detail)
            fields = (self._operator, deed.action, deed.noun, deed.ref, detail)
            new = chain.link(previous, self._at, fields)
            yield (new.n, moment, *fields, previous.sha256, new.sha256)
            self._head = previous = new


def head(connection: Connection) -> AuditHead:
    """Return the newest link, that of the last purge where nothing was done since."""
    row = connection.execute(queries("audit")["head"]).fetchone()
    return AuditHead(row["n"], row["sha256"]) if row else chain.GENESIS
