"""The simulation of congestion keeps to what is known of such networks, in small runs."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.congestion import ACCOUNT, MEASURES, PER_CELL, STRATEGIES, dense, sparse, town
from benchmarks.radio import Assumptions, Scenario, Strategy, run
from umsalert.model import CellPace
from umsalert.pacing import Message, Queue, departures

ROOT = Path(__file__).parent.parent
ASSUMED = Assumptions()
NOBODY = Scenario((), {0: 0})
SMALL = dense(guards_per_site=3)


def erlang_b(channels: int, erlangs: float) -> float:
    """Return the share of calls that a loss system blocks (Erlang, 1917)."""
    blocked = 1.0
    for n in range(1, channels + 1):
        blocked = erlangs * blocked / (n + erlangs * blocked)
    return blocked


@pytest.mark.parametrize("channels", [2, 4])
def test_without_an_alert_a_cell_blocks_what_erlang_says(channels: int) -> None:
    """Over 11 hours of other people's calls the share that finds no channel is Erlang's."""
    busy = replace(ASSUMED, signalling_channels=channels, window_s=40_000.0)
    outcome = run(NOBODY, ACCOUNT, busy, seed=1)
    share = outcome.blocked / len(outcome.calls)
    erlangs = busy.calls_per_s * busy.call_set_up_s
    assert share == pytest.approx(erlang_b(channels, erlangs), abs=0.012)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda item: item.name)
def test_other_people_call_at_the_same_moments_whatever_we_do(strategy: Strategy) -> None:
    """What is compared is our sending, not another day."""
    quiet = run(NOBODY, ACCOUNT, ASSUMED, seed=7)
    loud = run(SMALL(7), strategy, ASSUMED, seed=7)
    assert [at_s for at_s, _lost in loud.calls] == [at_s for at_s, _lost in quiet.calls]
    assert loud.blocked > quiet.blocked


def test_the_same_seed_is_the_same_run() -> None:
    """A number of the page can be had again."""
    first, second = (run(town()(3), PER_CELL, ASSUMED, seed=3) for _time in range(2))
    assert first == second
    assert run(town()(4), PER_CELL, ASSUMED, seed=4) != first


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda item: item.name)
def test_every_site_is_reached_and_nobody_twice(strategy: Strategy) -> None:
    """SMS get there in the end; only who has acknowledged makes messages superfluous."""
    outcome = run(SMALL(2), strategy, ASSUMED, seed=2)
    taken = outcome.sent - outcome.refused
    assert len(outcome.reached_s) == 100
    assert (taken < 300) is strategy.stops
    assert taken <= 300


def test_only_a_burst_is_refused_by_the_provider() -> None:
    """At the account's limit nothing is answered with 429."""
    burst, *others = (run(SMALL(1), item, ASSUMED, seed=1).refused for item in STRATEGIES)
    assert burst > 0
    assert others == [0, 0, 0]


def test_a_dense_cell_is_paced_and_sparse_ones_are_not() -> None:
    """The pace is kinder where 300 guards share a cell, and changes nothing where 20 do."""
    limit, ours = (run(SMALL(1), item, ASSUMED, seed=1) for item in (ACCOUNT, PER_CELL))
    assert ours.blocked < limit.blocked / 2
    wide = sparse(cells=8)(1)
    assert run(wide, ACCOUNT, ASSUMED, seed=1) == run(wide, PER_CELL, ASSUMED, seed=1)


def test_the_simulated_sender_keeps_to_the_model() -> None:
    """With a network without limits, what leaves arrives when the model says, and a part later."""
    free = replace(ASSUMED, signalling_channels=10**9, answer_s=0.0, sms_part_s=1e-9)
    scenario = SMALL(1)
    outcome = run(scenario, PER_CELL, free, seed=1)
    queue = Queue(scenario.messages, PER_CELL.paces, PER_CELL.cell_pace)
    first: dict[int, float] = {}
    for at_s, message in departures(queue, PER_CELL.channels):
        first.setdefault(message.site, at_s)
    assert outcome.reached_s == pytest.approx(first, abs=1e-3)


def test_an_acknowledgement_stops_the_rest_of_its_site() -> None:
    """When everybody acknowledges at once, hardly a second contact is written to."""
    eager = replace(ASSUMED, acknowledging=1.0, acknowledged_after_s=(0.0, 0.1))
    slow = replace(STRATEGIES[-1], cell_pace=CellPace(0.5, 1))
    outcome = run(SMALL(1), slow, eager, seed=1)
    assert 100 <= outcome.sent <= 110


def test_a_call_that_finds_no_channel_is_lost() -> None:
    """A network without channels carries no call, and is asked only once."""
    dead = replace(ASSUMED, signalling_channels=0)
    messages = [Message(i, i, 1, 0.0, ACCOUNT.channels[1]) for i in range(5)]
    outcome = run(Scenario(messages, dict.fromkeys(range(5), 0)), ACCOUNT, dead, seed=1)
    assert (outcome.reached_s, outcome.sent) == ({}, 5)
    assert outcome.blocked_share == 0.0
    assert outcome.blocked == len(outcome.calls)


def test_the_command_prints_tables_and_draws(tmp_path: Path) -> None:
    """One seed of everything: every table has every measure, and the plot is an SVG."""
    file, plot = tmp_path / "measured.json", tmp_path / "plot.svg"
    words = ["congestion", "--seeds", "1", "--json", str(file), "--plot", str(plot)]
    command = [sys.executable, "-m", "benchmarks", *words, "--cache", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True)
    figures = json.loads(file.read_text("utf-8"))["figures"]
    assert len(figures) == 8
    for item in figures:
        for row in item["rows"].values():
            assert set(row) == set(MEASURES)
            assert all(math.isfinite(value["mean"]) for value in row.values())
    assert plot.read_text("utf-8").lstrip().startswith(("<?xml", "<svg"))
