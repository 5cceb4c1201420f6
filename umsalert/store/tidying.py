"""Leaving nothing of what was removed in the parts of the file that nothing uses."""

from __future__ import annotations

import threading
from datetime import datetime

from umsalert.errors import TemporaryError
from umsalert.store.database import Database, queries
from umsalert.store.instants import to_text
from umsalert.store.spatialite import BUSY_TIMEOUT_MS, Connection
from umsalert.store.turns import Courtesy, GaveWayError, Turns

PATIENCE_S = 2.0
"""How long somebody waits who wants to write while the file is rewritten, before that is left."""
READERS_MS = 500
"""How long to wait for those who read the log; meanwhile nobody writes."""


def shrink_log(connection: Connection, wait_ms: int = 0) -> bool:
    """Put what the log holds into the file, and empty it; others wait for that so long at most.

    It is left as it is, and False returned, where another process reads the log or writes then.
    """
    connection.execute("PRAGMA main.wal_checkpoint(PASSIVE)")  # the long part, beside others
    connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
    try:
        return not connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


async def tidy(database: Database, now: datetime) -> bool:
    """Rewrite the file without its free pages and empty its log.

    Return False where somebody sends, who must not wait, where another process reads the log, or
    has waited too long to write.
    """
    turns = Turns(database.path)

    def work(connection: Connection) -> bool:
        if connection.execute(queries("info")["sending"], {"now": to_text(now)}).fetchone():
            return False
        connection.execute("PRAGMA temp_store = FILE")  # the copy may be larger than the memory
        with turns.giving_way(connection, Courtesy(PATIENCE_S, threading.Event())):
            connection.execute("VACUUM")
        connection.execute("PRAGMA temp_store = MEMORY")
        return shrink_log(connection, READERS_MS)

    try:
        return await database.maintain(work)
    except (GaveWayError, TemporaryError):
        return False
    finally:
        turns.close()
