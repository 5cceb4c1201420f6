"""Who is dead: by the end it told, by its process, or by a lease that it lets run out."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

from tests.workbench import NOON, FixedClock
from umsalert.leases import LEASE_S, Watch, process_gone, this_host
from umsalert.ports import SenderSeen

ALIVE = SenderSeen(1, NOON, gone=False)
RENEWED = SenderSeen(1, NOON + timedelta(seconds=5), gone=False)


def test_a_lease_is_watched_to_its_end() -> None:
    """Not renewed for all of its length under our eyes, and not an instant before."""
    clock = FixedClock()
    watch = Watch(clock)
    assert watch.dead([ALIVE]) == []
    clock.move(LEASE_S - 0.1)
    assert watch.dead([ALIVE]) == []
    clock.move(0.1)
    assert watch.dead([ALIVE]) == [ALIVE]


def test_the_time_in_a_lease_is_not_believed() -> None:
    """Over for an hour or good for another one: only a renewal says that somebody lives."""
    for hours in (-1, 1):
        clock = FixedClock(NOON + timedelta(hours=hours))
        watch = Watch(clock)
        assert watch.dead([ALIVE]) == []
        clock.jump(3600)
        assert watch.dead([ALIVE]) == []
        clock.move(LEASE_S)
        assert watch.dead([RENEWED]) == []
        assert watch.renewed([RENEWED])


def test_who_has_ended_or_is_gone_is_dead_at_once() -> None:
    """Nobody waits for a lease that was given back, or whose process does not exist any more."""
    watch = Watch(FixedClock())
    ended, gone = SenderSeen(1, None, gone=False), SenderSeen(2, NOON, gone=True)
    assert watch.dead([ended, gone]) == [ended, gone]
    assert not watch.renewed([ended, gone])


def test_a_process_that_was_waited_for_is_gone() -> None:
    """Our own is there; one that has ended is gone; of another machine nothing is known."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert process_gone(process.pid, this_host())
    assert not process_gone(os.getpid(), this_host())
    assert not process_gone(1, this_host())
    assert not process_gone(process.pid, "another-host")
