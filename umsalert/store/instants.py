"""Moments as they stand in the database."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """Return a time as it stands in the database: UTC, milliseconds, sortable."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    text = utc.isoformat(timespec="milliseconds")  # strftime would write the year 226 as 226
    return text.removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """Return the time that `to_text` wrote."""
    return datetime.fromisoformat(text)


def optional_time(text: str | None) -> datetime | None:
    """Return the time, or None where it did not happen yet."""
    return None if text is None else from_text(text)


def optional_text(moment: datetime | None) -> str | None:
    """Return a time as it stands in the database, or None."""
    return None if moment is None else to_text(moment)
