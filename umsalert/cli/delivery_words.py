"""How messages stand, counted and named: for eyes and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from umsalert.cli.output import channel_name
from umsalert.i18n import _, titled
from umsalert.model import ChannelKind, DeliveryState
from umsalert.words.deliveries import state_name

if TYPE_CHECKING:
    from umsalert.events import Counts

GONE_WRONG = (
    DeliveryState.FAILED,
    DeliveryState.UNDELIVERED,
    DeliveryState.EXPIRED,
)
UNSENT = (DeliveryState.CANCELLED, DeliveryState.NOT_NEEDED)
"""Held back on purpose; shown apart where there are any."""


def accepted(states: Mapping[DeliveryState, int]) -> int:
    """Return how many were taken by a provider, whatever came of them after."""
    return sum(
        states.get(state, 0)
        for state in (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.UNDELIVERED)
    )


def counts_document(counts: Counts) -> dict[str, dict[str, int]]:
    """Return counts for a JSON document."""
    return {
        channel.value: {state.value: n for state, n in states.items()}
        for channel, states in counts.items()
    }


def counts_sentence(counts: Counts) -> str:
    """Return counts as one line."""
    parts = []
    for channel in sorted(counts, key=list(ChannelKind).index):
        states = ", ".join(f"{n} {state_name(state, n)}" for state, n in counts[channel].items())
        parts.append(titled(channel_name(channel), states))
    return _("; ").join(parts)
