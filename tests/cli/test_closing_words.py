"""What the process that sent says at its end."""

from __future__ import annotations

import pytest

from tests.workbench import NOON
from umsalert.cli.alert_send import closing_words, exit_code
from umsalert.dispatch import Result
from umsalert.errors import ExitCode
from umsalert.model import Cancellation, ChannelKind, DeliveryState, Outcome, OutcomeKind

REF = "20260317-test"


@pytest.mark.parametrize("cancelled", [None, Cancellation(NOON, "chief@test", "")])
def test_only_what_may_go_on_is_told_to(cancelled: Cancellation | None) -> None:
    """Messages another process holds, or that may have left: of a cancelled alert none goes on."""
    counts = {ChannelKind.SMS: {DeliveryState.SENDING: 1, DeliveryState.UNKNOWN: 2}}
    said = list(closing_words(REF, Result(counts, interrupted=False, cancelled=cancelled)))
    assert sum("umsalert alert resume" in sentence for sentence in said) == 2 * (not cancelled)
    assert said[-1] == f"Report: umsalert report {REF}"


def test_a_site_that_has_answered_is_no_failure() -> None:
    """What was held back for it is counted in words, and the run ends well."""
    states = {DeliveryState.ACCEPTED: 3, DeliveryState.NOT_NEEDED: 2}
    result = Result({ChannelKind.VOICE: states}, interrupted=False)
    assert list(closing_words(REF, result))[:2] == [
        f"Alert {REF}: voice: 3 accepted, 2 not needed",
        "2 messages were not sent: somebody at their sites had answered.",
    ]
    assert exit_code(result) is ExitCode.OK
    states[DeliveryState.CANCELLED] = 1
    assert exit_code(result) is ExitCode.SOME_FAILED


def test_a_channel_that_stopped_sends_the_reader_to_doctor() -> None:
    """A code alone mends nothing: the command that says why, and how to mend it, is named."""
    counts = {ChannelKind.SMS: {DeliveryState.QUEUED: 1}}
    stopped = {ChannelKind.SMS: Outcome(OutcomeKind.UNREACHABLE, "connection_refused")}
    said = list(closing_words(REF, Result(counts, interrupted=False, stopped=stopped)))
    assert said[1:3] == ["SMS stopped: connection_refused", "More: umsalert doctor --online"]


def test_the_end_of_an_exercise_is_one() -> None:
    """Its first word says so."""
    result = Result({ChannelKind.SMS: {DeliveryState.ACCEPTED: 3}}, interrupted=False)
    first, *_others = closing_words(REF, result, exercise=True)
    assert first == f"EXERCISE · Alert {REF}: SMS: 3 accepted"
