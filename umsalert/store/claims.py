"""A claim: pace first, then the next rows and their attempt rows, inside one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from umsalert import timetables, tokens
from umsalert.model import CellPace, ChannelKind, MessageText, Outgoing
from umsalert.ports import Claim, Want
from umsalert.store.alert_rows import spread_of_text, text_of_row
from umsalert.store.bucket import Bucket
from umsalert.store.database import queries
from umsalert.store.instants import from_text, to_text
from umsalert.store.routes import RouteBook, room
from umsalert.store.spatialite import Connection

ATTEMPT_DEADLINE_S = 60.0
"""After this an attempt without an answer is overdue, whatever its sender says."""

ASK_AGAIN_S = 0.25
"""How soon a lane asks again that stands back for another alert, or for other processes' calls."""

LACK_S = 1.0
"""How long an alert that lacked tokens keeps those of a higher number waiting; each claim renews
it."""

ASK_AGAIN_WITHIN_S = 1.0
"""A queue whose messages are all for later is asked this often: another process may change it."""

SPREAD_AGAIN_WITHIN_S = 10.0
"""A bulletin whose next message is for later asks this often."""
BEHIND_ALERTS = 1000
"""Added to the priority of an exercise: every real alert overtakes it, whatever its template."""

ABSURD_WAIT_S = 600.0
"""No cell is waited for that long; who would have to saw the clock set back."""

Texts = Mapping[tuple[ChannelKind, str], MessageText]


@dataclass(frozen=True, slots=True)
class Sending:
    """What does not change while an alert is sent. `texts` by channel and language.

    `spread`: the times over which it leaves; none: as fast as it can.
    """

    alert_id: int
    ref: str
    priority: int
    expires_at: datetime
    cell_pace: CellPace
    texts: Texts
    spread: tuple[timetables.Window, ...] = ()


def sending_of(connection: Connection, sender_id: int) -> Sending:
    """Read the alert that a sender sends."""
    row = connection.execute(queries("outbox")["sender_alert"], {"sender_id": sender_id}).fetchone()
    texts = connection.execute(queries("alerts")["texts"], {"alert_id": row["id"]})
    return Sending(
        alert_id=row["id"],
        ref=row["ref"],
        priority=row["priority"] + BEHIND_ALERTS * row["exercise"],
        expires_at=from_text(row["expires_at"]),
        cell_pace=CellPace(row["cell_rate_per_s"], row["cell_burst"]),
        texts={
            (ChannelKind(text["channel"]), text["language"]): text_of_row(text) for text in texts
        },
        spread=spread_of_text(row["spread"]),
    )


class _Due(NamedTuple):
    """One message of the queue."""

    id: int
    address: str
    language: str
    attempts: int
    refusals: int
    cell: int | None
    unknowns: int
    vetted: int


class Claimer:
    """The claims of one transaction: its connection, who claims, and when."""

    def __init__(
        self,
        connection: Connection,
        routes: RouteBook,
        sender_id: int,
        sending: Sending,
        now: datetime,
    ) -> None:
        self._connection = connection
        self._routes = routes
        self._sql = queries("outbox")
        self._sender_id = sender_id
        self._sending = sending
        self._now = now
        self._cancelled = self._is_cancelled()
        self._expired = self._is_expired()

    def claim(self, want: Want) -> Claim:
        """Take what is wanted, as far as pace and queue allow."""
        if self._cancelled or self._expired:
            return Claim((), None, self._now, cancelled=self._cancelled)
        bucket = self._routes.open(want, self._now)
        limit = room(self._connection, want, self._sender_id, self._now)
        blocked_s = bucket.blocked_s(self._now)
        if blocked_s:
            return Claim((), blocked_s, self._now, blocked=True)
        if not limit or self._stands_back(want):
            return self._nothing(ASK_AGAIN_S)
        if self._sending.spread:
            limit, wait_s = self._spread(want.channel, limit)
            if not limit:
                return self._nothing(wait_s)
        affordable = min(limit, int(bucket.tokens))
        rows = self._due(want.channel, max(1, affordable))
        if affordable < limit and len(rows) >= max(1, affordable):
            self._lack(want)
        if rows and affordable:
            return self._take(want, bucket, rows)
        return self._nothing(self._token_s(bucket) if rows else self._next_due_s(want.channel))

    def _token_s(self, bucket: Bucket) -> float:
        return max(0.001, (1 - bucket.tokens) / bucket.rate_per_s)

    def _take(self, want: Want, bucket: Bucket, rows: Sequence[_Due]) -> Claim:
        going = [row for row in rows if row.vetted]
        for row in rows:
            if not row.vetted:
                values = {"id": row.id, "now": to_text(self._now)}
                self._connection.execute(self._sql["cancel_unvetted"], values)
        bucket.tokens -= len(going)
        outgoing = tuple(self._outgoing(want.channel, row) for row in going)
        self._write(want.provider, outgoing)
        for row, item in zip(going, outgoing, strict=True):
            if row.cell is not None:
                self._pace_cell(row.cell, max(1, item.text.parts))
        return Claim(outgoing, 0.0, self._now)

    def _nothing(self, wait_s: float | None) -> Claim:
        return Claim((), wait_s, self._now)

    def _is_cancelled(self) -> bool:
        place = {"alert_id": self._sending.alert_id}
        found = self._connection.execute(queries("cancel")["cancellation"], place).fetchone()
        return found is not None

    def _is_expired(self) -> bool:
        """Say whether it is too late; what is queued then ends."""
        if self._sending.expires_at > self._now:
            return False
        place = {"alert_id": self._sending.alert_id}
        values = place | {"now": to_text(self._now), "over": 0}
        self._connection.execute(self._sql["expire"], values)
        return True

    def _stands_back(self, want: Want) -> bool:
        values = self._route(want) | {"now": to_text(self._now), "at_most": self._in(LACK_S)}
        return (
            self._connection.execute(queries("routes")["stand_back"], values).fetchone() is not None
        )

    def _lack(self, want: Want) -> None:
        values = self._route(want) | {"until": self._in(LACK_S)}
        self._connection.execute(queries("routes")["lack"], values)

    def _route(self, want: Want) -> dict[str, object]:
        return {
            "provider": want.provider,
            "channel": want.channel,
            "priority": self._sending.priority,
        }

    def _spread(self, channel: ChannelKind, limit: int) -> tuple[int, float]:
        """Return how many messages of a bulletin may leave now, and in how long the next one may.

        An empty queue is no matter of time: the limit stays.
        """
        values = {"alert_id": self._sending.alert_id, "channel": channel}
        row = self._connection.execute(self._sql["queue_size"], values).fetchone()
        total, queued = row["total"], row["queued"]
        gone = total - queued
        if not queued:
            return limit, 0.0
        spread, now = self._sending.spread, self._now
        opens = timetables.opens(spread, now)
        may_go = int(total * timetables.share(spread, now)) + 1 - gone
        if may_go > 0 and opens <= now:
            return min(limit, may_go), 0.0
        next_s = (max(opens, timetables.moment_of(spread, gone / total)) - now).total_seconds()
        return 0, min(max(next_s, ASK_AGAIN_S), SPREAD_AGAIN_WITHIN_S)

    def _due(self, channel: ChannelKind, n: int) -> list[_Due]:
        values = {
            "alert_id": self._sending.alert_id,
            "channel": channel,
            "now": to_text(self._now),
            "absurd": self._in(ABSURD_WAIT_S),
            "n": n,
        }
        (found,) = self._connection.execute(self._sql["due"], values).fetchone()
        return [_Due(*item) for item in json.loads(found)]

    def _next_due_s(self, channel: ChannelKind) -> float | None:
        values = {"alert_id": self._sending.alert_id, "channel": channel}
        row = self._connection.execute(self._sql["next_due"], values).fetchone()
        if row["at"] is None:
            return None
        due_s = (from_text(row["at"]) - self._now).total_seconds()
        return min(max(due_s, 0.001), ASK_AGAIN_WITHIN_S)

    def _outgoing(self, channel: ChannelKind, row: _Due) -> Outgoing:
        n = row.attempts + 1
        return Outgoing(
            delivery_id=row.id,
            attempt_n=n,
            refusals=row.refusals,
            reference=f"{self._sending.ref}-{row.id}-{n}",
            channel=channel,
            address=row.address,
            token=tokens.new(row.id),
            text=self._sending.texts[channel, row.language],
            expires_at=self._sending.expires_at,
            unknowns=row.unknowns,
        )

    def _write(self, provider: str, outgoing: Sequence[Outgoing]) -> None:
        ids = json.dumps([item.delivery_id for item in outgoing])
        digests = (tokens.digest(item.token) for item in outgoing)
        values = {
            "ids": ids,
            "digests": b"".join(digests),
            "sender_id": self._sender_id,
            "provider": provider,
            "now": to_text(self._now),
            "deadline_at": self._in(ATTEMPT_DEADLINE_S),
        }
        self._connection.execute(self._sql["start"], values)
        self._connection.execute(self._sql["insert_attempts"], values)

    def _in(self, seconds: float) -> str:
        return to_text(self._now + timedelta(seconds=seconds))

    def _pace_cell(self, cell: int, weight: int) -> None:
        """Move on from when the cell takes the next message (GCRA, ITU-T I.371)."""
        pace = self._sending.cell_pace
        interval = timedelta(seconds=1 / pace.rate_per_s)
        tolerance = interval * (pace.burst - 1)
        row = self._connection.execute(self._sql["free_at"], {"cell": cell}).fetchone()
        idle_at = self._now if row is None else from_text(row["free_at"]) + tolerance
        if not timedelta() < idle_at - self._now <= timedelta(seconds=ABSURD_WAIT_S):
            idle_at = self._now
        values = {"cell": cell, "free_at": to_text(idle_at + interval * weight - tolerance)}
        self._connection.execute(self._sql["pace_cell"], values)
