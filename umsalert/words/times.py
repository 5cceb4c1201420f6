"""Times and lengths of time, for people and for programs."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from umsalert.i18n import decimal, language


def local(moment: datetime | None, time_zone: str, *, seconds: bool = True) -> str:
    """Return a time as people at the site read it, or a dash."""
    if moment is None:
        return "–"
    day = "%d/%m/%Y" if language() == "fr" else "%Y-%m-%d"
    clock = "%H:%M:%S" if seconds else "%H:%M"
    return moment.astimezone(ZoneInfo(time_zone)).strftime(f"{day} {clock}")


def duration(seconds: float | None) -> str:
    """Return a length of time in the largest units that matter, or a dash."""
    if seconds is None:
        return "–"
    tenths, whole = round(abs(seconds), 1), round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    if whole < 60:
        return (
            f"{sign}{whole} s"
            if whole >= 10 or whole == tenths
            else f"{sign}{decimal(f'{tenths:.1f}')} s"
        )
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{sign}{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours} h {minutes:02d} min"


def utc(moment: datetime | None) -> str | None:
    """Return a time as JSON documents write it."""
    return (
        None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
