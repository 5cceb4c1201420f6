"""Ways to providers: token buckets with a learned rate, shared by every process on the database.

The rate is found by AIMD (additive increase, multiplicative decrease; Chiu and Jain, 1989): halved
when a provider says that too much came at once, added back while it accepts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from umsalert.health import Health
from umsalert.model import ChannelKind, OutcomeKind
from umsalert.ports import Pace, ReceiptSample, RouteState, Settled, Want
from umsalert.store.database import from_text, optional_time, queries, to_text
from umsalert.store.spatialite import Connection

DECREASE = 0.5
INCREASE_PER_S = 0.02
"""Of the configured rate, for each second of sending: from half to all of it in 25 s."""
LEAST_SHARE = 1 / 32
"""Of the configured rate: a provider that refuses everything is still asked now and then."""
LONGEST_BLOCK_S = 60.0
"""What a provider may ask of the whole channel; a block beyond it is a clock that was set back."""

_LISTENING = timedelta(minutes=5)
"""After the last webhook: without `umsalert serve` no provider's receipts reach us."""


@dataclass(slots=True)
class Bucket:
    """The state of one route at `refilled_at`. Rates are in messages a second."""

    provider: str
    channel: ChannelKind
    ceiling_per_s: float
    rate_per_s: float
    tokens: float
    refilled_at: datetime
    slowed_at: datetime | None = None
    blocked_until: datetime | None = None

    def refill(self, pace: Pace, now: datetime) -> None:
        """Add the tokens of the time since the last refill; take a changed configuration over."""
        if self.rate_per_s >= self.ceiling_per_s or self.rate_per_s > pace.rate_per_s:
            self.rate_per_s = pace.rate_per_s
        self.ceiling_per_s = pace.rate_per_s
        burst = max(1.0, pace.burst * self.rate_per_s / self.ceiling_per_s)
        elapsed_s = max(0.0, (now - self.refilled_at).total_seconds())
        self.tokens = min(burst, self.tokens + elapsed_s * self.rate_per_s)
        self.refilled_at = now

    def blocked_s(self, now: datetime) -> float:
        """Return how long the provider still wants to be left alone."""
        if self.blocked_until is None:
            return 0.0
        left_s = (self.blocked_until - now).total_seconds()
        return left_s if 0 < left_s <= LONGEST_BLOCK_S else 0.0

    def learn(self, settled: Sequence[Settled]) -> bool:
        """Take what the provider said of our rate; say whether anything changed.

        One decrease for all hand-overs that left before it: they were sent at the old rate.
        """
        changed = False
        for item in settled:
            if item.outcome.kind is OutcomeKind.ACCEPTED and self.rate_per_s < self.ceiling_per_s:
                step = INCREASE_PER_S * self.ceiling_per_s / self.rate_per_s
                self.rate_per_s = min(self.ceiling_per_s, self.rate_per_s + step)
                changed = True
            elif item.outcome.throttled:
                self._slow_down(item)
                changed = True
        return changed

    def _slow_down(self, item: Settled) -> None:
        if self.slowed_at is None or not item.claimed_at <= self.slowed_at <= item.at:
            least = self.ceiling_per_s * LEAST_SHARE
            self.rate_per_s = max(least, self.rate_per_s * DECREASE)
            self.slowed_at = item.at
            self.tokens, self.refilled_at = 0.0, max(self.refilled_at, item.at)
        if item.outcome.retry_after_s:
            wait_s = min(item.outcome.retry_after_s, LONGEST_BLOCK_S)
            until = item.at + timedelta(seconds=wait_s)
            self.blocked_until = max(until, self.blocked_until or until)


def open_bucket(connection: Connection, want: Want, now: datetime) -> Bucket:
    """Return the bucket of a route, refilled; a new one is full."""
    row, pace = _row(connection, want.provider, want.channel), want.pace
    if row is None:
        rate, burst = pace.rate_per_s, float(pace.burst)
        return Bucket(want.provider, want.channel, rate, rate, burst, now)
    bucket = _bucket(row)
    bucket.refill(pace, now)
    return bucket


def save(connection: Connection, bucket: Bucket) -> None:
    """Keep a bucket."""
    slowed, blocked = bucket.slowed_at, bucket.blocked_until
    values = {
        "provider": bucket.provider,
        "channel": bucket.channel,
        "ceiling_per_s": bucket.ceiling_per_s,
        "rate_per_s": bucket.rate_per_s,
        "tokens": bucket.tokens,
        "refilled_at": to_text(bucket.refilled_at),
        "slowed_at": slowed and to_text(slowed),
        "blocked_until": blocked and to_text(blocked),
    }
    connection.execute(queries("routes")["save_bucket"], values)


def learn(connection: Connection, settled: Sequence[Settled]) -> None:
    """Let every route learn from its outcomes: the rate it takes, and how it does."""
    by_route: dict[tuple[str, ChannelKind], list[Settled]] = {}
    for item in settled:
        by_route.setdefault((item.provider, item.outgoing.channel), []).append(item)
    for (provider, channel), items in by_route.items():
        row = _row(connection, provider, channel)
        if row is None:
            continue
        bucket = _bucket(row)
        if bucket.learn(items):
            save(connection, bucket)
        health = _health(row)
        for item in items:
            health = health.after(item.outcome, item.at)
        _save_health(connection, provider, channel, health)


def states(connection: Connection) -> tuple[RouteState, ...]:
    """Return every way that was ever used, by channel and provider."""
    rows = connection.execute(queries("routes")["routes"])
    return tuple(
        RouteState(
            row["provider"],
            ChannelKind(row["channel"]),
            row["ceiling_per_s"],
            row["rate_per_s"],
            _health(row),
        )
        for row in rows
    )


def note_receipts(connection: Connection, sample: ReceiptSample, now: datetime) -> None:
    """Hold the receipts of some hand-overs against the provider, if receipts reach us at all."""
    last = connection.execute(queries("routes")["last_webhook"]).fetchone()
    listening = last is not None and now - from_text(last["received_at"]) < _LISTENING
    row = _row(connection, sample.provider, sample.channel)
    if row is None or not listening:
        return
    values = {"attempts": json.dumps(sample.attempts)}
    come = connection.execute(queries("routes")["receipts"], values).fetchone()["n"]
    health = _health(row)
    after = health.without_receipts(len(sample.attempts), come, now)
    if after is not health:
        _save_health(connection, sample.provider, sample.channel, after)


def room(connection: Connection, want: Want, sender_id: int, now: datetime) -> int:
    """Return how many of what is wanted the provider has room for, beside other processes."""
    sql = queries("routes")
    route = {"provider": want.provider, "channel": want.channel}
    values = route | {"sender_id": sender_id, "now": to_text(now)}
    elsewhere = connection.execute(sql["in_flight_elsewhere"], values).fetchone()["n"]
    limit = want.limit if not elsewhere else min(want.limit, want.in_flight - elsewhere)
    if want.pace.calls is not None:
        since = to_text(now - timedelta(seconds=want.pace.call_s))
        busy = connection.execute(sql["calls"], route | {"since": since}).fetchone()["n"]
        limit = min(limit, want.pace.calls - busy)
    return max(0, limit)


def _row(connection: Connection, provider: str, channel: ChannelKind) -> Connection | None:
    values = {"provider": provider, "channel": channel}
    found: Connection | None = connection.execute(queries("routes")["route"], values).fetchone()
    return found


def _bucket(row: Connection) -> Bucket:
    return Bucket(
        row["provider"],
        ChannelKind(row["channel"]),
        row["ceiling_per_s"],
        row["rate_per_s"],
        row["tokens"],
        from_text(row["refilled_at"]),
        optional_time(row["slowed_at"]),
        optional_time(row["blocked_until"]),
    )


def _health(row: Connection) -> Health:
    return Health(
        from_text(row["noted_at"]),
        row["good"],
        row["bad"],
        row["rests"],
        optional_time(row["rests_until"]),
        row["fault_code"],
        optional_time(row["fault_at"]),
    )


def _save_health(
    connection: Connection, provider: str, channel: ChannelKind, health: Health
) -> None:
    values = {
        "provider": provider,
        "channel": channel,
        "noted_at": to_text(health.at),
        "good": health.good,
        "bad": health.bad,
        "rests": health.rests,
        "rests_until": health.rests_until and to_text(health.rests_until),
        "fault_code": health.fault_code,
        "fault_at": health.fault_at and to_text(health.fault_at),
    }
    connection.execute(queries("routes")["save_health"], values)
