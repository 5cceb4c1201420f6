"""Lengths and moments of time as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.typed import typed
from umsalert.errors import UsageError
from umsalert.geo.territories import TERRITORIES
from umsalert.times import parse_duration, parse_moment, parse_past_moment

PARIS = "Europe/Paris"
WINTER = datetime(2026, 1, 15, 17, 30, tzinfo=UTC)
ZONES = sorted({territory.time_zone for territory in TERRITORIES})
FORWARD = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 02:00 becomes 03:00 in Paris
BACK = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # 03:00 becomes 02:00 in Paris
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
        ("0001-01-01", "time_invalid"),
        ("0001-01-01T00:00+14:00", "time_invalid"),
        ("9999-12-31T23:59-14:00", "time_invalid"),
        ("2025-03-30T02:30", "time_skipped"),
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


@st.composite
def nows(draw: st.DrawFn) -> tuple[str, datetime]:
    """Draw a French time zone and a moment, often close to a change of its clocks."""
    near = st.sampled_from([FORWARD, BACK, datetime(2026, 3, 8, 5, tzinfo=UTC)])  # Miquelon's
    hours = st.timedeltas(timedelta(hours=-30), timedelta(hours=30))
    any_time = st.builds(datetime.fromtimestamp, st.floats(6e8, 2.1e9), st.just(UTC))
    now = draw(any_time | st.builds(lambda moment, by: moment + by, near, hours))
    return draw(st.sampled_from([PARIS, *ZONES])), now


@given(nows(), st.integers(0, 23), st.integers(0, 59), st.sampled_from(["{}:{:02}", "{}h{:02}"]))
@example((PARIS, BACK + timedelta(minutes=10)), 2, 30, "{}:{:02}")  # 02:30 was 40 minutes ago
@example((PARIS, BACK + timedelta(minutes=90)), 2, 30, "{}:{:02}")  # the second 02:30
@example((PARIS, FORWARD + timedelta(hours=1)), 2, 30, "{}:{:02}")  # yesterday: none today
def test_a_time_of_day_is_the_last_time_that_clocks_showed_it(
    zone_now: tuple[str, datetime], hour: int, minute: int, style: str
) -> None:
    """Never in the future, over midnight and changes of the clocks, in every French zone."""
    zone, now = zone_now
    found = parse_past_moment(style.format(hour, minute), zone, now)
    minutes = (now.replace(second=0, microsecond=0) - timedelta(minutes=n) for n in range(4000))
    shown = (hour, minute)
    assert found == next(at for at in minutes if _clock(at, zone) == shown)


def _clock(at: datetime, zone: str) -> tuple[int, int]:
    local = at.astimezone(ZoneInfo(zone))
    return local.hour, local.minute


@given(nows(), st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_date_and_time_is_a_past_moment_or_refused(
    zone_now: tuple[str, datetime], by: timedelta
) -> None:
    """What clocks in the zone showed is read as a moment when they did, unless it is to come."""
    zone, now = zone_now
    typed_at = (now + by).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    try:
        found = parse_past_moment(typed_at.isoformat(), zone, now)
    except UsageError:
        assert by > timedelta()
        return
    assert found <= now
    assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == typed_at


@given(
    typed("0123456789:hH-+TZW. ")
    | st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat),
    st.sampled_from([PARIS, *ZONES]),
)
@example("0001-01-01", PARIS)
def test_any_text_is_a_past_moment_or_a_usage_error(text: str, zone: str) -> None:
    """Nothing that can be typed breaks the reading or gives a moment to come."""
    try:
        found = parse_past_moment(text, zone, WINTER)
    except UsageError:
        return
    assert found <= WINTER


@given(typed("0123456789smhdMiIn .-+"))
def test_any_text_is_a_duration_or_a_usage_error(text: str) -> None:
    """Nothing that can be typed breaks the reading or gives no time at all."""
    try:
        found = parse_duration(text)
    except UsageError:
        return
    assert found > timedelta()
    assert WINTER + found > WINTER  # it can be reckoned with


@pytest.mark.parametrize(
    ("text", "zone", "begin", "end"),
    [
        ("2027-01-05", PARIS, "2027-01-04T23:00Z", "2027-01-05T23:00Z"),
        ("05/01/2027", "Pacific/Noumea", "2027-01-04T13:00Z", "2027-01-05T13:00Z"),
        ("2027-03-28", PARIS, "2027-03-27T23:00Z", "2027-03-28T22:00Z"),
        ("2027-01-05T08:00", "America/Cayenne", "2027-01-05T11:00Z", "2027-01-05T11:00Z"),
        ("2027-01-05T08:00+04:00", PARIS, "2027-01-05T04:00Z", "2027-01-05T04:00Z"),
        ("2027-10-31T02:30", PARIS, "2027-10-31T00:30Z", "2027-10-31T00:30Z"),
    ],
)
def test_a_moment_to_come(text: str, zone: str, begin: str, end: str) -> None:
    """A day begins and ends by the clocks of the place; what they show twice is the first."""
    assert parse_moment(text, zone) == datetime.fromisoformat(begin)
    assert parse_moment(text, zone, end=True) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2027-03-28T02:30", "time_skipped"),
        ("2027-01-05T25:00", "time_invalid"),
        ("tomorrow", "day_invalid"),
    ],
)
def test_what_is_no_moment_to_come(text: str, code: str) -> None:
    """It is told as what it was taken for."""
    with pytest.raises(UsageError) as caught:
        parse_moment(text, PARIS)
    assert caught.value.code == code
