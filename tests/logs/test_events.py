"""What a run writes to the log: enough to follow every message, no more than it has to."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest

from umsalert.events import HandedOver, Planned
from umsalert.logs.events import log_event, logger_of
from umsalert.logs.formats import JsonFormatter, TextFormatter
from umsalert.model import ChannelKind, OutcomeKind

AT = datetime(2026, 11, 25, 18, 15, tzinfo=UTC)


def written(
    caplog: pytest.LogCaptureFixture,
    outcome: OutcomeKind,
    *attempts: tuple[int, int],
    code: str = "",
) -> list[str]:
    """Return the lines for hand-overs of one commit, without time and process."""
    event = HandedOver(AT, "20261125-4b29", ChannelKind.SMS, outcome, code, attempts)
    with caplog.at_level(logging.INFO, "umsalert"):
        log_event(event)
    lines = [TextFormatter().format(record) for record in caplog.records]
    return [" ".join(w for w in line.split()[1:] if not w.startswith("pid=")) for line in lines]


def test_one_that_was_accepted_has_its_line(caplog: pytest.LogCaptureFixture) -> None:
    """At the pace of a provider nearly every message is committed alone."""
    assert written(caplog, OutcomeKind.ACCEPTED, (12, 1)) == [
        "INFO alert=20261125-4b29 delivery=12 attempt=1 channel=sms handed over: accepted"
    ]


def test_many_that_were_accepted_share_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """Those of one commit that were tried as often are listed, each by its id."""
    assert written(caplog, OutcomeKind.ACCEPTED, (12, 1), (7, 2), (15, 1)) == [
        "INFO alert=20261125-4b29 deliveries=12,15 attempt=1 channel=sms handed over: accepted",
        "INFO alert=20261125-4b29 delivery=7 attempt=2 channel=sms handed over: accepted",
    ]


def test_each_that_was_not_accepted_has_its_line(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever else was committed with it, a failure is found by the id of its message."""
    assert written(caplog, OutcomeKind.UNKNOWN, (12, 1), (13, 1), code="no_answer") == [
        f"WARNING alert=20261125-4b29 delivery={n} attempt=1 channel=sms code=no_answer "
        "handed over: unknown"
        for n in (12, 13)
    ]


@pytest.mark.parametrize("exercise", [True, False])
def test_each_line_of_an_exercise_says_so(
    caplog: pytest.LogCaptureFixture, *, exercise: bool
) -> None:
    """Whoever counts alerts in the log leaves them out by that field."""
    listener = logger_of(exercise=exercise)
    event = HandedOver(
        AT, "20261125-4b29", ChannelKind.SMS, OutcomeKind.ACCEPTED, "", ((12, 1), (13, 1))
    )
    with caplog.at_level(logging.INFO, "umsalert"):
        listener(Planned(AT, "20261125-4b29", {ChannelKind.SMS: 2}))
        listener(event)
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert [line.get("exercise", False) for line in lines] == [exercise, exercise]
    assert [line["alert"] for line in lines] == ["20261125-4b29"] * 2
