"""An alert before it is one: whom it would reach, what it follows, what is to be recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from umsalert.model.alerts import Expected
from umsalert.model.approvals import Consent
from umsalert.model.areas import Area, SiteInArea
from umsalert.model.choices import Audience, FollowKind, OffDuty, UnknownPolicy
from umsalert.model.deeds import Operator
from umsalert.model.deliveries import ChannelKind, MessageText

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


@dataclass(frozen=True, slots=True)
class Selection:
    """Who an alert would reach, and who it leaves out and why. Sites come nearest first.

    `dense` are the cells of the network that get more than their burst, `sparse` is all the rest.
    `off_duty` are the approved sites where nobody certified is on duty, alerted or not.
    """

    sites: tuple[SiteInArea, ...]
    contacts: int
    deliveries: Mapping[ChannelKind, int]
    languages: frozenset[str]
    left_out: Mapping[str, int]
    sparse: Load
    dense: tuple[Load, ...] = ()
    off_duty: tuple[SiteInArea, ...] = ()


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
    off_duty: OffDuty = OffDuty.SKIP


@dataclass(frozen=True, slots=True)
class CellPace:
    """What one cell of the telephone network takes: SMS parts and calls together.

    Only a cell to which an alert sends more than `burst` messages is paced; with 0 none is.
    """

    rate_per_s: float = 0.0
    burst: int = 0


NO_CELL_PACE = CellPace()


CALM_PRIORITY = 100
"""Behind every template's: whatever else is being sent overtakes a bulletin."""


@dataclass(frozen=True, slots=True)
class Calm:
    """How an alert leaves that nobody waits for: behind all others, spread over `windows`.

    So much of it may have left as of the windows has passed; none: as fast as it can.
    `approved_by` is the second person who has approved the bulletin, empty where none was needed.
    """

    windows: tuple[tuple[datetime, datetime], ...] = ()
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert ready to be recorded; the store turns it into deliveries.

    `stop_when_acknowledged`: after the first answer from a site nothing more leaves for it.
    `consent`: `operator` has asked for it, and somebody else has approved it.
    `most_without_consent`: to more people it takes a second person; 0: to however many it does not.
    `calm`: it is a bulletin, which leaves behind all else.
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
    off_duty: OffDuty = OffDuty.SKIP
    consent: Consent | None = None
    most_without_consent: int = 0
    calm: Calm | None = None
