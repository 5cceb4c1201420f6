"""The order of messages, and the two meters that say when the next one may leave."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from umsalert.model import CellPace, ChannelKind
from umsalert.ports import Pace

ROUNDING_S = 1e-9
"""What sums of floating-point seconds may be short of the moment they stand for."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an alert. `cell` None: not of the radio network.

    `rank` is the contact's number at its site, from 1; `weight` the parts of an SMS, else 1.
    """

    site: int
    contact: int
    rank: int
    distance_m: float
    channel: ChannelKind
    cell: int | None = None
    weight: int = 1


def dense_cells(messages: Iterable[Message], burst: int) -> frozenset[int]:
    """Return the cells that get more than `burst` messages; none where it is 0."""
    counts = Counter(message.cell for message in messages if message.cell is not None)
    return frozenset(cell for cell, n in counts.items() if n > burst > 0)


def in_order(messages: Sequence[Message], burst: int) -> list[Message]:
    """Return the messages in the order of sending; only those of dense cells keep their cell."""
    dense = dense_cells(messages, burst)
    paced = [
        message if message.cell in dense else replace(message, cell=None) for message in messages
    ]
    turns = _rounds(paced, burst)

    def key(message: Message) -> tuple[int, int, float, int]:
        turn = turns.get(message.contact, 0)
        return (message.rank, turn, message.distance_m, message.contact)

    return sorted(paced, key=key)


def _rounds(messages: Iterable[Message], burst: int) -> dict[int, int]:
    """Return the round of every contact of a dense cell, from 0."""
    people: dict[int, set[tuple[int, float, int]]] = defaultdict(set)
    for message in messages:
        if message.cell is not None:
            people[message.cell].add((message.rank, message.distance_m, message.contact))
    return {
        contact: index // burst
        for members in people.values()
        for index, (_rank, _distance_m, contact) in enumerate(sorted(members))
    }


class Account:
    """The token bucket of a channel, and its lines: what the provider's account takes."""

    def __init__(self, pace: Pace) -> None:
        """Start full and with every line free."""
        self._pace = pace
        self._tokens = float(pace.burst)
        self._refilled_s = 0.0
        self._calls: list[float] = []  # when each one ends

    def free_at(self, now_s: float) -> float:
        """Return from when on a message may leave: `now_s`, or later."""
        self._refill(now_s)
        lack = max(0.0, 1 - self._tokens - ROUNDING_S)
        at_s = now_s + lack / self._pace.rate_per_s
        if self._pace.calls is not None and len(self._calls) >= self._pace.calls:
            at_s = max(at_s, min(self._calls))
        return at_s

    def take(self, now_s: float) -> None:
        """Count a message that leaves at `now_s`."""
        self._refill(now_s)
        self._tokens -= 1
        if self._pace.calls is not None:
            self._calls.append(now_s + self._pace.call_s)

    def _refill(self, now_s: float) -> None:
        gained = (now_s - self._refilled_s) * self._pace.rate_per_s
        self._tokens = min(float(self._pace.burst), self._tokens + gained)
        self._refilled_s = now_s
        self._calls = [end_s for end_s in self._calls if end_s > now_s + ROUNDING_S]


class CellGate:
    """The pace of every dense cell."""

    def __init__(self, pace: CellPace) -> None:
        """Start with every cell idle."""
        self._pace = pace
        self._idle_at: dict[int, float] = {}

    def free_at(self, cell: int) -> float:
        """Return from when on the cell takes a message."""
        tolerance_s = (self._pace.burst - 1) / self._pace.rate_per_s
        return self._idle_at.get(cell, 0.0) - tolerance_s

    def take(self, cell: int, weight: int, now_s: float) -> None:
        """Count a message of `weight` that leaves for the cell at `now_s`."""
        begin_s = max(now_s, self._idle_at.get(cell, 0.0))
        self._idle_at[cell] = begin_s + weight / self._pace.rate_per_s
