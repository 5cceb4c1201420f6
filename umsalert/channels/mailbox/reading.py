"""What an e-mail says: an answer, a bounce, or nothing that anybody said.

Where an e-mail belongs is read from the address it came to, which only one recipient knows; then
from the message that it answers; its sender is anybody's text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message

from umsalert import tokens
from umsalert.channels.mailbox import automatic, bounces, parts
from umsalert.channels.mailbox.words import own_words, text_of_html
from umsalert.errors import InvalidData, RefusedByRule
from umsalert.i18n import _
from umsalert.model import Answer, DeliveryState, Receipt, ReplySource, Said, Tie
from umsalert.ports import Mail, StoredWebhook

PROVIDER = "imap"
TOPIC = "mail"
MAX_BYTES = 256 * 1024
"""Of a mail that is kept: its headers and the beginning of its body are at its start."""

_ARRIVED = "X-Umsalert-Arrived"
_TO = (
    "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To",
    "Resent-To", "To", "Cc",
)  # fmt: skip
_ALERT = r"[0-9]{8}-[2-9a-z]{4}"
_BOUNCED = re.compile(rf"\+({_ALERT}-[0-9]{{1,18}}-[0-9]{{1,18}})@")
_TOKEN = re.compile(rf"\+([A-Za-z0-9_-]{{{tokens.LENGTH}}})@")
_MESSAGE_ID = re.compile(rf"<({_ALERT}-[0-9]{{1,18}})@[^<>\s]*>")
_NEWEST = "-0"
_ANSWERED = re.compile(r"\s*(?:re|r[ée]p|aw|sv|antw)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_RAW_CHARS = 4000


def mail(content: bytes, arrived_at: datetime) -> Mail:
    """Return what is kept of a mail: its first part, and when it arrived.

    The key names the message, not the copy: relays add headers to each. A program that gives all
    its messages one Message-ID still gives them different dates. A mail that nothing can take apart
    is kept by its content: one that is not kept would stand before all others for ever.
    """
    content = content[:MAX_BYTES]
    try:
        message = parts.head(content)
        named = [str(message.get(name, "")) for name in ("Message-ID", "Date", "From")]
        reference = _reference(message)
    except Exception:  # noqa: BLE001 - the standard library raises whatever a forged mail makes it
        named, reference = [""], ""
    seed = "\0".join(named).encode("utf-8", "replace") if named[0].strip() else content
    line = f"{_ARRIVED}: {arrived_at.astimezone(UTC).isoformat()}\r\n".encode("ascii")
    return Mail(hashlib.sha256(seed).hexdigest(), reference, line + content)


class MailReader:
    """`ports.StoredReader` for e-mails."""

    def read(self, stored: StoredWebhook) -> tuple[Receipt | Answer | Said, ...]:
        """Return an answer, or the receipt of a mail that came back for good; else nothing.

        Raises RefusedByRule for what no person wrote, InvalidData for what is no e-mail.
        """
        try:
            return _read(parts.parse(stored.body))
        except (RefusedByRule, InvalidData):
            raise
        except Exception as error:  # the standard library raises whatever a forged mail makes it
            raise InvalidData("mail_unreadable", _("This is not an e-mail.")) from error


def _read(message: Message) -> tuple[Receipt | Said, ...]:
    to_bounce = next(_found(_BOUNCED, message, *_TO), "")
    if bounce := bounces.read(message, to_bounce=bool(to_bounce)):
        if not bounce.failed:
            return ()
        return (_receipt(message, to_bounce, bounce.code),)
    if automatic.is_automatic(message) or (to_bounce and automatic.has_no_sender(message)):
        raise RefusedByRule("auto_reply", _("A program has written this, nobody has answered."))
    return (_said(message, to_bounce),)


def _receipt(message: Message, to_bounce: str, code: str) -> Receipt:
    return Receipt(
        provider=PROVIDER,
        provider_id="",
        reference=to_bounce or _enclosed(message) or _reference(message),
        state=DeliveryState.UNDELIVERED,
        code=f"bounced_{code}" if code else "bounced",
        occurred_at=_arrived_at(message),
    )


def _said(message: Message, to_bounce: str) -> Said:
    plain, html = parts.bodies(message)
    full = plain if plain.strip() else parts.printable(text_of_html(html))
    subject = parts.header(message, "Subject")
    words = own_words(full)
    if not words and not _ANSWERED.match(subject):  # an answer's subject is our own
        words = subject
    named = re.search(rf"\b{_ALERT}\b", f"{subject}\n{full}")
    tie = Tie(
        token=next(_found(_TOKEN, message, *_TO), ""),
        reference=to_bounce or _reference(message),
        sender=parts.sender(message),
        alert_ref=named[0] if named else "",
    )
    raw = f"{subject}\n\n{full}"[:_RAW_CHARS]
    return Said(ReplySource.EMAIL, words, raw, _arrived_at(message), tie)


def _reference(message: Message) -> str:
    """Return the reference of the hand-over that a message names in its headers."""
    for bounced in _found(_BOUNCED, message, *_TO):
        return bounced
    answered = list(_found(_MESSAGE_ID, message, "In-Reply-To"))
    answered += reversed(list(_found(_MESSAGE_ID, message, "References")))
    return answered[0] + _NEWEST if answered else ""


def _enclosed(message: Message) -> str:
    found = (_MESSAGE_ID.search(name) for name in bounces.original(message))
    return next((one[1] + _NEWEST for one in found if one), "")


def _found(pattern: re.Pattern[str], message: Message, *names: str) -> Iterator[str]:
    for value in parts.headers(message, *names):
        yield from (found[1] for found in pattern.finditer(value))


def _arrived_at(message: Message) -> datetime:
    try:
        return datetime.fromisoformat(str(message[_ARRIVED]))
    except ValueError as error:
        raise InvalidData("mail_unreadable", _("This is not an e-mail.")) from error
