"""What is kept no longer than the settings say."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from umsalert.model import AuditHead, Deed, Operator
from umsalert.settings import RetentionSettings
from umsalert.store import audit
from umsalert.store.database import Database, queries
from umsalert.store.instants import to_text
from umsalert.store.spatialite import Connection
from umsalert.store.tidying import tidy

_STEPS: Mapping[str, tuple[str, ...]] = {
    "replies_months": ("photos", "answers"),
    "inbox_months": ("received",),
    "alerts_months": ("addresses", "details", "texts", "words", "bulletins", "approvals"),
}
"""What goes after how long, by the name of the setting."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What was removed, or would be: how many rows of what.

    `checkpoint` is the last audit entry that is gone, None where none went. Unless `tidied`, traces
    may be left in parts of the file that nothing uses.
    """

    rows: Mapping[str, int]
    checkpoint: AuditHead | None
    tidied: bool = False


class _DryRun(Exception):
    def __init__(self, purge: Purge) -> None:
        super().__init__()
        self.purge = purge


class SqlRetention:
    """Retention on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def purge(self, keep: RetentionSettings, by: Operator, *, dry_run: bool = False) -> Purge:
        """Remove what is older than `keep` says and log it; nothing of what is under way."""

        def work(connection: Connection) -> Purge:
            found = _purge(connection, keep, self._now())
            if dry_run:
                raise _DryRun(found)
            if found.rows:
                detail: dict[str, object] = dict(found.rows)
                if found.checkpoint is not None:
                    detail |= {"checkpoint": found.checkpoint.n, "sha256": found.checkpoint.sha256}
                deed = Deed("db.purge", "db", "", detail)
                audit.append(connection, by, self._now(), [deed])
            return found

        try:
            done = await self._database.write(work)
        except _DryRun as dry:
            return dry.purge
        tidied = bool(done.rows) and await tidy(self._database, self._now())
        return Purge(done.rows, done.checkpoint, tidied)


def months_before(moment: datetime, months: int) -> datetime:
    """Return the same day of an earlier month, or its last one."""
    month = moment.year * 12 + moment.month - 1 - months
    year, month = month // 12, month % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def _purge(connection: Connection, keep: RetentionSettings, now: datetime) -> Purge:
    sql = queries("retention")
    connection.execute(sql["begin"])
    rows: dict[str, int] = {}
    for setting, steps in _STEPS.items():
        months: int = getattr(keep, setting)
        if not months:
            continue
        values = {"before": to_text(months_before(now, months)), "now": to_text(now)}
        connection.execute(sql["forget"])
        connection.execute(sql["find"], values)
        rows |= {step: connection.execute(sql[step], values).rowcount for step in steps}
    checkpoint = None
    if keep.audit_months:
        checkpoint = _cut(connection, months_before(now, keep.audit_months), now)
    if checkpoint is not None:
        rows["audit"] = connection.execute(sql["audit"], {"n": checkpoint.n}).rowcount
    return Purge({name: n for name, n in rows.items() if n}, checkpoint)


def _cut(connection: Connection, before: datetime, now: datetime) -> AuditHead | None:
    """Write down where the audit log is cut off; return its last entry that goes."""
    sql = queries("retention")
    row = connection.execute(sql["last_audit"], {"before": to_text(before)}).fetchone()
    if row is None:
        return None
    values = {"n": row["n"], "sha256": row["sha256"], "now": to_text(now)}
    connection.execute(sql["checkpoint"], values)
    return AuditHead(row["n"], row["sha256"])
