"""The open store: one attribute per port."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from umsalert.ports import Clock
from umsalert.store.alerts import SqlAlertBook
from umsalert.store.database import Database
from umsalert.store.inbox import SqlInbox
from umsalert.store.outbox import SqlOutbox
from umsalert.store.record import SqlRecord
from umsalert.store.register import SqlRegister


class Store:
    """Everything umsalert keeps, in one SpatiaLite file. Use as `async with`."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open `path`. Raises DatabaseError when it is missing, corrupt or not ours."""
        self.path = path
        self._database = Database(path)
        self.register = SqlRegister(self._database, clock.now)
        self.alerts = SqlAlertBook(self._database)
        self.outbox = SqlOutbox(self._database, clock.now)
        self.inbox = SqlInbox(self._database, clock.now)
        self.record = SqlRecord(self._database)

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._database.close()
