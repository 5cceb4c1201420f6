"""When bulletins are due: each local time once, whatever clocks do, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from umsalert.errors import UsageError
from umsalert.geo.territories import TERRITORIES
from umsalert.timetables import (
    Decision,
    Quiet,
    Rules,
    Timetable,
    check,
    decide,
    first_instant,
    moment_of,
    opens,
    share,
    windows,
)

ZONES = sorted({territory.time_zone for territory in TERRITORIES})
"""Every zone of a French territory, from the Marquesas to Nouméa."""
PARIS = "Europe/Paris"
CHANGES = (date(2027, 3, 28), date(2027, 10, 31), date(2027, 3, 14), date(2027, 11, 7))
"""Clocks change in Paris on the first two days, in Saint-Pierre-et-Miquelon on the others."""
DAYS = 3


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def local(moments: Sequence[datetime], zone: str) -> list[str]:
    return [f"{moment.astimezone(ZoneInfo(zone)):%m-%d %H:%M%z}" for moment in moments]


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, frozenset[int], frozenset[int], frozenset[int]]:
    """Return a line of cron with the minutes, hours and weekdays (Monday is 0) that it names."""
    minutes = draw(st.frozensets(st.integers(0, 59), min_size=1, max_size=3))
    hours = draw(st.frozensets(st.integers(0, 23), min_size=1, max_size=5))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1, max_size=7))
    fields = [",".join(map(str, sorted(found))) for found in (minutes, hours)]
    weekdays = ",".join(str((day + 1) % 7) for day in sorted(days))
    return f"{fields[0]} {fields[1]} * * {weekdays}", minutes, hours, days


def every_minute(since: datetime, until: datetime) -> Iterator[datetime]:
    while since < until:
        yield since
        since += timedelta(minutes=1)


@settings(max_examples=25 if settings().max_examples <= 100 else settings().max_examples)
@given(line=lines(), zone=st.sampled_from(ZONES), change=st.sampled_from(CHANGES))
@example(("30 2 * * *", frozenset({30}), frozenset({2}), frozenset(range(7))), PARIS, CHANGES[0])
@example(("30 2 * * *", frozenset({30}), frozenset({2}), frozenset(range(7))), PARIS, CHANGES[1])
def test_each_local_time_is_due_once(
    line: tuple[str, frozenset[int], frozenset[int], frozenset[int]], zone: str, change: date
) -> None:
    """As a person would do it who reads a clock minute by minute and ticks off what it has shown.

    What a clock skips is ticked off with the first thing that it shows after; what it shows twice
    was ticked off before.
    """
    cron, minutes, hours, days = line
    begins = datetime.combine(change - timedelta(days=1), time(), UTC)
    until = begins + timedelta(days=DAYS)
    place = ZoneInfo(zone)
    due = set[datetime]()
    latest = (begins - timedelta(minutes=1)).astimezone(place).replace(tzinfo=None)
    for at in every_minute(begins, until):
        shown = at.astimezone(place).replace(tzinfo=None)
        for passed in every_minute(latest + timedelta(minutes=1), shown + timedelta(minutes=1)):
            if passed.minute in minutes and passed.hour in hours and passed.weekday() in days:
                due.add(at)
        latest = max(latest, shown)
    found = takewhile(lambda at: at < until, Timetable(zone, begins, cron).after())
    assert list(found) == sorted(due)


def test_what_clocks_skip_and_show_twice() -> None:
    """02:30 on the two nights in Paris: at 03:00 when it is skipped, at the first 02:30 of two."""
    spring = Timetable(PARIS, instant("2027-03-26T12:00Z"), "30 2 * * *")
    assert local(list(islice(spring.after(), 3)), PARIS) == [
        "03-27 02:30+0100",
        "03-28 03:00+0200",
        "03-29 02:30+0200",
    ]
    autumn = Timetable(PARIS, instant("2027-10-29T12:00Z"), "30 2 * * *")
    assert local(list(islice(autumn.after(), 3)), PARIS) == [
        "10-30 02:30+0200",
        "10-31 02:30+0200",
        "11-01 02:30+0100",
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_eight_o_clock_is_eight_o_clock_in_every_territory(zone: str) -> None:
    """All year round, each Monday, by the clocks of the place; on its own day, in UTC or not."""
    weekly = Timetable(zone, instant("2027-01-01T00:00Z"), "0 8 * * 1")
    dues = list(islice(weekly.after(), 52))
    places = [due.astimezone(ZoneInfo(zone)) for due in dues]
    assert {(place.weekday(), place.hour, place.minute) for place in places} == {(0, 8, 0)}
    assert {later.date() - earlier.date() for earlier, later in pairwise(places)} == {
        timedelta(days=7)
    }


def test_it_begins_and_ends() -> None:
    """A due time at its begin is one, one at its end is none; once is once."""
    begins, ends = instant("2027-01-04T07:00Z"), instant("2027-01-06T07:00Z")
    daily = Timetable(PARIS, begins, "0 8 * * *", ends)
    assert list(daily.after()) == [begins, begins + timedelta(days=1)]
    assert daily.next_after(begins + timedelta(days=1)) is None
    once = Timetable(PARIS, begins)
    assert (list(once.after()), once.next_after(begins)) == ([begins], None)


@given(
    line=lines(),
    zone=st.sampled_from(ZONES),
    cuts=st.lists(st.integers(0, DAYS * 1440), max_size=9),
)
def test_it_does_not_matter_when_it_is_asked(
    line: tuple[str, frozenset[int], frozenset[int], frozenset[int]], zone: str, cuts: list[int]
) -> None:
    """Asked again and again for what comes next, at any moment, it leaves nothing out."""
    begins = datetime.combine(CHANGES[1] - timedelta(days=1), time(), UTC)
    timetable = Timetable(zone, begins, line[0])
    until = begins + timedelta(days=DAYS)
    whole = list(takewhile(lambda at: at <= until, timetable.after()))
    assert whole == sorted(set(whole))
    for cut in cuts:
        moment = begins + timedelta(minutes=cut)
        assert timetable.next_after(moment) in [
            next((at for at in whole if at > moment), None),
            *([] if any(at > moment for at in whole) else [timetable.next_after(until)]),
        ]


@pytest.mark.parametrize(
    ("cron", "code"),
    [
        ("0 8 * *", "cron_invalid"),
        ("8:00", "cron_invalid"),
        ("0 8 * * * *", "cron_invalid"),
        ("0 0 8 * * 1", "cron_invalid"),
        ("@weekly", "cron_invalid"),
        ("70 8 * * *", "cron_invalid"),
        ("0 8 30 2 *", "cron_invalid"),
        ("0 8 3 * *", "never_due"),
        ("* 8 * * *", "too_often"),
        ("0,30 8 * * *", "too_often"),
    ],
)
def test_lines_that_cannot_be_meant(cron: str, code: str) -> None:
    """A line that is none, that never comes, or that comes every minute is refused."""
    with pytest.raises(UsageError) as caught:
        check(Timetable(PARIS, instant("2027-01-01T00:00Z"), cron, instant("2027-01-02T00:00Z")))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 8 * * * *", "it has 6 fields"),
        ("lundi", "it has 1 field."),
        ("60 8 * * *", "'60' is no minute"),
        ("0 25 * * *", "'25' is no hour"),
        ("0 8 32 * *", "'32' is no day of the month"),
        ("0 8 * janvier *", "'janvier' is no month"),
        ("0 8 * * 8", "'8' is no day of the week"),
        ("0 8 31 2,4 *", "no month that it names"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(cron: str, words: str) -> None:
    """Which field, and what stands there."""
    with pytest.raises(UsageError) as caught:
        check(Timetable(PARIS, instant("2027-01-01T00:00Z"), cron))
    assert words in caught.value.message


NIGHT = Quiet(time(22), time(7))
HOUR = timedelta(hours=1)
RULES = Rules(PARIS, NIGHT, 2 * HOUR)


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("2027-01-04T21:59+01:00", "2027-01-04T21:59+01:00"),
        ("2027-01-04T22:00+01:00", "2027-01-05T07:00+01:00"),
        ("2027-01-05T03:00+01:00", "2027-01-05T07:00+01:00"),
        ("2027-01-05T07:00+01:00", "2027-01-05T07:00+01:00"),
        ("2027-03-28T01:00+01:00", "2027-03-28T07:00+02:00"),
        ("2027-10-31T02:30+02:00", "2027-10-31T07:00+01:00"),
    ],
)
def test_quiet_hours_end_by_the_clocks_of_the_place(at: str, then: str) -> None:
    """What is due in the quiet begins when it ends, in the nights of the changes, too."""
    assert RULES.starts(instant(at)) == instant(then)


def test_quiet_hours_by_day_and_none() -> None:
    """They may lie in a day, and there may be none."""
    noon = Quiet(time(12), time(14))
    paris = ZoneInfo(PARIS)
    assert noon.opens(instant("2027-01-04T13:00+01:00"), paris) == instant("2027-01-04T13:00Z")
    night = instant("2027-01-04T03:00+01:00")
    assert noon.opens(night, paris) == night
    assert (Quiet().opens(night, paris), Quiet().begins_after(night, paris)) == (night, None)


def test_an_hour_that_clocks_skip_is_no_opening() -> None:
    """From 03:00 to 02:00 but for the night in March, when no clock shows what is between."""
    nearly_always = Quiet(time(3), time(2))
    skipped = instant("2027-03-28T00:30+01:00")
    assert nearly_always.opens(skipped, ZoneInfo(PARIS)) == instant("2027-03-29T02:00+02:00")


def test_what_becomes_of_due_times() -> None:
    """In time it runs, late it is skipped, of several the newest runs; in the quiet all wait."""
    eight, nine = instant("2027-01-04T08:00+01:00"), instant("2027-01-04T09:00+01:00")
    assert decide([eight], eight, RULES) == Decision(run=eight)
    assert decide([eight], eight + 2 * HOUR, RULES) == Decision(run=eight)
    late = eight + 2 * HOUR + timedelta(minutes=1)
    assert decide([eight], late, RULES) == Decision(late=(eight,))
    assert decide([eight, nine], late, RULES) == Decision(nine, late=(eight,))
    assert decide([eight, nine], nine, RULES) == Decision(nine, overtaken=(eight,))
    night = instant("2027-01-04T23:00+01:00")
    assert decide([night], night + HOUR, RULES) == Decision()
    morning = instant("2027-01-05T07:00+01:00")
    assert decide([night], morning, RULES) == Decision(run=night)
    assert decide([night], morning + 3 * HOUR, RULES) == Decision(late=(night,))


def test_who_is_late_into_the_quiet_waits_for_its_end_only_where_that_is_soon() -> None:
    """Due at 21:30 and looked at after 22:00: in the morning it would be late, so it is now."""
    due = instant("2027-01-04T21:30+01:00")
    assert decide([due], due + HOUR, RULES) == Decision(late=(due,))
    patient = Rules(PARIS, NIGHT, 12 * HOUR)
    assert decide([due], due + HOUR, patient) == Decision()
    assert decide([due], due + 10 * HOUR, patient) == Decision(run=due)


@given(
    dues=st.lists(st.integers(0, 5_000), min_size=1, unique=True).map(sorted),
    waited=st.integers(0, 3_000),
    grace=st.integers(1, 1_500),
    zone=st.sampled_from(ZONES),
    ends=st.tuples(st.integers(0, 23), st.integers(0, 23)),
)
def test_every_decision_settles_a_beginning_of_what_is_due(
    dues: list[int], waited: int, grace: int, zone: str, ends: tuple[int, int]
) -> None:
    """Each due time is in one place; what runs is in time, and not in the quiet.

    And what is not settled can still be run: it is not late when the quiet ends.
    """
    start = instant("2027-10-30T00:00Z")
    moments = [start + timedelta(minutes=minutes) for minutes in dues]
    now = moments[-1] + timedelta(minutes=waited)
    rules = Rules(zone, Quiet(time(ends[0]), time(ends[1])), timedelta(minutes=grace))
    found = decide(moments, now, rules)
    assert list(found.settled) == moments[: len(found.settled)]
    if found.run is not None:
        assert rules.starts(now) == now
        assert timedelta() <= now - rules.starts(found.run) <= rules.grace
    for due in found.late:
        assert rules.starts(now) - rules.starts(due) > rules.grace
    if not found.settled:
        assert rules.starts(now) - rules.starts(moments[-1]) <= rules.grace


@given(
    start=st.integers(0, 2_880),
    minutes=st.integers(1, 1_500),
    zone=st.sampled_from(ZONES),
    parts=st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_a_bulletin_is_spread_evenly_over_what_is_not_quiet(
    start: int, minutes: int, zone: str, parts: list[float]
) -> None:
    """The windows have the length that was asked for, hold no quiet, and share it out evenly."""
    rules = Rules(zone, NIGHT, HOUR)
    begin = rules.starts(instant("2027-03-27T00:00Z") + timedelta(minutes=start))
    spread = windows(begin, timedelta(minutes=minutes), rules)
    assert spread[0][0] == begin
    assert sum((end - first for first, end in spread), timedelta()) == timedelta(minutes=minutes)
    for first, end in spread:
        assert rules.starts(first) == first
        assert rules.starts(end - timedelta(seconds=1)) == end - timedelta(seconds=1)
    assert (share(spread, begin), share(spread, spread[-1][1])) == (0, 1)
    for part in parts:
        at = moment_of(spread, part)
        assert share(spread, at) == pytest.approx(part, abs=1e-6)
        assert opens(spread, at) >= at
    for (_first, end), (after, _end) in pairwise(spread):
        assert opens(spread, end) == after


def test_without_windows_all_may_leave() -> None:
    """What is not spread has its share at once."""
    assert share((), instant("2027-01-01T00:00Z")) == 1


@given(zone=st.sampled_from(ZONES), minutes=st.integers(0, 1_440 * 400))
def test_the_first_instant_shows_the_time_or_the_next_that_there_is(
    zone: str, minutes: int
) -> None:
    """Nothing before it shows as much."""
    shown = datetime.combine(date(2027, 1, 1), time()) + timedelta(minutes=minutes)
    at = first_instant(shown, ZoneInfo(zone))
    assert at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) >= shown
    before = (at - timedelta(minutes=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert before < shown
