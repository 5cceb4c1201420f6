"""Deliveries on their way: paced, claimed, settled, taken over."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from umsalert.events import Counts
from umsalert.leases import LEASE_S, process_gone, this_host
from umsalert.model import Cancellation, Closure, Deed, Operator
from umsalert.ports import (
    Claim,
    ReceiptSample,
    RouteState,
    SenderSeen,
    Settled,
    Stopped,
    Want,
)
from umsalert.store import audit
from umsalert.store.alert_rows import cancellation_of_row
from umsalert.store.alerts import counts
from umsalert.store.claims import Claimer, Sending, sending_of
from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, to_text
from umsalert.store.lapses import lapse_in
from umsalert.store.routes import RouteBook, states
from umsalert.store.settlements import settle
from umsalert.store.spatialite import Connection
from umsalert.store.waves import end_incident, stopped_by_closing

_ENDED = ""
"""In the place of a time: the sender has ended its lease itself, or was found dead."""


class SqlOutbox:
    """`ports.Outbox` on the database. `now` is the clock's."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now
        self._sending: dict[int, Sending] = {}

    async def open_sender(self, alert_id: int, by: Operator) -> int:
        """Say that this process sends; return its id, whose lease must be renewed."""

        def work(connection: Connection) -> int:
            sender_id = self._open_sender(connection, alert_id, by)
            self._tell(connection, by, alert_id, ("start", {"sender": sender_id}))
            return sender_id

        return await self._database.write(work)

    async def renew(self, sender_id: int) -> None:
        """Renew the lease of this process."""
        await self._set_lease(sender_id, self._lease())

    async def close_sender(self, sender_id: int) -> None:
        """End the lease; whatever this process still holds may be taken over."""

        def work(connection: Connection) -> None:
            values = {"sender_id": sender_id}
            sender = connection.execute(queries("outbox")["living_sender"], values).fetchone()
            if sender is None:
                return
            ended = values | {"lease_until": _ENDED}
            connection.execute(queries("outbox")["renew_sender"], ended)
            alert_id = sender["alert_id"]
            detail = {"sender": sender_id, "messages": _by_state(counts(connection, alert_id))}
            self._tell(connection, sender["operator"], alert_id, ("end", detail))

        await self._database.write(work)

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

    async def senders(self, alert_id: int) -> Sequence[SenderSeen]:
        """Return who sends an alert or has left something of it on the wire."""
        rows = await self._database.read(
            lambda c: c.execute(queries("outbox")["senders"], {"alert_id": alert_id}).fetchall()
        )
        return [
            SenderSeen(
                row["id"],
                from_text(row["lease_until"]) if row["lease_until"] else None,
                process_gone(row["pid"], row["host"]),
            )
            for row in rows
        ]

    async def recover(self, alert_id: int, dead: Collection[SenderSeen]) -> int:
        """Turn what dead senders held into `unknown`; return how many."""
        return await self._database.write(lambda c: self._recover(c, alert_id, dead))

    async def take_over(
        self, alert_id: int, dead: Collection[SenderSeen], by: Operator, *, resend_unknown: bool
    ) -> int | None:
        """Recover, queue again if asked, open a sender; one transaction, so that one succeeds."""

        def work(connection: Connection) -> int | None:
            lost = self._recover(connection, alert_id, dead)
            place = {"alert_id": alert_id}
            if connection.execute(queries("outbox")["open_senders"], place).fetchone()["n"]:
                return None
            if resend_unknown:
                values = place | {"now": to_text(self._now())}
                connection.execute(queries("outbox")["requeue_unknown"], values)
            sender_id = self._open_sender(connection, alert_id, by)
            detail = {"sender": sender_id, "lost": lost, "resend_unknown": resend_unknown}
            self._tell(connection, by, alert_id, ("resume", detail))
            return sender_id

        return await self._database.write(work)

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
            connection.execute(queries("outbox")["expire"], values | {"over": 0})
            stopped = connection.execute(sql["cancel_queued"], values).rowcount
            if first:
                self._tell(connection, by, alert_id, ("cancel", {"stopped": stopped}))
            row = connection.execute(sql["cancellation"], values).fetchone()
            return Stopped(cancellation_of_row(row), stopped, repeated=not first)

        return await self._database.write(work)

    async def close(self, alert_id: int, by: Operator, outcome: str) -> None:
        """Close the incident of an alert and stop all its alerts for every process."""
        await self._database.write(
            lambda c: end_incident(c, alert_id, Closure(self._now(), str(by), outcome))
        )

    async def stopped_by_closing(self, alert_id: int) -> int:
        """Return how many messages of an alert's incident were stopped when it was closed."""
        return await self._database.read(lambda c: stopped_by_closing(c, alert_id))

    async def cancellation(self, alert_id: int) -> Cancellation | None:
        """Return who cancelled an alert, if anybody did."""
        row = await self._database.read(
            lambda c: c.execute(
                queries("cancel")["cancellation"], {"alert_id": alert_id}
            ).fetchone()
        )
        return None if row is None else cancellation_of_row(row)

    async def expire(self, alert_id: int, *, over: bool = False) -> int:
        """End what is queued past the alert's expiry, or if it is `over`; return how many."""
        values = {"alert_id": alert_id, "over": int(over)}
        return await self._database.write(
            lambda c: int(
                c.execute(
                    queries("outbox")["expire"], values | {"now": to_text(self._now())}
                ).rowcount
            )
        )

    async def counts(self, alert_id: int) -> Counts:
        """Return deliveries by channel and state."""
        return await self._database.read(lambda c: counts(c, alert_id))

    def _open_sender(self, connection: Connection, alert_id: int, by: Operator) -> int:
        lapse_in(connection, self._now())
        values = {
            "alert_id": alert_id,
            "pid": os.getpid(),
            "host": this_host(),
            "operator": str(by),
            "now": to_text(self._now()),
            "lease_until": self._lease(),
        }
        return int(connection.execute(queries("outbox")["open_sender"], values).lastrowid)

    def _tell(
        self,
        connection: Connection,
        by: Operator | str,
        alert_id: int,
        done: tuple[str, Mapping[str, object]],
    ) -> None:
        """Add to the audit log what was done to an alert: the verb and the detail."""
        verb, detail = done
        row = connection.execute(queries("alerts")["ref"], {"alert_id": alert_id}).fetchone()
        deed = Deed(f"alert.{verb}", "alert", row["ref"], detail)
        audit.append(connection, by, self._now(), [deed])

    def _recover(self, connection: Connection, alert_id: int, dead: Collection[SenderSeen]) -> int:
        lost = 0
        for sender in dead:
            values = {
                "alert_id": alert_id,
                "sender_id": sender.id,
                "lease_until": to_text(sender.lease_until) if sender.lease_until else _ENDED,
                "now": to_text(self._now()),
            }
            lost += connection.execute(queries("outbox")["lost_deliveries"], values).rowcount
            connection.execute(queries("outbox")["lost_attempts"], values)
            connection.execute(queries("outbox")["bury_sender"], values)
        return lost

    async def _set_lease(self, sender_id: int, lease_until: str) -> None:
        values = {"sender_id": sender_id, "lease_until": lease_until}
        await self._database.write(
            lambda c: c.execute(queries("outbox")["renew_sender"], values) and None
        )

    def _lease(self) -> str:
        return to_text(self._now() + timedelta(seconds=LEASE_S))


def _by_state(found: Counts) -> dict[str, int]:
    """Return how many messages of an alert are in each state, whatever their channel."""
    total = Counter[str]()
    for by_state in found.values():
        total.update({state.value: n for state, n in by_state.items()})
    return dict(total)
