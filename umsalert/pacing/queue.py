"""What is still to be sent, step by step: what may leave now, or when something may."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from umsalert.model import CellPace, ChannelKind
from umsalert.pacing.rules import ROUNDING_S, Account, CellGate, Message, in_order
from umsalert.ports import Pace


class Queue:
    """The messages of one alert in their order."""

    def __init__(
        self, messages: Sequence[Message], paces: Mapping[ChannelKind, Pace], cell_pace: CellPace
    ) -> None:
        """Queue `messages`; `paces` must name every channel that they use."""
        self._messages = in_order(messages, cell_pace.burst)
        self._places = {message: place for place, message in enumerate(self._messages)}
        self._accounts = {kind: Account(pace) for kind, pace in paces.items()}
        self._gate = CellGate(cell_pace)
        self._heaps: dict[ChannelKind, dict[int | None, list[int]]] = {
            kind: defaultdict(list) for kind in paces
        }
        self._later: dict[ChannelKind, list[tuple[float, int]]] = {kind: [] for kind in paces}
        for place, message in enumerate(self._messages):  # in order: each list is a heap already
            self._heaps[message.channel][message.cell].append(place)

    @property
    def messages(self) -> Sequence[Message]:
        """All messages in the order of sending; only those of dense cells have a cell."""
        return self._messages

    def take(self, channel: ChannelKind, now_s: float) -> Message | None:
        """Return the next message of a channel that may leave at `now_s`; it has left then."""
        self._wake(channel, now_s)
        if self._accounts[channel].free_at(now_s) > now_s + ROUNDING_S:
            return None
        heaps = self._heaps[channel]
        free = [cell for cell in heaps if self._free_at(cell) <= now_s + ROUNDING_S]
        if not free:
            return None
        cell = min(free, key=lambda cell: heaps[cell][0])
        message = self._messages[heapq.heappop(heaps[cell])]
        if not heaps[cell]:
            del heaps[cell]
        self._accounts[channel].take(now_s)
        if cell is not None:
            self._gate.take(cell, message.weight, now_s)
        return message

    def next_at(self, channel: ChannelKind, now_s: float) -> float | None:
        """Return when a message of the channel may leave, None when none is queued."""
        self._wake(channel, now_s)
        moments = [self._free_at(cell) for cell in self._heaps[channel]]
        moments += [at_s for at_s, _place in self._later[channel][:1]]
        if not moments:
            return None
        return max(self._accounts[channel].free_at(now_s), min(moments))

    def put_back(self, message: Message, at_s: float) -> None:
        """Queue a message that was refused for `at_s`, in its old place."""
        heapq.heappush(self._later[message.channel], (at_s, self._places[message]))

    def drop(self, site: int) -> int:
        """Take what is queued for a site out; return how many messages that was."""
        dropped = 0
        for kind in self._heaps:
            for cell, heap in list(self._heaps[kind].items()):
                kept = [place for place in heap if self._messages[place].site != site]
                dropped += len(heap) - len(kept)
                heapq.heapify(kept)
                self._heaps[kind][cell] = kept
                if not kept:
                    del self._heaps[kind][cell]
            later = [item for item in self._later[kind] if self._messages[item[1]].site != site]
            dropped += len(self._later[kind]) - len(later)
            heapq.heapify(later)
            self._later[kind] = later
        return dropped

    def _free_at(self, cell: int | None) -> float:
        return 0.0 if cell is None else self._gate.free_at(cell)

    def _wake(self, channel: ChannelKind, now_s: float) -> None:
        later = self._later[channel]
        while later and later[0][0] <= now_s + ROUNDING_S:
            _at_s, place = heapq.heappop(later)
            heapq.heappush(self._heaps[channel][self._messages[place].cell], place)


def departures(queue: Queue, channels: Collection[ChannelKind]) -> list[tuple[float, Message]]:
    """Return every queued message with the seconds until it leaves, as they leave.

    Channels that could send to the same cell at the same moment do so in the order of `channels`.
    """
    left: list[tuple[float, Message]] = []
    now_s: float | None = 0.0
    while now_s is not None:
        for channel in channels:
            while (message := queue.take(channel, now_s)) is not None:
                left.append((now_s, message))
        moments = [queue.next_at(channel, now_s) for channel in channels]
        now_s = min((moment for moment in moments if moment is not None), default=None)
    return left
