"""What no person wrote: absence notices, read receipts, newsletters (RFC 3834)."""

from __future__ import annotations

import re
from email.message import Message

from umsalert.channels.mailbox import parts

_MACHINES = {
    "Precedence": re.compile(r"bulk|auto_reply|junk|list", re.IGNORECASE),
    "Auto-Submitted": re.compile(r"(?!no\b).+", re.IGNORECASE),
    "X-Autoreply": re.compile(r"(?!no\b).+", re.IGNORECASE),
    "X-Autorespond": re.compile(r".*"),
    "X-Auto-Reply": re.compile(r".*"),
    "List-Id": re.compile(r".+"),
}
"""Headers of which one is enough."""
_REPORTS = re.compile(r"disposition-notification|feedback-report", re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?:r[ée]ponse automatique|automatic reply|auto(?:matic)?[- ]?(?:reply|response)"
    r"|out of (?:the )?office|absen(?:ce|te?)\b|message d['’]absence|notification d['’]absence"
    r"|lu\s*:|read\s*:|non lu\s*:|not read\s*:)",
    re.IGNORECASE,
)


def is_automatic(message: Message) -> bool:
    """Say whether a program has written it.

    Some systems put X-Auto-Response-Suppress on all their mail, and a relay may lose a Return-Path:
    of such weaker signs, and of a subject that tells of an absence, two are needed. A sighting that
    is taken for an absence would be read by nobody.
    """
    for name, pattern in _MACHINES.items():
        if any(pattern.fullmatch(value) for value in parts.headers(message, name)):
            return True
    if _REPORTS.search(str(message.get_param("report-type", ""))):
        return True
    weak = (
        message.get("X-Auto-Response-Suppress") is not None,
        has_no_sender(message),
        bool(_SUBJECT.match(parts.header(message, "Subject"))),
    )
    return sum(weak) >= 2


def has_no_sender(message: Message) -> bool:
    """Say whether the envelope had no sender: nobody waits for an answer to it."""
    return parts.header(message, "Return-Path") == "<>"
