"""The open store: one attribute per port, whose SQL is read when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from umsalert.store.database import Database

if TYPE_CHECKING:
    from umsalert.ports import Clock
    from umsalert.store.alerts import SqlAlertBook
    from umsalert.store.answers import SqlAnswers
    from umsalert.store.board import SqlBoard
    from umsalert.store.imports import SqlImports
    from umsalert.store.inbox import SqlInbox
    from umsalert.store.operators import SqlOperators
    from umsalert.store.outbox import SqlOutbox
    from umsalert.store.record import SqlRecord
    from umsalert.store.register import SqlRegister


class Store:
    """Everything umsalert keeps, in one SpatiaLite file. Use as `async with`."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open `path`. Raises DatabaseError when it is missing, corrupt or not ours."""
        self.path = path
        self._database = Database(path)
        self._now = clock.now

    @cached_property
    def register(self) -> SqlRegister:
        """`ports.Register`."""
        from umsalert.store.register import SqlRegister

        return SqlRegister(self._database, self._now)

    @cached_property
    def imports(self) -> SqlImports:
        """`ports.Imports`."""
        from umsalert.store.imports import SqlImports

        return SqlImports(self.path, self._now)

    @cached_property
    def alerts(self) -> SqlAlertBook:
        """`ports.AlertBook`."""
        from umsalert.store.alerts import SqlAlertBook

        return SqlAlertBook(self._database)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """`ports.Outbox`."""
        from umsalert.store.outbox import SqlOutbox

        return SqlOutbox(self._database, self._now)

    @cached_property
    def inbox(self) -> SqlInbox:
        """`ports.Inbox`."""
        from umsalert.store.inbox import SqlInbox

        return SqlInbox(self._database, self._now)

    @cached_property
    def answers(self) -> SqlAnswers:
        """`ports.Answers`."""
        from umsalert.store.answers import SqlAnswers

        return SqlAnswers(self._database, self._now)

    @cached_property
    def board(self) -> SqlBoard:
        """`ports.Board`."""
        from umsalert.store.board import SqlBoard

        return SqlBoard(self._database)

    @cached_property
    def operators(self) -> SqlOperators:
        """`ports.Operators`."""
        from umsalert.store.operators import SqlOperators

        return SqlOperators(self._database, self._now)

    @cached_property
    def record(self) -> SqlRecord:
        """`ports.Record`."""
        from umsalert.store.record import SqlRecord

        return SqlRecord(self._database)

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._database.close()
