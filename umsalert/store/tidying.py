"""Leaving nothing of what was removed in the parts of the file that nothing uses."""

from __future__ import annotations

from datetime import datetime

from umsalert.errors import TemporaryError
from umsalert.store.database import Database, queries, to_text
from umsalert.store.spatialite import BUSY_TIMEOUT_MS, Connection


def shrink_log(connection: Connection) -> None:
    """Put what the log holds into the file, and empty it; nobody waits for that.

    It is left for later where another process reads the log or writes just now.
    """
    connection.execute("PRAGMA main.wal_checkpoint(PASSIVE)")  # the long part, beside others
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)")
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


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
