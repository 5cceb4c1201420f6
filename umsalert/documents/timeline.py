"""What happened in an incident, in sentences."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from umsalert.geo.units import format_away
from umsalert.i18n import _, language, titled
from umsalert.incidents import MomentKind
from umsalert.model import NEW_AREA, Everywhere
from umsalert.words import counts
from umsalert.words.alerts import area_words, audience_words, kind_words, marked
from umsalert.words.answers import reply_name, said, source_name
from umsalert.words.times import duration

if TYPE_CHECKING:
    from umsalert.incidents import Incident, Moment
    from umsalert.ports import ReplyRow, WaveRow


def sentence(moment: Moment, incident: Incident) -> str:
    """Say what happened at a moment."""
    if moment.reply is not None:
        return _answer_words(moment.reply, incident)
    if moment.wave is None:
        closed = incident.closed
        if moment.kind is MomentKind.CLOSED and closed:
            return _("Closed by {operator}: {outcome}").format(
                operator=closed.by, outcome=closed.outcome
            )
        return marked(_("The fact"), exercise=incident.first.exercise)
    alert = moment.wave.alert
    if moment.kind is MomentKind.FIRST_SMS:
        return _("First SMS of {ref} accepted, {time} after it was confirmed").format(
            ref=alert.ref, time=duration((moment.at - alert.created_at).total_seconds())
        )
    if moment.kind is MomentKind.CANCELLED and alert.cancelled:
        words = _("{ref} cancelled by {operator}").format(
            ref=alert.ref, operator=alert.cancelled.by
        )
        return titled(words, alert.cancelled.reason) if alert.cancelled.reason else words
    return _wave_words(moment.wave)


def clock(at: datetime, incident: Incident) -> str:
    """Return the time of day, with its date where that is not the fact's."""
    zone = ZoneInfo(incident.first.time_zone)
    moment, fact = at.astimezone(zone), incident.first.incident_at.astimezone(zone)
    if moment.date() == fact.date():
        return f"{moment:%H:%M:%S}"
    return f"{moment:%d/%m %H:%M:%S}" if language() == "fr" else f"{moment:%m-%d %H:%M:%S}"


def _wave_words(row: WaveRow) -> str:
    alert = row.alert
    what = marked(f"{alert.ref} {alert.template}", exercise=alert.exercise)
    if alert.follows:
        what = f"{what}, {kind_words(alert.follows.kind)}"
        if alert.follows.to:
            what = f"{what}, {audience_words(alert.follows.to)}"
    if alert.follows is None or alert.follows.kind in NEW_AREA:
        what = f"{what}, {area_words(alert.area)}"
    whom = counts.people_at_sites(row.people, row.sites)
    return titled(what, _("{whom}, sent by {operator}").format(whom=whom, operator=alert.operator))


def _answer_words(reply: ReplyRow, incident: Incident) -> str:
    sentence = (
        _("{answer} by {channel}: {site}")
        if isinstance(incident.first.area, Everywhere)  # which has no centre
        else _("{answer} by {channel}: {site}, {distance} from the centre")
    ).format(
        answer=reply_name(reply.kind),
        channel=source_name(reply.source),
        site=reply.site_name,
        distance=format_away(reply.distance_m),
    )
    words = said(reply, incident.first.time_zone)
    return titled(sentence, words) if words else sentence
