"""Ways to providers, the same for all processes: what they take, how they do, who is on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from umsalert.health import Health
from umsalert.leases import LEASE_S
from umsalert.model import ChannelKind
from umsalert.ports import ReceiptSample, RouteState, Settled, Want
from umsalert.store.bucket import Bucket
from umsalert.store.database import queries
from umsalert.store.instants import from_text, optional_time, to_text
from umsalert.store.spatialite import Connection

_LISTENING = timedelta(minutes=5)
"""After the last webhook: without `umsalert serve` no provider's receipts reach us."""

_Key = tuple[str, ChannelKind]


@dataclass(slots=True)
class Route:
    """A provider of a channel."""

    bucket: Bucket
    health: Health


class RouteBook:
    """The routes of one transaction: each is read once, and written once, by `save`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._routes: dict[_Key, Route] = {}

    def open(self, want: Want, now: datetime) -> Bucket:
        """Return the bucket that a claim takes from, refilled; a new one is full."""
        route = self._find(want.provider, want.channel)
        if route is None:
            pace = want.pace
            bucket = Bucket(pace.rate_per_s, pace.rate_per_s, float(pace.burst), now)
            route = self._routes[want.provider, want.channel] = Route(bucket, Health(now))
        route.bucket.refill(want.pace, now)
        return route.bucket

    def learn(self, settled: Sequence[Settled]) -> None:
        """Let every route learn from its outcomes: the rate it takes, and how it does."""
        by_route: dict[_Key, list[Settled]] = {}
        for item in settled:
            by_route.setdefault((item.provider, item.outgoing.channel), []).append(item)
        for key, items in by_route.items():
            route = self._find(*key)
            if route is not None:
                route.bucket.learn(items)
                outcomes = [item.outcome for item in items]
                route.health = route.health.after(outcomes, items[-1].at)

    def miss_receipts(self, sample: ReceiptSample, now: datetime) -> None:
        """Hold receipts that did not come against the provider, if any reach us at all."""
        sql = queries("routes")
        last = self._connection.execute(sql["last_webhook"]).fetchone()
        route = self._find(sample.provider, sample.channel)
        if route is None or last is None or now - from_text(last["received_at"]) > _LISTENING:
            return
        values = {"attempts": json.dumps(sample.attempts)}
        come = self._connection.execute(sql["receipts"], values).fetchone()["n"]
        route.health = route.health.without_receipts(len(sample.attempts), come, now)

    def save(self) -> None:
        """Write all that was read."""
        for key, route in self._routes.items():
            self._connection.execute(queries("routes")["save"], _values(*key, route))

    def _find(self, provider: str, channel: ChannelKind) -> Route | None:
        key = (provider, channel)
        if key not in self._routes:
            values = {"provider": provider, "channel": channel}
            row = self._connection.execute(queries("routes")["route"], values).fetchone()
            if row is None:
                return None
            self._routes[key] = _route(row)
        return self._routes[key]


def states(connection: Connection) -> tuple[RouteState, ...]:
    """Return every way that was ever used, by channel and provider."""
    rows = connection.execute(queries("routes")["routes"])
    return tuple(
        RouteState(
            row["provider"],
            ChannelKind(row["channel"]),
            row["ceiling_per_s"],
            row["rate_per_s"],
            _route(row).health,
        )
        for row in rows
    )


def room(connection: Connection, want: Want, sender_id: int, now: datetime) -> int:
    """Return how many of what is wanted the provider has room for, beside other processes."""
    sql = queries("routes")
    route = {"provider": want.provider, "channel": want.channel}
    at_most = to_text(now + timedelta(seconds=LEASE_S))
    values: dict[str, object] = {"sender_id": sender_id, "now": to_text(now), "at_most": at_most}
    elsewhere = connection.execute(sql["in_flight_elsewhere"], values | route).fetchone()["n"]
    limit = want.limit if not elsewhere else min(want.limit, want.in_flight - elsewhere)
    if want.pace.calls is not None:
        since = to_text(now - timedelta(seconds=want.pace.call_s))
        values = {"since": since, "now": to_text(now)}
        busy = connection.execute(sql["calls"], values | route).fetchone()["n"]
        limit = min(limit, want.pace.calls - busy)
    return max(0, limit)


def _route(row: Connection) -> Route:
    bucket = Bucket(
        row["ceiling_per_s"],
        row["rate_per_s"],
        row["tokens"],
        from_text(row["refilled_at"]),
        optional_time(row["slowed_at"]),
        optional_time(row["blocked_until"]),
    )
    health = Health(
        from_text(row["noted_at"]),
        row["good"],
        row["bad"],
        row["rests"],
        optional_time(row["rests_until"]),
        row["fault_code"],
        optional_time(row["fault_at"]),
    )
    return Route(bucket, health)


def _values(provider: str, channel: ChannelKind, route: Route) -> dict[str, object]:
    bucket, health = route.bucket, route.health
    return {
        "provider": provider,
        "channel": channel,
        "ceiling_per_s": bucket.ceiling_per_s,
        "rate_per_s": bucket.rate_per_s,
        "tokens": bucket.tokens,
        "refilled_at": to_text(bucket.refilled_at),
        "slowed_at": bucket.slowed_at and to_text(bucket.slowed_at),
        "blocked_until": bucket.blocked_until and to_text(bucket.blocked_until),
        "noted_at": to_text(health.at),
        "good": health.good,
        "bad": health.bad,
        "rests": health.rests,
        "rests_until": health.rests_until and to_text(health.rests_until),
        "fault_code": health.fault_code,
        "fault_at": health.fault_at and to_text(health.fault_at),
    }
