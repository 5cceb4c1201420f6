"""What a run shows while the machine's clock is set."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from rich.console import Console

from tests.workbench import NOON
from umsalert.cli import progress
from umsalert.cli.output import Output
from umsalert.events import Planned, Progress, RecordPaused
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


def test_every_line_of_an_exercise_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Also in a file, where there is no colour."""
    counts = {ChannelKind.SMS: {DeliveryState.ACCEPTED: 1}}
    with progress.view(Output(as_json=False), exercise=True) as view:
        view(Progress(NOON, "20260317-test", counts))
        view(RecordPaused(NOON, "20260317-test", "disk_full", "The disk is full."))
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all(line.startswith("EXERCISE · ") for line in said)


@pytest.mark.parametrize("exercise", [True, False])
def test_every_event_says_whether_it_is_of_an_exercise(
    capsys: pytest.CaptureFixture[str], *, exercise: bool
) -> None:
    """A program that reads one line knows."""
    with progress.view(Output(as_json=True), exercise=exercise) as view:
        view(Planned(NOON, "20260317-test", {ChannelKind.SMS: 1}))
        view(Progress(NOON, "20260317-test", {ChannelKind.SMS: {DeliveryState.QUEUED: 1}}))
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["exercise"] for line in lines] == [exercise, exercise]


def test_the_live_table_of_an_exercise_has_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A title of its own, in letters."""
    where = Console(file=io.StringIO(), width=100, force_terminal=True, no_color=True)
    monkeypatch.setattr(progress, "console", lambda **_stream: where)
    for exercise in (True, False):
        with progress.view(Output(as_json=False), exercise=exercise) as view:
            view(Progress(NOON, "20260317-test", {ChannelKind.SMS: {DeliveryState.QUEUED: 1}}))
        assert isinstance(where.file, io.StringIO)
        assert ("*** EXERCISE ***" in where.file.getvalue()) is exercise
        where.file = io.StringIO()
