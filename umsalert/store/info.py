"""What `db info` tells of a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from umsalert.model import ContactStatus, SiteStatus
from umsalert.store.database import Database, queries
from umsalert.store.spatialite import Connection, prove


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """Versions, and how many rows in each status.

    `known_distance_m` is the distance between two known points as this database measures it; it
    is right to 1 mm. `log_bytes` stand in the write-ahead log beside the file, which grows while
    somebody reads for long.
    """

    database_version: int
    sqlite_version: str
    spatialite_version: str
    known_distance_m: float
    sites: Mapping[SiteStatus, int]
    contacts: Mapping[ContactStatus, int]
    alerts: int
    log_bytes: int


async def describe(path: Path) -> DatabaseInfo:
    """Return what a database holds. Raises DatabaseError when it cannot be trusted."""
    database = Database(path)
    try:
        return await database.read(partial(_describe, path), spatial=True)
    finally:
        await database.close()


def _describe(path: Path, connection: Connection) -> DatabaseInfo:
    sql = queries("info")
    log = Path(f"{path}-wal")
    versions = connection.execute(sql["versions"]).fetchone()
    counts = {(row["noun"], row["status"]): row["n"] for row in connection.execute(sql["counts"])}
    return DatabaseInfo(
        database_version=versions["database"],
        sqlite_version=versions["sqlite"],
        spatialite_version=versions["spatialite"],
        known_distance_m=prove(connection),
        sites={status: counts.get(("site", status), 0) for status in SiteStatus},
        contacts={status: counts.get(("contact", status), 0) for status in ContactStatus},
        alerts=counts["alert", ""],
        log_bytes=log.stat().st_size if log.exists() else 0,
    )
