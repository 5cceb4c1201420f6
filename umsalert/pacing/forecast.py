"""When how much will have left: the rule as a flow, so that it costs the same for any number.

Messages flow like water: in a moment as much leaves as the accounts and the cells let through, SMS
first where they share a cell with calls. `queue.departures` is the same rule message by message; a
test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul

from umsalert.model import CellPace, ChannelKind, Kinds, Load
from umsalert.ports import Pace

CLASSES = 10
"""So many sizes of dense cells are told apart; of more, neighbours are taken for their mean."""

STEPS = 16
"""Moments at which the flow is worked out, closer at the beginning; between them it is straight."""

_SMS, _VOICE = ChannelKind.SMS, ChannelKind.VOICE
_NOTHING = 1e-9  # of a message


@dataclass(frozen=True, slots=True)
class Limits:
    """What there is to keep to: the pace of each channel and of a cell, and an SMS's parts."""

    paces: Mapping[ChannelKind, Pace]
    cell_pace: CellPace
    sms_parts: int = 1


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds from the start, by channel until its last message, and by per cent of each.

    A site is reached with its first message, whichever channel brings it.
    """

    channels_s: Mapping[ChannelKind, float]
    messages_s: Mapping[int, float]
    sites_s: Mapping[int, float]


def forecast(
    sparse: Load, dense: Sequence[Load], limits: Limits, shares: Collection[int]
) -> Forecast:
    """Return when `shares` per cent are handed over; `sparse` is what is in no dense cell."""
    flow = _Flow([(1, sparse), *_classes(dense)], limits)
    messages, sites = [], []
    for at_s in flow:
        messages.append((at_s, flow.messages()))
        sites.append((at_s, flow.sites()))
    return Forecast(
        channels_s={lane.kind: lane.ended_s or 0.0 for lane in flow.lanes},
        messages_s={share: _when(messages, share) for share in shares},
        sites_s={share: _when(sites, share) for share in shares},
    )


def _when(curve: Sequence[tuple[float, float]], share: int) -> float:
    """Return when a curve that only grows comes to `share` per cent of its end."""
    needed = curve[-1][1] * share / 100 - _NOTHING
    before_s, before = curve[0]
    for at_s, value in curve:
        if value >= needed:
            rise = value - before
            return at_s if not rise else before_s + (at_s - before_s) * (needed - before) / rise
        before_s, before = at_s, value
    return before_s


def _classes(dense: Sequence[Load]) -> list[tuple[int, Load]]:
    """Return the sizes of cells with how many there are; the largest cell is never averaged."""
    ordered = sorted(dense, key=lambda load: load.telephones)
    if len(ordered) <= CLASSES:
        return [(1, load) for load in ordered]
    rest = len(ordered) - 1
    edges = [rest * i // (CLASSES - 1) for i in range(CLASSES)]
    groups = [ordered[low:high] for low, high in pairwise(edges)]
    return [*((len(group), _mean(group)) for group in groups), (1, ordered[-1])]


def _mean(group: Sequence[Load]) -> Load:
    messages: Counter[ChannelKind] = Counter()
    sites: Counter[tuple[Kinds, Kinds]] = Counter()
    for load in group:
        messages.update(load.messages)
        sites.update(load.sites)
    return Load(
        {kind: total / len(group) for kind, total in messages.items()},
        {key: total / len(group) for key, total in sites.items()},
    )


class _Lane:
    """One channel's messages in groups: those that tell a site first, then the others."""

    def __init__(self, kind: ChannelKind, groups: Sequence[tuple[int, Load]], pace: Pace) -> None:
        self.kind = kind
        self.cells = [cells for cells, _load in groups]
        self.told = [load.told(kind) for _cells, load in groups]
        self.sizes = [load.of(kind) for _cells, load in groups]
        self.stages = (
            [first for first, _second in self.told],
            [first + second for first, second in self.told],
            self.sizes,
        )
        self.buckets = _buckets(pace)
        self.tokens = [burst for burst, _rate_per_s in self.buckets]
        self.size = self.count(self.sizes)
        self.sent = [0.0] * len(groups)
        self.ended_s: float | None = None

    def count(self, numbers: Sequence[float]) -> float:
        """Return the sum over all cells of a number that each group has."""
        return float(sum(map(mul, self.cells, numbers)))

    def advance(self, at_s: float, elapsed_s: float, rooms: Sequence[float]) -> list[float]:
        """Send what the account lets through, at most `rooms` in each group; return what left."""
        self.tokens = [
            min(burst, left) + rate_per_s * elapsed_s
            for left, (burst, rate_per_s) in zip(self.tokens, self.buckets, strict=True)
        ]
        budget = full = min(self.tokens)
        before = self.sent
        most = [sent + room for sent, room in zip(before, rooms, strict=True)]
        for stage in self.stages:
            wanted = [
                min(limit, top) - sent
                for limit, top, sent in zip(stage, most, self.sent, strict=True)
            ]
            wanted = [n if n > 0 else 0.0 for n in wanted]
            total = self.count(wanted)
            if total > budget:
                part = budget / total
                self.sent = [sent + part * n for sent, n in zip(self.sent, wanted, strict=True)]
                budget = 0.0
                break
            if total:
                self.sent = [sent + n for sent, n in zip(self.sent, wanted, strict=True)]
                budget -= total
        self.tokens = [tokens - (full - budget) for tokens in self.tokens]
        if self.size - self.count(self.sent) < _NOTHING:
            self.ended_s = at_s
        return [sent - earlier for sent, earlier in zip(self.sent, before, strict=True)]

    def passed(self, group: int) -> tuple[float, float]:
        """Return how far it has come in the sites of a group: first contacts, and others."""
        first, second = self.told[group]
        sent = self.sent[group]
        return (
            min(1.0, sent / first) if first else 0.0,
            min(1.0, max(0.0, sent - first) / second) if second else 0.0,
        )


class _Flow:
    """All channels side by side. Iterating moves time on until everything has left.

    `groups` are loads with how many cells are alike: first what is in no cell, last the largest.
    """

    def __init__(self, groups: Sequence[tuple[int, Load]], limits: Limits) -> None:
        self._groups = groups
        self._limits = limits
        self.lanes = [
            _Lane(kind, groups, limits.paces[kind])
            for kind in ChannelKind
            if any(load.of(kind) for _cells, load in groups)
        ]
        self._credits = [float(limits.cell_pace.burst)] * len(groups)
        self._patterns = [
            [(self._pattern(*kinds), cells * n) for kinds, n in load.sites.items()]
            for cells, load in groups
        ]
        self._sites_total = sum(n for patterns in self._patterns for _places, n in patterns)
        self._told = 0.0

    def __iter__(self) -> Iterator[float]:
        before_s = 0.0
        for at_s in self._moments():
            self._advance(at_s, at_s - before_s)
            before_s = at_s
            yield at_s
            if all(lane.ended_s is not None for lane in self.lanes):
                return

    def messages(self) -> float:
        """Return how many messages have left."""
        return sum(lane.count(lane.sent) for lane in self.lanes)

    def sites(self) -> float:
        """Return how many sites have had a message.

        Every channel goes through the sites in the same order: where it has come to half of them,
        all that it reaches of the first half have had its message.
        """
        if self._told == self._sites_total:
            return self._told
        told = 0.0
        for i, patterns in enumerate(self._patterns):
            passed = [part for lane in self.lanes for part in lane.passed(i)]
            told += sum(n * max([passed[place] for place in places]) for places, n in patterns)
        self._told = told if self._sites_total - told > _NOTHING else self._sites_total
        return self._told

    def _pattern(self, first: Kinds, others: Kinds) -> list[int]:
        """Return the places in all that lanes have `passed` by which such a site is told."""
        return [
            2 * i + place
            for i, lane in enumerate(self.lanes)
            for place, kinds in enumerate((first, others))
            if lane.kind in kinds
        ]

    def _advance(self, at_s: float, elapsed_s: float) -> None:
        pace, parts = self._limits.cell_pace, self._limits.sms_parts
        self._credits = [
            min(pace.burst, left) + pace.rate_per_s * elapsed_s for left in self._credits
        ]
        for lane in self.lanes:
            if lane.ended_s is not None:
                continue
            weight = parts if lane.kind is _SMS else 1
            if lane.kind in (_SMS, _VOICE):
                # The last SMS of a burst may exceed it by its other parts.
                rooms = [max(0.0, left + weight - 1) / weight for left in self._credits]
                rooms[0] = lane.sizes[0]
                left = lane.advance(at_s, elapsed_s, rooms)
                self._credits = [
                    credit - weight * n for credit, n in zip(self._credits, left, strict=True)
                ]
            else:
                lane.advance(at_s, elapsed_s, lane.sizes)

    def _moments(self) -> Iterator[float]:
        """Yield the moments to look at: where a line bends if it runs free, and many between."""
        bends = {
            (lane.count(stage) - burst) / rate_per_s
            for lane in self.lanes
            for stage in lane.stages
            for burst, rate_per_s in lane.buckets
        }
        pace, parts = self._limits.cell_pace, self._limits.sms_parts
        cells_s = 0.0
        if len(self._groups) > 1:
            _cells, largest = self._groups[-1]
            sms, calls = largest.of(_SMS), largest.of(_VOICE)
            weights = (parts * largest.told(_SMS)[0], parts * sms, parts * sms + calls)
            ends_s = [(weight - pace.burst) / pace.rate_per_s for weight in weights]
            bends.update(ends_s)
            cells_s = max(0.0, *ends_s)
        end_s = max([0.0, *bends]) + cells_s
        steps = STEPS if len(self._groups) > 1 else STEPS // 2
        bends |= {end_s * (i / steps) ** 2 for i in range(1, steps + 1)}
        yield from sorted({0.0} | {moment for moment in bends if moment > 0})
        while True:
            end_s *= 1 + 1 / steps
            yield end_s


def _buckets(pace: Pace) -> list[tuple[float, float]]:
    """Return (burst, rate) of the account, and of its lines: each is free again after a call."""
    found = [(float(pace.burst), pace.rate_per_s)]
    if pace.calls is not None and pace.call_s:
        found.append((float(pace.calls), pace.calls / pace.call_s))
    return found
