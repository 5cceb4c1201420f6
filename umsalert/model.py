"""The nouns. Frozen values without behaviour beyond reading themselves.

Times are aware `datetime` in UTC; distances are metres (`_m`); coordinates are degrees WGS 84.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ChannelKind(StrEnum):
    """A way to reach a guard."""

    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"


class SiteStatus(StrEnum):
    """Where a site stands in its vetting. Only `approved` sites are alerted."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SUSPENDED = "suspended"


class ContactStatus(StrEnum):
    """Where a contact stands in the double agreement. Only `certified` contacts are alerted."""

    NAMED = "named"
    CERTIFIED = "certified"
    REVOKED = "revoked"


class DeliveryState(StrEnum):
    """What is known of one message to one contact by one channel."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_S = DeliveryState
TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    # A receipt of an earlier attempt (unknown, then sent again) may reach any later state.
    _S.QUEUED: frozenset(
        {
            _S.SENDING,
            _S.FAILED,
            _S.EXPIRED,
            _S.CANCELLED,
            _S.ACCEPTED,
            _S.DELIVERED,
            _S.UNKNOWN,  # an earlier attempt may have left, and it is not sent again after all
        }
    ),
    # A webhook may overtake our own commit, so sending knows the receipt's states too.
    _S.SENDING: frozenset(
        {
            _S.QUEUED,
            _S.ACCEPTED,
            _S.FAILED,
            _S.UNKNOWN,
            _S.CANCELLED,
            _S.DELIVERED,
            _S.UNDELIVERED,
        }
    ),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.UNDELIVERED}),
    _S.UNKNOWN: frozenset(
        {_S.QUEUED, _S.ACCEPTED, _S.DELIVERED, _S.UNDELIVERED, _S.FAILED, _S.EXPIRED, _S.CANCELLED}
    ),
    _S.FAILED: frozenset({_S.ACCEPTED, _S.DELIVERED}),
    _S.EXPIRED: frozenset({_S.ACCEPTED, _S.DELIVERED}),
    _S.CANCELLED: frozenset({_S.ACCEPTED, _S.DELIVERED}),
    _S.UNDELIVERED: frozenset({_S.DELIVERED}),
    _S.DELIVERED: frozenset(),
}
OPEN_STATES = frozenset({_S.QUEUED, _S.SENDING})


class ReplyKind(StrEnum):
    """What a guard told us."""

    ACKNOWLEDGED = "acknowledged"
    SIGHTING = "sighting"


class UnknownPolicy(StrEnum):
    """What `resume` does with a message that may or may not have left."""

    HOLD = "hold"
    RESEND = "resend"


class FollowKind(StrEnum):
    """What an alert to the recipients of an earlier one is to it."""

    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Circle:
    """Every point whose geodesic distance from the centre is at most `radius_m`."""

    lat: float
    lon: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """Every point inside or on the edges of a GeoJSON geometry (RFC 7946).

    `geometry` is a Polygon or MultiPolygon, LONGITUDE FIRST, whose edges are straight in longitude
    and latitude. `lat` and `lon` are a point inside it, from which distances are measured;
    `radius_m` is how far its farthest corner lies from there.
    """

    lat: float
    lon: float
    radius_m: float
    geometry: Mapping[str, Any]


Area = Circle | Polygon


@dataclass(frozen=True, slots=True)
class NewSite:
    """A site as it enters the register, checked and complete."""

    ref: str
    name: str
    lat: float
    lon: float
    region: str
    time_zone: str
    kind: str | None = None
    address: str | None = None
    postcode: str | None = None
    commune: str | None = None
    agents: int | None = None
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A site of the register. `hours` None means somebody is there around the clock."""

    id: int
    ref: str
    name: str
    lat: float
    lon: float
    region: str
    time_zone: str
    status: SiteStatus
    kind: str | None
    address: str | None
    postcode: str | None
    commune: str | None
    agents: int | None
    hours: str | None
    status_by: str | None
    status_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact as it enters the register. `ref` None: the register gives one (`SITE-c1`)."""

    site_ref: str
    name: str
    ref: str | None = None
    role: str | None = None
    phone: str | None = None
    phone_kind: str | None = None
    email: str | None = None
    card: str | None = None
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Contact:
    """A guard of a site. `phone` is E.164; `phone_kind` is `mobile` (SMS and voice) or `fixed`."""

    id: int
    ref: str
    site_ref: str
    name: str
    role: str | None
    phone: str | None
    phone_kind: str | None
    email: str | None
    card: str | None
    language: str
    status: ContactStatus
    status_by: str | None
    status_at: datetime | None


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the command: the account (seen through sudo) at the configured station."""

    account: str
    station: str

    def __str__(self) -> str:
        """Return `account@station`, as it is written into the record."""
        return f"{self.account}@{self.station}" if self.station else self.account


@dataclass(frozen=True, slots=True)
class MessageText:
    """What leaves by one channel in one language. `parts` counts SMS segments (0 elsewhere)."""

    channel: ChannelKind
    language: str
    body: str
    subject: str = ""
    html: str = ""
    parts: int = 0
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class SiteInArea:
    """A site to alert, with its geodesic distance from the centre."""

    id: int
    ref: str
    name: str
    lat: float
    lon: float
    distance_m: float


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
class NewAlert:
    """An alert ready to be recorded; the store turns it into deliveries."""

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


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One hand-over: everything a channel needs, and nothing of why.

    `reference` is `<alert ref>-<delivery id>-<attempt n>`; `token` is secret, random and per
    attempt: whoever answers with it is this recipient. `refusals` counts earlier temporary ones,
    `unknowns` earlier attempts that may have left.
    """

    delivery_id: int
    attempt_n: int
    refusals: int
    reference: str
    channel: ChannelKind
    address: str
    token: str
    text: MessageText
    expires_at: datetime
    unknowns: int = 0


class OutcomeKind(StrEnum):
    """What one hand-over came to. Temporary, permanent and unknown are three different things."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    """Refused for now (429, 503, greylisting): nothing was taken; try later."""
    PERMANENT = "permanent"
    """Refused for good (bad number, unknown mailbox)."""
    UNKNOWN = "unknown"
    """The request may have left and no readable answer came."""
    UNREACHABLE = "unreachable"
    """No connection: nothing left this machine; not counted as an attempt."""
    WITHDRAWN = "withdrawn"
    """Held back on this machine because the alert was cancelled: nothing left."""
    MISCONFIGURED = "misconfigured"
    """Our credentials, account or certificates are refused: every other message would be too."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one hand-over. `code` is the provider's or ours; `detail` holds no address.

    `one_recipient`: a refusal that is about this address only; the others need not wait.
    """

    kind: OutcomeKind
    code: str = ""
    detail: str = ""
    provider_id: str = ""
    retry_after_s: float | None = None
    one_recipient: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says later about a hand-over; matched by `reference`, else `provider_id`."""

    provider: str
    provider_id: str
    reference: str
    state: DeliveryState | None
    code: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a guard told us during or after a hand-over, matched like a receipt."""

    provider_id: str
    reference: str
    kind: ReplyKind
    channel: ChannelKind
    raw: str
    occurred_at: datetime
    text: str = ""


class CheckStatus(StrEnum):
    """What a check came to. A warning does not keep an alert from leaving."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check of `doctor` found. `fix` is what to do where it is not ok."""

    name: str
    status: CheckStatus
    message: str
    fix: str = ""
