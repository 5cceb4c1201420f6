"""The audit log: appended to in the transaction of what it tells, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from umsalert import chain
from umsalert.model import AuditHead, Deed, Operator
from umsalert.store.database import queries, to_text
from umsalert.store.spatialite import Connection


def append(connection: Connection, by: Operator, at: datetime, deeds: Iterable[Deed]) -> None:
    """Add what `by` has done to the chain; call it in the transaction that does it."""
    rows = _rows(head(connection), str(by), at, deeds)
    connection.executemany(queries("audit")["insert"], rows)


def head(connection: Connection) -> AuditHead:
    """Return the newest link, that of the last purge where nothing was done since."""
    row = connection.execute(queries("audit")["head"]).fetchone()
    return AuditHead(row["n"], row["sha256"]) if row else chain.GENESIS


def _rows(
    previous: AuditHead, operator: str, at: datetime, deeds: Iterable[Deed]
) -> Iterator[tuple[object, ...]]:
    moment = to_text(at)
    for deed in deeds:
        detail = json.dumps(deed.detail, separators=(",", ":"), sort_keys=True)
        fields = (operator, deed.action, deed.noun, deed.ref, detail)
        new = chain.link(previous, at, fields)
        yield (new.n, moment, *fields, previous.sha256, new.sha256)
        previous = new
