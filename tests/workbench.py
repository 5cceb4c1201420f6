"""A clock that stands and a small vetted register, to drive the store step by step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from umsalert import reports
from umsalert.model import (
    Alert,
    Answer,
    Area,
    ChannelKind,
    Circle,
    MessageText,
    NewAlert,
    NewContact,
    NewSite,
    Operator,
    Receipt,
    ReplyKind,
    ReplySource,
    Tie,
    UnknownPolicy,
)
from umsalert.ports import Claim, DeliveryRow, Pace, ReplyRow, Schedule, Settled, Want
from umsalert.store.store import Store

OPERATOR = Operator("officer", "test")
CENTRE = Circle(43.7, 7.27, 800.0)
NOON = datetime(2026, 3, 17, 12, 0, tzinfo=UTC)


def all_on_duty(_schedule: Schedule) -> bool:
    """Say that somebody is present, whatever the hours."""
    return True


class FixedClock:
    """A clock that a test moves; sleeping moves it too and lets others run."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at
        self._steady_s = 0.0

    def now(self) -> datetime:
        return self.at

    def steady_s(self) -> float:
        return self._steady_s

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
        self._steady_s += seconds

    def jump(self, seconds: float) -> None:
        """Set the clock; no time passes."""
        self.at += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.move(seconds)
        await asyncio.sleep(0)


class FastClock:
    """Time that runs `speed` times as fast as the machine's, so that no back-off is waited for."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._start = datetime.now(UTC)
        self._start_s = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.steady_s())

    def steady_s(self) -> float:
        return (time.monotonic() - self._start_s) * self._speed

    def jump(self, seconds: float) -> None:
        """Set the clock; no time passes."""
        self._start += timedelta(seconds=seconds)

    def suspend(self, seconds: float) -> None:
        """Let time pass in which no process runs."""
        self._start_s -= seconds / self._speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)


async def fill_register(
    store: Store,
    sites: int = 3,
    *,
    guards: int = 1,
    vetted: bool = True,
    step_deg: float = 0.0001,
) -> None:
    """Add sites S0, S1, ... 11 m apart northwards from the centre, `guards` contacts each."""
    await store.register.add_sites(
        [
            NewSite(f"S{i}", f"Site {i}", 43.7 + i * step_deg, 7.27, "FR", "Europe/Paris")
            for i in range(sites)
        ],
        OPERATOR,
        approve=vetted,
    )
    await store.register.add_contacts(
        [
            NewContact(
                f"S{i // guards}",
                f"Agent {i}",
                phone=f"+3363998{i:04}",
                phone_kind="mobile",
                email=f"agent-{i}@example.org",
            )
            for i in range(sites * guards)
        ],
        OPERATOR,
        certify=vetted,
    )


def new_alert(
    ref: str = "20260317-test",
    channels: Sequence[ChannelKind] = tuple(ChannelKind),
    *,
    at: datetime = NOON,
    unknown: UnknownPolicy = UnknownPolicy.HOLD,
    key: str | None = None,
    area: Area = CENTRE,
) -> NewAlert:
    """Return an alert that says "Test" on every channel, good for one hour."""
    return NewAlert(
        ref=ref,
        template="search-person",
        area=area,
        channels=tuple(channels),
        texts=tuple(MessageText(kind, "fr", "Test", parts=1) for kind in channels),
        variables={},
        reason="",
        exercise=False,
        priority=10,
        unknown_policy=unknown,
        time_zone="Europe/Paris",
        incident_at=at - timedelta(minutes=8),
        created_at=at,
        expires_at=at + timedelta(hours=1),
        operator=OPERATOR,
        idempotency_key=key,
    )


async def record(store: Store, new: NewAlert | None = None) -> Alert:
    """Record an alert to everybody of the register."""
    return await store.alerts.create(new or new_alert(), all_on_duty)


async def take(store: Store, sender_id: int, kind: ChannelKind, pace: Pace, limit: int) -> Claim:
    """Claim messages of a channel for one provider."""
    want = Want(kind, "vonage", pace, limit, in_flight=10_000)
    (claimed,) = await store.outbox.exchange(sender_id, (), (want,))
    return claimed


async def commit(store: Store, settled: Sequence[Settled]) -> None:
    """Commit outcomes and claim nothing."""
    await store.outbox.exchange(0, settled, ())


async def take_over(store: Store, alert_id: int, *, resend_unknown: bool = False) -> int:
    """Take an alert over from whoever has it, as if they were dead; return the new sender."""
    dead = await store.outbox.senders(alert_id)
    sender = await store.outbox.take_over(alert_id, dead, OPERATOR, resend_unknown=resend_unknown)
    assert sender is not None
    return sender


def answer_to(reference: str, kind: ReplyKind, at: datetime) -> Answer:
    """Return a key that was pressed in a call."""
    return Answer(kind, ReplySource.VOICE, "1", at, Tie(reference=reference))


def reference_of(item: Receipt | Answer) -> str:
    """Return the hand-over that a receipt or an answer names."""
    return item.reference if isinstance(item, Receipt) else item.tie.reference


@dataclass(frozen=True)
class Told:
    """A report with all of its rows, of an alert to a few."""

    report: reports.AlertReport
    sites: tuple[reports.SiteReport, ...]
    deliveries: tuple[DeliveryRow, ...]
    repeated: tuple[DeliveryRow, ...]
    replies: tuple[ReplyRow, ...]


async def tell(store: Store, alert: Alert) -> Told:
    """Report an alert, and read every row of it."""
    return await store.record.read(
        alert.id,
        lambda rows: Told(
            reports.of_rows(rows, alert),
            tuple(reports.sites(rows)),
            tuple(rows.deliveries()),
            tuple(rows.repeated()),
            tuple(rows.replies()),
        ),
    )
