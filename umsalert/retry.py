"""When to try again: pure policy over an outcome and the present."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from umsalert.model import Alert, Outcome, OutcomeKind, Outgoing, UnknownPolicy

MAX_REFUSALS = 8
MAX_ATTEMPTS = 4
"""A message that may have left is repeated at most three times, where its template says repeat."""

BACKOFF_S = 1.0
BACKOFF_MAX_S = 60.0
GIVE_UP_S = 60.0
"""A provider that cannot be reached at all for this long ends the run; nothing is lost."""


_NOTHING_LEFT = {OutcomeKind.UNREACHABLE, OutcomeKind.WITHDRAWN, OutcomeKind.MISCONFIGURED}


class Pause:
    """When a provider may be given messages again. `now_s` is of a steady clock."""

    def __init__(self, give_up_s: float) -> None:
        self._give_up_s = give_up_s
        self._until_s: float | None = None
        self._unreachable_since_s: float | None = None
        self._failures = 0

    @property
    def probing(self) -> bool:
        """After a failed connection one message tries first."""
        return self._unreachable_since_s is not None

    def remaining_s(self, now_s: float) -> float:
        """Return how long the pause still lasts; 0 when the lane may claim."""
        return 0.0 if self._until_s is None else max(0.0, self._until_s - now_s)

    def exhausted(self, now_s: float) -> bool:
        """Say whether the provider was out of reach for too long."""
        since_s = self._unreachable_since_s
        return since_s is not None and now_s - since_s >= self._give_up_s

    def after(self, outcome: Outcome, now_s: float) -> float | None:
        """Take an outcome; return the seconds of a pause that begins now, else None."""
        if outcome.kind is not OutcomeKind.UNREACHABLE:
            self._unreachable_since_s, self._failures = None, 0  # somebody is there
        if outcome.kind is OutcomeKind.UNREACHABLE:
            if self.remaining_s(now_s) and self.probing:
                return None  # the rest of one burst
            if self._unreachable_since_s is None:
                self._unreachable_since_s = now_s
            pause_s: float = min(BACKOFF_S * 2**self._failures, self._give_up_s / 4)
            self._failures += 1
        elif outcome.kind is OutcomeKind.TEMPORARY:
            if outcome.one_recipient or self.remaining_s(now_s):
                return None
            pause_s = min(outcome.retry_after_s or BACKOFF_S, BACKOFF_MAX_S)
        else:
            return None
        self._until_s = now_s + pause_s
        return pause_s


def retry_at(outgoing: Outgoing, outcome: Outcome, alert: Alert, now: datetime) -> datetime | None:
    """Return when this message is tried again, or None when it is not.

    Not an attempt at all (unreachable, withdrawn, misconfigured): at once, by whoever sends next.
    Refused for now: after a growing delay with jitter. Perhaps sent: only where the template says
    so.
    """
    if outcome.kind in _NOTHING_LEFT:
        return now
    if outcome.kind is OutcomeKind.TEMPORARY:
        tries, most = outgoing.refusals, MAX_REFUSALS
    elif (
        outcome.kind is OutcomeKind.UNKNOWN
        and alert.unknown_policy is UnknownPolicy.RESEND
        and outcome.code != "interrupted"
    ):
        tries, most = outgoing.unknowns, MAX_ATTEMPTS
    else:
        return None
    delay_s: float = min(BACKOFF_S * 2**tries, BACKOFF_MAX_S) * random.uniform(0.5, 1.0)
    moment = now + timedelta(seconds=max(delay_s, outcome.retry_after_s or 0.0))
    return moment if tries + 1 < most and moment < alert.expires_at else None
