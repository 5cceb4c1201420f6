"""An alert, whom it reaches, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from umsalert.model.areas import Area, SiteInArea
from umsalert.model.deliveries import ChannelKind, MessageText
from umsalert.model.register import Operator


class UnknownPolicy(StrEnum):
    """What `resume` does with a message that may or may not have left."""

    HOLD = "hold"
    RESEND = "resend"


class FollowKind(StrEnum):
    """What an alert to the recipients of an earlier one is to it."""

    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Selection:
    """Who an alert would reach, and who it leaves out and why. Sites come nearest first."""

    sites: tuple[SiteInArea, ...]
    contacts: int
    deliveries: Mapping[ChannelKind, int]
    languages: frozenset[str]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Following:
    """The earlier alert whose recipients, and nobody else, get this one."""

    alert_id: int
    kind: FollowKind


@dataclass(frozen=True, slots=True)
class Link:
    """Another alert, and what the later of the two is to the earlier."""

    ref: str
    kind: FollowKind


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Who stopped an alert, and when. `reason` is internal, like an alert's."""

    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CellPace:
    """What one cell of the telephone network takes: SMS parts and calls together.

    Only a cell to which an alert sends more than `burst` messages is paced; with 0 none is.
    """

    rate_per_s: float = 0.0
    burst: int = 0


NO_CELL_PACE = CellPace()


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert ready to be recorded; the store turns it into deliveries.

    `stop_when_acknowledged`: after the first answer from a site nothing more leaves for it.
    """

    ref: str
    template: str
    area: Area
    channels: tuple[ChannelKind, ...]
    texts: tuple[MessageText, ...]
    variables: Mapping[str, str]
    reason: str
    exercise: bool
    priority: int
    unknown_policy: UnknownPolicy
    time_zone: str
    incident_at: datetime
    created_at: datetime
    expires_at: datetime
    operator: Operator
    idempotency_key: str | None = None
    request_hash: str = ""
    follows: Following | None = None
    cell_pace: CellPace = NO_CELL_PACE
    stop_when_acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of the record. `reason` is internal: it never reaches a template or a channel."""

    id: int
    ref: str
    template: str
    area: Area
    channels: tuple[ChannelKind, ...]
    variables: Mapping[str, str]
    reason: str
    exercise: bool
    priority: int
    unknown_policy: UnknownPolicy
    time_zone: str
    incident_at: datetime
    created_at: datetime
    expires_at: datetime
    operator: str
    request_hash: str
    left_out: Mapping[str, int] = field(default_factory=dict)
    cancelled: Cancellation | None = None
    follows: Link | None = None
    followed_by: tuple[Link, ...] = ()
    stop_when_acknowledged: bool = False
