"""Lengths and moments of time as people type them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from umsalert.errors import UsageError
from umsalert.i18n import _

_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
_DURATION = r"([1-9][0-9]{0,5})\s*(s|m|min|h|d)"
_CLOCK = r"([01]?[0-9]|2[0-3])[:hH]([0-5][0-9])"


def parse_duration(text: str) -> timedelta:
    """Return a length of time with its unit: `30s`, `5m`, `2h`, `1d`.

    Raises:
        UsageError: duration_invalid.
    """
    match = re.fullmatch(_DURATION, text.strip().lower())
    if match is None:
        raise UsageError(
            "duration_invalid",
            _("{text!r} is not a length of time.").format(text=text),
            hint=_("Give a number with its unit, such as 30s, 5m, 2h or 1d."),
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_past_moment(text: str, time_zone: str, now: datetime) -> datetime:
    """Return in UTC when something happened: `18:07`, `18h07`, or an ISO 8601 date and time.

    A time of day is the latest such moment that is not after `now`, so that at 00:10 "23:50" was
    yesterday. What carries no offset is read in `time_zone`; what clocks showed twice there, in the
    night when they go back, is the later of the two that is not after `now`.

    Raises:
        UsageError: time_invalid, time_skipped, time_in_future.
    """
    zone = ZoneInfo(time_zone)
    clock = re.fullmatch(_CLOCK, text.strip())
    if clock:
        today = now.astimezone(zone).date()
        at = time(int(clock[1]), int(clock[2]))
        days = (datetime.combine(today - timedelta(days=n), at) for n in range(3))
        return next(moment for day in days for moment in _moments(day, zone) if moment <= now)
    try:
        typed = datetime.fromisoformat(text.strip())
        moments = [typed.astimezone(UTC)] if typed.tzinfo else _moments(typed, zone)
    except (ValueError, OverflowError):  # the year 1 is before the year 1 in UTC
        raise UsageError(
            "time_invalid",
            _("{text!r} is not a time.").format(text=text),
            hint=_(
                "Give a time of day such as 18:07, or a date and time such as 2026-03-14T18:07."
            ),
        ) from None
    if not moments:
        raise _skipped(text, time_zone)
    past = [moment for moment in moments if moment <= now]
    if not past:
        raise UsageError(
            "time_in_future",
            _("{text} is in the future ({zone}).").format(text=text, zone=time_zone),
            hint=_("Leave --incident-time out for an incident that happens now."),
        )
    return past[0]


def parse_moment(text: str, time_zone: str, *, end: bool = False) -> datetime:
    """Return in UTC a moment of any time: an ISO 8601 date and time, or a day.

    A day is its begin, or at the `end` of something the moment at which it is over. What carries no
    offset is read in `time_zone`; what clocks show twice there is the first of the two.

    Raises:
        UsageError: day_invalid, time_skipped.
    """
    plain = text.strip()
    if not re.search(r"[T ][0-9]", plain):
        day = parse_day(plain)
        if end:
            return end_of_day(day, time_zone)
        return end_of_day(day - timedelta(days=1), time_zone)
    try:
        typed = datetime.fromisoformat(plain)
        moments = [typed.astimezone(UTC)] if typed.tzinfo else _moments(typed, ZoneInfo(time_zone))
    except (ValueError, OverflowError):
        raise UsageError(
            "time_invalid",
            _("{text!r} is not a time.").format(text=text),
            hint=_("Give a date, or a date and time such as 2027-01-05T08:00."),
        ) from None
    if not moments:
        raise _skipped(text, time_zone)
    return moments[-1]


def parse_day(text: str) -> date:
    """Return a day: `2027-01-05`, or `05/01/2027` as France writes it.

    Raises:
        UsageError: day_invalid.
    """
    plain = text.strip()
    if french := re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", plain):
        plain = f"{french[3]}-{french[2]:>02}-{french[1]:>02}"
    try:
        return date.fromisoformat(plain)
    except ValueError:
        raise UsageError(
            "day_invalid",
            _("{text!r} is not a day.").format(text=text),
            hint=_("Give a date such as 2027-01-05.")
            if ":" not in plain
            else _("Give a date, or a date and time such as 2027-01-05T08:00."),
        ) from None


@lru_cache(maxsize=4096)  # cards end on few days
def end_of_day(day: date, time_zone: str) -> datetime:
    """Return in UTC the moment at which a day is over in a time zone."""
    following = min(day, date.max - timedelta(days=2)) + timedelta(days=1)  # no year 10000
    midnight = datetime.combine(following, time(), tzinfo=ZoneInfo(time_zone))
    return midnight.astimezone(UTC)


def last_day(end: datetime, time_zone: str) -> date:
    """Return the last day before `end` in a time zone: what `end_of_day` was given."""
    return (end - timedelta(milliseconds=1)).astimezone(ZoneInfo(time_zone)).date()


def _skipped(text: str, time_zone: str) -> UsageError:
    return UsageError(
        "time_skipped",
        _("No clock showed {text}: clocks went forward over it ({zone}).").format(
            text=text, zone=time_zone
        ),
        hint=_("Give the time as clocks showed it after the change."),
    )


def _moments(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return when clocks in the zone showed this, latest first: twice or never on two nights."""
    moments = [shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0)]
    return [at for at in moments if at.astimezone(zone).replace(tzinfo=None) == shown]
