"""Lengths and moments of time as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.errors import UsageError
from umsalert.times import parse_duration, parse_past_moment

PARIS = "Europe/Paris"
WINTER = datetime(2026, 1, 15, 17, 30, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 22, 30, tzinfo=UTC)


@given(st.integers(1, 999_999), st.sampled_from("smhd"))
def test_a_number_with_a_unit_is_a_duration(number: int, unit: str) -> None:
    """Every whole number of seconds, minutes, hours or days is understood exactly."""
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400}[unit]
    assert parse_duration(f" {number}{unit.upper()} ") == timedelta(seconds=number * seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "0m", "-5m", "1.5h", "5 weeks", "m", "5m5s", "nan", "1e3s"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    """Without a unit, at zero, below or with a fraction the text is refused by name."""
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    assert caught.value.code == "duration_invalid"


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("18:07", WINTER, datetime(2026, 1, 15, 17, 7, tzinfo=UTC)),
        ("18h07", WINTER, datetime(2026, 1, 15, 17, 7, tzinfo=UTC)),
        ("18:30", WINTER, WINTER),
        ("18:31", WINTER, datetime(2026, 1, 14, 17, 31, tzinfo=UTC)),
        ("23:50", SUMMER, datetime(2026, 7, 15, 21, 50, tzinfo=UTC)),
        ("00:10", SUMMER, datetime(2026, 7, 15, 22, 10, tzinfo=UTC)),
        ("2026-01-14T08:00", WINTER, datetime(2026, 1, 14, 7, 0, tzinfo=UTC)),
        ("2026-01-14 08:00+04:00", WINTER, datetime(2026, 1, 14, 4, 0, tzinfo=UTC)),
        ("2026-01-14T08:00:00Z", WINTER, datetime(2026, 1, 14, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_time_of_day_is_the_latest_one_that_has_been(
    text: str, now: datetime, expected: datetime
) -> None:
    """At 00:30 in Paris "23:50" was yesterday; what has no offset is read in the zone given."""
    assert parse_past_moment(text, PARIS, now) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("25:00", "time_invalid"),
        ("18:60", "time_invalid"),
        ("six", "time_invalid"),
        ("", "time_invalid"),
        ("2026-01-15T19:31", "time_in_future"),
        ("2027-01-01", "time_in_future"),
    ],
)
def test_what_is_no_past_moment_is_refused(text: str, code: str) -> None:
    """A malformed or future time has its own code and says what to type."""
    with pytest.raises(UsageError) as caught:
        parse_past_moment(text, PARIS, WINTER)
    assert caught.value.code == code
    assert caught.value.hint
