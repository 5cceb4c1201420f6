"""How far an alert has come at a site: one word, one mark, from the best to the worst."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from umsalert.i18n import _
from umsalert.model import ReplyKind
from umsalert.words.answers import reply_name

if TYPE_CHECKING:
    from umsalert.reports import SiteReport


class Standing(StrEnum):
    """The best that is known of a site; the name of its mark in the page."""

    SIGHTING = "sighting"
    LOCKED_DOWN = "locked_down"
    ACKNOWLEDGED = "acknowledged"
    CANNOT = "cannot"
    """Cannot do it, or is the wrong person: somebody there has read it, and must be replaced."""
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    UNREACHED = "unreached"


_OF_ANSWER = {
    ReplyKind.SIGHTING: Standing.SIGHTING,
    ReplyKind.LOCKED_DOWN: Standing.LOCKED_DOWN,
    ReplyKind.ACKNOWLEDGED: Standing.ACKNOWLEDGED,
    ReplyKind.CANNOT: Standing.CANNOT,
    ReplyKind.WRONG_PERSON: Standing.CANNOT,
}


def standing_of(site: SiteReport) -> Standing:
    """Return how far an alert has come at a site."""
    if site.answer is not None:
        return _OF_ANSWER[ReplyKind(site.answer.kind)]
    if site.delivered:
        return Standing.DELIVERED
    return Standing.ACCEPTED if site.accepted else Standing.UNREACHED


def standing_name(standing: Standing) -> str:
    """Return how far an alert has come at a site, as people say it."""
    return {
        Standing.SIGHTING: reply_name(ReplyKind.SIGHTING),
        Standing.LOCKED_DOWN: reply_name(ReplyKind.LOCKED_DOWN),
        Standing.ACKNOWLEDGED: reply_name(ReplyKind.ACKNOWLEDGED),
        Standing.CANNOT: _("cannot, or wrong person"),
        Standing.DELIVERED: _("delivered, no answer"),
        Standing.ACCEPTED: _("accepted, no receipt"),
        Standing.UNREACHED: _("not reached"),
    }[standing]
