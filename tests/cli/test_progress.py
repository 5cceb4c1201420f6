"""What a run shows while the machine's clock is set."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.workbench import NOON
from umsalert.cli import progress
from umsalert.cli.output import Output
from umsalert.events import Progress, RecordPaused
from umsalert.model import ChannelKind, DeliveryState


def shown(capsys: pytest.CaptureFixture[str], *after_s: float) -> list[str]:
    """Return the lines of a run whose n-th count comes so many seconds after noon."""
    with progress.view(Output(as_json=False), exercise=False) as view:
        for n, seconds in enumerate(after_s):
            counts = {ChannelKind.SMS: {DeliveryState.ACCEPTED: n}}
            view(Progress(NOON + timedelta(seconds=seconds), "20260317-test", counts))
    return capsys.readouterr().err.splitlines()


def test_one_line_in_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """Off a terminal the counts are said now and then."""
    assert shown(capsys, 0, 4, 9.9, 10, 15) == ["SMS: 0 accepted", "SMS: 3 accepted"]


def test_a_clock_set_back_silences_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """Before its last line by the clock, a run goes on to say how it does."""
    assert shown(capsys, 0, -3600, -3595) == ["SMS: 0 accepted", "SMS: 1 accepted"]


def test_a_record_that_cannot_be_written_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Why nothing leaves for now."""
    with progress.view(Output(as_json=False), exercise=False) as view:
        view(RecordPaused(NOON, "20260317-test", "disk_full", "The disk is full."))
    said = capsys.readouterr().err
    assert said == "The disk is full. Nothing more leaves until it can be written.\n"
