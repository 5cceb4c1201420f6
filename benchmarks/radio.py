"""A radio network with other people in it, a provider's account, and our sender: by events (simpy).

Every cell has a few signalling channels. An SMS and the set-up of a call each hold one of them; a
call that finds none is lost, an SMS is tried again by the network.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simpy import Environment, Event

from umsalert.model import CellPace, ChannelKind
from umsalert.pacing import Account, Message, Queue
from umsalert.ports import Pace
from umsalert.retry import BACKOFF_MAX_S, BACKOFF_S

SMS, VOICE = ChannelKind.SMS, ChannelKind.VOICE
Process = Generator[Event, Any, None]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is taken for true of the network, the provider and the guards.

    Times are means of exponential distributions unless a pair gives the ends of an even one.
    """

    signalling_channels: int = 12
    """Of a cell. A sector of four carriers: Enck, Traynor, McDaniel, La Porta (CCS 2005)."""

    sms_part_s: float = 4.0
    """How long a part of an SMS holds a channel: 900 an hour, the same paper."""

    calls_per_s: float = 1.0
    call_set_up_s: float = 3.0
    """Other people's calls in a cell, and how long the set-up of any call holds a channel: three of
    twelve channels are busy. Traynor, Enck, McDaniel, La Porta (MobiCom 2006) have 0.25 calls/s of
    1.5 s and 0.7 SMS/s of 4 s, which keep 3.2 of them busy."""

    network_retry_s: tuple[float, float] = (25.0, 50.0)
    """After what time the network tries an SMS again that found no channel. Each operator sets its
    own; with this one the model comes near the table of 300 guards that the project began with."""

    account_per_s: Mapping[ChannelKind, float] = field(
        default_factory=lambda: {SMS: 30.0, VOICE: 3.0}
    )
    """What the provider takes of an account, refusing the rest with 429: Vonage's support pages."""

    answer_s: float = 0.1
    """How long the provider takes to answer a request."""

    acknowledging: float = 0.4
    acknowledged_after_s: tuple[float, float] = (15.0, 90.0)
    """Which share of the guards acknowledge, and how long after their message: nobody knows yet."""

    window_s: float = 900.0
    """For how long other people's calls are counted, however soon the alert is over."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way of sending. `stops`: a site that has acknowledged gets nothing more.

    Of two channels that may send to a cell, the earlier one of `channels` does.
    """

    name: str
    paces: Mapping[ChannelKind, Pace]
    cell_pace: CellPace
    stops: bool = False
    channels: tuple[ChannelKind, ...] = (SMS, VOICE)


@dataclass(frozen=True, slots=True)
class Scenario:
    """An alert. `radio` is the radio cell of each site; a message's own cell is the one we pace."""

    messages: Sequence[Message]
    radio: Mapping[int, int]


@dataclass(slots=True)
class Outcome:
    """What came of one run. Calls are those of other people."""

    reached_s: dict[int, float] = field(default_factory=dict)  # by site
    calls: list[tuple[float, bool]] = field(default_factory=list)  # (when, blocked)
    last_s: float = 0.0
    refused: int = 0  # 429
    sent: int = 0

    @property
    def blocked(self) -> int:
        """Other people's calls that found no channel."""
        return sum(blocked for _at_s, blocked in self.calls)

    @property
    def blocked_share(self) -> float:
        """Which part of those made while our messages were on their way found none."""
        during = [blocked for at_s, blocked in self.calls if at_s <= self.last_s]
        return sum(during) / max(1, len(during))


def run(scenario: Scenario, strategy: Strategy, assumed: Assumptions, seed: int) -> Outcome:
    """Play one alert to its end."""
    return _Run(scenario, strategy, assumed, seed).play()


class _Run:
    def __init__(
        self, scenario: Scenario, strategy: Strategy, assumed: Assumptions, seed: int
    ) -> None:
        self._env = Environment()
        self._scenario = scenario
        self._strategy = strategy
        self._assumed = assumed
        # Other people's calls are the same ones whatever we do.
        self._callers, self._chance = random.Random(f"calls {seed}"), random.Random(seed)
        self._queue = Queue(scenario.messages, strategy.paces, strategy.cell_pace)
        self._accounts = {
            kind: Account(Pace(rate, max(1, round(rate))))
            for kind, rate in assumed.account_per_s.items()
        }
        self._busy: Counter[int] = Counter()
        self._refusals: defaultdict[Message, int] = defaultdict(int)
        self._acknowledged: set[int] = set()
        self._changed = self._env.event()
        self.outcome = Outcome()

    def play(self) -> Outcome:
        for cell in sorted(set(self._scenario.radio.values())):
            self._env.process(self._other_people(cell))
        self._env.process(self._send())
        self._env.run()
        return self.outcome

    def _other_people(self, cell: int) -> Process:
        assumed = self._assumed
        while True:
            yield self._env.timeout(self._callers.expovariate(assumed.calls_per_s))
            if self._env.now > assumed.window_s:
                return
            hold_s = self._callers.expovariate(1 / assumed.call_set_up_s)
            blocked = not self._seize(cell)
            self.outcome.calls.append((self._env.now, blocked))
            if not blocked:
                self._env.process(self._release(cell, hold_s))

    def _seize(self, cell: int) -> bool:
        if self._busy[cell] >= self._assumed.signalling_channels:
            return False
        self._busy[cell] += 1
        return True

    def _release(self, cell: int, after_s: float) -> Process:
        yield self._env.timeout(after_s)
        self._busy[cell] -= 1

    def _send(self) -> Process:
        while True:
            now_s = self._env.now
            for kind in self._strategy.channels:
                while (message := self._queue.take(kind, now_s)) is not None:
                    self.outcome.sent += 1
                    self._env.process(self._hand_over(message))
            moments = [self._queue.next_at(kind, now_s) for kind in self._strategy.channels]
            due = [self._env.timeout(at_s - now_s) for at_s in moments if at_s is not None]
            self._changed = self._env.event()
            yield self._env.any_of([self._changed, *due])

    def _hand_over(self, message: Message) -> Process:
        yield self._env.timeout(self._assumed.answer_s)
        account = self._accounts[message.channel]
        if account.free_at(self._env.now) > self._env.now:
            self.outcome.refused += 1
            delay_s = min(BACKOFF_S * 2 ** self._refusals[message], BACKOFF_MAX_S)
            self._refusals[message] += 1
            at_s = self._env.now + delay_s * self._chance.uniform(0.5, 1.0)
            if message.site not in self._acknowledged:
                self._queue.put_back(message, at_s)
                if not self._changed.triggered:
                    self._changed.succeed()
            return
        account.take(self._env.now)
        self._env.process(self._carry(message))

    def _carry(self, message: Message) -> Process:
        """Carry one message over the air; a call that finds no channel is lost."""
        cell = self._scenario.radio[message.site]
        while not self._seize(cell):
            if message.channel is VOICE:
                return
            yield self._env.timeout(self._chance.uniform(*self._assumed.network_retry_s))
        mean_s = self._assumed.sms_part_s if message.channel is SMS else self._assumed.call_set_up_s
        hold_s = sum(self._chance.expovariate(1 / mean_s) for _part in range(message.weight))
        yield self._env.process(self._release(cell, hold_s))
        now_s = self._env.now
        self.outcome.reached_s.setdefault(message.site, now_s)
        self.outcome.last_s = now_s
        if self._chance.random() < self._assumed.acknowledging:
            yield self._env.timeout(self._chance.uniform(*self._assumed.acknowledged_after_s))
            self._acknowledge(message.site)

    def _acknowledge(self, site: int) -> None:
        if self._strategy.stops and site not in self._acknowledged:
            self._acknowledged.add(site)
            self._queue.drop(site)
