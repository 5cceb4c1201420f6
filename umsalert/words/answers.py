"""Answers: what guards say, and by which way."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from umsalert.i18n import _, ngettext

if TYPE_CHECKING:
    from umsalert.model import ReplySource
    from umsalert.ports import ReplyRow


def reply_name(kind: str) -> str:
    """Return an answer as people call it."""
    from umsalert.model import ReplyKind

    return {
        ReplyKind.SIGHTING: _("SIGHTING"),
        ReplyKind.LOCKED_DOWN: _("locked down"),
        ReplyKind.ACKNOWLEDGED: _("acknowledged"),
        ReplyKind.CANNOT: _("cannot"),
        ReplyKind.WRONG_PERSON: _("wrong person"),
    }[ReplyKind(kind)]


def source_name(source: ReplySource) -> str:
    """Return the way by which an answer came, as people call it."""
    from umsalert.model import ReplySource

    return {
        ReplySource.LINK: _("link"),
        ReplySource.VOICE: _("keypad"),
        ReplySource.SMS: _("SMS"),
        ReplySource.EMAIL: _("e-mail"),
        ReplySource.OPERATOR: _("telephone, to an operator"),
    }[source]


def said(row: ReplyRow, zone: str) -> str:
    """Return what a guard said of a sighting, in one line."""
    parts = [row.text]
    if row.direction:
        parts.append(_("towards {place}").format(place=row.direction))
    if row.seen_at:
        seen, told = (at.astimezone(ZoneInfo(zone)) for at in (row.seen_at, row.received_at))
        same_day = seen.date() == told.date()
        words = _("seen at {time}") if same_day else _("seen on {date} at {time}")
        parts.append(words.format(date=f"{seen:%d/%m}", time=f"{seen:%H:%M}"))
    if row.photos:
        parts.append(ngettext("{n} photo", "{n} photos", row.photos).format(n=row.photos))
    return ", ".join(part for part in parts if part)
