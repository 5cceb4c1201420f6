"""How a provider has done lately, and whether it is its turn: policy over outcomes and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from umsalert.model import Outcome, OutcomeKind

HALF_LIFE_S = 60.0
"""What a provider did a minute ago counts half."""
ENOUGH = 4.5
"""So much, five of them within seconds, and at least half of all, is an ill provider."""
ILL_SHARE = 0.5
REST_S = 30.0
"""How long an ill provider is left alone before one message tries; doubled at each failure."""
REST_MAX_S = 300.0
RECEIPT_DUE_S = 120.0
"""A receipt that is not there after two minutes is late: handsets answer in seconds."""
RECEIPTS_ENOUGH = 20
ILL_RECEIPTS = "receipts_late"
NEVER = datetime.min.replace(tzinfo=UTC)

_BAD = {OutcomeKind.UNKNOWN, OutcomeKind.UNREACHABLE, OutcomeKind.MISCONFIGURED}


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of a provider at `at`.

    `good` and `bad` are decaying counts. `rests` counts the rests since it was last well, the
    present one ends at `rests_until`. `fault_code` and `fault_at` are of the last bad end.
    """

    at: datetime = NEVER
    good: float = 0.0
    bad: float = 0.0
    rests: int = 0
    rests_until: datetime | None = None
    fault_code: str = ""
    fault_at: datetime | None = None

    @property
    def well(self) -> bool:
        """Whether it takes whatever is to be sent."""
        return self.rests_until is None

    def rests_s(self, now: datetime) -> float:
        """Return how long it is still left alone; 0 when well, or when one message may try.

        A rest that would last longer than any is over: the clock was set back.
        """
        if self.rests_until is None:
            return 0.0
        left_s = (self.rests_until - now).total_seconds()
        return left_s if 0 < left_s <= REST_MAX_S else 0.0

    def after(self, outcomes: Sequence[Outcome], now: datetime) -> Health:
        """Return what is known after some more hand-overs, the good ones first.

        A refusal of one recipient, for now or for good, and a provider that is asked too fast, are
        no illness.
        """
        bad = [outcome for outcome in outcomes if _is_bad(outcome)]
        good = sum(1 for outcome in outcomes if not _says_nothing(outcome)) - len(bad)
        state = self._with_good(good, now) if good else self
        for outcome in bad:
            state = state._with_bad(outcome, now)
        return state

    def _with_good(self, count: int, now: datetime) -> Health:
        faded = self._faded(now)
        if not self.well and not self.rests_s(now):  # it was asked if it is there, and it is
            return replace(faded, good=float(count), bad=0.0, rests=0, rests_until=None)
        return replace(faded, good=faded.good + count)

    def _with_bad(self, outcome: Outcome, now: datetime) -> Health:
        faded = self._faded(now)
        worse = replace(faded, bad=faded.bad + 1, fault_code=outcome.code, fault_at=now)
        hopeless = outcome.kind is OutcomeKind.MISCONFIGURED
        ill = worse.bad >= ENOUGH and worse.bad >= ILL_SHARE * (worse.good + worse.bad)
        return worse._resting(now) if hopeless or ill or not self.well else worse

    def without_receipts(self, due: int, come: int, now: datetime) -> Health:
        """Return what is known when of `due` receipts so many have come."""
        if not self.well or due < RECEIPTS_ENOUGH or come >= due * ILL_SHARE:
            return self
        return replace(self, fault_code=ILL_RECEIPTS, fault_at=now)._resting(now)

    def _faded(self, now: datetime) -> Health:
        elapsed_s = max(0.0, (now - self.at).total_seconds())
        share = 0.5 ** (elapsed_s / HALF_LIFE_S)
        return replace(self, at=now, good=self.good * share, bad=self.bad * share)

    def _resting(self, now: datetime) -> Health:
        if self.rests_s(now):
            return self  # the rest of one burst
        rest_s = min(REST_S * 2**self.rests, REST_MAX_S)
        until = now + timedelta(seconds=rest_s)
        return replace(self, rests=self.rests + 1, rests_until=until)


def _says_nothing(outcome: Outcome) -> bool:
    """Say whether it was we who ended the hand-over."""
    return outcome.kind is OutcomeKind.WITHDRAWN or outcome.code == "interrupted"


def _is_bad(outcome: Outcome) -> bool:
    if outcome.kind is OutcomeKind.TEMPORARY:
        return not outcome.one_recipient and not outcome.throttled
    return outcome.kind in _BAD and not _says_nothing(outcome)
