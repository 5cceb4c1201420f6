"""What an answer may be, and by which way it may come."""

from __future__ import annotations

from enum import StrEnum


class ReplyKind(StrEnum):
    """What a guard told us, the most important first: the best answer of a site is its first."""

    SIGHTING = "sighting"
    LOCKED_DOWN = "locked_down"
    ACKNOWLEDGED = "acknowledged"
    CANNOT = "cannot"
    """Has read it, and cannot do what it asks."""
    WRONG_PERSON = "wrong_person"
    """Is not, or no longer, the guard we think; or wants no such message."""


class ReplySource(StrEnum):
    """By which way an answer came."""

    LINK = "link"
    VOICE = "voice"
    SMS = "sms"
    EMAIL = "email"
    OPERATOR = "operator"
    """Told to an operator, who typed it."""


READ_BY_SITE = frozenset({ReplyKind.ACKNOWLEDGED, ReplyKind.SIGHTING, ReplyKind.LOCKED_DOWN})
"""Answers after which a site needs no further message: whoever gave one has read the alert."""
