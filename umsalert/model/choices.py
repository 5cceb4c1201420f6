"""What may be chosen for an alert: whom it goes to, what it is to an earlier one."""

from __future__ import annotations

from enum import StrEnum


class UnknownPolicy(StrEnum):
    """What `resume` does with a message that may or may not have left."""

    HOLD = "hold"
    RESEND = "resend"


class FollowKind(StrEnum):
    """What an alert is to the earlier one that it follows."""

    CORRECTION = "correction"
    """Takes it back, for those who have it."""
    FOLLOW_UP = "follow_up"
    """Tells people of the incident something more."""
    WIDENED = "widened"
    """Goes to a larger circle around the same place."""
    RECENTERED = "recentered"
    """Goes to a circle around another place."""
    CLOSING = "closing"
    """Ends the incident."""


ASKING = frozenset({FollowKind.FOLLOW_UP, FollowKind.WIDENED, FollowKind.RECENTERED})
"""What follows an alert and asks for an answer, too."""

NEW_AREA = frozenset({FollowKind.WIDENED, FollowKind.RECENTERED})
"""Waves that go to whoever is in an area; all others go to people of the incident."""


class Audience(StrEnum):
    """Which people of an incident a follow-up goes to."""

    UNREACHED = "unreached"
    """No message reached them, and none may have."""
    UNANSWERED = "unanswered"
    """Have it, or may have it, and have not answered; nor has their site, where that is enough."""
    ACKNOWLEDGED = "acknowledged"
    """Their answer that counts says that they have read it, or that they have locked down."""
    SIGHTING = "sighting"
    """Their answer that counts is a sighting."""
    ALL = "all"
    """Everybody alerted, whatever came of it."""


class OffDuty(StrEnum):
    """What an alert does with a site where nobody is on duty. Only who is certified gets it."""

    SKIP = "skip"
    """Nobody of the site gets it."""
    INCLUDE = "include"
    """Its contacts get it although they are off duty."""
    FALLBACK_CONTACT = "fallback-contact"
    """Its fallback contacts get it, whatever their hours; a site that has none is left out."""
