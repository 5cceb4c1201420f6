"""What an alert costs in minutes and in euros, before it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from umsalert.model import (
    NO_CELL_PACE,
    SHARES,
    CellPace,
    ChannelKind,
    Expected,
    MessageText,
    Selection,
)
from umsalert.pacing import Limits, forecast
from umsalert.ports import Pace

TALK_CHARACTERS_PER_S = 15.0
"""French text-to-speech, about 150 words a minute; an assumption, as are one hearing a call and
that everybody picks up: the price is an upper bound."""

RINGING_S = 15.0
"""How long a call occupies a line before it is answered; an assumption."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The tariff in euros, 0 where nothing is charged."""

    sms_part_eur: float = 0.0
    voice_minute_eur: float = 0.0
    email_eur: float = 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long the messages need at the configured pace, and what they cost.

    `seconds` is by channel until its last message; `expected` until shares of all messages and of
    all sites are handed over, the channels side by side. `dense_cells` of the telephone network
    slow it down. `price_eur` None: no tariff is configured.
    """

    seconds: Mapping[ChannelKind, float]
    expected: Expected
    dense_cells: int
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
    cell_pace: CellPace = NO_CELL_PACE,
) -> Estimate:
    """Return what handing over `selection` takes; of several languages the longest text counts."""
    deliveries = selection.deliveries
    parts = _longest(text.parts for text in texts if text.channel is ChannelKind.SMS)
    spoken = _longest(len(text.body) for text in texts if text.channel is ChannelKind.VOICE)
    talk_s = spoken / TALK_CHARACTERS_PER_S
    price_eur = (
        parts * deliveries.get(ChannelKind.SMS, 0) * prices.sms_part_eur
        + talk_s / 60 * deliveries.get(ChannelKind.VOICE, 0) * prices.voice_minute_eur
        + deliveries.get(ChannelKind.EMAIL, 0) * prices.email_eur
    )
    answered = {  # long before a line is given up for lost
        kind: replace(pace, call_s=min(pace.call_s, RINGING_S + talk_s))
        for kind, pace in paces.items()
    }
    limits = Limits(answered, cell_pace, max(1, parts))
    found = forecast(selection.sparse, selection.dense, limits, SHARES)
    return Estimate(
        seconds=found.channels_s,
        expected=Expected(found.messages_s, found.sites_s),
        dense_cells=len(selection.dense),
        sms_parts=parts * deliveries.get(ChannelKind.SMS, 0),
        price_eur=price_eur if prices != Prices() else None,
    )


def _longest(lengths: Iterable[int]) -> int:
    return max(lengths, default=0)
