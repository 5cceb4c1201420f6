"""Who is in the area, vetted and on duty: from what the officer asks to a plan and an alert."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from umsalert.errors import RefusedByRule, UsageError
from umsalert.geo.territories import territory_at
from umsalert.i18n import _
from umsalert.messages import Facts, Order, check, render
from umsalert.model import (
    Alert,
    Area,
    ChannelKind,
    Consent,
    Everywhere,
    FollowKind,
    NewAlert,
    OffDuty,
    Selection,
    Wave,
    area_to_json,
)
from umsalert.ports import AlertBook, Clock, KnownPlace, OnDuty
from umsalert.selection.estimate import estimate
from umsalert.selection.located import folded_kind, located
from umsalert.selection.plan import (
    Plan,
    Request,
    Station,
    above,
    happened,
    most_people,
    nobody,
)
from umsalert.selection.presence import on_duty
from umsalert.selection.unusual import unusual

_REF_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_REF_LENGTH = 4
DEFAULT_LANGUAGE = "fr"


class Planner:
    """Makes plans and writes them into the record."""

    def __init__(self, book: AlertBook, clock: Clock, station: Station) -> None:
        """Read and write through `book`; the present is the clock's."""
        self._book = book
        self._clock = clock
        self._station = station

    async def plan(self, request: Request) -> Plan:
        """Return who would get what, now. Raises UsageError when values are missing or wrong."""
        request = await self._located(request)
        said = _said(request)
        now = self._clock.now()
        channels = _channels(request)
        await self._book.lapse(now)
        selection, situation = await asyncio.gather(  # in turn, without a way back in between
            self._select(request, said, channels),
            self._book.situation(
                request.area, request.template.name, now, exercise=request.exercise
            ),
        )
        ref = _new_ref(now)
        zone = time_zone_at(request.area)
        facts = Facts(
            station=self._station.name,
            callback=self._station.callback,
            incident_time=_clock_time(happened(request, now), zone),
            reference=ref,
            link=self._station.link,
        )
        texts = render.render(
            request.template,
            request.values,
            Order(
                channels=channels,
                languages=tuple(sorted(selection.languages, reverse=True)) or (DEFAULT_LANGUAGE,),
                exercise=request.exercise,
            ),
            facts,
        )
        plan = Plan(
            request=request,
            ref=ref,
            at=now,
            time_zone=zone,
            channels=channels,
            selection=selection,
            texts=texts,
            estimate=estimate(
                selection,
                texts,
                self._station.paces,
                self._station.prices,
                self._station.cell_pace,
            ),
            situation=situation,
            findings=check.alert(check.Draft(request.template, request.values, facts, texts)),
            above=above(request, selection.contacts, self._station.limits),
        )
        return replace(plan, findings=check.worst_first((*plan.findings, *unusual(plan))))

    async def others(self, plan: Plan) -> Sequence[KnownPlace]:
        """Return the known sites in and just around the area that get nothing, for a map."""
        alerted = {site.id for site in plan.selection.sites}
        known = await self._book.around(plan.request.area)
        return [place for place in known if place.site_id not in alerted]

    async def record(self, plan: Plan, consent: Consent | None = None) -> Alert:
        """Write the plan as an alert whose deliveries are queued.

        People and presence are those of this moment, not of the plan's. When another process
        has just used the idempotency key, that alert is returned: its ref is not the plan's.
        Raises NobodyMatched when nobody would get anything, UsageError when the expiry has passed,
        RefusedByRule when it needs a second person, by the people of this moment too, and there is
        no `consent`, or none that holds.
        """
        if not plan.selection.contacts:
            raise nobody(plan)
        if plan.above and consent is None:
            raise RefusedByRule("needs_second_person", _("This alert needs a second person."))
        if plan.expires_at <= self._clock.now():
            raise UsageError(
                "already_expired",
                _("The alert would be expired before it is sent."),
                hint=_("Give a later end with --expires, such as --expires 2h."),
            )
        request = plan.request
        new = NewAlert(
            ref=plan.ref,
            template=request.template.name,
            area=request.area,
            channels=plan.channels,
            texts=plan.texts,
            variables=_said(request),
            reason=request.reason,
            exercise=request.exercise,
            priority=request.template.priority,
            unknown_policy=request.template.unknown,
            time_zone=plan.time_zone,
            incident_at=plan.incident_at,
            created_at=self._clock.now(),
            expires_at=plan.expires_at,
            operator=request.operator,
            idempotency_key=request.idempotency_key,
            request_hash=fingerprint(request),
            follows=request.follows,
            cell_pace=self._station.cell_pace,
            stop_when_acknowledged=request.template.stop_when_acknowledged,
            expected=plan.estimate.expected,
            off_duty=request.off_duty,
            consent=consent,
            most_without_consent=most_people(request, self._station.limits),
        )
        return _same(await self._book.create(new, self._on_duty()), request)

    async def _select(
        self, request: Request, said: Mapping[str, str], channels: Collection[ChannelKind]
    ) -> Selection:
        burst, follows = self._station.cell_pace.burst, request.follows
        if follows is None:
            return await self._book.select(
                request.area, channels, self._on_duty(), burst, request.off_duty
            )
        if follows.kind is FollowKind.CORRECTION:
            return await self._book.recipients(follows.alert_id, channels, burst)
        wave = Wave(follows, request.area, request.template.name, said, request.off_duty)
        return await self._book.wave(wave, channels, self._on_duty(), burst)

    async def _located(self, request: Request) -> Request:
        """Return the request with its area as the register has it. Raises UsageError: see there."""
        area = request.area
        if not (area.only or isinstance(area, Everywhere)):
            return request
        typed = request.follows is None and request.asked_at is None
        named = await self._book.named_sites(area)
        return replace(request, area=located(area, named, typed=typed))

    def _on_duty(self) -> OnDuty:
        return partial(on_duty, at=self._clock.now())

    async def earlier(self, request: Request) -> Alert | None:
        """Return the alert already sent under the request's idempotency key, if any.

        Raises RefusedByRule when that alert was sent with other arguments.
        """
        if request.idempotency_key is None:
            return None
        alert = await self._book.by_idempotency_key(request.idempotency_key)
        return None if alert is None else _same(alert, request)


def _said(request: Request) -> dict[str, str]:
    """Return the values as texts say them: what makes two messages say the same.

    Raises UsageError when they do not fit the template.
    """
    given = render.check_values(request.template, request.values)
    return {name: value for name, value in given.items() if value}


def _same(alert: Alert, request: Request) -> Alert:
    if alert.request_hash != fingerprint(request):
        raise RefusedByRule(
            "idempotency_key_reused",
            _("The key {key} belongs to alert {ref}, which had other arguments.").format(
                key=request.idempotency_key, ref=alert.ref
            ),
            hint=_("Use a new key for a new alert."),
        )
    return alert


def time_zone_at(area: Area) -> str:
    """Return the time zone people read at the centre of the area."""
    territory = territory_at(area.lat, area.lon)
    return territory.time_zone if territory else "Europe/Paris"


def fingerprint(request: Request) -> str:
    """Return what makes two requests the same: everything typed, not the moment it was typed."""
    arguments = {
        **_typed_area(request.area),
        "template": request.template.name,
        "values": dict(sorted(request.values.items())),
        "channels": request.channels,
        "reason": request.reason,
        "exercise": request.exercise,
        "incident_at": request.incident_at and request.incident_at.astimezone(UTC).isoformat(),
        "expires_in_s": request.expires_in and request.expires_in.total_seconds(),
    }
    if request.off_duty is not OffDuty.SKIP:  # what alerts had before there was a choice
        arguments["off_duty"] = request.off_duty
    if request.follows is not None:
        follows = request.follows
        arguments["follows"] = [follows.alert_id, follows.kind, *filter(None, [follows.to])]
    return hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()


def _typed_area(area: Area) -> dict[str, Any]:
    """Return an area without what the register says of it; without the names of an outline, too."""
    document = area_to_json(area)
    for name in ("lat", "lon", "radius_m") if isinstance(area, Everywhere) else ("divisions",):
        document.pop(name, None)
    document["kinds"] = sorted(map(folded_kind, area.only.kinds))
    return {name: value for name, value in document.items() if value != []}


def _channels(request: Request) -> tuple[ChannelKind, ...]:
    wanted = request.channels or tuple(ChannelKind)
    channels = tuple(kind for kind in request.template.channels if kind in wanted)
    refused = [kind.value for kind in request.channels if kind not in channels]
    if refused:
        raise UsageError(
            "channel_not_in_template",
            _("The template {template} does not speak by {channels}.").format(
                template=request.template.name, channels=", ".join(refused)
            ),
            hint=_("It speaks by: {channels}").format(
                channels=", ".join(request.template.channels)
            ),
        )
    return channels


def _clock_time(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Hh%M}"


def _new_ref(now: datetime) -> str:
    tail = "".join(secrets.choice(_REF_ALPHABET) for _position in range(_REF_LENGTH))
    return f"{now:%Y%m%d}-{tail}"
