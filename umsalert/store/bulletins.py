"""What is sent by the clock: kept, settled once for each due time, removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from umsalert.errors import RefusedByRule, UsageError
from umsalert.i18n import _
from umsalert.leases import LEASE_S, process_gone
from umsalert.model import (
    Bulletin,
    BulletinRun,
    Deed,
    RunState,
    Vigipirate,
    VigipirateLevel,
)
from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, optional_text, optional_time, to_text
from umsalert.store.spatialite import Connection

if TYPE_CHECKING:
    from umsalert.model import NewBulletin, Operator, Settlement

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 5


class SqlBulletins:
    """`ports.Bulletins` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def add(self, new: NewBulletin) -> Bulletin:
        """Keep a bulletin."""
        return await self._database.write(lambda c: insert(c, new))

    async def bulletin(self, ref: str) -> Bulletin:
        """Return one by its ref or a part of it that no other has. Raises UsageError."""
        return await self._database.read(lambda c: _find(c, ref))

    async def bulletins(self, *, over: bool = False) -> Sequence[Bulletin]:
        """Return those that will be due, soonest first; those that are `over`, too, last."""
        sql = queries("bulletins")["all" if over else "coming"]
        return await self._database.read(lambda c: tuple(map(_bulletin, c.execute(sql))))

    async def remove(self, bulletin_id: int, by: Operator) -> Bulletin:
        """End a bulletin. Raises RefusedByRule when it was removed before."""

        def work(connection: Connection) -> Bulletin:
            now = self._now()
            values = {"id": bulletin_id, "now": to_text(now), "operator": str(by)}
            removed = connection.execute(queries("bulletins")["remove"], values).rowcount
            found = _by_id(connection, bulletin_id)
            if not removed:
                raise RefusedByRule(
                    "bulletin_removed",
                    _("Bulletin {ref} was removed by {operator} already.").format(
                        ref=found.ref, operator=found.removed_by
                    ),
                )
            _tell(connection, (by, now), Deed("bulletin.remove", "bulletin", found.ref))
            return found

        return await self._database.write(work)

    async def anything(self, now: datetime) -> bool:
        """Say whether something is due, or was begun and nobody is sending it."""
        sql = queries("bulletins")
        values = {"now": to_text(now), "at_most": to_text(now + timedelta(seconds=LEASE_S))}

        def work(connection: Connection) -> bool:
            if connection.execute(sql["anything_due"], values).fetchone()["found"]:
                return True
            attended: dict[int, bool] = {}
            for row in connection.execute(sql["attended"], values):
                living = row["pid"] is not None and not process_gone(row["pid"], row["host"])
                attended[row["id"]] = attended.get(row["id"], False) or living
            return not all(attended.values())

        return await self._database.read(work)

    async def due(self, now: datetime) -> Sequence[Bulletin]:
        """Return what is due, the longest due first."""
        sql, values = queries("bulletins")["due"], {"now": to_text(now)}
        return await self._database.read(lambda c: tuple(map(_bulletin, c.execute(sql, values))))

    async def begun(self) -> Sequence[tuple[Bulletin, BulletinRun]]:
        """Return the runs that have begun and not ended."""

        def work(connection: Connection) -> tuple[tuple[Bulletin, BulletinRun], ...]:
            rows = connection.execute(queries("bulletins")["begun"]).fetchall()
            return tuple((_by_id(connection, row["bulletin_id"]), _run(row)) for row in rows)

        return await self._database.read(work)

    async def runs(self, bulletin_id: int, limit: int) -> Sequence[BulletinRun]:
        """Return what came of the newest due times, newest first."""
        values = {"bulletin_id": bulletin_id, "limit": limit}
        sql = queries("bulletins")["runs"]
        return await self._database.read(lambda c: tuple(map(_run, c.execute(sql, values))))

    async def settle(self, bulletin: Bulletin, settlement: Settlement, by: Operator) -> bool:
        """Write down what becomes of due times; False when another process was first."""
        return await self._database.write(
            lambda c: _settle(c, bulletin, settlement, (by, self._now()))
        )

    async def link(self, run_id: int, alert_ref: str) -> None:
        """Write down which alert a run has become."""
        values = {"id": run_id, "alert_ref": alert_ref}
        await self._database.write(lambda c: c.execute(queries("bulletins")["link"], values))

    async def end(self, run_id: int, code: str, by: Operator) -> None:
        """End a run that has begun: as skipped where no alert has come of it."""

        def work(connection: Connection) -> None:
            now, sql = self._now(), queries("bulletins")
            row = connection.execute(sql["run_by_id"], {"id": run_id}).fetchone()
            state = RunState.SKIPPED if row["alert_id"] is None else RunState.ENDED
            values = {"id": run_id, "state": state, "code": code, "now": to_text(now)}
            if not connection.execute(sql["end"], values).rowcount:
                return  # another process has ended it
            ref = _by_id(connection, row["bulletin_id"]).ref
            detail: dict[str, object] = {"due_at": row["due_at"], "code": code}
            if row["alert_ref"]:
                detail["alert"] = row["alert_ref"]
            action = "bulletin.end" if state is RunState.ENDED else "bulletin.skip"
            _tell(connection, (by, now), Deed(action, "bulletin", ref, detail))

        await self._database.write(work)

    async def vigipirate(self) -> Vigipirate | None:
        """Return the level that holds, None where nobody has said it."""
        return await self._database.read(vigipirate)

    async def set_vigipirate(self, level: VigipirateLevel, since: datetime, by: Operator) -> None:
        """Say which level holds from now on."""

        def work(connection: Connection) -> None:
            values = {"level": level, "since": to_text(since), "operator": str(by)}
            connection.execute(queries("bulletins")["set_vigipirate"], values)
            detail = {"since": to_text(since)}
            deed = Deed("vigipirate.set", "vigipirate", level.value, detail)
            _tell(connection, (by, self._now()), deed)

        await self._database.write(work)


def insert(connection: Connection, new: NewBulletin) -> Bulletin:
    """Keep a bulletin; call it in the transaction that approves it, where one does."""
    import secrets  # no list takes it

    ref = "bul-" + "".join(secrets.choice(_ALPHABET) for _position in range(_LENGTH))
    values = {
        "ref": ref,
        "template": new.template,
        "request": json.dumps(new.request, ensure_ascii=False, sort_keys=True),
        "exercise": int(new.exercise),
        "cron": new.cron,
        "time_zone": new.time_zone,
        "begins_at": to_text(new.begins_at),
        "ends_at": optional_text(new.ends_at),
        "spread_s": new.spread_s,
        "account": new.by.account,
        "operator": str(new.by),
        "created_at": to_text(new.created_at),
        "approved_by": new.approved_by,
        "next_due": to_text(new.next_due),
    }
    connection.execute(queries("bulletins")["insert"], values)
    detail: dict[str, object] = {
        "template": new.template,
        "exercise": new.exercise,
        "cron": new.cron,
        "time_zone": new.time_zone,
        "begins_at": values["begins_at"],
        "ends_at": values["ends_at"],
    }
    if new.approved_by:
        detail["approved_by"] = new.approved_by
    _tell(connection, (new.by, new.created_at), Deed("bulletin.add", "bulletin", ref, detail))
    return _find(connection, ref)


def vigipirate(connection: Connection) -> Vigipirate | None:
    """Return the level of the plan Vigipirate that holds, None where nobody has said it."""
    row = connection.execute(queries("bulletins")["vigipirate"]).fetchone()
    if row is None:
        return None
    return Vigipirate(VigipirateLevel(row["level"]), from_text(row["since"]), row["operator"])


def _settle(
    connection: Connection,
    bulletin: Bulletin,
    settlement: Settlement,
    by_at: tuple[Operator, datetime],
) -> bool:
    sql, now = queries("bulletins"), by_at[1]
    moved = {
        "id": bulletin.id,
        "seen": to_text(settlement.seen),
        "next_due": optional_text(settlement.next_due),
    }
    if not connection.execute(sql["move"], moved).rowcount:
        return False
    deeds = []
    for skipped in settlement.skipped:
        values = _run_values(bulletin, skipped.dues, RunState.SKIPPED, now)
        connection.execute(sql["insert_run"], values | {"code": skipped.code})
        detail = {"due_at": values["due_at"], "dues": values["dues"], "code": skipped.code}
        deeds.append(Deed("bulletin.skip", "bulletin", bulletin.ref, detail))
    if settlement.run is not None:
        values = _run_values(bulletin, (settlement.run,), RunState.BEGUN, now)
        connection.execute(sql["insert_run"], values | {"code": "", "ended_at": None})
        detail = {"due_at": values["due_at"]}
        deeds.append(Deed("bulletin.begin", "bulletin", bulletin.ref, detail))
    _tell(connection, by_at, *deeds)
    return True


def _run_values(
    bulletin: Bulletin, dues: Sequence[datetime], state: RunState, now: datetime
) -> dict[str, object]:
    return {
        "bulletin_id": bulletin.id,
        "due_at": to_text(dues[0]),
        "last_due_at": to_text(dues[-1]),
        "dues": len(dues),
        "state": state,
        "now": to_text(now),
        "ended_at": to_text(now),
    }


def _tell(connection: Connection, by_at: tuple[Operator, datetime], *deeds: Deed) -> None:
    from umsalert.store import audit  # reads and lists take none of it

    by, at = by_at
    audit.append(connection, by, at, deeds)


def _by_id(connection: Connection, bulletin_id: int) -> Bulletin:
    row = connection.execute(queries("bulletins")["by_id"], {"id": bulletin_id}).fetchone()
    return _bulletin(row)


def _find(connection: Connection, ref: str) -> Bulletin:
    sql = queries("bulletins")
    rows = connection.execute(sql["by_ref"], {"ref": ref}).fetchall()
    rows = rows or connection.execute(sql["by_part"], {"part": ref}).fetchall()
    if len(rows) == 1:
        return _bulletin(rows[0])
    raise UsageError(
        "bulletin_ambiguous" if rows else "bulletin_not_found",
        (
            _("Several bulletins have {ref} in their reference.")
            if rows
            else _("There is no bulletin {ref}.")
            if ref.strip()
            else _("Which bulletin? Its reference is empty.")
        ).format(ref=ref),
        hint=_("See the references with: umsalert bulletin list --all"),
    )


def _bulletin(row: Connection) -> Bulletin:
    return Bulletin(
        id=row["id"],
        ref=row["ref"],
        template=row["template"],
        request=json.loads(row["request"]),
        exercise=bool(row["exercise"]),
        cron=row["cron"],
        time_zone=row["time_zone"],
        begins_at=from_text(row["begins_at"]),
        ends_at=optional_time(row["ends_at"]),
        spread_s=row["spread_s"],
        account=row["account"],
        operator=row["operator"],
        created_at=from_text(row["created_at"]),
        approved_by=row["approved_by"],
        next_due=optional_time(row["next_due"]),
        removed_at=optional_time(row["removed_at"]),
        removed_by=row["removed_by"],
    )


def _run(row: Connection) -> BulletinRun:
    return BulletinRun(
        id=row["id"],
        bulletin_id=row["bulletin_id"],
        due_at=from_text(row["due_at"]),
        last_due_at=from_text(row["last_due_at"]),
        dues=row["dues"],
        state=RunState(row["state"]),
        code=row["code"],
        alert_ref=row["alert_ref"],
        begun_at=from_text(row["begun_at"]),
        ended_at=optional_time(row["ended_at"]),
    )
