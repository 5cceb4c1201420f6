"""`alert follow-up`, `alert widen`, `alert recenter`: the next wave of an alert."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from umsalert import wiring
from umsalert.cli import alert_preview, alert_request, alert_send, alert_show
from umsalert.cli.alert_options import KEY_EXAMPLE, OtherWords
from umsalert.cli.area_options import Centre
from umsalert.cli.context import Session
from umsalert.cli.options import refuse_empty
from umsalert.cli.output import Output
from umsalert.errors import ExitCode, UsageError
from umsalert.geo.coordinates import check_point, parse_coordinate
from umsalert.geo.units import check_radius, parse_distance
from umsalert.i18n import _
from umsalert.model import (
    Alert,
    Area,
    Audience,
    Circle,
    Following,
    FollowKind,
    Link,
    Power,
)
from umsalert.store.alerts import LAST
from umsalert.times import parse_duration

if TYPE_CHECKING:
    from umsalert.selection import Request
    from umsalert.store.store import Store


Goal = Callable[["Store", Alert], Awaitable[tuple[Area, Following]]]
"""Says where a wave goes, and what it is to the alert that it follows."""


def people(to: Audience) -> Goal:
    """Return the goal of a follow-up: people of the incident."""

    async def goal(_store: Store, alert: Alert) -> tuple[Area, Following]:
        return alert.area, Following(alert.id, FollowKind.FOLLOW_UP, to)

    return goal


def larger(radius: str) -> Goal:
    """Return the goal of a wider circle around the same place."""
    radius_m = parse_distance(radius)

    async def goal(_store: Store, alert: Alert) -> tuple[Area, Following]:
        from umsalert.selection import widened

        return widened(alert, radius_m), Following(alert.id, FollowKind.WIDENED)

    return goal


def elsewhere(centre: Centre) -> Goal:
    """Return the goal of a circle around another place. Raises UsageError for none or two."""
    at_point = centre.lat is not None and centre.lon is not None
    if at_point == (centre.site is not None) or (centre.lat is None) != (centre.lon is None):
        raise UsageError(
            "centre_unclear",
            _("Where to? Give a site of the register, or a point: one of both."),
            hint=_("Give --site REF, or --lat and --lon."),
        )
    radius_m = None if centre.radius is None else parse_distance(centre.radius)

    async def goal(store: Store, alert: Alert) -> tuple[Area, Following]:
        from umsalert.selection import recentered

        if centre.site is not None:
            site = await store.register.site(centre.site)
            lat, lon = site.lat, site.lon
        else:
            lat, lon = parse_coordinate(centre.lat or ""), parse_coordinate(centre.lon or "")
            check_point(lat, lon)
        area = recentered(alert, lat, lon, radius_m)
        return area, Following(alert.id, FollowKind.RECENTERED)

    return goal


@dataclass(frozen=True, slots=True)
class Order:
    """What one of the commands asks for: after which alert, whom to, in which words."""

    ref: str
    goal: Goal
    typed: OtherWords
    manner: alert_send.Manner


async def send(session: Session, order: Order, output: Output) -> ExitCode:
    """Plan, show, ask, record and dispatch the next wave of an alert.

    Raises RefusedByRule when the alert was cancelled or its incident closed.
    """
    from umsalert.selection import nobody, refuse_ended

    settings = session.settings
    refuse_empty("--idempotency-key", KEY_EXAMPLE, order.typed.idempotency_key)
    async with wiring.open_store(settings, Power.ALERT) as store:
        alert = await _followed(store, order)
        area, following = await order.goal(store, alert)
        if isinstance(area, Circle):  # a follow-up keeps whatever area its alert had
            check_radius(area.radius_m, settings.alert.max_radius_m)
        planner = wiring.planner(settings, store)
        request = _request(session, alert, (area, following), order.typed)
        earlier = await planner.earlier(request)
        if earlier is not None:
            return await alert_send.report_earlier(session, store, earlier, output)
        refuse_ended(alert)
        plan = await planner.plan(request)
        if not output.as_json:
            link = Link(alert.ref, following.kind, following.to)
            output.paragraph(alert_show.follows_words(link))
            alert_preview.show(plan, await planner.others(plan), output)
        if not plan.selection.contacts:
            raise nobody(plan)
        return await alert_send.carry_out(session, store, plan, order.manner, output)


async def _followed(store: Store, order: Order) -> Alert:
    """Return the alert that is followed.

    `last` is never a correction, and for who repeats a command with its key the same alert again.
    """
    if order.ref == LAST and order.typed.idempotency_key:
        earlier = await store.alerts.by_idempotency_key(order.typed.idempotency_key)
        if earlier and earlier.follows:
            return await store.alerts.alert(earlier.follows.ref)
    alert = await store.alerts.alert(order.ref)
    if alert.follows and alert.follows.kind is FollowKind.CORRECTION:
        return await store.alerts.alert(alert.follows.ref)
    return alert


def _request(
    session: Session, alert: Alert, goal: tuple[Area, Following], typed: OtherWords
) -> Request:
    """Return the request, asking on a terminal for what the template still needs."""
    from umsalert.messages import templates
    from umsalert.selection import Words, inherited, refuse_last_words, wave

    refuse_last_words(typed.template, alert)
    settings = session.settings
    area, following = goal
    name = alert.template if typed.template is None else typed.template
    template = templates.load(name, wiring.template_folders(settings))
    values = inherited(alert, template, alert_request.split_values(typed.values or ()))
    words = Words(
        template=template,
        values=alert_request.asked(template, values),
        operator=wiring.operator(settings),
        channels=tuple(dict.fromkeys(typed.channels or ())),
        reason=typed.reason,
        expires_in=None if typed.expires is None else parse_duration(typed.expires),
        idempotency_key=typed.idempotency_key,
        off_duty=typed.off_duty,
    )
    return wave(alert, following, area, words)
