"""What happens while an alert is sent. Frozen; logs, screen, NDJSON and tests only listen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from umsalert.model import Cancellation, ChannelKind, DeliveryState, OutcomeKind

Counts = Mapping[ChannelKind, Mapping[DeliveryState, int]]


@dataclass(frozen=True, slots=True)
class Planned:
    """The alert stands in the record and its deliveries are queued."""

    at: datetime
    alert_ref: str
    deliveries: Mapping[ChannelKind, int]


@dataclass(frozen=True, slots=True)
class Claimed:
    """Attempts were written before their hand-over."""

    at: datetime
    alert_ref: str
    channel: ChannelKind
    count: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Hand-overs of one commit that came to the same outcome.

    `attempts` are pairs of the delivery's id and the number of the attempt.
    """

    at: datetime
    alert_ref: str
    channel: ChannelKind
    outcome: OutcomeKind
    code: str
    attempts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """The store's own counts, by channel and state."""

    at: datetime
    alert_ref: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class ChannelPaused:
    """A provider stopped taking work: unreachable for now, or refused until a person mends it."""

    at: datetime
    alert_ref: str
    channel: ChannelKind
    provider: str
    code: str
    detail: str
    retry_in_s: float | None


@dataclass(frozen=True, slots=True)
class ProviderChanged:
    """Another provider of the channel takes the messages from now on."""

    at: datetime
    alert_ref: str
    channel: ChannelKind
    provider: str
    instead_of: str


@dataclass(frozen=True, slots=True)
class RecordPaused:
    """The database cannot be written for now: nothing is claimed until it can.

    `code` and `message` are those of the error.
    """

    at: datetime
    alert_ref: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody has cancelled the alert, here or in another process: nothing more leaves."""

    at: datetime
    alert_ref: str
    cancellation: Cancellation


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing more will be sent by this process."""

    at: datetime
    alert_ref: str
    counts: Counts
    interrupted: bool


Event = (
    Planned
    | Claimed
    | HandedOver
    | Progress
    | ChannelPaused
    | ProviderChanged
    | RecordPaused
    | Cancelled
    | Finished
)
