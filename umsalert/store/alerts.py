"""The alerts of the record, and the plan of a new one."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from umsalert.errors import NobodyMatched, RefusedByRule, UsageError
from umsalert.i18n import _
from umsalert.model import (
    Alert,
    ChannelKind,
    Closure,
    Deed,
    DeliveryState,
    FollowKind,
    OffDuty,
    area_to_json,
)
from umsalert.store import audit
from umsalert.store.alert_rows import alert_of_row, spread_text
from umsalert.store.database import Database, queries
from umsalert.store.instants import to_text
from umsalert.store.lapses import due, foresee, lapse, lapse_in
from umsalert.store.spatialite import Connection
from umsalert.store.waves import end_incident, fill_wave, incident_of

if TYPE_CHECKING:
    from umsalert.events import Counts
    from umsalert.model import Area, NewAlert, Selection, Wave
    from umsalert.ports import AlertLine, KnownPlace, NamedSites, OnDuty, Situation

LAST = "last"

USUAL_OF = 20
"""The newest alerts of a template say what is usual for it, ..."""
USUAL_FROM = 3
"""... if there are as many."""
OPEN_SHOWN = 3


class SqlAlertBook:
    """`ports.AlertBook` on the database."""

    def __init__(self, database: Database) -> None:
        """Use an open database."""
        self._database = database

    async def lapse(self, now: datetime) -> int:
        """Move the sites and contacts whose term has come to its end; return how many."""
        return await lapse(self._database, now)

    async def foresee(self, now: datetime) -> int:
        """Do what `lapse` does; return how many moves the file, which is read-only, did not get."""
        _written, foreseen = await foresee(self._database, now)
        return foreseen

    async def select(
        self,
        area: Area,
        channels: Collection[ChannelKind],
        on_duty: OnDuty,
        cell_burst: int = 0,
        off_duty: OffDuty = OffDuty.SKIP,
    ) -> Selection:
        """Return who would be reached; `off_duty` says what of sites where nobody is on duty."""
        from umsalert.store.area import fill_area, fill_people, selection

        def work(connection: Connection) -> Selection:
            fill_area(connection, area)
            left_out = fill_people(connection, channels, on_duty, off_duty)
            return selection(connection, left_out, cell_burst)

        return await self._database.read(work, spatial=True)

    async def named_sites(self, area: Area) -> NamedSites:
        """Return what the register knows of the kinds and refs of an area, and where it is."""
        from umsalert.store.area import named_sites

        return await self._database.read(lambda connection: named_sites(connection, area))

    async def situation(
        self, area: Area, template: str, now: datetime, *, exercise: bool
    ) -> Situation:
        """Return what is known around the area, for an exercise or for a live alert."""
        import statistics

        from umsalert.ports import Situation
        from umsalert.store.area import nearest, postcodes, unvetted

        def work(connection: Connection) -> Situation:
            past = {"template": template, "exercise": int(exercise)}
            here: dict[str, object] = {"now": to_text(now)}
            here |= {"lat": area.lat, "lon": area.lon, "radius_m": area.radius_m}
            sql = queries("alerts")
            # Not LIMIT :n, which has SQLite prepare the statement again for every value bound.
            newest = connection.execute(sql["radii"], past).fetchmany(USUAL_OF)
            radii = [row["radius_m"] for row in newest]
            open_alerts = [
                row
                for kind in (exercise, not exercise)
                for row in connection.execute(
                    sql["open"], here | {"exercise": int(kind)}
                ).fetchmany(OPEN_SHOWN)
            ]
            return Situation(
                nearest=nearest(connection, area),
                usual_radius_m=statistics.median(radii) if len(radii) >= USUAL_FROM else None,
                open_alerts=tuple(map(alert_of_row, open_alerts)),
                due=due(connection, now),
                unvetted=unvetted(connection, area.only),
                postcodes=postcodes(connection, area),
            )

        return await self._database.read(work, spatial=True)

    async def around(self, area: Area) -> Sequence[KnownPlace]:
        """Return where the known sites in and just around the area lie: for drawing."""
        from umsalert.store.area import around

        return await self._database.read(lambda c: around(c, area), spatial=True)

    async def vigipirate(self) -> str:
        """Return the level of the plan Vigipirate as people say it, empty where it is not known."""
        from umsalert.model import VIGIPIRATE_WORDS
        from umsalert.store.bulletins import vigipirate

        found = await self._database.read(vigipirate)
        return "" if found is None else VIGIPIRATE_WORDS[found.level]

    async def recipients(
        self, alert_id: int, channels: Collection[ChannelKind], cell_burst: int = 0
    ) -> Selection:
        """Return who has, or may have, an earlier alert by `channels` and is still vetted."""
        from umsalert.store.area import selection
        from umsalert.store.recipients import fill_recipients

        def work(connection: Connection) -> Selection:
            left_out = fill_recipients(connection, alert_id, channels)
            return selection(connection, left_out, cell_burst)

        return await self._database.read(work)

    async def wave(
        self,
        wave: Wave,
        channels: Collection[ChannelKind],
        on_duty: OnDuty,
        cell_burst: int = 0,
    ) -> Selection:
        """Return who would get an alert that follows another, and is no correction of it."""
        from umsalert.store.area import selection

        def work(connection: Connection) -> Selection:
            left_out = fill_wave(connection, wave, channels, on_duty)
            return selection(connection, left_out, cell_burst)

        return await self._database.read(work, spatial=True)

    async def create(self, alert: NewAlert, on_duty: OnDuty) -> Alert:
        """Write the alert, its texts, sites and deliveries in one transaction.

        An alert that has the same idempotency key already is returned instead. One that follows
        another goes to its `recipients` or its `wave` of this moment; raises NobodyMatched when
        there is none. A closing closes its incident in the same transaction; raises RefusedByRule
        when that is closed. So is decided what waited for a second person; raises RefusedByRule
        when that was decided before, or has expired, and where there is no consent, but people
        enough to need one.
        """
        return await self._database.write(
            lambda c: _create(c, alert, on_duty), spatial=not _corrects(alert)
        )

    async def incident(self, alert_id: int) -> Sequence[Alert]:
        """Return all alerts of an alert's incident, the first one first."""

        def work(connection: Connection) -> tuple[Alert, ...]:
            rows = connection.execute(
                queries("waves")["of_incident"], incident_of(connection, alert_id)
            )
            return tuple(map(alert_of_row, rows))

        return await self._database.read(work)

    async def alert(self, ref: str) -> Alert:
        """Return an alert by ref, an unambiguous part of it, or `last`. Raises UsageError."""
        return await self._database.read(lambda c: _find(c, ref))

    async def alerts(self, *, limit: int) -> Sequence[AlertLine]:
        """Return the newest alerts with their counts, newest first."""
        return await self._database.read(lambda c: _newest(c, limit))

    async def by_idempotency_key(self, key: str) -> Alert | None:
        """Return the alert that was sent under this key."""

        def work(connection: Connection) -> Alert | None:
            row = connection.execute(queries("alerts")["by_key"], {"key": key}).fetchone()
            return None if row is None else alert_of_row(row)

        return await self._database.read(work)


def counts(connection: Connection, alert_id: int) -> Counts:
    """Return the deliveries of an alert by channel and state."""
    found: dict[ChannelKind, dict[DeliveryState, int]] = {}
    for row in connection.execute(queries("alerts")["counts"], {"alert_id": alert_id}):
        found.setdefault(ChannelKind(row["channel"]), {})[DeliveryState(row["state"])] = row["n"]
    return found


def _create(connection: Connection, new: NewAlert, on_duty: OnDuty) -> Alert:
    from umsalert.store import approvals
    from umsalert.store.cells import fill_dense

    sql = queries("alerts")
    if new.consent is not None:
        approvals.check(connection, new.consent, new.created_at)
    same = connection.execute(sql["by_key"], {"key": new.idempotency_key}).fetchone()
    if same is not None:
        return alert_of_row(same)
    lapse_in(connection, new.created_at)
    left_out = _fill(connection, new, on_duty)
    _check_consent(connection, new)
    alert_id = connection.execute(sql["insert_alert"], _row(new, left_out)).lastrowid
    for text in new.texts:
        connection.execute(
            sql["insert_text"],
            {
                "alert_id": alert_id,
                "channel": text.channel,
                "language": text.language,
                "subject": text.subject,
                "body": text.body,
                "html": text.html,
                "parts": text.parts,
                "encoding": text.encoding,
            },
        )
    connection.execute(sql["insert_sites"], {"alert_id": alert_id})
    fill_dense(connection, int(alert_id), new.cell_pace)
    connection.execute(
        sql["insert_deliveries"], {"alert_id": alert_id, "now": to_text(new.created_at)}
    )
    if new.consent is not None:
        approvals.approve(connection, new.consent, new.created_at, alert_id)
    audit.append(connection, new.operator, new.created_at, [_deed(connection, new, alert_id)])
    return _find(connection, new.ref)


def _check_consent(connection: Connection, new: NewAlert) -> None:
    """Raise RefusedByRule when more people have come into the area than one person may alert."""
    if new.consent is not None or not new.most_without_consent:
        return
    people = connection.execute(queries("area")["person_counts"]).fetchone()["contacts"]
    if people > new.most_without_consent:
        raise RefusedByRule(
            "needs_second_person",
            _("Meanwhile it would go to {n} people: it needs a second person.").format(n=people),
            hint=_("Nothing was sent. Give the same command again to ask for one."),
        )


def _fill(connection: Connection, new: NewAlert, on_duty: OnDuty) -> dict[str, int]:
    """Fill `temp.in_area` and `temp.person`; return who is left out, by reason."""
    from umsalert.model import Wave
    from umsalert.store.area import fill_area, fill_people
    from umsalert.store.recipients import fill_recipients

    if new.follows is None:
        fill_area(connection, new.area)
        return fill_people(connection, new.channels, on_duty, new.off_duty)
    if _corrects(new):
        left_out = fill_recipients(connection, new.follows.alert_id, new.channels)
    else:
        if new.follows.kind is FollowKind.CLOSING:
            closure = Closure(new.created_at, str(new.operator), new.variables["outcome"])
            end_incident(connection, new.follows.alert_id, closure)
        wave = Wave(new.follows, new.area, new.template, new.variables, new.off_duty)
        left_out = fill_wave(connection, wave, new.channels, on_duty)
    if not connection.execute(queries("area")["person_counts"]).fetchone()["contacts"]:
        raise NobodyMatched("nobody_to_follow", _("Nobody is left who would get this alert."))
    return left_out


def _deed(connection: Connection, new: NewAlert, alert_id: int) -> Deed:
    """Return what the audit log keeps of a new alert: no word and nobody's name of it."""
    import hashlib

    place = {"alert_id": alert_id}
    texts = sorted([t.channel, t.language, t.subject, t.body, t.html] for t in new.texts)
    detail: dict[str, object] = {
        "template": new.template,
        "exercise": new.exercise,
        "messages": {
            kind.value: sum(states.values())
            for kind, states in counts(connection, alert_id).items()
        },
        "sites": connection.execute(queries("alerts")["sites"], place).fetchone()["n"],
        "texts_sha256": hashlib.sha256(json.dumps(texts).encode()).hexdigest(),
        "request_sha256": new.request_hash,
    }
    if new.follows is not None:
        row = connection.execute(queries("alerts")["ref"], {"alert_id": new.follows.alert_id})
        detail |= {"follows": row.fetchone()["ref"], "as": new.follows.kind.value}
    if approved_by := _approved_by(new):
        detail["approved_by"] = approved_by
    return Deed("alert.create", "alert", new.ref, detail)


def _corrects(new: NewAlert) -> bool:
    return new.follows is not None and new.follows.kind is FollowKind.CORRECTION


def _row(new: NewAlert, left_out: dict[str, int]) -> dict[str, object]:
    return {
        "ref": new.ref,
        "template": new.template,
        **_area_row(new.area),
        "channels": json.dumps(new.channels),
        "variables": json.dumps(dict(new.variables), ensure_ascii=False),
        "reason": new.reason,
        "exercise": int(new.exercise),
        "priority": new.priority,
        "unknown_policy": new.unknown_policy,
        "time_zone": new.time_zone,
        "incident_at": to_text(new.incident_at),
        "created_at": to_text(new.created_at),
        "expires_at": to_text(new.expires_at),
        "operator": str(new.operator),
        "left_out": json.dumps(left_out),
        "idempotency_key": new.idempotency_key,
        "request_hash": new.request_hash,
        "follows_id": new.follows and new.follows.alert_id,
        "follows_as": new.follows and new.follows.kind,
        "follows_to": new.follows and new.follows.to,
        "cell_rate_per_s": new.cell_pace.rate_per_s,
        "cell_burst": new.cell_pace.burst,
        "stop_when_acknowledged": int(new.stop_when_acknowledged),
        "expected": new.expected and json.dumps(new.expected._asdict()),
        "off_duty": new.off_duty,
        "approved_by": _approved_by(new),
        "spread": new.calm and spread_text(new.calm),
    }


def _approved_by(new: NewAlert) -> str:
    if new.consent is not None:
        return str(new.consent.by)
    return "" if new.calm is None else new.calm.approved_by


def _area_row(area: Area) -> dict[str, object]:
    """Return an area in the columns of the record; what only few areas have goes into one."""
    document = area_to_json(area)
    row = {name: document.pop(name) for name in ("lat", "lon", "radius_m")}
    polygon = document.pop("polygon", None)
    row["polygon"] = None if polygon is None else json.dumps(polygon)
    return row | {"area": json.dumps(document, ensure_ascii=False) if document else None}


def _find(connection: Connection, ref: str) -> Alert:
    sql = queries("alerts")
    if ref == LAST:
        rows = connection.execute(sql["newest"], {"limit": 1}).fetchall()
    else:
        rows = connection.execute(sql["by_ref"], {"ref": ref}).fetchall()
        rows = rows or connection.execute(sql["by_part"], {"part": ref}).fetchall()
    if len(rows) == 1:
        return alert_of_row(rows[0])
    if ref == LAST:
        raise UsageError(
            "alert_not_found",
            _("No alert was ever sent from this database."),
            hint=_("Send one with: umsalert alert send"),
        )
    raise UsageError(
        "alert_ambiguous" if rows else "alert_not_found",
        (
            _("Several alerts have {ref} in their reference.")
            if rows
            else _("There is no alert {ref}.")
            if ref.strip()
            else _("Which alert? Its reference is empty.")
        ).format(ref=ref),
        hint=_("See the references with: umsalert alert list"),
    )


def _newest(connection: Connection, limit: int) -> tuple[AlertLine, ...]:
    from umsalert.ports import AlertLine

    rows = connection.execute(queries("alerts")["newest"], {"limit": limit}).fetchall()
    return tuple(AlertLine(alert_of_row(row), counts(connection, row["id"])) for row in rows)
