"""An alert as a CAP 1.2 message (OASIS Common Alerting Protocol): docs/reports.md has the mapping.

What guards were told, and nothing of why: an alert's internal `reason` and the operator's name are
not in it, nor whom it went to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TextIO
from xml.etree import ElementTree as Xml
from zoneinfo import ZoneInfo

from umsalert.geo.reach import reach_m
from umsalert.i18n import _
from umsalert.model import TOKEN_PLACE, ChannelKind, FollowKind, Polygon
from umsalert.words.plain import printable

if TYPE_CHECKING:
    from umsalert.documents.material import Material
    from umsalert.model import Alert, Area, MessageText
    from umsalert.ports import WaveRow

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
HEADLINE_CHARS = 160
URGENT = 10
"""The priority of a template up to which guards have to act at once."""

_FORBIDDEN = re.compile(r"[\s,<&]+")
"""What no identifier and no sender may have in it."""
_LINK = re.compile(rf"\S*{TOKEN_PLACE}\S*")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who says so: a name that is one of its kind in the world, and how people call it.

    `titles`: what happened, in the language of the text, as its template is called.
    """

    id: str
    name: str
    titles: Mapping[str, str]


def sender_id(text: str) -> str:
    """Return a text as CAP takes it for a sender: without spaces, commas, `<` and `&`."""
    return _FORBIDDEN.sub("-", text).strip("-")


def write(file: TextIO, material: Material, sender: Sender) -> None:
    """Write the alert as one CAP message: as it was sent, or that it was cancelled."""
    alert, waves = material.report.alert, material.incident.waves
    root = Xml.Element("alert", xmlns=NAMESPACE)
    for name, text in _message(alert, waves, sender):
        _add(root, name, text)
    if alert.cancelled is None:
        for texts in _by_language(material.report.texts):
            _info(root, alert, sender, texts)
    Xml.indent(root)
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    file.write(Xml.tostring(root, encoding="unicode"))
    file.write("\n")


def _message(alert: Alert, waves: Sequence[WaveRow], sender: Sender) -> Iterator[tuple[str, str]]:
    """Yield the elements of a message in the order of the standard."""
    kind, earlier = _kind(alert, [row.alert for row in waves])
    cancelled = alert.cancelled
    yield "identifier", f"{alert.ref}.cancelled" if cancelled else alert.ref
    yield "sender", sender.id
    yield "sent", _moment(cancelled.at if cancelled else alert.created_at, alert)
    yield "status", "Exercise" if alert.exercise else "Actual"
    yield "msgType", kind
    yield "scope", "Restricted"
    yield "restriction", _("For the police and the vetted guards of the alerted sites only.")
    if alert.follows:
        yield "note", _("It follows alert {ref}.").format(ref=alert.follows.ref)
    if earlier:
        yield (
            "references",
            " ".join(f"{sender.id},{it.ref},{_moment(it.created_at, it)}" for it in earlier),
        )
    yield "incidents", alert.incident_ref


def _kind(alert: Alert, of_incident: Sequence[Alert]) -> tuple[str, list[Alert]]:
    """Return the kind of a message, and the earlier ones that it is about."""
    if alert.cancelled:
        return "Cancel", [alert]
    if alert.follows is None:
        return "Alert", []
    if alert.follows.kind is FollowKind.CLOSING:
        return "Update", [it for it in of_incident if it.id < alert.id and not it.cancelled]
    kind = "Cancel" if alert.follows.kind is FollowKind.CORRECTION else "Update"
    return kind, [it for it in of_incident if it.ref == alert.follows.ref]


def _info(root: Xml.Element, alert: Alert, sender: Sender, texts: Texts) -> None:
    """Add what was said in one language."""
    info = Xml.SubElement(root, "info")
    kind = alert.follows.kind if alert.follows else None
    ends = kind in (FollowKind.CLOSING, FollowKind.CORRECTION)
    for name, text in (
        ("language", texts.language),
        ("category", "Security"),
        ("event", sender.titles.get(texts.language, alert.template)),
        ("responseType", _response(alert, kind)),
        ("urgency", "Past" if ends else "Immediate" if alert.priority <= URGENT else "Expected"),
        ("severity", _severity(alert, ends=ends)),
        ("certainty", "Observed" if ends or alert.priority <= URGENT else "Possible"),
    ):
        _add(info, name, text)
    code = Xml.SubElement(info, "eventCode")
    _add(code, "valueName", "umsalert:template")
    _add(code, "value", alert.template)
    _add(info, "effective", _moment(alert.created_at, alert))
    _add(info, "onset", _moment(alert.incident_at, alert))
    _add(info, "expires", _moment(alert.expires_at, alert))
    if sender.name:
        _add(info, "senderName", sender.name)
    for name, text in texts.said():
        _add(info, name, text)
    _area(info, alert.area)


def _response(alert: Alert, kind: FollowKind | None) -> str:
    if kind is FollowKind.CLOSING:
        return "AllClear"
    if kind is FollowKind.CORRECTION:
        return "None"
    return "Shelter" if alert.priority <= 0 else "Monitor"


def _severity(alert: Alert, *, ends: bool) -> str:
    if ends:
        return "Minor"
    if alert.priority <= 0:
        return "Extreme"
    return "Severe" if alert.priority <= URGENT else "Moderate"


def _area(info: Xml.Element, area: Area) -> None:
    """Add the area. LATITUDE FIRST, unlike GeoJSON; of a polygon its outer rings."""
    found = Xml.SubElement(info, "area")
    # in no language: there is one for each
    named = area.divisions if isinstance(area, Polygon) else ()
    radius_m = reach_m(area)
    around = f"{round(radius_m)} m, {_pair(area.lat, area.lon)}"
    _add(found, "areaDesc", ", ".join(f"{it.name} ({it.code})" for it in named) or around)
    if not isinstance(area, Polygon):
        _add(found, "circle", f"{_pair(area.lat, area.lon)} {_plain(radius_m / 1000)}")
        return
    kind, parts = area.geometry["type"], area.geometry["coordinates"]
    for rings in [parts] if kind == "Polygon" else parts:
        _add(found, "polygon", " ".join(_pair(lat, lon) for lon, lat, *_height in rings[0]))


def _pair(lat: float, lon: float) -> str:
    return f"{_plain(lat)},{_plain(lon)}"


def _plain(number: float) -> str:
    """Return a number to the millimetre, without an exponent and without needless zeros."""
    text = f"{number:.8f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Texts:
    """What was said in one language, by channel."""

    language: str
    by_channel: Mapping[ChannelKind, MessageText]

    def said(self) -> Iterator[tuple[str, str]]:
        """Yield headline, description and instruction, as far as there are words for each.

        The SMS says what happened in few words, the e-mail and the call also what to do.
        """
        email = self.by_channel.get(ChannelKind.EMAIL)
        bodies = [
            _LINK.sub("…", self.by_channel[kind].body).strip()
            for kind in (ChannelKind.SMS, ChannelKind.EMAIL, ChannelKind.VOICE)
            if kind in self.by_channel
        ]
        if not any(bodies):  # purged
            return
        headline = (email.subject if email else "") or bodies[0].splitlines()[0]
        yield "headline", headline[:HEADLINE_CHARS]
        yield from zip(("description", "instruction"), bodies, strict=False)


def _by_language(texts: Iterable[MessageText]) -> Iterator[Texts]:
    found: dict[str, dict[ChannelKind, MessageText]] = {}
    for text in texts:
        found.setdefault(text.language, {})[text.channel] = text
    for language in sorted(found, reverse=True):  # French first
        yield Texts(language, found[language])


def _moment(at: datetime, alert: Alert) -> str:
    """Return a time with the offset of the alert's zone: CAP knows no Z."""
    return at.astimezone(ZoneInfo(alert.time_zone)).isoformat(timespec="seconds")


def _add(parent: Xml.Element, name: str, text: str) -> None:
    Xml.SubElement(parent, name).text = printable(text)
