"""What a report, its incident and `reply` say alike of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from umsalert.i18n import _
from umsalert.model import ReplyKind

if TYPE_CHECKING:
    from umsalert.ports import ReplyRow


def reply_name(kind: str) -> str:
    """Return an answer as people call it."""
    return {
        ReplyKind.SIGHTING: _("SIGHTING"),
        ReplyKind.LOCKED_DOWN: _("locked down"),
        ReplyKind.ACKNOWLEDGED: _("acknowledged"),
        ReplyKind.CANNOT: _("cannot"),
        ReplyKind.WRONG_PERSON: _("wrong person"),
    }[ReplyKind(kind)]


def reply_document(reply: ReplyRow) -> dict[str, Any]:
    """Return an answer as JSON has it."""
    return reply._asdict() | {"distance_m": round(reply.distance_m, 3)}
