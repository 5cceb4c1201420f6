"""What an officer asks for, and what would come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from umsalert.errors import NobodyMatched
from umsalert.i18n import _, ngettext
from umsalert.messages import Template
from umsalert.messages.check import Finding
from umsalert.model import (
    NEW_AREA,
    NO_CELL_PACE,
    Area,
    Calm,
    CellPace,
    ChannelKind,
    Following,
    MessageText,
    OffDuty,
    Operator,
    Selection,
)
from umsalert.ports import Pace, Situation
from umsalert.selection.estimate import Estimate, Prices


@dataclass(frozen=True, slots=True)
class Request:
    """What the officer asks for. `incident_at` None means now; times are aware.

    With `follows` it goes to people of that alert's incident, whoever is in the area now, or, where
    the area is a new one, to those in it who have not been told the same. `off_duty` says what
    becomes of sites in the area where nobody is on duty. `asked_at`: when it was asked for, where
    it has waited for a second person since.
    """

    area: Area
    template: Template
    values: Mapping[str, str]
    operator: Operator
    channels: tuple[ChannelKind, ...] = ()
    reason: str = ""
    exercise: bool = False
    incident_at: datetime | None = None
    expires_in: timedelta | None = None
    idempotency_key: str | None = None
    follows: Following | None = None
    off_duty: OffDuty = OffDuty.SKIP
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Above any of these an alert needs a second person; 0 where there is no such limit."""

    radius_m: float = 0.0
    recipients: int = 0


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be sent, to whom: shown before anything leaves, then recorded as it stands.

    `above`: those of the `limits` that it exceeds, by name: it needs a second person. `calm`: it is
    a bulletin, which leaves behind all else.
    """

    request: Request
    ref: str
    at: datetime
    time_zone: str
    channels: tuple[ChannelKind, ...]
    selection: Selection
    texts: tuple[MessageText, ...]
    estimate: Estimate
    situation: Situation
    findings: tuple[Finding, ...]
    above: tuple[str, ...] = ()
    limits: Limits = NO_LIMITS
    calm: Calm | None = None

    @property
    def incident_at(self) -> datetime:
        """When it happened; the moment of asking where the officer gave no time."""
        return happened(self.request, self.at)

    @property
    def expires_at(self) -> datetime:
        """After this nothing more leaves."""
        ttl = self.request.expires_in or timedelta(seconds=self.request.template.ttl_s)
        return self.at + ttl


@dataclass(frozen=True, slots=True)
class Station:
    """What the planner knows of the place it runs at. `link` is where guards answer, or empty."""

    name: str
    callback: str
    paces: Mapping[ChannelKind, Pace]
    prices: Prices
    cell_pace: CellPace = NO_CELL_PACE
    link: str = ""
    limits: Limits = NO_LIMITS


def happened(request: Request, now: datetime) -> datetime:
    """Return when the incident of a request was, asked for `now` where nothing else is known."""
    return request.incident_at or request.asked_at or now


def above(request: Request, people: int, limits: Limits) -> tuple[str, ...]:
    """Return the names of the limits that an alert to so many people exceeds.

    What goes to people who were alerted already is never kept waiting: a correction, the end. Nor
    is there anything to approve where nobody is reached.
    """
    if not people or _only_alerted(request):
        return ()
    exceeded = {
        "radius_m": 0 < limits.radius_m < request.area.radius_m,
        "recipients": 0 < limits.recipients < people,
    }
    return tuple(name for name, too_much in exceeded.items() if too_much)


def most_people(request: Request, limits: Limits) -> int:
    """Return how many people an alert may go to without a second person; 0: however many."""
    return 0 if _only_alerted(request) else limits.recipients


def _only_alerted(request: Request) -> bool:
    return request.follows is not None and request.follows.kind not in NEW_AREA


def nobody(plan: Plan) -> NobodyMatched:
    """Return the error that says that the plan reaches nobody."""
    follows = plan.request.follows
    off_duty = len(plan.selection.off_duty)
    if off_duty and plan.request.off_duty is not OffDuty.INCLUDE:
        message = ngettext(
            "Nobody is left to alert: at {n} site in the area nobody is on duty now.",
            "Nobody is left to alert: at {n} sites in the area nobody is on duty now.",
            off_duty,
        ).format(n=off_duty)
        hint = _("To alert their certified contacts all the same: --off-duty include")
    elif "has_these_words" in plan.selection.left_out:
        message = _("Nobody is left: who could get this has been told the same already.")
        hint = _("Say something else, with --var or --template, to reach them once more.")
    elif follows and follows.kind not in NEW_AREA:
        message = _("Nobody of the incident is left who would get this.")
        hint = _("Who got what: umsalert report; --to all means everybody alerted.")
    elif plan.selection.left_out:
        message = _("Nobody in the area may be alerted: all who are there are left out.")
        hint = _("The preview says who is left out and why.")
    else:
        message = _("There is no site in the area.")
        hint = _("Check where the area lies, or widen it.")
    return NobodyMatched("nobody_matched", message, hint=hint)
