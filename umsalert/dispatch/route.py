"""One provider's wire: what is claimed for it, what is on it, and when it rests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from umsalert.dispatch.run import Moment, Run
from umsalert.events import ChannelPaused
from umsalert.health import RECEIPT_DUE_S, RECEIPTS_ENOUGH, Health
from umsalert.model import Alert, Outcome, OutcomeKind, Outgoing
from umsalert.ports import Channel, Claim, Pace, ReceiptSample, Settled, Want
from umsalert.retry import Pause, retry_at

BUFFER = 128
"""At most so many are claimed beyond what is on the wire, which must not idle during a commit:
after a kill they are unknown."""
MAX_UNCOMMITTED = 400
"""Nothing more is claimed while so many outcomes wait for the database."""

EARNED_BY = 4
"""So many accepted without a break earn one of them."""

SAMPLE = 50
"""So many of the newest hand-overs stand for all when receipts are looked for."""

_WITHDRAWN = Outcome(OutcomeKind.WITHDRAWN, "withdrawn")


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """A provider with its pace and the hand-overs it may have on the wire at once."""

    channel: Channel
    pace: Pace
    in_flight: int


@dataclass(frozen=True, slots=True)
class Hooks:
    """`done` hears of every outcome; `may_leave` is asked right before a message leaves."""

    done: Callable[[Settled], None]
    may_leave: Callable[[], bool]


class Route:
    """Hands over what is claimed, `in_flight` at a time."""

    def __init__(self, run: Run, alert: Alert, config: RouteConfig, hooks: Hooks) -> None:
        self.down: Outcome | None = None
        self.provider = config.channel.provider
        self.health = Health()
        self._now_s = run.clock.steady_s
        self._ask_at_s = self._blocked_until_s = self._now_s()
        self._run = run
        self._alert = alert
        self._config = config
        self._hooks = hooks
        self._waiting: deque[tuple[Outgoing, datetime]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._on_wire = 0
        self._uncommitted = 0
        self._flow = 0.0  # outcomes during one commit
        self._good: list[Outcome] = []  # not in `health` yet: one sum for many
        self._accepted = 0  # since the last other outcome
        self._pause = Pause(run.give_up_s)
        self._newest: deque[tuple[float, tuple[int, int]]] = deque(maxlen=SAMPLE)
        self._sampled: deque[tuple[int, int]] = deque(maxlen=SAMPLE)

    @property
    def open(self) -> int:
        """How many were claimed and have no committed outcome yet."""
        return len(self._waiting) + self._on_wire + self._uncommitted

    @property
    def unreachable(self) -> bool:
        """Whether one message tries first if anybody is there again."""
        return self._pause.probing

    @property
    def well(self) -> bool:
        """Whether it takes whatever is to be sent."""
        return self.health.well and not self.unreachable and self.down is None

    def heed(self, health: Health) -> None:
        """Take notice of what all processes know of the provider."""
        if health.at >= self.health.at:
            self.health = health
            self._good.clear()

    def rests_s(self, now: Moment) -> float:
        """Return how long the provider wants to be left alone, or cannot be reached."""
        pause_s = self._pause.remaining_s(now.steady_s)
        return max(pause_s, self._blocked_until_s - now.steady_s, 0.0)

    def wait_s(self, now: Moment) -> float:
        """Return in how long it may be asked again; 0 when it may be asked now."""
        return max(self.rests_s(now), self._ask_at_s - now.steady_s, 0.0)

    def ask_within(self, seconds: float) -> None:
        """Ask the queue again in so many seconds, if not before."""
        self._ask_at_s = min(self._ask_at_s, self._now_s() + seconds)

    def want(self, now: Moment, *, probe: bool) -> Want | None:
        """Return what it could take, None where that is too little to ask for."""
        config = self._config
        ahead = min(BUFFER, 2 * int(self._flow), self._accepted // EARNED_BY)
        most = 1 if probe else config.in_flight + ahead
        limit = most - len(self._waiting) - self._on_wire
        early = now.steady_s < self._ask_at_s
        if early or limit <= 0 or self._uncommitted > MAX_UNCOMMITTED:
            return None
        if len(self._waiting) > ahead / 2:  # enough until the next time
            return None
        return Want(config.channel.kind, self.provider, config.pace, limit, config.in_flight)

    def sample(self) -> ReceiptSample | None:
        """Return the newest hand-overs whose receipts are due, None where these are too few."""
        due_s = self._now_s() - RECEIPT_DUE_S
        while self._newest and self._newest[0][0] <= due_s:
            self._sampled.append(self._newest.popleft()[1])
        if len(self._sampled) < RECEIPTS_ENOUGH:
            return None
        return ReceiptSample(self.provider, self._config.channel.kind, tuple(self._sampled))

    def committed(self, count: int) -> None:
        """Take notice that so many outcomes stand in the record."""
        self._uncommitted -= count
        self._flow = max(count, 0.9 * self._flow)

    def take(self, claim: Claim) -> None:
        """Hand over what was claimed; learn when to ask again."""
        again_s = self._now_s() + (claim.wait_s or 0.0)
        if claim.blocked:
            self._blocked_until_s = again_s
        else:
            self._ask_at_s = again_s
        self._waiting.extend((item, claim.at) for item in claim.outgoing)
        wanted = min(self._config.in_flight, len(self._waiting) + self._on_wire)
        working = sum(not worker.done() for worker in self._workers)  # the set lags by a turn
        for _worker in range(wanted - working):
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    def hold_back(self) -> None:
        """Give back what was claimed and is not on the wire."""
        while self._waiting:
            outgoing, claimed_at = self._waiting.popleft()
            self._settle(outgoing, claimed_at, _WITHDRAWN)

    def withdraw(self) -> None:
        """Let nothing more leave, not even what waits for a connection."""
        self._config.channel.withdraw()
        self.hold_back()

    def abort(self) -> None:
        """Do not wait for what is on the wire: it becomes `unknown`."""
        for worker in self._workers:
            worker.cancel()

    async def _work(self) -> None:
        while self._waiting:
            outgoing, claimed_at = self._waiting.popleft()
            self._on_wire += 1
            outcome = await self._hand_over(outgoing)
            self._on_wire -= 1
            self._settle(outgoing, claimed_at, outcome)

    async def _hand_over(self, outgoing: Outgoing) -> Outcome:
        if not self._hooks.may_leave():
            return _WITHDRAWN
        try:
            return await self._config.channel.send(outgoing)
        except asyncio.CancelledError:
            return Outcome(OutcomeKind.UNKNOWN, "interrupted")
        except Exception as error:  # noqa: BLE001 - a fault in an adapter must not lose the record of what may have left
            return Outcome(OutcomeKind.UNKNOWN, "channel_fault", type(error).__name__)

    def _settle(self, outgoing: Outgoing, claimed_at: datetime, outcome: Outcome) -> None:
        now = self._run.clock.now()
        if outcome.kind is not OutcomeKind.WITHDRAWN:
            self._note(outgoing, outcome, now)
        self._uncommitted += 1
        again = retry_at(outgoing, outcome, self._alert, now)
        self._hooks.done(Settled(outgoing, outcome, self.provider, claimed_at, now, again))

    def _note(self, outgoing: Outgoing, outcome: Outcome, now: datetime) -> None:
        """Rest, or be down; say so once, and give back what has not left."""
        now_s = self._now_s()
        paused_s = self._pause.after(outcome, now_s)
        if outcome.kind is OutcomeKind.ACCEPTED and self.well:
            self._good.append(outcome)
        else:
            self.health = self.health.after([*self._good, outcome], now)
            self._good.clear()
        if outcome.kind is OutcomeKind.ACCEPTED:
            self._accepted += 1
            self.down = None
            self._newest.append((now_s, (outgoing.delivery_id, outgoing.attempt_n)))
            return
        self._accepted = 0
        if outcome.kind is OutcomeKind.MISCONFIGURED or self._pause.exhausted(now_s):
            first, self.down = self.down is None, self.down or outcome
            paused_s = None
        else:
            first = paused_s is not None
        if first:
            self._say(outcome, now, paused_s)
            self.hold_back()

    def _say(self, outcome: Outcome, now: datetime, paused_s: float | None) -> None:
        kind = self._config.channel.kind
        event = ChannelPaused(
            now, self._alert.ref, kind, self.provider, outcome.code, outcome.detail, paused_s
        )
        self._run.listener(event)
