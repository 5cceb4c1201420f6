"""From what was typed after `alert preview` or `alert send` to a request."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli import completers
from umsalert.cli.context import Session
from umsalert.cli.output import ask, interactive
from umsalert.errors import UsageError
from umsalert.geo.coordinates import check_point, parse_coordinate
from umsalert.geo.polygons import parse_polygon
from umsalert.geo.units import check_radius, parse_distance
from umsalert.i18n import _, language, system_reason
from umsalert.model import Area, ChannelKind, Circle, OffDuty
from umsalert.times import parse_duration, parse_past_moment

if TYPE_CHECKING:
    from umsalert.selection import Request

MAX_POLYGON_BYTES = 10_000_000
"""Some hundred bytes for each corner that is taken; a device or a pipe may have no end."""

Lat = Annotated[
    str | None,
    typer.Option("--lat", metavar="DEGREES", help=_("Latitude of the centre, WGS 84.")),
]
Lon = Annotated[
    str | None,
    typer.Option("--lon", metavar="DEGREES", help=_("Longitude of the centre, WGS 84.")),
]
Radius = Annotated[
    str | None,
    typer.Option("--radius", metavar="DISTANCE", help=_("With its unit: 800m, 3km.")),
]
PolygonFile = Annotated[
    Path | None,
    typer.Option(
        "--polygon", metavar="FILE", help=_("An area as GeoJSON, in place of a circle; -: stdin.")
    ),
]
TemplateName = Annotated[
    str,
    typer.Option(
        "--template",
        metavar="NAME",
        help=_("See: umsalert template list"),
        autocompletion=completers.templates,
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=TEXT", help=_("A value of the template; repeatable.")),
]
Channels = Annotated[
    list[ChannelKind] | None,
    typer.Option("--channel", help=_("Only this channel; repeatable. Default: the template's.")),
]
Exercise = Annotated[
    bool,
    typer.Option("--exercise", help=_("Mark every text EXERCICE; it can never become live.")),
]
IncidentTime = Annotated[
    str | None,
    typer.Option(
        "--incident-time", metavar="TIME", help=_("When it happened: 18:07, or ISO 8601.")
    ),
]
Expires = Annotated[
    str | None,
    typer.Option("--expires", metavar="TIME", help=_("Nothing leaves after this long: 30m, 2h.")),
]
OffDutyRule = Annotated[
    OffDuty | None,
    typer.Option(
        "--off-duty",
        help=_(
            "A site where nobody is on duty now: skip it, include its contacts all the same, or "
            "only its fallback contacts. Default: the setting alert.off_duty."
        ),
    ),
]


@dataclass(frozen=True, slots=True)
class Typed:
    """The arguments as typed."""

    template: str
    lat: str | None = None
    lon: str | None = None
    radius: str | None = None
    polygon: Path | None = None
    values: Sequence[str] = ()
    channels: Sequence[ChannelKind] = ()
    exercise: bool = False
    incident_time: str | None = None
    expires: str | None = None
    reason: str = ""
    idempotency_key: str | None = None
    off_duty: OffDuty | None = None


def request(session: Session, typed: Typed) -> Request:
    """Return the request, asking on a terminal for what the template still needs.

    Raises UsageError for what cannot be understood.
    """
    from umsalert import wiring
    from umsalert.messages import templates
    from umsalert.selection import Request, time_zone_at

    settings = session.settings
    area = _area(typed)
    check_radius(area.radius_m, settings.alert.max_radius_m)
    template = templates.load(typed.template, wiring.template_folders(settings))
    now = wiring.clock(settings).now()
    incident_at = typed.incident_time and parse_past_moment(
        typed.incident_time, time_zone_at(area), now
    )
    return Request(
        area=area,
        template=template,
        values=asked(template, split_values(typed.values)),
        operator=wiring.operator(settings),
        channels=tuple(dict.fromkeys(typed.channels)),
        reason=typed.reason,
        exercise=typed.exercise,
        incident_at=incident_at or None,
        expires_in=parse_duration(typed.expires) if typed.expires else None,
        idempotency_key=typed.idempotency_key,
        off_duty=typed.off_duty or OffDuty(settings.alert.off_duty),
    )


def _area(typed: Typed) -> Area:
    """Return the circle or the polygon that was typed. Raises UsageError for neither or both."""
    circle = {"--lat": typed.lat, "--lon": typed.lon, "--radius": typed.radius}
    missing = [option for option, value in circle.items() if value is None]
    if typed.polygon is not None:
        if len(missing) < len(circle):
            raise UsageError(
                "two_areas",
                _("A circle and a polygon are given: only one of them can be meant."),
                hint=_("Leave out --polygon, or --lat, --lon and --radius."),
            )
        return parse_polygon(_text_of(typed.polygon))
    if typed.lat is None or typed.lon is None or typed.radius is None:
        raise UsageError(
            "area_missing",
            _("Where? Missing: {options}").format(options=", ".join(missing)),
            hint=_("Give --lat, --lon and --radius, or --polygon FILE.geojson."),
        )
    lat, lon = parse_coordinate(typed.lat), parse_coordinate(typed.lon)
    check_point(lat, lon)
    return Circle(lat, lon, parse_distance(typed.radius))


def _text_of(file: Path) -> str:
    try:
        if str(file) == "-" and sys.stdin is None:  # closed by whoever started us
            raise _os_error(errno.EBADF)
        with open(0 if str(file) == "-" else file, "rb", closefd=str(file) != "-") as stream:
            data = stream.read(MAX_POLYGON_BYTES + 1)
        if len(data) > MAX_POLYGON_BYTES:
            raise _os_error(errno.EFBIG)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = _("it is not UTF-8")
        cause: Exception = error
    except OSError as error:
        reason = system_reason(error)
        cause = error
    raise UsageError(
        "polygon_unreadable",
        _("The polygon {file} cannot be read: {reason}.").format(file=file, reason=reason),
        hint=_("Give one Polygon or MultiPolygon as GeoJSON (RFC 7946)."),
    ) from cause


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


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
