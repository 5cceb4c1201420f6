"""What one run works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from umsalert.model import Operator
from umsalert.ports import Clock, Listener, Outbox
from umsalert.retry import GIVE_UP_S


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of both clocks: `at` jumps when the clock is set, `steady_s` only grows."""

    at: datetime
    steady_s: float


@dataclass(frozen=True, slots=True)
class Run:
    """The world of a run. It stops a provider that is out of reach for `give_up_s`."""

    outbox: Outbox
    clock: Clock
    listener: Listener
    operator: Operator
    give_up_s: float = GIVE_UP_S

    def moment(self) -> Moment:
        """Return the present."""
        return Moment(self.clock.now(), self.clock.steady_s())
