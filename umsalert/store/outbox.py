"""Deliveries on their way: paced, claimed, settled, taken over."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from umsalert.events import Counts
from umsalert.model import Cancellation, Operator
from umsalert.ports import Claim, ReceiptSample, RouteState, Settled, Stopped, Want
from umsalert.store.alerts import cancellation_of_row, counts
from umsalert.store.claims import Claimer, Sending, sending_of
from umsalert.store.database import Database, from_text, queries, to_text
from umsalert.store.routes import RouteBook, states
from umsalert.store.settlements import settle
from umsalert.store.spatialite import Connection

LEASE_S = 15.0
"""How long a sender that stopped renewing still owns what it holds."""


class SqlOutbox:
    """`ports.Outbox` on the database. `now` is the clock's."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now
        self._sending: dict[int, Sending] = {}

    async def open_sender(self, alert_id: int, by: Operator) -> int:
        """Say that this process sends; return its id, whose lease must be renewed."""
        values = {
            "alert_id": alert_id,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "operator": str(by),
            "now": to_text(self._now()),
            "lease_until": to_text(self._now() + timedelta(seconds=LEASE_S)),
        }
        return await self._database.write(
            lambda c: int(c.execute(queries("outbox")["open_sender"], values).lastrowid)
        )

    async def renew(self, sender_id: int) -> None:
        """Renew the lease of this process."""
        await self._end_lease_at(sender_id, self._now() + timedelta(seconds=LEASE_S))

    async def close_sender(self, sender_id: int) -> None:
        """End the lease; whatever this process still holds may be taken over."""
        await self._end_lease_at(sender_id, self._now())

    async def exchange(
        self, sender_id: int, settled: Sequence[Settled], wants: Sequence[Want]
    ) -> Sequence[Claim]:
        """Commit a group of outcomes and take what is wanted, in one transaction."""

        def work(connection: Connection) -> Sequence[Claim]:
            routes = RouteBook(connection)
            settle(connection, settled)
            routes.learn(settled)
            claims: list[Claim] = []
            if wants:
                sending = self._of(connection, sender_id)
                claimer = Claimer(connection, routes, sender_id, sending, self._now())
                claims += [claimer.claim(want) for want in wants]
            routes.save()
            return claims

        return await self._database.write(work)

    def _of(self, connection: Connection, sender_id: int) -> Sending:
        if sender_id not in self._sending:
            self._sending[sender_id] = sending_of(connection, sender_id)
        return self._sending[sender_id]

    async def routes(self) -> Sequence[RouteState]:
        """Return every way to a provider that was ever used."""
        return await self._database.read(states)

    async def note_receipts(self, sample: ReceiptSample) -> None:
        """Hold receipts that are missing against the provider, if any reach us at all."""

        def work(connection: Connection) -> None:
            routes = RouteBook(connection)
            routes.miss_receipts(sample, self._now())
            routes.save()

        await self._database.write(work)

    async def recover(self, alert_id: int) -> int:
        """Turn what dead senders held into `unknown`; return how many."""
        values = {"alert_id": alert_id, "now": to_text(self._now())}

        def work(connection: Connection) -> int:
            lost = connection.execute(queries("outbox")["lost_deliveries"], values).rowcount
            connection.execute(queries("outbox")["lost_attempts"], values)
            return int(lost)

        return await self._database.write(work)

    async def lease_remaining_s(self, alert_id: int) -> float:
        """Return how long the longest lease of another living sender lasts; 0 when none."""
        now = self._now()
        values = {"alert_id": alert_id, "now": to_text(now)}
        row = await self._database.read(
            lambda c: c.execute(queries("outbox")["other_leases"], values).fetchone()
        )
        if row["lease_until"] is None:
            return 0.0
        return max(0.0, (from_text(row["lease_until"]) - now).total_seconds())

    async def requeue_unknown(self, alert_id: int) -> int:
        """Queue unknown deliveries again; return how many."""
        return await self._change("requeue_unknown", alert_id)

    async def cancel(self, alert_id: int, by: Operator, reason: str) -> Stopped:
        """Stop an alert for every process: from this commit on nothing of it is claimed.

        What is queued ends `cancelled`, or `expired` where its time was over before.
        """
        sql = queries("cancel")

        def work(connection: Connection) -> Stopped:
            values = {
                "alert_id": alert_id,
                "operator": str(by),
                "reason": reason,
                "now": to_text(self._now()),  # of the commit, however long it had to wait
            }
            first = connection.execute(sql["cancel"], values).rowcount
            connection.execute(queries("outbox")["expire"], values)
            stopped = connection.execute(sql["cancel_queued"], values).rowcount
            row = connection.execute(sql["cancellation"], values).fetchone()
            return Stopped(cancellation_of_row(row), stopped, repeated=not first)

        return await self._database.write(work)

    async def cancellation(self, alert_id: int) -> Cancellation | None:
        """Return who cancelled an alert, if anybody did."""
        row = await self._database.read(
            lambda c: c.execute(
                queries("cancel")["cancellation"], {"alert_id": alert_id}
            ).fetchone()
        )
        return None if row is None else cancellation_of_row(row)

    async def expire(self, alert_id: int) -> int:
        """End what is queued past the alert's expiry; return how many."""
        return await self._change("expire", alert_id)

    async def counts(self, alert_id: int) -> Counts:
        """Return deliveries by channel and state."""
        return await self._database.read(lambda c: counts(c, alert_id))

    async def _change(self, query: str, alert_id: int) -> int:
        values = {"alert_id": alert_id, "now": to_text(self._now())}
        return await self._database.write(
            lambda c: int(c.execute(queries("outbox")[query], values).rowcount)
        )

    async def _end_lease_at(self, sender_id: int, moment: datetime) -> None:
        values = {"sender_id": sender_id, "lease_until": to_text(moment)}
        await self._database.write(
            lambda c: c.execute(queries("outbox")["renew_sender"], values) and None
        )
