"""What a reader of its history would believe of a message: the model beside the real file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from umsalert.model import TRANSITIONS, DeliveryState, OutcomeKind
from umsalert.ports import Settled

QUEUED, SENDING, UNKNOWN = DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN
ACCEPTED, DELIVERED = DeliveryState.ACCEPTED, DeliveryState.DELIVERED
UNDELIVERED = DeliveryState.UNDELIVERED
REFUSED = "refused"
AFTER = {
    OutcomeKind.ACCEPTED: ACCEPTED,
    OutcomeKind.PERMANENT: DeliveryState.FAILED,
    OutcomeKind.UNKNOWN: UNKNOWN,
}
"""What an outcome says of its hand-over; all others: it was refused, and nothing left."""


@dataclass
class Try:
    """One hand-over. `lost`: its sender was given up for dead and has not been heard since."""

    sender: int
    state: str = SENDING
    settled_at: datetime | None = None
    lost: bool = False

    @property
    def may_have_left(self) -> bool:
        return self.state in {SENDING, UNKNOWN, ACCEPTED, DELIVERED}


@dataclass
class Believed:
    """One message. `again`: somebody, or its template, has asked to repeat what may have left.

    `why`: what ended it, should none of its attempts have left.
    """

    ref: str
    site: str
    channel: str
    due_at: datetime
    state: DeliveryState = QUEUED
    again: bool = False
    why: DeliveryState = DeliveryState.FAILED
    tries: list[Try] = field(default_factory=list)

    @property
    def perhaps_sent(self) -> bool:
        return any(one.state == UNKNOWN for one in self.tries)

    def claimed(self, sender: int) -> None:
        self.state = SENDING
        self.tries.append(Try(sender))

    def due(self, now: datetime) -> bool:
        """Say whether its time has come; nothing waits for a clock that was set back."""
        settled_at = self.tries[-1].settled_at if self.tries else None
        set_back = settled_at is not None and now < settled_at
        return self.due_at <= now or not self.tries or set_back

    def settled(self, item: Settled, no_more: DeliveryState | None) -> None:
        """Hear what a hand-over came to; `no_more`: its alert or its site gets nothing more."""
        n, kind, retry_at = item.outgoing.attempt_n, item.outcome.kind, item.retry_at
        one, last = self.tries[n - 1], n == len(self.tries)
        one.settled_at = max(one.settled_at or item.at, item.at)
        concerns = self.state == SENDING and last
        after = self._after(n, kind, retry_at, no_more)
        if one.lost:
            concerns |= self.state in {QUEUED, SENDING, UNKNOWN} and (last or after == ACCEPTED)
            concerns &= (self.state, after) != (QUEUED, UNKNOWN)  # it was asked for: that holds
        if one.state == SENDING or one.lost:
            one.state, one.lost = AFTER.get(kind, REFUSED), False
        if concerns:
            self.state, self.why = after, DeliveryState.FAILED
            self.due_at = retry_at or self.due_at
            self.again |= kind is OutcomeKind.UNKNOWN and retry_at is not None
        self._resolve()

    def _after(
        self, n: int, kind: OutcomeKind, retry_at: datetime | None, no_more: DeliveryState | None
    ) -> DeliveryState:
        if kind is OutcomeKind.ACCEPTED:
            return ACCEPTED
        if retry_at is not None and no_more is None:
            return QUEUED
        earlier = any(one.state == UNKNOWN for one in self.tries[: n - 1])
        if kind is OutcomeKind.UNKNOWN or earlier:
            return UNKNOWN
        return DeliveryState.FAILED if retry_at is None else no_more or QUEUED

    def heard(self, n: int, said: DeliveryState) -> None:
        """Hear a receipt of hand-over `n`: the last true word of a provider, in any order."""
        one = self.tries[n - 1]
        order = [ACCEPTED, UNDELIVERED, DELIVERED]
        if one.state not in order or order.index(said) > order.index(DeliveryState(one.state)):
            one.state, one.lost = said, False
        late = said is UNDELIVERED and n != len(self.tries)
        if said in TRANSITIONS[self.state] and not late:
            self.state = said
        self._resolve()

    def lost(self, sender: int, now: datetime) -> None:
        """Give up what a dead sender held."""
        for one in self.tries:
            if one.sender == sender and one.state == SENDING:
                one.state, one.lost, one.settled_at = UNKNOWN, True, now
                if self.state == SENDING:
                    self.state, self.why = UNKNOWN, DeliveryState.FAILED

    def requeued(self, now: datetime) -> None:
        """Be sent again, although it may have left."""
        if self.state == UNKNOWN:
            self.state, self.due_at, self.again = QUEUED, now, True

    def ended(self, state: DeliveryState) -> None:
        """Not be sent any more, if it waits: what may have left is unknown."""
        if self.state == QUEUED:
            self.state, self.why = UNKNOWN if self.perhaps_sent else state, state

    def _resolve(self) -> None:
        """Be unknown no more once no attempt can have arrived: it ended for the last reason."""
        if self.state == UNKNOWN and not any(one.may_have_left for one in self.tries):
            self.state = self.why


@dataclass
class BelievedPace:
    """A token bucket read off a clock that somebody may set, and the proof by true time."""

    rate_per_s: float
    burst: int
    tokens: float
    at: datetime
    taken: list[tuple[float, int]] = field(default_factory=list)
    leaps: list[float] = field(default_factory=list)

    def refill(self, now: datetime) -> int:
        """Return how many may leave now."""
        elapsed_s = max(0.0, (now - self.at).total_seconds())
        self.tokens = min(float(self.burst), self.tokens + elapsed_s * self.rate_per_s)
        self.at = now
        return int(self.tokens)

    def take(self, n: int, true_s: float) -> None:
        self.tokens -= n
        self.taken.append((true_s, n))

    def excess(self) -> float:
        """Return by how much the busiest window that ends now exceeds the pace; at most 0 is good.

        A clock that is set forward cannot be told from time that has passed: one burst for each.
        """
        end = self.taken[-1][0]
        worst, count = -float(self.burst), 0
        for start, n in reversed(self.taken):
            count += n
            leaps = sum(start <= leap <= end for leap in self.leaps)
            allowed = self.burst * (1 + leaps) + self.rate_per_s * (end - start)
            worst = max(worst, count - allowed)
        return worst
