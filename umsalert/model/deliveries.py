"""A message on its way: what it says, how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ChannelKind(StrEnum):
    """A way to reach a guard."""

    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"


class DeliveryState(StrEnum):
    """What is known of one message to one contact by one channel."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NOT_NEEDED = "not_needed"
    """Somebody at its site had answered the alert before it left."""


_S = DeliveryState
TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    # A receipt of an earlier attempt (unknown, then sent again) may reach any later state.
    _S.QUEUED: frozenset(
        {
            _S.SENDING,
            _S.FAILED,
            _S.EXPIRED,
            _S.CANCELLED,
            _S.NOT_NEEDED,
            _S.ACCEPTED,
            _S.DELIVERED,
            _S.UNKNOWN,  # an earlier attempt may have left, and it is not sent again after all
        }
    ),
    # A webhook may overtake our own commit, so sending knows the receipt's states too.
    _S.SENDING: frozenset(
        {
            _S.QUEUED,
            _S.ACCEPTED,
            _S.FAILED,
            _S.UNKNOWN,
            _S.CANCELLED,
            _S.NOT_NEEDED,
            _S.DELIVERED,
            _S.UNDELIVERED,
        }
    ),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.UNDELIVERED}),
    _S.UNKNOWN: frozenset(
        {
            _S.QUEUED,
            _S.ACCEPTED,
            _S.DELIVERED,
            _S.UNDELIVERED,
            _S.FAILED,
            _S.EXPIRED,
            _S.CANCELLED,
            _S.NOT_NEEDED,
        }
    ),
    _S.FAILED: frozenset({_S.ACCEPTED, _S.DELIVERED}),
    _S.EXPIRED: frozenset({_S.ACCEPTED, _S.DELIVERED}),
    _S.CANCELLED: frozenset({_S.ACCEPTED, _S.DELIVERED}),
    _S.NOT_NEEDED: frozenset({_S.ACCEPTED, _S.DELIVERED}),
    _S.UNDELIVERED: frozenset({_S.DELIVERED}),
    _S.DELIVERED: frozenset(),
}
OPEN_STATES = frozenset({_S.QUEUED, _S.SENDING})


@dataclass(frozen=True, slots=True)
class MessageText:
    """What leaves by one channel in one language. `parts` counts SMS segments (0 elsewhere)."""

    channel: ChannelKind
    language: str
    body: str
    subject: str = ""
    html: str = ""
    parts: int = 0
    encoding: str = ""
