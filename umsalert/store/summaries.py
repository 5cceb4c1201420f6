"""What a summary across alerts reads."""

from __future__ import annotations

from collections.abc import Sequence

from umsalert.ports import AlertTotals, DeadAddress, Period, UnreachedSite
from umsalert.store.database import Database, from_text
from umsalert.store.spatialite import Connection


class SqlSummaries:
    """`ports.Summaries` on the database."""

    def __init__(self, database: Database) -> None:
        """Use an open database."""
        self._database = database

    async def alerts(self, period: Period) -> Sequence[AlertTotals]:
        """Return every alert that was sent in a period, exercises too, oldest first."""

        def work(connection: Connection) -> tuple[AlertTotals, ...]:
            return tuple(map(_totals, _rows(connection, "alerts", period)))

        return await self._database.read(work)

    async def unreached(self, period: Period, limit: int) -> Sequence[UnreachedSite]:
        """Return the sites that alerts have reached least often, without exercises."""

        def work(connection: Connection) -> tuple[UnreachedSite, ...]:
            return tuple(map(UnreachedSite._make, _rows(connection, "unreached", period, limit)))

        return await self._database.read(work)

    async def dead(self, period: Period, limit: int) -> Sequence[DeadAddress]:
        """Return the addresses that have failed last in a period, and are not mended yet."""

        def work(connection: Connection) -> tuple[DeadAddress, ...]:
            return tuple(
                DeadAddress._make((*place, kind, failures, from_text(failed_at), code))
                for *place, kind, failures, failed_at, code in _rows(
                    connection, "dead", period, limit
                )
            )

        return await self._database.read(work)


def _rows(connection: Connection, query: str, period: Period, limit: int = 0) -> Connection:
    values = {
        "since": to_text(period.since),
        "until": to_text(period.until),
        "limit": limit or -1,
    }
    return connection.execute(queries("summaries")[query], values)
