"""What must hold after every fault: the carrier's record and the database agree."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.e2e.office import POLL_S, READY_WITHIN_S, Office


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + READY_WITHIN_S
    while not true():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(POLL_S)


def wait_for_log(log: Path, text: str) -> None:
    """Wait until the log says `text`."""
    wait_until(lambda: log.exists() and text in log.read_text("utf-8"), text)


def each_once(office: Office, before: int, sites: int) -> None:
    """Every guard got one SMS, no more and no less."""
    counted = Counter(event["to"] for event in office.sms(before))
    assert set(counted.values()) == {1}
    assert len(counted) == sites
    assert not {"queued", "sending"} & set(office.states())
