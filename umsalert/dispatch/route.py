"""One provider's wire: what is claimed for it, what is on it, and when it rests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from umsalert.dispatch.run import Run
from umsalert.events import ChannelPaused
from umsalert.model import Alert, Outcome, OutcomeKind, Outgoing
from umsalert.ports import Channel, Claim, Pace, Settled, Want
from umsalert.retry import Pause, retry_at

BUFFER = 64
"""At most so many are claimed beyond what is on the wire, which must not idle during a commit:
after a kill they are unknown."""
EARNED_BY = 4
"""So many accepted without a break earn one of them."""

_WITHDRAWN = Outcome(OutcomeKind.WITHDRAWN, "withdrawn")


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """A provider with its pace and the hand-overs it may have on the wire at once."""

    channel: Channel
    pace: Pace
    in_flight: int


class Route:
    """Hands over what is claimed, `in_flight` at a time; `done` hears of every outcome."""

    def __init__(
        self, run: Run, alert: Alert, config: RouteConfig, done: Callable[[Settled], None]
    ) -> None:
        self.given_up: Outcome | None = None
        self.provider = config.channel.provider
        self._run = run
        self._alert = alert
        self._config = config
        self._done = done
        self._waiting: deque[tuple[Outgoing, datetime]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._on_wire = 0
        self._uncommitted = 0
        self._flow = 0.0  # outcomes during one commit
        self._accepted = 0  # since the last other outcome
        self._pause = Pause(run.give_up_s)

    @property
    def open(self) -> int:
        """How many were claimed and have no committed outcome yet."""
        return len(self._waiting) + self._on_wire + self._uncommitted

    @property
    def probing(self) -> bool:
        """Whether one message tries first if anybody is there again."""
        return self._pause.probing

    def rests_s(self, now: datetime) -> float:
        """Return how long nothing may be claimed for it."""
        return self._pause.remaining_s(now)

    def want(self) -> Want | None:
        """Return what it could take, None where that is too little to ask for."""
        config = self._config
        ahead = min(BUFFER, 2 * int(self._flow), self._accepted // EARNED_BY)
        most = 1 if self.probing else config.in_flight + ahead
        limit = most - self.open
        if limit <= 0 or (self._waiting and limit < self._flow / 2):
            return None
        return Want(config.channel.kind, self.provider, config.pace, limit, config.in_flight)

    def committed(self, count: int) -> None:
        """Take notice that so many outcomes stand in the record."""
        self._uncommitted -= count
        self._flow = max(count, 0.9 * self._flow)

    def take(self, claim: Claim) -> None:
        """Hand over what was claimed."""
        self._waiting.extend((item, claim.at) for item in claim.outgoing)
        wanted = min(self._config.in_flight, len(self._waiting) + self._on_wire)
        for _worker in range(wanted - len(self._workers)):
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
        try:
            return await self._config.channel.send(outgoing)
        except asyncio.CancelledError:
            return Outcome(OutcomeKind.UNKNOWN, "interrupted")
        except Exception as error:  # noqa: BLE001 - a fault in an adapter must not lose the record of what may have left
            return Outcome(OutcomeKind.UNKNOWN, "channel_fault", type(error).__name__)

    def _settle(self, outgoing: Outgoing, claimed_at: datetime, outcome: Outcome) -> None:
        now = self._run.clock.now()
        if outcome.kind is not OutcomeKind.WITHDRAWN:
            self._note(outcome, now)
        self._uncommitted += 1
        again = retry_at(outgoing, outcome, self._alert, now)
        self._done(Settled(outgoing, outcome, self.provider, claimed_at, now, again))

    def _note(self, outcome: Outcome, now: datetime) -> None:
        """Rest, or give up; say so once, and give back what has not left."""
        self._accepted = self._accepted + 1 if outcome.kind is OutcomeKind.ACCEPTED else 0
        paused_s = self._pause.after(outcome, now)
        if outcome.kind is OutcomeKind.MISCONFIGURED or self._pause.exhausted(now):
            first, self.given_up = self.given_up is None, self.given_up or outcome
            paused_s = None
        else:
            first = paused_s is not None
        if first:
            self._run.listener(
                ChannelPaused(
                    now,
                    self._alert.ref,
                    self._config.channel.kind,
                    outcome.code,
                    outcome.detail,
                    paused_s,
                )
            )
            self.hold_back()
