"""An e-mail taken apart, whatever it is made of: mail programs write what no standard allows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import parseaddr

MAX_CHARS = 20_000
"""Of a body: what a person writes is shorter, and what follows is quoted."""

_MAILBOX = re.compile(r"[^\s@<>\"(),:;]{1,64}@[A-Za-z0-9.-]{1,190}")
_ATTACHED = "attachment"


def parse(content: bytes) -> Message:
    """Return the message; the policy of old, which takes any header for a text."""
    return BytesParser(policy=compat32).parsebytes(content)


def headers(message: Message, *names: str) -> Iterator[str]:
    """Yield the values of the headers of these names, unfolded and decoded."""
    for name in names:
        for value in message.get_all(name, ()):
            yield one_line(_decoded(str(value)))


def header(message: Message, name: str) -> str:
    """Return the first header of this name, unfolded and decoded; empty where there is none."""
    return next(headers(message, name), "")


def sender(message: Message) -> str:
    """Return the mailbox that a message says it comes from; empty where it names none."""
    found = _MAILBOX.fullmatch(parseaddr(str(message.get("From", "")))[1])
    return found[0] if found else ""


def bodies(message: Message) -> tuple[str, str]:
    """Return what a reader sees: plain text and HTML, each empty where there is none.

    A program that puts a picture between two paragraphs makes several texts of them.
    """
    found: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    for part in _leaves(message):
        texts = found.get(part.get_content_type())
        if texts is not None and part.get_content_disposition() != _ATTACHED:
            texts.append(_text(part))
    plain, html = ("\n".join(texts)[:MAX_CHARS] for texts in found.values())
    return plain, html


def one_line(text: str) -> str:
    """Return `text` without line breaks and without characters that nobody sees."""
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    """Return `text` without characters that nobody sees; lines stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    lines = lines.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    return "".join(c for c in lines if c == "\n" or c.isprintable())


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that hold something, those of an enclosed message left out."""
    if message.get_content_maintype() == "message":
        return
    payload = message.get_payload()
    if isinstance(payload, list):
        for part in payload:
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield message


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    try:
        charset = part.get_content_charset() or "utf-8"
        text = content.decode(charset)
    except (LookupError, ValueError):  # a UnicodeError is one
        text = content.decode("cp1252" if _is_western(content) else "utf-8", "replace")
    return printable(text)


def _is_western(content: bytes) -> bool:
    """Say whether it is no UTF-8: then the one-byte charset of western Windows is likeliest."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, HeaderParseError):
        return value
