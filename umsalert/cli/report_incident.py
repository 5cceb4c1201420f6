"""The incident that an alert belongs to, as a report shows it: for eyes and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from umsalert.cli import alert_show, alert_words
from umsalert.cli.output import Output, duration, source_name, utc
from umsalert.cli.reply import words
from umsalert.cli.report_words import reply_document, reply_name
from umsalert.geo.units import format_distance
from umsalert.i18n import _, language, ngettext, titled
from umsalert.incidents import Incident, Moment, MomentKind
from umsalert.model import NEW_AREA, FollowKind, ReplyKind

if TYPE_CHECKING:
    from umsalert.ports import ReplyRow, WaveRow

ANSWERS_SHOWN = 10
"""First answers of sites; sightings are all shown."""


def document(incident: Incident) -> dict[str, Any]:
    """Return an incident for a JSON document."""
    return {
        "ref": incident.first.ref,
        "incident_at": utc(incident.first.incident_at),
        "exercise": incident.first.exercise,
        "closed": alert_show.closed_document(incident.closed),
        "alerts": [_wave_document(row) for row in incident.waves],
        "timeline": [_moment_document(moment, incident) for moment in incident.moments],
    }


def show(incident: Incident, output: Output) -> None:
    """Print what happened, one moment a line."""
    shown = 0
    left_out = 0
    for moment in incident.moments:
        if moment.reply is not None and moment.reply.kind is not ReplyKind.SIGHTING:
            shown += 1
            if shown > ANSWERS_SHOWN:
                left_out += 1
                continue
        at = _clock(moment.at, incident)
        output.paragraph(f"{at}  {_sentence(moment, incident)}", hang=" " * (len(at) + 2))
    if left_out:
        output.paragraph(
            ngettext(
                "… and the first answer of {n} more site; --json lists it.",
                "… and the first answers of {n} more sites; --json lists them.",
                left_out,
            ).format(n=left_out)
        )


def _sentence(moment: Moment, incident: Incident) -> str:
    if moment.reply is not None:
        return _answer_words(moment.reply, incident)
    if moment.wave is None:
        closed = incident.closed
        if moment.kind is MomentKind.CLOSED and closed:
            return _("Closed by {operator}: {outcome}").format(
                operator=closed.by, outcome=closed.outcome
            )
        return _("The fact")
    alert = moment.wave.alert
    if moment.kind is MomentKind.FIRST_SMS:
        return _("First SMS of {ref} accepted, {time} after it was confirmed").format(
            ref=alert.ref, time=duration((moment.at - alert.created_at).total_seconds())
        )
    if moment.kind is MomentKind.CANCELLED and alert.cancelled:
        words = _("{ref} cancelled by {operator}").format(
            ref=alert.ref, operator=alert.cancelled.by
        )
        return f"{words}: {alert.cancelled.reason}" if alert.cancelled.reason else words
    return _wave_words(moment.wave)


def _wave_words(row: WaveRow) -> str:
    alert = row.alert
    what = f"{alert.ref} {alert.template}"
    if alert.follows:
        what = f"{what}, {_kind_words(alert.follows.kind)}"
        if alert.follows.to:
            what = f"{what}, {alert_show.audience_words(alert.follows.to)}"
    if alert.follows is None or alert.follows.kind in NEW_AREA:
        what = f"{what}, {alert_words.area_words(alert.area)}"
    people = ngettext("{n} person", "{n} people", row.people).format(n=row.people)
    sites = ngettext("{n} site", "{n} sites", row.sites).format(n=row.sites)
    return titled(what, f"{people}, {sites}")


def _kind_words(kind: FollowKind) -> str:
    return {
        FollowKind.CORRECTION: _("correction"),
        FollowKind.FOLLOW_UP: _("follow-up"),
        FollowKind.WIDENED: _("widened"),
        FollowKind.RECENTERED: _("another place"),
        FollowKind.CLOSING: _("closing message"),
    }[kind]


def _answer_words(reply: ReplyRow, incident: Incident) -> str:
    sentence = _("{answer} by {channel}: {site}, {distance} from the centre").format(
        answer=reply_name(reply.kind),
        channel=source_name(reply.source),
        site=reply.site_name,
        distance=format_distance(round(reply.distance_m)),
    )
    said = words(reply, incident.first.time_zone)
    return titled(sentence, said) if said else sentence


def _clock(at: datetime, incident: Incident) -> str:
    """Return the time of day, with its date where that is not the fact's."""
    zone = ZoneInfo(incident.first.time_zone)
    moment, fact = at.astimezone(zone), incident.first.incident_at.astimezone(zone)
    if moment.date() == fact.date():
        return f"{moment:%H:%M:%S}"
    return f"{moment:%d/%m %H:%M:%S}" if language() == "fr" else f"{moment:%m-%d %H:%M:%S}"


def _wave_document(row: WaveRow) -> dict[str, Any]:
    alert = row.alert
    return {
        "ref": alert.ref,
        "template": alert.template,
        "follows": alert_show.links_document([alert.follows])[0] if alert.follows else None,
        **alert_words.area_document(alert.area),
        "created_at": utc(alert.created_at),
        "people": row.people,
        "sites": row.sites,
        "first_sms_at": utc(row.first_sms_at),
        "cancelled": alert_show.cancelled_document(alert.cancelled),
    }


def _moment_document(moment: Moment, incident: Incident) -> dict[str, Any]:
    return {
        "at": utc(moment.at),
        "kind": moment.kind.value,
        "alert": moment.wave.alert.ref if moment.wave else None,
        **dict(_details(moment, incident)),
    }


def _details(moment: Moment, incident: Incident) -> Iterator[tuple[str, Any]]:
    if moment.reply is not None:
        yield "reply", reply_document(moment.reply)
    elif moment.kind is MomentKind.WAVE and moment.wave:
        yield "wave", _wave_document(moment.wave)
    elif moment.kind is MomentKind.CLOSED and incident.closed:
        yield "outcome", incident.closed.outcome
