"""From what was typed after `alert preview` or `alert send` to a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from umsalert.cli.alert_options import (
    KEY_EXAMPLE,
    Channels,
    Exercise,
    Expires,
    IncidentTime,
    OffDutyRule,
    TemplateName,
    Values,
)
from umsalert.cli.area_options import Place, area_asked
from umsalert.cli.context import Session
from umsalert.cli.options import refuse_empty
from umsalert.cli.output import ask, interactive
from umsalert.errors import UsageError
from umsalert.i18n import _, language
from umsalert.model import OffDuty
from umsalert.times import parse_duration, parse_past_moment

if TYPE_CHECKING:
    from umsalert.selection import Request


class Typed(NamedTuple):
    """What is asked for, as typed: a command that takes it takes all of these options."""

    template: TemplateName
    place: Place = Place()
    values: Values = None
    channels: Channels = None
    exercise: Exercise = False
    incident_time: IncidentTime = None
    expires: Expires = None
    off_duty: OffDutyRule = None


def request(
    session: Session, typed: Typed, reason: str = "", idempotency_key: str | None = None
) -> Request:
    """Return the request, asking on a terminal for what the template still needs.

    Raises UsageError for what cannot be understood.
    """
    from umsalert import wiring
    from umsalert.messages import templates
    from umsalert.selection import Request, time_zone_at

    settings = session.settings
    refuse_empty("--idempotency-key", KEY_EXAMPLE, idempotency_key)
    area = area_asked(typed.place, settings.alert.max_radius_m)
    template = templates.load(typed.template, wiring.template_folders(settings))
    now = wiring.clock(settings).now()
    incident_at = None
    if typed.incident_time is not None:
        incident_at = parse_past_moment(typed.incident_time, time_zone_at(area), now)
    return Request(
        area=area,
        template=template,
        values=asked(template, split_values(typed.values or ())),
        operator=wiring.operator(settings),
        channels=tuple(dict.fromkeys(typed.channels or ())),
        reason=reason,
        exercise=typed.exercise,
        incident_at=incident_at,
        expires_in=None if typed.expires is None else parse_duration(typed.expires),
        idempotency_key=idempotency_key,
        off_duty=typed.off_duty or OffDuty(settings.alert.off_duty),
    )


def split_values(pairs: Sequence[str]) -> dict[str, str]:
    """Return `NAME=TEXT` pairs as a mapping. Raises UsageError: value_without_name, value_twice."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        name = name.strip()
        if not (sign and name):
            raise UsageError(
                "value_without_name",
                _("--var {pair!r} has no name.").format(pair=pair),
                hint=_('Write --var NAME=TEXT, such as --var description="man, 1.80 m".'),
            )
        if name in values:
            raise UsageError(
                "value_twice",
                _("--var {name} is given twice.").format(name=name),
                hint=_("Give each name once."),
            )
        values[name] = text
    return values


def asked(template: object, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values with those that a template still needs, asked for on a terminal."""
    from umsalert.messages import Template, render

    complete = dict(values)
    if isinstance(template, Template) and interactive():
        for variable in render.missing(template, values):
            prompt = variable.prompts.get(language()) or variable.name
            complete[variable.name] = ask(prompt)
    return complete
