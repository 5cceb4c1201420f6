"""What the process that sent says at its end."""

from __future__ import annotations

import pytest

from tests.workbench import NOON
from umsalert.cli.alert_send import closing_words
from umsalert.dispatch import Result
from umsalert.model import Cancellation, ChannelKind, DeliveryState, Outcome, OutcomeKind

REF = "20260317-test"


@pytest.mark.parametrize("cancelled", [None, Cancellation(NOON, "chief@test", "")])
def test_only_what_may_go_on_is_told_to(cancelled: Cancellation | None) -> None:
    """Messages another process holds, or that may have left: of a cancelled alert none goes on."""
    counts = {ChannelKind.SMS: {DeliveryState.SENDING: 1, DeliveryState.UNKNOWN: 2}}
    said = list(closing_words(REF, Result(counts, interrupted=False, cancelled=cancelled)))
    assert sum("umsalert alert resume" in sentence for sentence in said) == 2 * (not cancelled)
    assert said[-1] == f"Report: umsalert report {REF}"


def test_a_channel_that_stopped_sends_the_reader_to_doctor() -> None:
    """A code alone mends nothing: the command that says why, and how to mend it, is named."""
    counts = {ChannelKind.SMS: {DeliveryState.QUEUED: 1}}
    stopped = {ChannelKind.SMS: Outcome(OutcomeKind.UNREACHABLE, "connection_refused")}
    said = list(closing_words(REF, Result(counts, interrupted=False, stopped=stopped)))
    assert said[1:3] == ["SMS stopped: connection_refused", "More: umsalert doctor --online"]
