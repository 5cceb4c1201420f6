"""What a report reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from umsalert.model import ChannelKind, DeliveryState, MessageText
from umsalert.ports import DeliveryRow, FaultRow, PeopleRow, SiteRow, Steps, WaveRow
from umsalert.store.alert_rows import alert_of_row, text_of_row
from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, optional_time
from umsalert.store.reply_rows import reply_of_row
from umsalert.store.spatialite import Connection
from umsalert.store.waves import incident_of

if TYPE_CHECKING:
    from umsalert.model import Alert
    from umsalert.ports import AlertRows, Holder, ReplyRow

T = TypeVar("T")


class SqlRecord:
    """`ports.Record` on the database."""

    def __init__(self, database: Database) -> None:
        """Use an open database."""
        self._database = database

    async def read(self, alert_id: int, work: Callable[[AlertRows], T]) -> T:
        """Run `work` on all that is kept of an alert, as of one moment."""

        def within(connection: Connection) -> T:
            connection.execute("BEGIN")
            try:
                return work(SqlAlertRows(connection, alert_id))
            finally:
                connection.execute("ROLLBACK")  # the sites that were counted go with it

        return await self._database.read(within)

    async def deliveries(self, alert_id: int) -> Sequence[DeliveryRow]:
        """Return every delivery of an alert at once, nearest site first: for few of them."""
        return await self.read(alert_id, lambda rows: tuple(rows.deliveries()))

    async def holders(self, alert_id: int) -> Sequence[Holder]:
        """Return every message of an alert that left or may have left, nearest site first."""
        from umsalert.store.recipients import holders

        return await self._database.read(lambda c: holders(c, alert_id))

    async def exercise_before(self, alert: Alert) -> Alert | None:
        """Return the last exercise before this one by the same template whose area overlaps."""
        from umsalert.geo.bearings import about_m

        here = alert.area

        def work(connection: Connection) -> Alert | None:
            values = {"alert_id": alert.id, "template": alert.template}
            for row in connection.execute(queries("record")["exercises_before"], values):
                reach_m = here.radius_m + row["radius_m"]
                if about_m(here.lat, here.lon, row["lat"], row["lon"]) <= reach_m:
                    return alert_of_row(row)
            return None

        return await self._database.read(work)

    async def texts(self, alert_id: int) -> Sequence[MessageText]:
        """Return what was sent, word for word."""
        return await self._database.read(lambda c: _texts(c, alert_id))


class SqlAlertRows:
    """`ports.AlertRows` on a connection that reads."""

    def __init__(self, connection: Connection, alert_id: int) -> None:
        """Read in the transaction that the connection has begun."""
        self._connection = connection
        self._alert_id = alert_id
        self._counted = False

    def counts(self) -> Mapping[ChannelKind, Mapping[str, int]]:
        """Return how many deliveries of each channel are in which state."""
        found: dict[ChannelKind, dict[str, int]] = {}
        for channel, state, n in self._rows("counts"):
            found.setdefault(ChannelKind(channel), {})[state] = n
        return found

    def steps(self) -> Iterator[Steps]:
        """Yield how far each delivery has come, in no order."""
        return map(Steps._make, self._rows("steps"))

    def sites(self) -> Iterator[SiteRow]:
        """Yield every site that has deliveries, nearest first."""
        for *fields, first_accepted_at in self._rows("sites", counted=True):
            yield SiteRow._make((*fields, optional_time(first_accepted_at)))

    def deliveries(self) -> Iterator[DeliveryRow]:
        """Yield every delivery, nearest site first, of each the contacts by their refs."""
        return map(_delivery, self._rows("deliveries", counted=True, repeated=False))

    def repeated(self) -> Iterator[DeliveryRow]:
        """Yield the deliveries that may have reached their guard more than once."""
        return map(_delivery, self._rows("deliveries", counted=True, repeated=True))

    def people(self) -> PeopleRow:
        """Return how many people it went to."""
        return PeopleRow._make(self._rows("people").fetchone())

    def faults(self) -> Iterator[FaultRow]:
        """Yield the messages that failed for their address, nearest site first."""
        for *whose, channel, state, code, mended in self._rows("faults", counted=True):
            yield FaultRow._make(
                (*whose, ChannelKind(channel), DeliveryState(state), code, bool(mended))
            )

    def replies(self) -> Iterator[ReplyRow]:
        """Yield every answer to the alert, oldest first."""
        return map(reply_of_row, self._rows("replies"))

    def replies_by_site(self) -> Iterator[ReplyRow]:
        """Yield every answer to the alert, nearest site first, of each site oldest first."""
        return map(reply_of_row, self._rows("replies_by_site", counted=True))

    def texts(self) -> Sequence[MessageText]:
        """Return what was sent, word for word."""
        return _texts(self._connection, self._alert_id)

    def waves(self) -> Sequence[WaveRow]:
        """Return all alerts of the alert's incident, the first one first."""
        rows = self._connection.execute(queries("waves")["waves"], self._incident())
        return tuple(
            WaveRow(
                alert_of_row(row), row["people"], row["sites"], optional_time(row["first_sms_at"])
            )
            for row in rows
        )

    def told(self) -> Iterator[ReplyRow]:
        """Yield sightings and the first answers of sites of the whole incident, oldest first."""
        return map(reply_of_row, self._rows("told", incident_id=self._incident()["incident_id"]))

    def _incident(self) -> dict[str, int]:
        return incident_of(self._connection, self._alert_id)

    def _rows(self, query: str, *, counted: bool = False, **values: int) -> Connection:
        values["alert_id"] = self._alert_id
        if counted and not self._counted:
            for step in ("make_sites", "fill_sites", "count_sites"):
                self._connection.execute(queries("record")[step], values)
            self._counted = True
        return self._connection.execute(queries("record")[query], values)


def _texts(connection: Connection, alert_id: int) -> tuple[MessageText, ...]:
    rows = connection.execute(queries("alerts")["texts"], {"alert_id": alert_id})
    return tuple(text_of_row(row) for row in rows)


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
