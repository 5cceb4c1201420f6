"""Deliveries on their way: paced, claimed, settled, taken over."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from umsalert.events import Counts
from umsalert.model import (
    Cancellation,
    ChannelKind,
    DeliveryState,
    MessageText,
    Operator,
    Outcome,
    OutcomeKind,
    Outgoing,
)
from umsalert.ports import Claim, Pace, Settled, Stopped
from umsalert.store.alerts import cancellation_of_row, counts
from umsalert.store.database import Database, from_text, queries, to_text
from umsalert.store.spatialite import Connection

LEASE_S = 15.0
"""How long a sender that stopped renewing still owns what it holds."""

ATTEMPT_DEADLINE_S = 60.0
"""After this an attempt without an answer is overdue, whatever its sender says."""

TOKEN_BYTES = 16

_ATTEMPT_STATE = {
    OutcomeKind.ACCEPTED: "accepted",
    OutcomeKind.TEMPORARY: "refused",
    OutcomeKind.PERMANENT: "failed",
    OutcomeKind.UNKNOWN: "unknown",
    OutcomeKind.UNREACHABLE: "refused",
    OutcomeKind.WITHDRAWN: "refused",
    OutcomeKind.MISCONFIGURED: "refused",
}


class SqlOutbox:
    """`ports.Outbox` on the database. `now` is the clock's."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

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

    async def claim(self, sender_id: int, channel: ChannelKind, pace: Pace, limit: int) -> Claim:
        """Take tokens, rows and attempt rows in one transaction."""
        return await self._database.write(
            lambda c: _Claimer(c, sender_id, channel, self._now()).claim(pace, limit)
        )

    async def settle(self, settled: Sequence[Settled]) -> None:
        """Commit a group of outcomes. States only move forward."""

        def work(connection: Connection) -> None:
            for item in settled:
                _settle(connection, item)

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


class _Claimer:
    """One claim: the transaction's connection, who claims, what for, and when."""

    def __init__(
        self, connection: Connection, sender_id: int, channel: ChannelKind, now: datetime
    ) -> None:
        self._connection = connection
        self._sql = queries("outbox")
        self._sender_id = sender_id
        self._channel = channel
        self._now = now
        self._alert = connection.execute(
            self._sql["sender_alert"], {"sender_id": sender_id}
        ).fetchone()

    def claim(self, pace: Pace, limit: int) -> Claim:
        if self._alert["cancelled_at"] is not None:
            return Claim((), None)
        if from_text(self._alert["expires_at"]) <= self._now:
            self._connection.execute(
                self._sql["expire"], {"alert_id": self._alert["id"], "now": to_text(self._now)}
            )
            return Claim((), None)
        tokens = self._tokens(pace)
        rows = self._due(min(limit, int(tokens)))
        going = [row for row in rows if row["vetted"]]
        outgoing = self._start(going)
        self._connection.execute(
            self._sql["save_bucket"],
            {"channel": self._channel, "tokens": tokens - len(going), "now": to_text(self._now)},
        )
        if rows:
            return Claim(tuple(outgoing), 0.0)
        return Claim((), self._wait_s(tokens, pace))

    def _tokens(self, pace: Pace) -> float:
        row = self._connection.execute(self._sql["bucket"], {"channel": self._channel}).fetchone()
        if row is None:
            return float(pace.burst)
        elapsed_s = max(0.0, (self._now - from_text(row["refilled_at"])).total_seconds())
        return min(float(pace.burst), float(row["tokens"]) + elapsed_s * pace.rate_per_s)

    def _due(self, n: int) -> list[Connection]:
        values = {
            "alert_id": self._alert["id"],
            "channel": self._channel,
            "now": to_text(self._now),
            "n": n,
        }
        rows: list[Connection] = self._connection.execute(self._sql["due"], values).fetchall()
        for row in rows:
            if not row["vetted"]:
                self._connection.execute(
                    self._sql["cancel_unvetted"], {"id": row["id"], "now": to_text(self._now)}
                )
        return rows

    def _start(self, rows: Sequence[Connection]) -> list[Outgoing]:
        texts = {
            row["language"]: text_of_row(row)
            for row in self._connection.execute(
                queries("alerts")["texts"], {"alert_id": self._alert["id"]}
            )
            if row["channel"] == self._channel
        }
        started = []
        for row in rows:
            token = secrets.token_urlsafe(TOKEN_BYTES)
            n = row["attempts"] + 1
            values = {
                "id": row["id"],
                "n": n,
                "sender_id": self._sender_id,
                "token_sha256": hashlib.sha256(token.encode()).digest(),
                "now": to_text(self._now),
                "deadline_at": to_text(self._now + timedelta(seconds=ATTEMPT_DEADLINE_S)),
            }
            self._connection.execute(self._sql["start"], values)
            self._connection.execute(self._sql["insert_attempt"], values)
            started.append(
                Outgoing(
                    delivery_id=row["id"],
                    attempt_n=n,
                    refusals=row["refusals"],
                    reference=f"{self._alert['ref']}-{row['id']}-{n}",
                    channel=self._channel,
                    address=row["address"],
                    token=token,
                    text=texts[row["language"]],
                    expires_at=from_text(self._alert["expires_at"]),
                    unknowns=row["unknowns"],
                )
            )
        return started

    def _wait_s(self, tokens: float, pace: Pace) -> float | None:
        values = {"alert_id": self._alert["id"], "channel": self._channel}
        row = self._connection.execute(self._sql["next_due"], values).fetchone()
        if row["at"] is None:
            return None
        due_s = (from_text(row["at"]) - self._now).total_seconds()
        return max(due_s, (1 - tokens) / pace.rate_per_s, 0.001)


def text_of_row(row: Connection) -> MessageText:
    """Return the text that an `alert_text` row holds."""
    return MessageText(
        channel=ChannelKind(row["channel"]),
        language=row["language"],
        body=row["body"],
        subject=row["subject"],
        html=row["html"],
        parts=row["parts"],
        encoding=row["encoding"],
    )


def _state_after(outcome: Outcome, *, again: bool, cancelled: bool) -> DeliveryState:
    if outcome.kind is OutcomeKind.ACCEPTED:
        return DeliveryState.ACCEPTED
    if again and not cancelled:
        return DeliveryState.QUEUED
    if outcome.kind is OutcomeKind.UNKNOWN:
        return DeliveryState.UNKNOWN
    return DeliveryState.CANCELLED if again else DeliveryState.FAILED


def _settle(connection: Connection, item: Settled) -> None:
    sql = queries("outbox")
    again, place = item.retry_at is not None, {"delivery_id": item.outgoing.delivery_id}
    cancelled = again and connection.execute(sql["is_cancelled"], place).fetchone() is not None
    state = _state_after(item.outcome, again=again, cancelled=cancelled)
    values = {
        "delivery_id": item.outgoing.delivery_id,
        "n": item.outgoing.attempt_n,
        "attempt_state": _ATTEMPT_STATE[item.outcome.kind],
        "state": state,
        "code": item.outcome.code,
        "detail": item.outcome.detail,
        "provider": item.provider,
        "provider_id": item.outcome.provider_id,
        "refused": int(item.outcome.kind is OutcomeKind.TEMPORARY),
        "retry_at": None if item.retry_at is None else to_text(item.retry_at),
        "at": to_text(item.at),
    }
    if (
        state in {DeliveryState.FAILED, DeliveryState.CANCELLED}
        and connection.execute(sql["perhaps_sent"], values).fetchone()
    ):
        # the refusal speaks for this attempt only
        values["state"] = DeliveryState.UNKNOWN
    moved = connection.execute(sql["settle_delivery"], values).rowcount
    connection.execute(sql["settle_attempt"], values)
    if not moved and item.outcome.kind is OutcomeKind.ACCEPTED:
        connection.execute(sql["settle_overtaken"], values)
