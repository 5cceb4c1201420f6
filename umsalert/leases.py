"""Who still sends: leases that are renewed, watched by a clock that nobody sets.

A lease carries a time of the machine's clock, for reports; whether its holder lives is never read
from it, since that clock may have been set in between.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from umsalert.ports import Clock, SenderSeen

LEASE_S = 15.0
"""How long a sender that stopped renewing still owns what it holds."""

RENEW_S = 5.0
"""How often a lease is renewed; a third of its length, so that one slow commit is survived."""

WATCH_S = 0.5
"""How often a watcher looks."""


class Watch:
    """Tells the dead among the senders of an alert from the living; one instance per wait.

    Dead is who has ended, whose process is gone, and who has not renewed its lease for all of
    LEASE_S under our eyes: it is stopped, or hangs.
    """

    def __init__(self, clock: Clock) -> None:
        """Measure by the steady clock."""
        self._clock = clock
        self._first: dict[int, tuple[datetime | None, float]] = {}

    def dead(self, senders: Sequence[SenderSeen]) -> list[SenderSeen]:
        """Return who of `senders`, read just now, is dead."""
        return [sender for sender in senders if self._is_dead(sender)]

    def renewed(self, senders: Sequence[SenderSeen]) -> bool:
        """Say whether one of `senders` has renewed its lease since it was first seen."""
        return any(
            sender.lease_until is not None
            and self._first[sender.id][0] not in {None, sender.lease_until}
            for sender in senders
        )

    def _is_dead(self, sender: SenderSeen) -> bool:
        now_s = self._clock.steady_s()
        seen, since_s = self._first.setdefault(sender.id, (sender.lease_until, now_s))
        if sender.lease_until is None or sender.gone:
            return True
        return seen == sender.lease_until and now_s - since_s >= LEASE_S


def this_host() -> str:
    """Return what tells the process ids of this machine, or of this container, from others."""
    try:
        namespace = f" {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}{namespace}"


def process_gone(pid: int, host: str) -> bool:
    """Say whether a process is known not to exist; False where that cannot be known."""
    if os.name != "posix" or host != this_host():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it belongs to another account
    return False
