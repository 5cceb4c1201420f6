"""An alert of the record, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from umsalert.model.areas import Area
    from umsalert.model.deliveries import ChannelKind


class UnknownPolicy(StrEnum):
    """What `resume` does with a message that may or may not have left."""

    HOLD = "hold"
    RESEND = "resend"


class FollowKind(StrEnum):
    """What an alert is to the earlier one that it follows."""

    CORRECTION = "correction"
    """Takes it back, for those who have it."""
    FOLLOW_UP = "follow_up"
    """Tells people of the incident something more."""
    WIDENED = "widened"
    """Goes to a larger circle around the same place."""
    RECENTERED = "recentered"
    """Goes to a circle around another place."""
    CLOSING = "closing"
    """Ends the incident."""


NEW_AREA = frozenset({FollowKind.WIDENED, FollowKind.RECENTERED})
"""Waves that go to whoever is in an area; all others go to people of the incident."""


class Audience(StrEnum):
    """Which people of an incident a follow-up goes to."""

    UNREACHED = "unreached"
    """No message reached them, and none may have."""
    UNANSWERED = "unanswered"
    """Have it, or may have it, and have not answered; nor has their site, where that is enough."""
    ACKNOWLEDGED = "acknowledged"
    """Their answer that counts says that they have read it, or that they have locked down."""
    SIGHTING = "sighting"
    """Their answer that counts is a sighting."""
    ALL = "all"
    """Everybody alerted, whatever came of it."""


class OffDuty(StrEnum):
    """What an alert does with a site where nobody is on duty. Only who is certified gets it."""

    SKIP = "skip"
    """Nobody of the site gets it."""
    INCLUDE = "include"
    """Its contacts get it although they are off duty."""
    FALLBACK_CONTACT = "fallback-contact"
    """Its fallback contacts get it, whatever their hours; a site that has none is left out."""


SHARES = (50, 95, 100)
"""Per cent of messages and of sites by which an alert's speed is estimated and reported."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Seconds from the start of sending by `SHARES`, as estimated before an alert left."""

    messages_s: Mapping[int, float]
    sites_s: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Link:
    """Another alert, and what the later of the two is to the earlier."""

    ref: str
    kind: FollowKind
    to: Audience | None = None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Who stopped an alert, and when. `reason` is internal, like an alert's.

    `closed`: nobody has cancelled it, its incident was closed.
    """

    at: datetime
    by: str
    reason: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Closure:
    """Who closed an incident, and when. `outcome` is what guards were told, word for word."""

    at: datetime
    by: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of the record. `reason` is internal: it never reaches a template or a channel.

    `expected` None: nothing was estimated, as before umsalert did. `incident_ref` is the first
    alert of the incident, itself where it is that; `closed` is the incident's. `approved_by` is the
    second person, where one was needed.
    """

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
    expected: Expected | None = None
    incident_ref: str = ""
    closed: Closure | None = None
    off_duty: OffDuty = OffDuty.SKIP
    approved_by: str = ""
