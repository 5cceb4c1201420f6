"""Hours of duty: nights, changes of the clock and holidays from Cayenne to Nouméa."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opening_hours import OpeningHours, validate

from umsalert.ports import Schedule
from umsalert.selection.presence import on_duty

PARIS = "Europe/Paris"
DAYS = st.sampled_from(["Mo-Fr", "Sa", "Su", "Mo", "Th-Mo", "PH", "PH +1 day", "PH -2 days"])
SELECTORS = st.lists(DAYS, min_size=1, max_size=3).map(",".join)
TIMES = st.sampled_from(
    ["08:00-18:00", "22:00-06:00", "20:00-30:00", "00:00-24:00", "12:00-48:00", "off", ""]
)
RULES = st.builds("{} {}".format, st.one_of(SELECTORS, st.just("Jun-Aug PH")), TIMES)
HOURS = st.builds(
    lambda first, more: first + "".join(sign + rule for sign, rule in more),
    RULES,
    st.lists(st.tuples(st.sampled_from(["; ", ", ", " || "]), RULES), max_size=3),
).filter(validate)


def local(text: str, zone: str) -> datetime:
    """Return a moment in UTC, given as people there read it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def present(hours: str, text: str, zone: str = PARIS, calendar: str = "FR") -> bool:
    return on_duty(Schedule(hours, zone, calendar), local(text, zone))


@given(HOURS, st.integers(0, 76 * 365 * 24 * 60))
def test_the_national_calendar_is_the_librarys_own(hours: str, minutes: int) -> None:
    """Whatever the hours say, and whenever: as opening-hours-py answers with its own holidays."""
    zone = ZoneInfo(PARIS)
    at = datetime(2000, 1, 3, tzinfo=UTC) + timedelta(minutes=minutes)
    own = OpeningHours(hours, timezone=zone, country="FR").is_open(at.astimezone(zone))
    assert on_duty(Schedule(hours, PARIS, "FR"), at) == own


@given(HOURS, st.integers(0, 11), st.integers(-48 * 4, 48 * 4))
def test_around_every_holiday_too(hours: str, nth: int, quarters: int) -> None:
    """A random moment seldom meets a holiday: within two days of each, the answer is the same."""
    days = ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01"]
    days += ["11-11", "12-25", "12-26"]
    zone = ZoneInfo(PARIS)
    at = local(f"2026-{days[nth]} 12:00", PARIS) + timedelta(minutes=15 * quarters)
    own = OpeningHours(hours, timezone=zone, country="FR").is_open(at.astimezone(zone))
    assert on_duty(Schedule(hours, PARIS, "FR"), at) == own


@pytest.mark.parametrize(
    ("zone", "calendar", "day"),
    [
        ("America/Cayenne", "GF", "2026-06-10"),
        ("America/Guadeloupe", "GP", "2026-05-27"),
        ("America/Martinique", "MQ", "2026-05-22"),
        ("America/Marigot", "MF", "2026-05-28"),
        ("America/St_Barthelemy", "BL", "2026-10-09"),
        ("Indian/Reunion", "RE", "2028-12-20"),
        ("Indian/Mayotte", "YT", "2027-04-27"),
        ("Pacific/Noumea", "NC", "2026-09-24"),
        ("Pacific/Tahiti", "PF", "2026-11-20"),
        ("Pacific/Wallis", "WF", "2026-07-29"),
        (PARIS, "FR-AM", "2026-04-03"),
    ],
)
def test_a_holiday_begins_and_ends_at_the_sites_own_midnight(
    zone: str, calendar: str, day: str
) -> None:
    """A working day elsewhere: off here all day long, and not a minute more."""
    hours = "Mo-Fr; PH off"
    start = local(f"{day} 00:00", zone)
    minute = timedelta(minutes=1)
    moments = [start - minute, start, start + timedelta(hours=24) - minute]
    assert [on_duty(Schedule(hours, zone, calendar), at) for at in moments] == [True, False, False]
    assert on_duty(Schedule(hours, zone, "FR"), start)


@pytest.mark.parametrize(
    ("hours", "moment", "there"),
    [
        # 20 December 2026 is a Sunday, 14 July 2026 a Tuesday
        ("Mo-Fr 08:00-18:00, PH 10:00-12:00", "2026-12-20 11:00", True),
        ("Mo-Fr 08:00-18:00, PH 10:00-12:00", "2026-12-13 11:00", False),
        ("Mo-Fr,PH 08:00-18:00", "2026-12-20 17:00", True),
        ("Mo-Su 08:00-18:00; PH off", "2026-12-20 11:00", False),
        ("Mo-Su 08:00-18:00; PH off", "2026-07-14 11:00", False),
        ("Mo-Su 08:00-18:00; PH -1 day off", "2026-12-19 11:00", False),
        ("Mo-Su 08:00-18:00; PH +1 day off", "2026-12-21 11:00", False),
        ("Mo-Su 08:00-18:00; PH +1 day off", "2026-12-20 11:00", True),
        ("Sa 22:00-30:00; PH off", "2026-12-20 03:00", False),
        ("PH 22:00-06:00", "2026-12-21 03:00", True),
        ("PH 22:00-06:00", "2026-12-20 03:00", False),
        ('Mo-Su "no PH here" ', "2026-12-20 11:00", True),
        ("24/7", "2026-12-20 11:00", True),
        ("24/7; PH off", "2026-12-20 11:00", False),
        ("SH", "2026-12-28 11:00", False),  # school holidays are not known
        ("Mo-Su unknown", "2026-12-28 11:00", False),  # who may be there is not on duty
        ("gibberish", "2026-12-28 11:00", True),  # nobody is left out by a slip of the pen
        ("gibberish; PH off", "2026-12-20 11:00", True),
    ],
)
def test_what_hours_say_of_holidays_in_la_reunion(hours: str, moment: str, there: bool) -> None:
    """On, off, shifted, over midnight, in a comment."""
    assert present(hours, moment, "Indian/Reunion", "RE") is there


def test_a_night_over_midnight() -> None:
    """From Friday 22:00 to Saturday 06:00, and not the night after."""
    hours = "Mo-Fr 22:00-06:00"
    moments = ["2026-03-20 21:59", "2026-03-20 22:00", "2026-03-21 05:59", "2026-03-21 06:00"]
    assert [present(hours, moment) for moment in moments] == [False, True, True, False]
    assert not present(hours, "2026-03-21 23:00")


def test_the_night_of_summer_time_has_one_hour_less() -> None:
    """29 March 2026: at 01:00 UTC it is 03:00, and who goes at 3 has gone."""
    schedule = Schedule("Mo-Su 22:00-03:00", PARIS)
    moment = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    assert on_duty(schedule, moment)
    assert not on_duty(schedule, moment + timedelta(minutes=1))


def test_the_night_of_winter_time_has_one_hour_more() -> None:
    """25 October 2026: 02:30 comes twice, and both times the guard is there until 3."""
    schedule = Schedule("Mo-Su 22:00-03:00", PARIS)
    for utc, there in (("00:30", True), ("01:30", True), ("01:59", True), ("02:00", False)):
        assert on_duty(schedule, datetime.fromisoformat(f"2026-10-25T{utc}+00:00")) is there


def test_no_clock_is_changed_overseas() -> None:
    """Cayenne and Nouméa keep their hours on the night on which Paris changes them."""
    for zone, calendar in (("America/Cayenne", "GF"), ("Pacific/Noumea", "NC")):
        opens = [local(f"2026-03-{day} 08:00", zone) for day in (28, 29, 30)]
        schedule = Schedule("Mo-Su 08:00-18:00", zone, calendar)
        for at in opens:
            assert on_duty(schedule, at)
            assert not on_duty(schedule, at - timedelta(minutes=1))
        assert opens[2] - opens[1] == opens[1] - opens[0] == timedelta(days=1)
