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


def head(content: bytes) -> Message:
    """Return the message with its headers only: however its parts are nested, it can be read."""
    return BytesParser(policy=compat32).parsebytes(content, headersonly=True)


def headers(message: Message, *names: str) -> Iterator[str]:
    """Yield the values of the headers of these names, unfolded and decoded."""
    for name in names:
        for value in _values(message, name):
            yield one_line(_decoded(value))


def header(message: Message, name: str) -> str:
    """Return the first header of this name, unfolded and decoded; empty where there is none."""
    return next(headers(message, name), "")


def sender(message: Message) -> str:
    """Return the mailbox that a message says it comes from; empty where it names none."""
    # not decoded: a comma in a name would end the name
    found = _MAILBOX.fullmatch(parseaddr(next(_values(message, "From"), ""))[1])
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
    plain, html = ("\n".join(texts) for texts in found.values())
    body = re.search(r"<body\b", html, re.IGNORECASE)  # pages of styles may stand before it
    return plain[:MAX_CHARS], html[body.start() if body else 0 :][:MAX_CHARS]


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
    if not message.is_multipart():
        yield message
        return
    for part in message.get_payload():
        if isinstance(part, Message):
            yield from _leaves(part)


def _text(part: Message) -> str:
    try:
        payload = part.get_payload(decode=True)
    except ValueError:  # a UnicodeError is one: no text can be of the charset that it names
        del part["Content-Type"]
        payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    try:
        return printable(content.decode(part.get_content_charset() or "utf-8"))
    except (LookupError, ValueError):
        return printable(_guessed(content))


def _values(message: Message, name: str) -> Iterator[str]:
    """Yield the values of a header as they stand there, whatever bytes they are."""
    for other, value in message.raw_items():
        if other.lower() == name.lower():
            yield _guessed(str(value).encode("utf-8", "surrogateescape"))


def _guessed(content: bytes) -> str:
    """Return the text of UTF-8, else of western Windows: what has no name is one of the two."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, HeaderParseError):
        return value
