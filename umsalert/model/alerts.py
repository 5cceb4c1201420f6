"""An alert, whom it reaches, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from umsalert.model.approvals import Consent
from umsalert.model.areas import Area, SiteInArea
from umsalert.model.deliveries import ChannelKind, MessageText
from umsalert.model.register import Operator


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


Kinds = frozenset[ChannelKind]


@dataclass(frozen=True, slots=True)
class Load:
    """Messages by channel, and sites by what they have: of one cell of the network, or of several.

    The key of `sites` is the channels of the site's first contact, and those of its other contacts.
    Numbers may be means.
    """

    messages: Mapping[ChannelKind, float] = field(default_factory=dict)
    sites: Mapping[tuple[Kinds, Kinds], float] = field(default_factory=dict)

    def of(self, kind: ChannelKind) -> float:
        """Return the number of messages of a channel."""
        return self.messages.get(kind, 0)

    def told(self, kind: ChannelKind) -> tuple[float, float]:
        """Return how many sites a channel tells by their first contact, and by another one."""
        return (
            sum(n for (first, _others), n in self.sites.items() if kind in first),
            sum(n for (_first, others), n in self.sites.items() if kind in others),
        )

    @property
    def telephones(self) -> float:
        """SMS and calls together: what makes a cell dense."""
        return self.of(ChannelKind.SMS) + self.of(ChannelKind.VOICE)


SHARES = (50, 95, 100)
"""Per cent of messages and of sites by which an alert's speed is estimated and reported."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Seconds from the start of sending by `SHARES`, as estimated before an alert left."""

    messages_s: Mapping[int, float]
    sites_s: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Selection:
    """Who an alert would reach, and who it leaves out and why. Sites come nearest first.

    `dense` are the cells of the network that get more than their burst, `sparse` is all the rest.
    """

    sites: tuple[SiteInArea, ...]
    contacts: int
    deliveries: Mapping[ChannelKind, int]
    languages: frozenset[str]
    left_out: Mapping[str, int]
    sparse: Load
    dense: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True)
class Following:
    """The earlier alert that a new one follows. `to`: for which of its people a follow-up is."""

    alert_id: int
    kind: FollowKind
    to: Audience | None = None


@dataclass(frozen=True, slots=True)
class Wave:
    """What decides whom an alert goes to that follows another: where it goes, and its words."""

    following: Following
    area: Area
    template: str
    values: Mapping[str, str]


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
    `consent`: `operator` has asked for it, and somebody else has approved it.
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
    expected: Expected | None = None
    consent: Consent | None = None


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
    approved_by: str = ""
