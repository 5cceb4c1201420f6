"""Alerts: where they go, to whom, and what they are to each other."""

from __future__ import annotations

from umsalert.geo.units import format_distance
from umsalert.i18n import _, ngettext
from umsalert.model import Area, Audience, Circle, Everywhere, FollowKind, Polygon


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


def audience_words(to: Audience) -> str:
    """Say which people of an incident a follow-up is for."""
    return {
        Audience.UNREACHED: _("to those whom no message has reached"),
        Audience.UNANSWERED: _("to those who have not answered"),
        Audience.ACKNOWLEDGED: _("to those who have acknowledged"),
        Audience.SIGHTING: _("to those who have reported a sighting"),
        Audience.ALL: _("to everybody alerted"),
    }[to]


def kind_words(kind: FollowKind) -> str:
    """Say what an alert is to the one that it follows."""
    return {
        FollowKind.CORRECTION: _("correction"),
        FollowKind.FOLLOW_UP: _("follow-up"),
        FollowKind.WIDENED: _("widened"),
        FollowKind.RECENTERED: _("another place"),
        FollowKind.CLOSING: _("closing message"),
    }[kind]


def marked(text: str, *, exercise: bool) -> str:
    """Return a sentence about an alert; of an exercise its first word says so."""
    return f"{_('EXERCISE')} · {text}" if exercise else text


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
