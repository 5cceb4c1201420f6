"""What a summary across alerts reads."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import datetime

from umsalert.model import SHARES
from umsalert.ports import AlertTotals, DeadAddress, Period, SummaryFacts, UnreachedSite
from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, optional_time, to_text
from umsalert.store.spatialite import Connection


class SqlSummaries:
    """`ports.Summaries` on the database."""

    def __init__(self, database: Database) -> None:
        """Use an open database."""
        self._database = database

    async def read(self, period: Period, limit: int) -> SummaryFacts:
        """Return the facts of a period, as of one moment."""

        def work(connection: Connection) -> SummaryFacts:
            connection.execute("BEGIN")
            try:
                return _facts(connection, period, limit)
            finally:
                connection.execute("ROLLBACK")

        return await self._database.read(work)


def _facts(connection: Connection, period: Period, limit: int) -> SummaryFacts:
    values: dict[str, object] = {
        "since": to_text(period.since) if period.since else "",
        "until": to_text(period.until),
        "limit": limit or -1,
    }
    missed, alerts = Counter[int](), []
    for row in connection.execute(queries("summaries")["alerts"], values):
        unaccepted = json.loads(row["unaccepted"])
        if not row["exercise"]:
            missed.update(site_id for site_id, tried in unaccepted if tried)
        alerts.append(_totals(connection, row, row["sites"] - len(unaccepted)))
    worst = sorted(missed.items(), key=lambda item: (-item[1], item[0]))[: limit or None]
    values["ids"] = json.dumps([site_id for site_id, _n in worst])
    sites = connection.execute(queries("summaries")["sites"], values)
    dead = connection.execute(queries("summaries")["dead"], values)
    return SummaryFacts(
        alerts=tuple(alerts),
        unreached=tuple(
            UnreachedSite(ref, name, unreached, alerted)
            for (ref, name, alerted), (_id, unreached) in zip(sites, worst, strict=True)
        ),
        dead=tuple(
            DeadAddress(contact_ref, site_ref, kind, failures, from_text(failed_at), code)
            for contact_ref, site_ref, kind, failures, failed_at, code in dead
        ),
    )


def _totals(connection: Connection, row: Connection, sites_reached: int) -> AlertTotals:
    return AlertTotals(
        ref=row["ref"],
        template=row["template"],
        operator=row["operator"],
        commune=row["commune"],
        exercise=bool(row["exercise"]),
        begins=bool(row["begins"]),
        incident_at=from_text(row["incident_at"]),
        created_at=from_text(row["created_at"]),
        people=row["people"],
        sites=row["sites"],
        sites_reached=sites_reached,
        deliveries=row["deliveries"],
        accepted=row["accepted"],
        delivered=row["delivered"],
        acknowledged=row["acknowledged"],
        first_sms_at=optional_time(row["first_sms_at"]),
        accepted_at=tuple(_accepted_at(connection, row, share) for share in SHARES),
    )


def _accepted_at(connection: Connection, row: Connection, share: int) -> datetime | None:
    """Return when a share of an alert's messages was accepted; the index has them in order."""
    needed = math.ceil(row["deliveries"] * share / 100)
    if not 0 < needed <= row["accepted"]:
        return None
    values = {"alert_id": row["id"], "skip": needed - 1}
    found = connection.execute(queries("summaries")["nth_accepted"], values).fetchone()
    return from_text(found["accepted_at"])
