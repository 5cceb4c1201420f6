"""What a run left behind: the carrier's record, the database, the report."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.proof.world import Books
from umsalert.store.spatialite import connect


class Delivery(NamedTuple):
    """A row of `delivery`."""

    id: int
    channel: str
    address: str
    state: str
    code: str
    attempts: int


class Attempt(NamedTuple):
    """A row of `attempt`, and who made it."""

    ref: str
    delivery: int
    n: int
    state: str
    code: str
    started_at: str
    pid: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is compared. `alerts` are (reference, `expires_at`), oldest first."""

    books: Books
    alerts: tuple[tuple[str, str], ...]
    deliveries: tuple[Delivery, ...]
    attempts: tuple[Attempt, ...]
    sound: tuple[str, ...]
    report: Mapping[str, Any]


def gather(books: Books, database: Path, report: Mapping[str, Any]) -> Evidence:
    """Read the database file itself."""
    with contextlib.closing(connect(database, write=False)) as connection:

        def rows(sql: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.execute(sql)]

        return Evidence(
            books=books,
            alerts=tuple((ref, at) for ref, at in rows("SELECT ref, expires_at FROM alert")),
            deliveries=tuple(
                Delivery(*row)
                for row in rows(
                    "SELECT id, channel, address, state, code, attempts FROM delivery ORDER BY id"
                )
            ),
            attempts=tuple(
                Attempt(*row)
                for row in rows(
                    """
                    SELECT alert.ref || '-' || delivery.id || '-' || attempt.n, delivery.id,
                        attempt.n, attempt.state, attempt.code, attempt.started_at, sender.pid
                    FROM attempt
                    JOIN sender ON sender.id = attempt.sender_id
                    JOIN delivery ON delivery.id = attempt.delivery_id
                    JOIN alert ON alert.id = delivery.alert_id
                    ORDER BY delivery.id, attempt.n
                    """
                )
            ),
            sound=tuple(str(row[0]) for row in rows("PRAGMA integrity_check"))
            + tuple(f"no parent: {row}" for row in rows("PRAGMA foreign_key_check")),
            report=report,
        )
