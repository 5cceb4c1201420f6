"""The whole register, row by row: it may be larger than the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from umsalert.model import Deed, Operator
from umsalert.store import audit
from umsalert.store.database import Database, queries
from umsalert.store.spatialite import Connection

T = TypeVar("T")
Rows = Iterator[Mapping[str, Any]]

_OURS = {"site": ("id", "geom", "cell"), "contact": ("id", "site_id")}
"""What never leaves one file."""


class SqlExport:
    """The register as rows."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def columns(self) -> tuple[list[str], list[str]]:
        """Return what is known of a site, and of a contact, in the order of the database."""
        return await self._database.read(lambda c: (_columns(c, "site"), _columns(c, "contact")))

    async def read(self, write: Callable[[Rows, Rows], T]) -> T:
        """Give all sites and all contacts of one moment to `write`, which runs in a thread."""

        def work(connection: Connection) -> T:
            connection.execute("BEGIN")
            try:
                return write(_rows(connection, "site"), _rows(connection, "contact"))
            finally:
                connection.execute("ROLLBACK")

        return await self._database.read(work)

    async def log(self, by: Operator, kind: str, counts: Mapping[str, int]) -> None:
        """Write down that the register was handed out, as what and how much of it."""
        deed = Deed("site.export", "site", "", {"format": kind, **counts})
        await self._database.write(lambda c: audit.append(c, by, self._now(), [deed]))


def _columns(connection: Connection, table: str) -> list[str]:
    names = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
    names = [name for name in names if name not in _OURS[table]]
    return ["site_ref", *names] if table == "contact" else names


def _rows(connection: Connection, table: str) -> Rows:
    columns = _columns(connection, table)
    for row in connection.execute(queries("export")[f"{table}s"]):
        yield {name: row[name] for name in columns}
