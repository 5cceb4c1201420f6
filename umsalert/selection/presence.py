"""Whether somebody is on duty: `opening_hours` in the time zone and by the holidays of a site."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from umsalert.ports import Schedule
from umsalert.selection.holidays import is_holiday

_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_AROUND = (-1, 0)
"""The days whose hours may decide about a moment: 48:00, the next midnight, is the latest hour."""
_OTHER = 3
"""So many days later is a weekday that none of them has."""
_HOLIDAY = re.compile(r'"[^"]*"|\bPH\b(?: ([+-]?\d+) days?)?')


def on_duty(schedule: Schedule, at: datetime) -> bool:
    """Say whether somebody is present at `at` by the schedule, in its own time zone.

    Hours that cannot be read stop no alert: somebody may be there.
    """
    from opening_hours import ParserError  # type: ignore[attr-defined]  # no stub

    moment = at.astimezone(ZoneInfo(schedule.time_zone))
    hours = schedule.hours
    try:
        if "PH" in hours:
            hours = _dated(hours, moment.date(), schedule.calendar)
        return bool(_opening_hours(hours, schedule.time_zone).is_open(moment))
    except ParserError:
        return True


@lru_cache(maxsize=4096)
def _dated(hours: str, day: date, calendar: str) -> str:
    """Return hours that mean the same around `day`, with weekdays in the place of holidays.

    The library knows the national holidays of countries only. In a few days every weekday occurs
    once, so that it names a date.
    """
    from opening_hours import OpeningHours

    def weekdays(found: re.Match[str]) -> str:
        if found[0].startswith('"'):  # a comment
            return found[0]
        offset = timedelta(days=int(found[1] or 0))
        days = (day + timedelta(days=n) for n in _AROUND)
        names = [_weekday(it) for it in days if is_holiday(it - offset, calendar)]
        return ",".join(names) or _weekday(day + timedelta(days=_OTHER))

    return _HOLIDAY.sub(weekdays, str(OpeningHours(hours)))  # its own words have one form of each


def _weekday(day: date) -> str:
    return _WEEKDAYS[day.weekday()]


@lru_cache(maxsize=4096)
def _opening_hours(hours: str, time_zone: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the library is imported on use and has no types
    from opening_hours import OpeningHours

    return OpeningHours(hours, timezone=ZoneInfo(time_zone))
