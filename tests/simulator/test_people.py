"""The simulated guards."""

from __future__ import annotations

from collections import Counter

import pytest

from umsalert.errors import UsageError
from umsalert.simulator.people import (
    BUSY_SHARE,
    PRESSES_1_SHARE,
    UNANSWERED_SHARE,
    UNREACHABLE_SHARE,
    Line,
    People,
)

NUMBERS = [f"+3363998{n:04}" for n in range(9_900)]


def test_a_number_behaves_the_same_in_every_run() -> None:
    """The seed alone decides, and another seed decides otherwise."""
    first, again, other = ([People(s, {}).person(n) for n in NUMBERS[:200]] for s in (7, 7, 8))
    assert first == again
    assert first != other


def test_the_shares_are_kept() -> None:
    """Among 9,900 guards each share is met within a fifth of itself."""
    people = [People(1, {}).person(number) for number in NUMBERS]
    lines = Counter(person.line for person in people)
    keys = Counter(person.keys for person in people if person.line is Line.ANSWERED)
    assert lines[Line.UNREACHABLE] == pytest.approx(len(NUMBERS) * UNREACHABLE_SHARE, rel=0.2)
    assert lines[Line.BUSY] == pytest.approx(len(NUMBERS) * BUSY_SHARE, rel=0.2)
    assert lines[Line.UNANSWERED] == pytest.approx(len(NUMBERS) * UNANSWERED_SHARE, rel=0.2)
    assert keys["1"] == pytest.approx(lines[Line.ANSWERED] * PRESSES_1_SHARE, rel=0.2)
    assert set(keys) == {"1", ""}


@pytest.mark.parametrize(
    ("answer", "line", "keys"),
    [
        ("02", Line.ANSWERED, "02"),
        ("", Line.ANSWERED, ""),
        ("busy", Line.BUSY, ""),
        ("unanswered", Line.UNANSWERED, ""),
        ("unreachable", Line.UNREACHABLE, ""),
    ],
)
def test_a_configured_guard_does_exactly_that(answer: str, line: Line, keys: str) -> None:
    """Chance has no say where an answer is configured, whatever the seed."""
    for seed in range(50):
        person = People(seed, {"+33639980001": answer}).person("+33639980001")
        assert (person.line, person.keys) == (line, keys)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"0639980001": "1"}, "bad_number"),
        ({"+33639980001": "yes"}, "bad_answer"),
        ({"+33639980001": "answered"}, "bad_answer"),
    ],
)
def test_an_answer_that_means_nothing_is_refused(answers: dict[str, str], code: str) -> None:
    """A typing error in an answer is told before anything runs, without showing the number."""
    with pytest.raises(UsageError) as caught:
        People(0, answers)
    assert caught.value.code == code
    assert "639980001" not in str(caught.value)
