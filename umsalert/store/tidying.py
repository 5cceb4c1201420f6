"""Leaving nothing of what was removed in the parts of the file that nothing uses."""

from __future__ import annotations

from datetime import datetime

from umsalert.errors import TemporaryError
from umsalert.store.database import Database, queries
from umsalert.store.instants import to_text
from umsalert.store.spatialite import Connection


async def tidy(database: Database, now: datetime) -> bool:
    """Rewrite the file without its free pages and empty its log.

    Return False where somebody sends, who must not wait, or where another process reads the log.
    """

    def work(connection: Connection) -> bool:
        if connection.execute(queries("info")["sending"], {"now": to_text(now)}).fetchone():
            return False
        connection.execute("PRAGMA temp_store = FILE")  # the copy may be larger than the memory
        connection.execute("VACUUM")
        connection.execute("PRAGMA temp_store = MEMORY")
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    try:
        return await database.maintain(work)
    except TemporaryError:
        return False
