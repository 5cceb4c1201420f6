"""An alert of the record, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from umsalert.model.choices import ASKING, OffDuty

if TYPE_CHECKING:
    from umsalert.model.areas import Area
    from umsalert.model.choices import Audience, FollowKind, UnknownPolicy
    from umsalert.model.deliveries import ChannelKind


SHARES = (50, 95, 100)
"""Per cent of messages and of sites by which an alert's speed is estimated and reported."""


class Expected(NamedTuple):
    """Seconds from the start of sending by `SHARES`, as estimated before an alert left."""

    messages_s: Mapping[int, float]
    sites_s: Mapping[int, float]


class Link(NamedTuple):
    """Another alert, and what the later of the two is to the earlier."""

    ref: str
    kind: FollowKind
    to: Audience | None = None


class Cancellation(NamedTuple):
    """Who stopped an alert, and when. `reason` is internal, like an alert's.

    `closed`: nobody has cancelled it, its incident was closed.
    """

    at: datetime
    by: str
    reason: str = ""
    closed: bool = False


class Closure(NamedTuple):
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

    @property
    def is_scored(self) -> bool:
        """Say whether it is an exercise that asks for answers: it ends in a score sheet."""
        return self.exercise and (self.follows is None or self.follows.kind in ASKING)
