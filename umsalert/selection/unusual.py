"""What makes an officer stop and look again: a slip of the hand looks like this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from umsalert.geo.units import format_distance
from umsalert.i18n import _, ngettext
from umsalert.messages.check import Finding, Severity
from umsalert.model import NEW_AREA, Alert, Everywhere, Polygon
from umsalert.selection.located import listed
from umsalert.selection.plan import Plan

RADIUS_FACTOR = 10
"""A nought too many in the radius."""

LONELY_M = 2_000.0
"""In a town there is always a site nearer; without one the centre is probably mistyped."""

OLD = timedelta(hours=6)
"""A time of day that has not come yet is read as yesterday's: right at 00:10, wrong at 18:10."""


_OF_THE_MOMENT = {"alert_open_here", "exercise_open_here", "real_alert_open_here"}


def lasting(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that still hold when what is planned leaves, some day."""
    return tuple(finding for finding in findings if finding.code not in _OF_THE_MOMENT)


def unusual(plan: Plan) -> Iterator[Finding]:
    """Yield what is out of the ordinary with a plan, as warnings.

    Of what follows an alert only a new area was typed.
    """
    follows, area = plan.request.follows, plan.request.area
    if isinstance(area, Everywhere) or (isinstance(area, Polygon) and area.divisions):
        if follows is None:
            yield from _named(plan)
            yield from _open_here(plan)
            yield from _old(plan)
    elif follows is None:
        yield from _unvetted(plan)
        yield from _misplaced(plan)
        yield from _open_here(plan)
        yield from _old(plan)
    elif follows.kind in NEW_AREA:
        yield from _misplaced(plan)


def _misplaced(plan: Plan) -> Iterator[Finding]:
    radius_m = plan.request.area.radius_m
    situation = plan.situation
    usual_m = situation.usual_radius_m
    if usual_m is not None and radius_m >= RADIUS_FACTOR * usual_m:
        yield _warning(
            "radius_unusual",
            _("A radius of {radius} is {n} times the usual one here ({usual}).").format(
                radius=format_distance(radius_m),
                n=round(radius_m / usual_m),
                usual=format_distance(usual_m),
            ),
            _("Check --radius."),
        )
    nearest = situation.nearest
    if nearest is None or nearest.distance_m > LONELY_M:
        message = _("No known site lies within {distance} of the centre.")
        yield _warning(
            "centre_remote",
            message.format(distance=format_distance(LONELY_M)),
            _("Check --lat and --lon."),
        )


def _named(plan: Plan) -> Iterator[Finding]:
    """Of an area that was named a code may be a slip of the hand."""
    area = plan.request.area
    yield from _unvetted(plan)
    if isinstance(area, Everywhere) and not area.only:
        yield _warning(
            "all_sites",
            _("This goes to every vetted site of the register."),
            _("Narrow it down with --departement, --region or --kind if that is too much."),
        )
    for it in area.divisions if isinstance(area, Polygon) else ():
        others = plan.situation.postcodes.get(it.code)
        if others:
            yield _warning(
                "commune_or_postcode",
                _(
                    "{code} is the INSEE code of {name}; in the register it is the postcode of "
                    "sites in {others}."
                ).format(code=it.code, name=it.name, others=", ".join(others)),
                _("Check --commune: it takes the INSEE code."),
            )


def _unvetted(plan: Plan) -> Iterator[Finding]:
    refs = plan.situation.unvetted
    if refs:
        yield _warning(
            "sites_not_vetted",
            ngettext(
                "{n} site of the list is not approved and gets nothing: {refs}",
                "{n} sites of the list are not approved and get nothing: {refs}",
                len(refs),
            ).format(n=len(refs), refs=listed(refs)),
            _("Take them out of --sites-file, or have them approved."),
        )


def _open_here(plan: Plan) -> Iterator[Finding]:
    for alert in plan.situation.open_alerts:
        if alert.ref in plan.request.values.values():  # an all-clear names the alert that it ends
            continue
        if alert.exercise is not plan.request.exercise:
            yield _other_open_here(alert, plan)
            continue
        yield _warning(
            "alert_open_here",
            _("Alert {ref} ({template}) is already open here, sent at {time}.").format(
                ref=alert.ref,
                template=alert.template,
                time=f"{alert.created_at.astimezone(ZoneInfo(plan.time_zone)):%H:%M}",
            ),
            _(
                "The same incident? People in another circle: umsalert alert recenter {ref} (or "
                "widen); more for the same people: umsalert alert follow-up {ref}"
            ).format(ref=alert.ref),
        )


def _other_open_here(alert: Alert, plan: Plan) -> Finding:
    """Guards must not take an alert for a part of an exercise, nor an exercise for one."""
    at = f"{alert.created_at.astimezone(ZoneInfo(plan.time_zone)):%H:%M}"
    if alert.exercise:
        return _warning(
            "exercise_open_here",
            _("An EXERCISE is open here: {ref} ({template}), sent at {time}.").format(
                ref=alert.ref, template=alert.template, time=at
            ),
            _("Guards may take this for a part of it. End it: umsalert alert close {ref}").format(
                ref=alert.ref
            ),
        )
    return _warning(
        "real_alert_open_here",
        _("A REAL alert is open here: {ref} ({template}), sent at {time}.").format(
            ref=alert.ref, template=alert.template, time=at
        ),
        _("Guards are busy with it. Hold the exercise once it is over."),
    )


def _old(plan: Plan) -> Iterator[Finding]:
    age = plan.at - plan.incident_at
    if age < OLD:
        return
    yield _warning(
        "incident_old",
        _("The incident is {hours} hours ago: {moment:%Y-%m-%d %H:%M} ({zone}).").format(
            hours=round(age / timedelta(hours=1)),
            moment=plan.incident_at.astimezone(ZoneInfo(plan.time_zone)),
            zone=plan.time_zone,
        ),
        _("A time of day that is still to come is read as yesterday's. Check --incident-time."),
    )


def _warning(code: str, message: str, hint: str) -> Finding:
    return Finding(Severity.WARNING, code, message, hint)
