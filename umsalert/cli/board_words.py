"""What a live board says in words and in JSON, whatever it is drawn on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from umsalert.board import BoardView, ChannelLine, Mark, Sighting
from umsalert.cli.alert_show import ended_words
from umsalert.cli.output import (
    channel_name,
    duration,
    local,
    printable,
    source_name,
)
from umsalert.geo.bearings import octant
from umsalert.geo.units import format_distance
from umsalert.i18n import _, ngettext, titled
from umsalert.words.alerts import marked


def mark_name(mark: Mark) -> str:
    """Return what a mark of the map means."""
    return {
        Mark.SIGHTING: _("sighting"),
        Mark.LOCKED_DOWN: _("locked down"),
        Mark.ACKNOWLEDGED: _("acknowledged"),
        Mark.CANNOT: _("cannot"),
        Mark.WRONG_PERSON: _("wrong person"),
        Mark.DELIVERED: _("delivered, no answer"),
        Mark.ACCEPTED: _("accepted, not delivered"),
        Mark.UNREACHED: _("not reached"),
    }[mark]


def number_names() -> Mapping[str, str]:
    """Return the titles of the numbers of a channel by their names."""
    return {
        "sent": _("sent"),
        "accepted": _("accepted"),
        "delivered": _("delivered"),
        "answered": _("answered"),
        "failed": _("failed"),
        "unknown": _("unknown"),
    }


def times(view: BoardView) -> list[str]:
    """Return the present, and how long ago the fact and the alert were; the vital first."""
    alert, at = view.alert, view.at
    return [
        clock(at, at, alert.time_zone, seconds=True),
        _("fact {time}, {ago} ago").format(
            time=clock(view.fact_at, at, alert.time_zone),
            ago=duration((at - view.fact_at).total_seconds()),
        ),
        _("sent {time}, {ago} ago").format(
            time=clock(alert.created_at, at, alert.time_zone),
            ago=duration((at - alert.created_at).total_seconds()),
        ),
        _("until {time}").format(time=clock(alert.expires_at, at, alert.time_zone)),
    ]


def clock(moment: datetime, at: datetime, time_zone: str, *, seconds: bool = False) -> str:
    """Return the time of day of a moment; its date, too, where it is not within half a day."""
    if abs(moment - at) > timedelta(hours=12):
        return local(moment, time_zone, seconds=seconds)
    return moment.astimezone(ZoneInfo(time_zone)).strftime("%H:%M:%S" if seconds else "%H:%M")


def notes(view: BoardView) -> list[str]:
    """Return what else there is to say of an alert, a sentence each."""
    found = ended_words(view.alert)
    if len(view.incident) > 1:
        others = ", ".join(ref for ref in view.incident if ref != view.alert.ref)
        found.append(_("With the answers to the same incident: {refs}").format(refs=others))
    if view.over:
        found.append(_("The alert is over and nothing waits to be sent."))
    return found


def sighting_head(sighting: Sighting, view: BoardView) -> str:
    """Return when and where somebody was seen, and how that became known."""
    reply, alert = sighting.reply, view.alert
    minutes = round((sighting.at - view.fact_at).total_seconds() / 60)
    parts = [
        f"{clock(sighting.at, view.at, alert.time_zone)} ({minutes:+d} min)",
        f"{one_line(reply.site_name)}, {place(sighting)}",
        source_name(reply.source),
    ]
    if reply.photos:
        parts.append(ngettext("{n} PHOTO", "{n} PHOTOS", reply.photos).format(n=reply.photos))
    if sighting.taken_back:
        parts.append(_("TAKEN BACK"))
    return " · ".join(parts)


def place(sighting: Sighting) -> str:
    """Return where a site lies, seen from the centre."""
    points = _("N NE E SE S SW W NW").split()
    return f"{format_distance(round(sighting.distance_m))} {points[octant(sighting.bearing_deg)]}"


def sighting_words(sighting: Sighting) -> str:
    """Return what the guard said, in one line: where to comes first."""
    direction = one_line(sighting.reply.direction)
    parts = [_("towards {place}").format(place=direction)] if direction else []
    return _("; ").join([*parts, *filter(None, [one_line(sighting.reply.text)])])


def one_line(text: str) -> str:
    """Return text of strangers as one line."""
    return " ".join(printable(text).split())


def sentence(view: BoardView) -> str:
    """Return the board as one line, for a log."""
    marks = ", ".join(titled(mark_name(mark), n) for mark, n in view.marks.items() if n)
    parts = [*times(view)[:2], marks, *map(_channel_sentence, view.channels)]
    sentence = " · ".join(part for part in parts if part)
    return marked(sentence, exercise=view.alert.exercise)


def sighting_sentence(sighting: Sighting, view: BoardView) -> str:
    """Return a sighting as one line, for a log."""
    where = " · ".join(filter(None, [sighting_head(sighting, view), sighting_words(sighting)]))
    return marked(_("SIGHTING {where}").format(where=where), exercise=view.alert.exercise)


def _channel_sentence(line: ChannelLine) -> str:
    numbers = asdict(line.numbers)
    words = [
        titled(title, numbers[name]) for name, title in number_names().items() if numbers[name]
    ]
    of_all = _("{n} in all").format(n=line.messages)
    return titled(channel_name(line.channel), ", ".join([of_all, *words]))


def channels_document(view: BoardView) -> list[dict[str, Any]]:
    """Return the channels for a JSON document."""
    return [
        {
            "channel": line.channel,
            "messages": line.messages,
            "waiting": line.waiting,
            **asdict(line.numbers),
            "last_min": asdict(line.last_min),
        }
        for line in view.channels
    ]


def marks_document(view: BoardView) -> dict[str, int]:
    """Return how many sites have which mark."""
    return {mark.value: n for mark, n in view.marks.items()}


def sites_document(view: BoardView, refs: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return sites with their marks: all, or those of `refs`."""
    wanted = None if refs is None else set(refs)
    return [
        {
            "ref": each.site.ref,
            "name": each.site.name,
            "lat": each.site.lat,
            "lon": each.site.lon,
            "distance_m": None if each.site.distance_m is None else round(each.site.distance_m, 3),
            "mark": each.mark,
        }
        for each in view.sites
        if wanted is None or each.site.ref in wanted
    ]
