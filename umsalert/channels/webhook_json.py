"""The JSON of a provider's webhook, which may hold anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from umsalert.errors import InvalidData
from umsalert.i18n import _


def document_of(body: bytes, *, hint: str) -> Mapping[str, object]:
    """Return the object that a body holds. Raises InvalidData with `hint`."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _unreadable(_("The body of a webhook is not a JSON object."), hint)
    return document


def text_of(document: Mapping[str, object], name: str) -> str:
    """Return a member that is a string, empty where it is none."""
    value = document.get(name)
    text = value if isinstance(value, str) else ""
    return text.encode(errors="replace").decode()  # JSON can name half a character: no Unicode


def time_of(document: Mapping[str, object], *, hint: str) -> datetime:
    """Return the event's own time: the inbox is read later, so the present says nothing.

    Raises InvalidData with `hint`.
    """
    try:
        at = datetime.fromisoformat(text_of(document, "timestamp"))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _unreadable(_("A webhook has no readable timestamp."), hint) from error


def _unreadable(message: str, hint: str) -> InvalidData:
    return InvalidData("webhook_unreadable", message, hint=hint)
