"""What must hold after every fault: the carrier's record and the database agree."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from tests.e2e.office import POLL_S, READY_WITHIN_S, Office


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + READY_WITHIN_S
    while not true():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(POLL_S)


def logged(office: Office) -> str:
    """Return the log so far."""
    return (office.home / "log" / "umsalert.log").read_text("utf-8")


def wait_for_log(office: Office, text: str, *, after: str) -> None:
    """Wait until the log says `text` behind what it said before."""
    wait_until(lambda: text in logged(office)[len(after) :], text)


def each_once(office: Office, before: int, sites: int) -> None:
    """Every guard got one SMS, no more and no less."""
    counted = Counter(event["to"] for event in office.sms(before))
    assert set(counted.values()) == {1}
    assert len(counted) == sites
    assert not {"queued", "sending"} & set(office.states())
