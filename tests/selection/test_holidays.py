"""Public holidays: our table against the library's own, and against the calendar of 2026."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from opening_hours import OpeningHours

from umsalert.geo.territories import TERRITORIES
from umsalert.selection.holidays import ALSACE_MOSELLE, NATIONAL, REGIONAL, easter, is_holiday

NATIONAL_2026 = {
    "01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11",
    "12-25",
}  # fmt: skip
MORE_2026 = {
    "FR": set(),
    "FR-AM": {"04-03", "12-26"},
    "GP": {"05-27"},
    "MQ": {"05-22"},
    "GF": {"06-10"},
    "RE": {"12-20"},
    "YT": {"04-27"},
    "BL": {"10-09"},
    "MF": {"05-28"},
    "PM": set(),
    "NC": {"09-24"},
    "PF": {"03-05", "04-03", "11-20"},
    "WF": {"04-28", "06-29", "07-29"},
    "TF": set(),
}


@pytest.mark.parametrize("calendar", sorted(MORE_2026))
def test_the_holidays_of_2026(calendar: str) -> None:
    """Every day of the year is a holiday of the territory by law, or none."""
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    found = {f"{day:%m-%d}" for day in year if is_holiday(day, calendar)}
    assert found == NATIONAL_2026 | MORE_2026[calendar]


def test_polynesia_has_exchanged_one_day_for_another() -> None:
    """The 29th of June was one until 2024, the 20th of November is one since 2025."""
    june, november = [date(y, 6, 29) for y in (2024, 2025)], [date(y, 11, 20) for y in (2024, 2025)]
    assert [is_holiday(day, "PF") for day in june] == [True, False]
    assert [is_holiday(day, "PF") for day in november] == [False, True]


def test_every_territory_is_thought_of() -> None:
    """Each region that a site may have stands in the table, is the métropole or has no people."""
    regions = {territory.region for territory in TERRITORIES}
    assert regions - REGIONAL.keys() == {"FR", "TF"}
    assert REGIONAL.keys() - regions == {ALSACE_MOSELLE}
    assert len({day.name for day in NATIONAL}) == 11


def test_easter_is_where_the_library_has_it() -> None:
    """For every year in which a database may live."""
    hours = OpeningHours("easter", timezone=ZoneInfo("UTC"))
    for year in range(1900, 2200):
        noon = datetime(year, 3, 22, 12, tzinfo=ZoneInfo("UTC"))
        days = [noon + timedelta(days=n) for n in range(35)]
        assert [day.date() for day in days if hours.is_open(day)] == [easter(year)]


def test_the_national_days_are_those_of_the_library() -> None:
    """For every day of the years that opening-hours-py knows."""
    hours = OpeningHours("PH", timezone=ZoneInfo("UTC"), country="FR")
    noon = datetime(2000, 1, 1, 12, tzinfo=ZoneInfo("UTC"))
    while noon.year < 2077:
        assert hours.is_open(noon) == is_holiday(noon.date(), "FR"), noon
        noon += timedelta(days=1)
