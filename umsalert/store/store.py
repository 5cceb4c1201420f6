"""The open store: one attribute per port, whose SQL is read when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from umsalert.store.database import Database

if TYPE_CHECKING:
    from umsalert.ports import Clock
    from umsalert.store.addresses import SqlAddresses
    from umsalert.store.alerts import SqlAlertBook
    from umsalert.store.answers import SqlAnswers
    from umsalert.store.approvals import SqlApprovals
    from umsalert.store.audit import SqlAuditLog
    from umsalert.store.board import SqlBoard
    from umsalert.store.bulletins import SqlBulletins
    from umsalert.store.export import SqlExport
    from umsalert.store.imports import SqlImports
    from umsalert.store.inbox import SqlInbox
    from umsalert.store.offers import SqlOffers
    from umsalert.store.operators import SqlOperators
    from umsalert.store.outbox import SqlOutbox
    from umsalert.store.people import SqlPeople
    from umsalert.store.record import SqlRecord
    from umsalert.store.register import SqlRegister
    from umsalert.store.retention import SqlRetention
    from umsalert.store.summaries import SqlSummaries
    from umsalert.store.vetting import SqlVetting


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
    def offers(self) -> SqlOffers:
        """What a shell completes."""
        from umsalert.store.offers import SqlOffers

        return SqlOffers(self._database)

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
    def bulletins(self) -> SqlBulletins:
        """`ports.Bulletins`."""
        from umsalert.store.bulletins import SqlBulletins

        return SqlBulletins(self._database, self._now)

    @cached_property
    def approvals(self) -> SqlApprovals:
        """`ports.Approvals`."""
        from umsalert.store.approvals import SqlApprovals

        return SqlApprovals(self._database, self._now)

    @cached_property
    def audit(self) -> SqlAuditLog:
        """`ports.AuditLog`."""
        from umsalert.store.audit import SqlAuditLog

        return SqlAuditLog(self._database, self._now)

    @cached_property
    def operators(self) -> SqlOperators:
        """`ports.Operators`."""
        from umsalert.store.operators import SqlOperators

        return SqlOperators(self._database, self._now)

    @cached_property
    def addresses(self) -> SqlAddresses:
        """`ports.Addresses`."""
        from umsalert.store.addresses import SqlAddresses

        return SqlAddresses(self._database, self._now)

    @cached_property
    def vetting(self) -> SqlVetting:
        """`ports.Vetting`."""
        from umsalert.store.vetting import SqlVetting

        return SqlVetting(self._database, self._now)

    @cached_property
    def people(self) -> SqlPeople:
        """People's rights: what is held on one of them."""
        from umsalert.store.people import SqlPeople

        return SqlPeople(self._database, self._now)

    @cached_property
    def record(self) -> SqlRecord:
        """`ports.Record`."""
        from umsalert.store.record import SqlRecord

        return SqlRecord(self._database)

    @cached_property
    def summaries(self) -> SqlSummaries:
        """`ports.Summaries`."""
        from umsalert.store.summaries import SqlSummaries

        return SqlSummaries(self._database)

    @cached_property
    def export(self) -> SqlExport:
        """The whole register, row by row."""
        from umsalert.store.export import SqlExport

        return SqlExport(self._database, self._now)

    @cached_property
    def retention(self) -> SqlRetention:
        """What is kept no longer than the settings say."""
        from umsalert.store.retention import SqlRetention

        return SqlRetention(self._database, self._now)

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._database.close()
