"""A token bucket with a learned rate.

The rate is found by AIMD (additive increase, multiplicative decrease; Chiu and Jain, 1989): halved
when a provider says that too much came at once, added back while it accepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from umsalert.model import OutcomeKind
from umsalert.ports import Pace, Settled

DECREASE = 0.5
INCREASE_PER_S = 0.02
"""Of the configured rate, for each second of sending: from half to all of it in 25 s."""
LEAST_SHARE = 1 / 32
"""Of the configured rate: a provider that refuses everything is still asked now and then."""
LONGEST_BLOCK_S = 60.0
"""What a provider may ask of the whole channel; a block beyond it is a clock that was set back."""


@dataclass(slots=True)
class Bucket:
    """The state of one provider at `refilled_at`. Rates are in messages a second."""

    ceiling_per_s: float
    rate_per_s: float
    tokens: float
    refilled_at: datetime
    slowed_at: datetime | None = None
    blocked_until: datetime | None = None

    def refill(self, pace: Pace, now: datetime) -> None:
        """Add the tokens of the time since the last refill; take a changed configuration over."""
        if self.rate_per_s >= self.ceiling_per_s or self.rate_per_s > pace.rate_per_s:
            self.rate_per_s = pace.rate_per_s
        self.ceiling_per_s = pace.rate_per_s
        burst = max(1.0, pace.burst * self.rate_per_s / self.ceiling_per_s)
        elapsed_s = max(0.0, (now - self.refilled_at).total_seconds())
        self.tokens = min(burst, self.tokens + elapsed_s * self.rate_per_s)
        self.refilled_at = now

    def blocked_s(self, now: datetime) -> float:
        """Return how long the provider still wants to be left alone."""
        if self.blocked_until is None:
            return 0.0
        left_s = (self.blocked_until - now).total_seconds()
        return left_s if 0 < left_s <= LONGEST_BLOCK_S else 0.0

    def learn(self, settled: Sequence[Settled]) -> None:
        """Take what the provider said of our rate.

        One decrease for all hand-overs that left before it: they were sent at the old rate.
        """
        for item in settled:
            if item.outcome.kind is OutcomeKind.ACCEPTED and self.rate_per_s < self.ceiling_per_s:
                step = INCREASE_PER_S * self.ceiling_per_s / self.rate_per_s
                self.rate_per_s = min(self.ceiling_per_s, self.rate_per_s + step)
            elif item.outcome.throttled:
                self._slow_down(item)

    def _slow_down(self, item: Settled) -> None:
        if self.slowed_at is None or not item.claimed_at <= self.slowed_at <= item.at:
            least = self.ceiling_per_s * LEAST_SHARE
            self.rate_per_s = max(least, self.rate_per_s * DECREASE)
            self.slowed_at = item.at
            self.tokens, self.refilled_at = 0.0, max(self.refilled_at, item.at)
        if item.outcome.retry_after_s:
            wait_s = min(item.outcome.retry_after_s, LONGEST_BLOCK_S)
            until = item.at + timedelta(seconds=wait_s)
            self.blocked_until = max(until, self.blocked_until or until)
