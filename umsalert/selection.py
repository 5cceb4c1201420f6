"""Who is in the area, vetted and on duty: from what the officer asks to a plan and an alert."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from umsalert.errors import NobodyMatched, RefusedByRule, UsageError
from umsalert.geo.territories import territory_at
from umsalert.i18n import _
from umsalert.messages import Facts, Order, Template, check, render
from umsalert.messages.check import Finding
from umsalert.model import (
    Alert,
    Area,
    ChannelKind,
    MessageText,
    NewAlert,
    Operator,
    Polygon,
    Selection,
)
from umsalert.ports import AlertBook, Clock, Pace, Schedule

_REF_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_REF_LENGTH = 4
_HOLIDAY_COUNTRY = "FR"
DEFAULT_LANGUAGE = "fr"


@dataclass(frozen=True, slots=True)
class Request:
    """What the officer asks for. `incident_at` None means now; times are aware."""

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


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long each channel needs at its configured pace, and the SMS parts in all."""

    seconds: Mapping[ChannelKind, float]
    sms_parts: int

    @property
    def total_s(self) -> float:
        """The channels run side by side: the slowest one counts."""
        return max(self.seconds.values(), default=0.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be sent, to whom: shown before anything leaves, then recorded as it stands."""

    request: Request
    ref: str
    at: datetime
    time_zone: str
    channels: tuple[ChannelKind, ...]
    selection: Selection
    texts: tuple[MessageText, ...]
    estimate: Estimate
    findings: tuple[Finding, ...]

    @property
    def incident_at(self) -> datetime:
        """When it happened; the moment of the plan where the officer gave no time."""
        return self.request.incident_at or self.at

    @property
    def expires_at(self) -> datetime:
        """After this nothing more leaves."""
        ttl = self.request.expires_in or timedelta(seconds=self.request.template.ttl_s)
        return self.at + ttl


@dataclass(frozen=True, slots=True)
class Station:
    """What the planner knows of the place it runs at."""

    name: str
    callback: str
    paces: Mapping[ChannelKind, Pace]


class Planner:
    """Makes plans and writes them into the record."""

    def __init__(self, book: AlertBook, clock: Clock, station: Station) -> None:
        """Read and write through `book`; the present is the clock's."""
        self._book = book
        self._clock = clock
        self._station = station

    async def plan(self, request: Request) -> Plan:
        """Return who would get what, now. Raises UsageError when values are missing or wrong."""
        render.check_values(request.template, request.values)
        now = self._clock.now()
        off_duty = await self._off_duty(request.area)
        channels = _channels(request)
        selection = await self._book.select(request.area, channels, off_duty)
        ref = _new_ref(now)
        zone = time_zone_at(request.area)
        facts = Facts(
            station=self._station.name,
            callback=self._station.callback,
            incident_time=_clock_time(request.incident_at or now, zone),
            reference=ref,
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
        return Plan(
            request=request,
            ref=ref,
            at=now,
            time_zone=zone,
            channels=channels,
            selection=selection,
            texts=texts,
            estimate=_estimate(selection, texts, self._station.paces),
            findings=check.alert(check.Draft(request.template, request.values, facts, texts)),
        )

    async def record(self, plan: Plan) -> Alert:
        """Write the plan as an alert whose deliveries are queued.

        People and presence are those of this moment, not of the plan's. When another process
        has just used the idempotency key, that alert is returned: its ref is not the plan's.
        Raises NobodyMatched when nobody would get anything, UsageError when the expiry has passed.
        """
        if not plan.selection.contacts:
            raise nobody(plan)
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
            variables=request.values,
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
        )
        off_duty = await self._off_duty(request.area)
        return _same(await self._book.create(new, off_duty), request)

    async def _off_duty(self, area: Area) -> tuple[Schedule, ...]:
        now = self._clock.now()
        schedules = await self._book.schedules(area)
        return tuple(schedule for schedule in schedules if not on_duty(schedule, now))

    async def earlier(self, request: Request) -> Alert | None:
        """Return the alert already sent under the request's idempotency key, if any.

        Raises RefusedByRule when that alert was sent with other arguments.
        """
        if request.idempotency_key is None:
            return None
        alert = await self._book.by_idempotency_key(request.idempotency_key)
        return None if alert is None else _same(alert, request)


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


def nobody(plan: Plan) -> NobodyMatched:
    """Return the error that says that the plan reaches nobody."""
    if plan.selection.left_out:
        message = _("Nobody in the area may be alerted: all who are there are left out.")
        hint = _("The preview says who is left out and why.")
    else:
        message = _("There is no site in the area.")
        hint = _("Check where the area lies, or widen it.")
    return NobodyMatched("nobody_matched", message, hint=hint)


def on_duty(schedule: Schedule, at: datetime) -> bool:
    """Say whether somebody is present at `at` by the schedule, in its own time zone."""
    return bool(_opening_hours(schedule).is_open(at.astimezone(ZoneInfo(schedule.time_zone))))


def time_zone_at(area: Area) -> str:
    """Return the time zone people read at the centre of the area."""
    territory = territory_at(area.lat, area.lon)
    return territory.time_zone if territory else "Europe/Paris"


def fingerprint(request: Request) -> str:
    """Return what makes two requests the same: everything typed, not the moment it was typed."""
    arguments = {
        "lat": request.area.lat,
        "lon": request.area.lon,
        "radius_m": request.area.radius_m,
        "template": request.template.name,
        "values": dict(sorted(request.values.items())),
        "channels": request.channels,
        "reason": request.reason,
        "exercise": request.exercise,
        "incident_at": request.incident_at and request.incident_at.astimezone(UTC).isoformat(),
        "expires_in_s": request.expires_in and request.expires_in.total_seconds(),
    }
    if isinstance(request.area, Polygon):
        arguments["polygon"] = request.area.geometry
    return hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=4096)
def _opening_hours(schedule: Schedule):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the library is imported on use and has no types
    from opening_hours import OpeningHours

    return OpeningHours(
        schedule.hours, timezone=ZoneInfo(schedule.time_zone), country=_HOLIDAY_COUNTRY
    )


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


def _estimate(
    selection: Selection, texts: Sequence[MessageText], paces: Mapping[ChannelKind, Pace]
) -> Estimate:
    seconds = {
        kind: max(0, count - paces[kind].burst) / paces[kind].rate_per_s
        for kind, count in selection.deliveries.items()
    }
    parts = max((text.parts for text in texts if text.channel is ChannelKind.SMS), default=0)
    return Estimate(seconds, parts * selection.deliveries.get(ChannelKind.SMS, 0))
