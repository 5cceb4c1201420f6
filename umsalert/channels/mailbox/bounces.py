"""E-mails that came back: what a mail server says of one that it could not deliver (RFC 3464)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from flufl.bounce import scan_message

from umsalert.channels.mailbox import parts
from umsalert.channels.mailbox.automatic import has_no_sender

MAX_BYTES = 16 * 1024

# It tells each of its attempts, and of one that fails the traceback.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_DAEMON = re.compile(
    r"(?:mailer-daemon|postmaster|mail-daemon|microsoftexchange\w*)@", re.IGNORECASE
)
_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What became of a mail: `code` is RFC 3463's, empty where none is told.

    `failed`: nobody tries any more. Otherwise it is late, or has arrived, or nothing is clear.
    """

    failed: bool
    code: str = ""


def read(message: Message, *, to_bounce: bool) -> Bounce | None:
    """Return what a message says of one of ours, None where it is no bounce.

    `to_bounce`: it came to the address that only the envelope of one of ours names.
    """
    reports = list(_reports(message))
    if reports:
        failures = [report for report in reports if _action(report) == "failed"]
        codes = (_STATUS.search(str(report.get("Status", ""))) for report in failures)
        return Bounce(bool(failures), next((code[1] for code in codes if code), ""))
    if not (to_bounce or has_no_sender(message) or _DAEMON.match(parts.sender(message))):
        return None
    if _permanent(message):
        found = _STATUS.search(parts.bodies(message)[0])
        return Bounce(failed=True, code=found[1] if found and found[1][0] == "5" else "")
    return Bounce(failed=False) if _DAEMON.match(parts.sender(message)) else None


def original(message: Message) -> Iterator[str]:
    """Yield the Message-IDs of the messages that a bounce encloses."""
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            enclosed = parts.parse(payload) if isinstance(payload, bytes) else part
            yield parts.header(enclosed, "Message-ID")
        elif part is not message:
            yield parts.header(part, "Message-ID")


def _reports(message: Message) -> Iterator[Message]:
    """Yield the block of each recipient in a delivery status."""
    if message.get_content_type() != "multipart/report":
        return
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            for block in blocks if isinstance(blocks, list) else ():
                if isinstance(block, Message) and _action(block):
                    yield block


def _action(block: Message) -> str:
    return parts.header(block, "Action").lower()


def _permanent(message: Message) -> bool:
    """Ask the library, which knows how servers have told it before RFC 3464.

    It holds each line against a hundred patterns: what they tell stands at the beginning.
    """
    try:
        return bool(scan_message(parts.parse(message.as_bytes()[:MAX_BYTES])))
    except Exception:  # noqa: BLE001 - it raises whatever a malformed message makes it raise
        return False
