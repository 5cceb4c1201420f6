"""What a preview, an alert of the record and a report say alike: its area, its texts, its gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from umsalert.cli.output import Output, channel_name
from umsalert.geo.units import format_distance
from umsalert.i18n import _, ngettext
from umsalert.model import (
    NEW_AREA,
    Area,
    ChannelKind,
    Circle,
    Everywhere,
    Link,
    MessageText,
    OffDuty,
    Polygon,
)

if TYPE_CHECKING:
    from umsalert.model import Following


def area_document(area: Area) -> dict[str, Any]:
    """Return an area for a JSON document: a circle or a GeoJSON polygon, the other one null.

    Both are null for everywhere.
    """
    circle = {"lat": area.lat, "lon": area.lon, "radius_m": area.radius_m}
    return {
        "circle": circle if isinstance(area, Circle) else None,
        "polygon": area.geometry if isinstance(area, Polygon) else None,
        "everywhere": isinstance(area, Everywhere),
        "divisions": [
            {"kind": it.kind.value, "code": it.code, "name": it.name}
            for it in (area.divisions if isinstance(area, Polygon) else ())
        ],
        "only_kinds": list(area.only.kinds),
        "only_sites": list(area.only.refs),
    }


def area_words(area: Area) -> str:
    """Return an area as a person reads it."""
    words = [_place_words(area)]
    if area.only.kinds:
        words.append(_("only {kinds}").format(kinds=", ".join(area.only.kinds)))
    if area.only.refs and not isinstance(area, Everywhere):
        n = len(area.only.refs)
        words.append(ngettext("only {n} site of a list", "only {n} sites of a list", n).format(n=n))
    return ", ".join(words)


def area_in_short(area: Area) -> str:
    """Return an area for a column: the radius of a circle or a polygon, or what it is named."""
    if isinstance(area, Polygon) and area.divisions:
        return " ".join(it.code for it in area.divisions)
    if isinstance(area, Everywhere):
        return _("a list") if area.only.refs else _("all")
    return format_distance(area.radius_m)


def _place_words(area: Area) -> str:
    if isinstance(area, Everywhere):
        n = len(area.only.refs)
        if n:
            return ngettext("{n} site of a list", "{n} sites of a list", n).format(n=n)
        return _("the whole register")
    if isinstance(area, Polygon) and area.divisions:
        return ", ".join(f"{it.name} ({it.code})" for it in area.divisions)
    words = (
        _("{radius} around {lat}, {lon}")
        if isinstance(area, Circle)
        else _("a polygon that reaches {radius} from {lat}, {lon}")
    )
    return words.format(radius=format_distance(area.radius_m), lat=area.lat, lon=area.lon)


def texts(found: Sequence[MessageText]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return texts by channel and language for a JSON document."""
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for text in found:
        entry: dict[str, Any] = {"body": text.body}
        if text.channel is ChannelKind.EMAIL:
            entry |= {"subject": text.subject, "html": text.html}
        if text.channel is ChannelKind.SMS:
            entry |= {"parts": text.parts, "encoding": text.encoding}
        result.setdefault(text.channel.value, {})[text.language] = entry
    return result


def show_text(text: MessageText, output: Output) -> None:
    """Print one text as it leaves."""
    title = f"{channel_name(text.channel)} ({text.language})"
    if text.parts:
        parts = ngettext("{n} part", "{n} parts", text.parts).format(n=text.parts)
        title = f"{title}, {parts}, {text.encoding}"
    output.line(f"\n── {title} ──")
    if text.subject:
        output.paragraph(_("Subject: {subject}").format(subject=text.subject))
    output.paragraph(text.body.strip())


def show_left_out(left_out: Mapping[str, int], output: Output) -> None:
    """Print who gets nothing, and why."""
    for reason, count in left_out.items():
        output.line(_("Left out: {n} × {reason}").format(n=count, reason=reason_words(reason)))


def off_duty_rule(follows: Following | Link | None, rule: OffDuty) -> OffDuty | None:
    """Return what an alert does with sites where nobody is on duty; None where it asks for none."""
    return rule if follows is None or follows.kind in NEW_AREA else None


def off_duty_words(rule: OffDuty) -> str:
    """Say what an alert of the record did with sites where nobody was on duty."""
    return {
        OffDuty.SKIP: _("Sites where nobody was on duty got nothing."),
        OffDuty.INCLUDE: _("Sites where nobody was on duty were alerted all the same."),
        OffDuty.FALLBACK_CONTACT: _(
            "Of sites where nobody was on duty, only the fallback contacts were alerted."
        ),
    }[rule]


def stop_words() -> str:
    """Say what the first answer from a site does, where the template says so."""
    return _("Once somebody at a site has answered, what has not left for that site is not sent.")


def not_needed_sentence(n: int) -> str:
    """Say that messages were held back because somebody at their site had answered."""
    return ngettext(
        "{n} message was not sent: somebody at its site had answered.",
        "{n} messages were not sent: somebody at their sites had answered.",
        n,
    ).format(n=n)


def reason_words(reason: str) -> str:
    """Return why somebody is left out, in words."""
    return {
        "site_not_approved": _("site not approved"),
        "site_off_duty": _("site with nobody on duty now"),
        "site_without_fallback_contact": _(
            "site with nobody on duty now, and no certified fallback contact"
        ),
        "site_without_certified_contact": _("site without a certified contact"),
        "contact_off_duty": _("contact off duty now"),
        "contact_not_certified": _("contact not certified"),
        "contact_card_expired": _("contact whose card has expired"),
        "contact_without_usable_address": _("contact whom none of these channels can reach"),
        "address_used_twice": _("message to an address that another site has too"),
        "has_these_words": _("contact who has been told the same already"),
    }[reason]
