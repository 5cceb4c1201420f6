"""What follows an alert: one more message, a larger or another circle, the end of the incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from umsalert.errors import RefusedByRule, UsageError
from umsalert.geo.units import format_distance
from umsalert.i18n import _
from umsalert.messages import Template
from umsalert.model import (
    Alert,
    Area,
    ChannelKind,
    Circle,
    Following,
    FollowKind,
    OffDuty,
    Only,
    Operator,
)
from umsalert.selection.correction import CORRECTION
from umsalert.selection.plan import Request

CLOSING = "all-clear"
"""The name of the template that ends an incident."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said, and how. `values` are all that was typed; no `channels`: as many as can be.

    `off_duty` None: as the alert did that is followed.
    """

    template: Template
    values: Mapping[str, str]
    operator: Operator
    channels: tuple[ChannelKind, ...] = ()
    reason: str = ""
    expires_in: timedelta | None = None
    idempotency_key: str | None = None
    off_duty: OffDuty | None = None


def inherited(alert: Alert, template: Template, typed: Mapping[str, str]) -> dict[str, str]:
    """Return the values of `alert`, where `template` is its own, below those that were typed."""
    return {**(alert.variables if template.name == alert.template else {}), **typed}


def wave(alert: Alert, following: Following, area: Area, words: Words) -> Request:
    """Return the request for an alert that follows another, about the same fact.

    Of an exercise it is an exercise. By the channels of `alert` where it uses its template.
    """
    channels = words.channels
    if not channels and words.template.name == alert.template:
        channels = tuple(kind for kind in alert.channels if kind in words.template.channels)
    return Request(
        area=area,
        template=words.template,
        values=words.values,
        operator=words.operator,
        channels=channels,
        reason=words.reason,
        exercise=alert.exercise,
        incident_at=alert.incident_at,
        expires_in=words.expires_in,
        idempotency_key=words.idempotency_key,
        follows=following,
        off_duty=words.off_duty or alert.off_duty,
    )


def widened(alert: Alert, radius_m: float) -> Circle:
    """Return the larger circle, for the same kinds of sites.

    Raises UsageError when it is not larger, or the alert has no circle.
    """
    if not isinstance(alert.area, Circle):
        raise UsageError(
            "not_a_circle",
            _("Alert {ref} did not go to a circle: it has no radius.").format(ref=alert.ref),
            hint=_(
                "Give it a circle: umsalert alert recenter {ref} --lat {lat} --lon {lon} "
                "--radius 3km"
            ).format(ref=alert.ref, lat=alert.area.lat, lon=alert.area.lon),
        )
    if radius_m <= alert.area.radius_m:
        raise UsageError(
            "not_wider",
            _("{radius} is no more than the {before} of alert {ref}.").format(
                radius=format_distance(radius_m),
                before=format_distance(alert.area.radius_m),
                ref=alert.ref,
            ),
            hint=_("Give a larger --radius; another place: umsalert alert recenter"),
        )
    return Circle(alert.area.lat, alert.area.lon, radius_m, alert.area.only)


def recentered(alert: Alert, lat: float, lon: float, radius_m: float | None) -> Circle:
    """Return the circle around another place, as large as before where no radius is given.

    It is for the same kinds of sites as before; a list of sites is left behind. Raises UsageError
    when there is no radius to take over.
    """
    if radius_m is None:
        if not isinstance(alert.area, Circle):
            raise UsageError(
                "radius_missing",
                _("Alert {ref} did not go to a circle: it has no radius.").format(ref=alert.ref),
                hint=_("Give --radius, such as --radius 800m."),
            )
        radius_m = alert.area.radius_m
    return Circle(lat, lon, radius_m, Only(kinds=alert.area.only.kinds))


def closing(incident: Sequence[Alert], template: Template, outcome: str, by: Operator) -> Request:
    """Return the request for the message that ends an incident.

    It names the first alert and says `outcome` word for word, by the channels that any of its
    alerts had. Its fact is the closing.
    """
    first = incident[0]
    used = {kind for alert in incident for kind in alert.channels}
    return Request(
        area=first.area,
        template=template,
        values={"ended_alert": first.ref, "outcome": outcome},
        operator=by,
        channels=tuple(kind for kind in template.channels if kind in used),
        exercise=first.exercise,
        follows=Following(first.id, FollowKind.CLOSING),
    )


def refuse_last_words(template: str | None, alert: Alert) -> None:
    """Raise RefusedByRule for words that end an incident, or an alert, and would leave it open."""
    commands = {CLOSING: "alert close", CORRECTION: "alert cancel"}
    if template in commands:
        raise RefusedByRule(
            "template_of_an_end",
            _("The words of {template} would leave the incident open.").format(template=template),
            hint=_("Send them with: umsalert {command} {ref}").format(
                command=commands[template], ref=alert.ref
            ),
        )


def refuse_ended(alert: Alert) -> None:
    """Raise RefusedByRule when nothing may follow `alert` any more."""
    if alert.closed:
        raise RefusedByRule(
            "incident_closed",
            _("The incident of alert {ref} was closed by {operator}: {outcome}").format(
                ref=alert.ref, operator=alert.closed.by, outcome=alert.closed.outcome
            ),
            hint=_("What is new is a new alert: umsalert alert send"),
        )
    if alert.cancelled:
        raise RefusedByRule(
            "alert_cancelled",
            _("Alert {ref} was cancelled by {operator}: nothing follows it.").format(
                ref=alert.ref, operator=alert.cancelled.by
            ),
            hint=_("Follow another alert of its incident, or begin anew: umsalert alert send"),
        )
