"""What a report reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from umsalert.model import ChannelKind, MessageText
from umsalert.ports import DeliveryRow, WaveRow
from umsalert.store.alert_rows import alert_of_row, text_of_row
from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, optional_time
from umsalert.store.spatialite import Connection
from umsalert.store.waves import incident_of

if TYPE_CHECKING:
    from umsalert.ports import Holder


class SqlRecord:
    """`ports.Record` on the database."""

    def __init__(self, database: Database) -> None:
        """Use an open database."""
        self._database = database

    async def deliveries(self, alert_id: int) -> Sequence[DeliveryRow]:
        """Return every delivery of an alert, nearest site first."""

        def work(connection: Connection) -> tuple[DeliveryRow, ...]:
            rows = connection.execute(queries("record")["deliveries"], {"alert_id": alert_id})
            return tuple(_delivery(row) for row in rows)

        return await self._database.read(work)

    async def holders(self, alert_id: int) -> Sequence[Holder]:
        """Return every message of an alert that left or may have left, nearest site first."""
        from umsalert.store.recipients import holders

        return await self._database.read(lambda c: holders(c, alert_id))

    async def waves(self, alert_id: int) -> Sequence[WaveRow]:
        """Return all alerts of an alert's incident, the first one first."""

        def work(connection: Connection) -> tuple[WaveRow, ...]:
            rows = connection.execute(queries("waves")["waves"], incident_of(connection, alert_id))
            return tuple(
                WaveRow(
                    alert_of_row(row),
                    row["people"],
                    row["sites"],
                    optional_time(row["first_sms_at"]),
                )
                for row in rows
            )

        return await self._database.read(work)

    async def texts(self, alert_id: int) -> Sequence[MessageText]:
        """Return what was sent, word for word."""

        def work(connection: Connection) -> tuple[MessageText, ...]:
            rows = connection.execute(queries("alerts")["texts"], {"alert_id": alert_id})
            return tuple(text_of_row(row) for row in rows)

        return await self._database.read(work)


def _delivery(row: Connection) -> DeliveryRow:
    return DeliveryRow(
        delivery_id=row["delivery_id"],
        site_ref=row["site_ref"],
        site_name=row["site_name"],
        distance_m=row["distance_m"],
        contact_ref=row["contact_ref"],
        contact_name=row["contact_name"],
        channel=ChannelKind(row["channel"]),
        address=row["address"],
        language=row["language"],
        state=row["state"],
        code=row["code"],
        attempts=row["attempts"],
        copies_at_most=row["copies_at_most"],
        queued_at=from_text(row["queued_at"]),
        first_sent_at=optional_time(row["first_sent_at"]),
        accepted_at=optional_time(row["accepted_at"]),
        delivered_at=optional_time(row["delivered_at"]),
        ended_at=optional_time(row["ended_at"]),
    )
