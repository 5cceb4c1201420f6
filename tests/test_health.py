"""When a provider is ill, and when it is asked again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workbench import NOON
from umsalert import health
from umsalert.health import Health
from umsalert.model import Outcome, OutcomeKind

OK = Outcome(OutcomeKind.ACCEPTED)
DEAD = Outcome(OutcomeKind.UNKNOWN, "no_answer")
WELL = Health(NOON)


def after(state: Health, *outcomes: Outcome, pause_s: float = 0.1) -> Health:
    now = state.at
    for outcome in outcomes:
        now += timedelta(seconds=pause_s)
        state = state.after([outcome], now)
    return state


@pytest.mark.parametrize(
    ("outcome", "ill"),
    [
        (DEAD, True),
        (Outcome(OutcomeKind.UNREACHABLE, "connect_timeout"), True),
        (Outcome(OutcomeKind.TEMPORARY, "http_503"), True),
        (Outcome(OutcomeKind.UNKNOWN, "http_500"), True),
        (Outcome(OutcomeKind.TEMPORARY, "rate_limit", throttled=True), False),
        (Outcome(OutcomeKind.TEMPORARY, "4.2.2", one_recipient=True), False),
        (Outcome(OutcomeKind.PERMANENT, "bad_number"), False),
        (Outcome(OutcomeKind.WITHDRAWN), False),
        (Outcome(OutcomeKind.UNKNOWN, "interrupted"), False),
    ],
)
def test_what_is_the_provider_s_fault(outcome: Outcome, ill: bool) -> None:
    """Bad numbers, one busy mailbox, our own haste and our own stop are not."""
    assert after(WELL, *[outcome] * 8).well is not ill


def test_one_fault_is_no_illness_and_half_of_many_is() -> None:
    """A fifth of all does not change the provider."""
    assert after(WELL, *[OK, OK, OK, OK, DEAD] * 40).well
    assert not after(WELL, *[OK, DEAD] * 10).well


def test_refused_credentials_are_enough_once() -> None:
    """Every other message would be refused too."""
    state = after(WELL, OK, Outcome(OutcomeKind.MISCONFIGURED, "low_balance"))
    assert (state.well, state.fault_code) == (False, "low_balance")


def test_old_faults_fade() -> None:
    """Four faults an hour ago and one now are one."""
    state = after(WELL, *[DEAD] * 4)
    assert state.after([DEAD], NOON + timedelta(hours=1)).well


def test_rests_grow_and_end_with_one_good_message() -> None:
    """30 s, then 60 s, up to five minutes; the first that goes well ends it."""
    state, rests_s = after(WELL, *[DEAD] * 5), []
    for _probe in range(6):
        assert state.rests_until is not None
        rests_s.append(round(state.rests_s(state.at)))
        state = state.after([DEAD], state.rests_until)
    assert rests_s == [30, 60, 120, 240, 300, 300]
    assert state.rests_until is not None
    back = state.after([OK], state.rests_until)
    assert (back.well, back.rests) == (True, 0)


def test_the_rest_of_a_burst_prolongs_nothing() -> None:
    """Thirty-two answers that come together are one illness."""
    state = after(WELL, *[DEAD] * 32, pause_s=0.01)
    assert (state.rests, state.rests_s(NOON) < health.REST_S + 1) == (1, True)


def test_the_clock_set_back_ends_a_rest() -> None:
    """Nobody waits an hour for a rest of 30 s."""
    state = after(WELL, *[DEAD] * 5)
    assert state.rests_s(NOON - timedelta(hours=1)) == 0


@pytest.mark.parametrize(
    ("due", "come", "ill"), [(50, 40, False), (50, 20, True), (19, 0, False), (50, 25, False)]
)
def test_missing_receipts_are_an_illness(due: int, come: int, ill: bool) -> None:
    """Where fewer than half of enough have come."""
    state = WELL.without_receipts(due, come, NOON)
    assert state.well is not ill
    assert (state.fault_code == health.ILL_RECEIPTS) is ill


@given(st.lists(st.tuples(st.sampled_from([OK, DEAD]), st.floats(-4000, 4000)), max_size=60))
def test_counts_stay_what_they_are(steps: list[tuple[Outcome, float]]) -> None:
    """However time goes: never negative, never more than there were, a rest is never too long."""
    state, now = WELL, NOON
    for n, (outcome, pause_s) in enumerate(steps, 1):
        now += timedelta(seconds=pause_s)
        state = state.after([outcome], now)
        assert 0 <= state.good <= n
        assert 0 <= state.bad <= n
        assert 0 <= state.rests_s(now) <= health.REST_MAX_S
