"""What one run works with."""

from __future__ import annotations

from dataclasses import dataclass

from umsalert.model import Operator
from umsalert.ports import Clock, Listener, Outbox
from umsalert.retry import GIVE_UP_S


@dataclass(frozen=True, slots=True)
class Run:
    """The world of a run. It stops a provider that is out of reach for `give_up_s`."""

    outbox: Outbox
    clock: Clock
    listener: Listener
    operator: Operator
    give_up_s: float = GIVE_UP_S
