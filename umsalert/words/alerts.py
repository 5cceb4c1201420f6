"""Alerts: where they go, to whom, and what they are to each other."""

from __future__ import annotations

from umsalert.geo.units import format_distance
from umsalert.i18n import _
from umsalert.model import Area, Audience, Circle, FollowKind


def area_words(area: Area) -> str:
    """Return an area as a person reads it."""
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
