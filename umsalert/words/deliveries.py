"""Messages: by which way they go, and how far they have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from umsalert.i18n import _, ngettext

if TYPE_CHECKING:
    from umsalert.model import ChannelKind, DeliveryState


def channel_name(kind: ChannelKind, n: int = 1) -> str:
    """Return a channel as people call it, said of `n` messages."""
    from umsalert.model import ChannelKind

    return {
        ChannelKind.SMS: _("SMS"),
        ChannelKind.VOICE: ngettext("voice", "voice", n),
        ChannelKind.EMAIL: ngettext("e-mail", "e-mail", n),
    }[kind]


def state_name(state: DeliveryState, n: int = 1) -> str:
    """Return a state as people call it, said of `n` messages."""
    from umsalert.model import DeliveryState

    return {
        DeliveryState.QUEUED: ngettext("queued", "queued", n),
        DeliveryState.SENDING: ngettext("sending", "sending", n),
        DeliveryState.ACCEPTED: ngettext("accepted", "accepted", n),
        DeliveryState.DELIVERED: ngettext("delivered", "delivered", n),
        DeliveryState.UNDELIVERED: ngettext("undelivered", "undelivered", n),
        DeliveryState.FAILED: ngettext("failed", "failed", n),
        DeliveryState.UNKNOWN: ngettext("unknown", "unknown", n),
        DeliveryState.EXPIRED: ngettext("expired", "expired", n),
        DeliveryState.CANCELLED: ngettext("cancelled", "cancelled", n),
        DeliveryState.NOT_NEEDED: ngettext("not needed", "not needed", n),
    }[state]
