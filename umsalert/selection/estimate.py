"""What an alert costs in minutes and in euros, before it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from umsalert.model import ChannelKind, MessageText, Selection
from umsalert.ports import Pace

SHARES = (50, 95, 100)
TALK_CHARACTERS_PER_S = 15.0
"""French text-to-speech, about 150 words a minute; an assumption, as are one hearing a call and
that everybody picks up: the price is an upper bound."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The tariff in euros, 0 where nothing is charged."""

    sms_part_eur: float = 0.0
    voice_minute_eur: float = 0.0
    email_eur: float = 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long the messages need at the configured pace, and what they cost.

    `seconds` is by channel until its last message; `shares_s` until that many per cent of all
    messages are handed over, the channels side by side. `price_eur` None: no tariff is configured.
    """

    seconds: Mapping[ChannelKind, float]
    shares_s: Mapping[int, float]
    sms_parts: int
    price_eur: float | None

    @property
    def total_s(self) -> float:
        """The channels run side by side: the slowest one counts."""
        return max(self.seconds.values(), default=0.0)


def estimate(
    selection: Selection,
    texts: Sequence[MessageText],
    paces: Mapping[ChannelKind, Pace],
    prices: Prices,
) -> Estimate:
    """Return what handing over `selection` takes; of several languages the longest text counts."""
    deliveries = selection.deliveries
    parts = _longest(text.parts for text in texts if text.channel is ChannelKind.SMS)
    spoken = _longest(len(text.body) for text in texts if text.channel is ChannelKind.VOICE)
    sms_parts = parts * deliveries.get(ChannelKind.SMS, 0)
    minutes = spoken / TALK_CHARACTERS_PER_S / 60 * deliveries.get(ChannelKind.VOICE, 0)
    price_eur = (
        sms_parts * prices.sms_part_eur
        + minutes * prices.voice_minute_eur
        + deliveries.get(ChannelKind.EMAIL, 0) * prices.email_eur
    )
    return Estimate(
        seconds={kind: _reached_s(n, n, paces[kind]) for kind, n in deliveries.items()},
        shares_s={share: _share_s(share, deliveries, paces) for share in SHARES},
        sms_parts=sms_parts,
        price_eur=price_eur if prices != Prices() else None,
    )


def _longest(lengths: Iterable[int]) -> int:
    return max(lengths, default=0)


def _reached_s(k: int, n: int, pace: Pace) -> float:
    """Return when the k-th of n messages leaves: the burst at once, then at the rate."""
    return max(0, min(k, n) - pace.burst) / pace.rate_per_s


def _share_s(
    share: int, deliveries: Mapping[ChannelKind, int], paces: Mapping[ChannelKind, Pace]
) -> float:
    """Return when `share` per cent of all messages have left.

    What has left grows with time in straight lines whose slope changes only where a channel's
    burst or its last message is over, so the moment is found between two of these.
    """
    needed = sum(deliveries.values()) * share / 100

    def left(after_s: float) -> float:
        return sum(
            min(n, paces[kind].burst + after_s * paces[kind].rate_per_s)
            for kind, n in deliveries.items()
        )

    if left(0.0) >= needed:
        return 0.0
    before_s = 0.0
    for end_s in sorted(_reached_s(n, n, paces[kind]) for kind, n in deliveries.items()):
        if left(end_s) >= needed:
            slope = (left(end_s) - left(before_s)) / (end_s - before_s)
            return before_s + (needed - left(before_s)) / slope
        before_s = end_s
    return before_s
