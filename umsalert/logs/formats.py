"""How a record is written: one line of text, or one JSON object. Nothing else reaches a log.

A record is a constant sentence and the fields below, given as `extra`. What a library logs is cut
to its own constant sentence, without arguments; a traceback has its frames and the names of its
errors, without their messages, which may quote what a person typed.
"""

from __future__ import annotations

import errno
import json
import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

from umsalert.errors import UmsalertError
from umsalert.logs.redaction import redacted

OURS = "umsalert"
FIELDS = (
    "alert",
    "exercise",
    "delivery",
    "deliveries",
    "attempt",
    "channel",
    "code",
    "provider",
    "topic",
    "command",
    "bulletin",
    "due_at",
    "operator",
    "version",
    "exit_code",
)
MAX_VALUE = 80
_ALERT = r"[0-9]{8}-[0-9a-z]{4}"  # as selection.py makes them: many look like a phone number
_ALERT_REF = _ALERT
_REFERENCE = re.compile(rf"({_ALERT})-([0-9]{{1,9}})-([0-9]{{1,3}})")
_BARE = r"[\w.:/+-]+"


class TextFormatter(logging.Formatter):
    """`2026-11-25T18:15:03.120Z INFO alert=... delivery=7 attempt=1 pid=42 handed over`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and under it the indented lines of a traceback."""
        pairs = [f"{name}={_quoted(value)}" for name, value in _fields(record)]
        head = " ".join([_time(record), record.levelname, *pairs, _message(record)])
        return "\n    ".join([head, *_trace(record)])


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, the fields, message, and the traceback as a list."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        document: dict[str, object] = {"time": _time(record), "level": record.levelname}
        document |= dict(_fields(record))
        document["message"] = _message(record)
        if trace := _trace(record):
            document["traceback"] = trace
        return json.dumps(document, ensure_ascii=False)


def formatter(name: str) -> logging.Formatter:
    """Return the formatter that the setting `log.format` names: text or json."""
    return JsonFormatter() if name == "json" else TextFormatter()


def wanted(record: logging.LogRecord) -> bool:
    """Say whether a record may be written: a library's only from WARNING on."""
    return _is_ours(record) or record.levelno >= logging.WARNING


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == OURS


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    given = dict(record.__dict__)
    if found := _REFERENCE.fullmatch(str(given.get("reference", ""))):
        given |= {"alert": found[1], "delivery": int(found[2]), "attempt": int(found[3])}
    for name in FIELDS:
        value = given.get(name)
        if _is_ours_alone(name, value):
            yield name, value
        elif value:
            yield name, _clean(str(value))[:MAX_VALUE]
    yield "pid", record.process


def _is_ours_alone(name: str, value: object) -> bool:
    """Say whether a value was made here: a count, an id, several of them, the name of an alert."""
    if isinstance(value, tuple):
        return bool(value) and all(isinstance(item, int) for item in value)
    return isinstance(value, int) or (
        name == "alert" and re.fullmatch(_ALERT_REF, str(value)) is not None
    )


def _message(record: logging.LogRecord) -> str:
    if _is_ours(record):
        return _clean(record.getMessage())
    lines = str(record.msg).splitlines() or [""]
    return _clean(f"{record.name}: {lines[0]}")


def _clean(text: str) -> str:
    """Return what may be written, on one line and without controls."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in redacted(text)
    )


def _quoted(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    text = str(value)
    return text if re.fullmatch(_BARE, text) else json.dumps(text, ensure_ascii=False)


def _trace(record: logging.LogRecord) -> list[str]:
    error = record.exc_info[1] if record.exc_info else None
    return [] if error is None else [_escaped(line) for line in _frames(error, set())]


def _escaped(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + _clean(line.strip())


def _frames(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        yield from _frames(cause, seen)
        yield "which led to:"
    for entry in traceback.format_tb(error.__traceback__):
        yield from entry.splitlines()[:2]  # the place and its line of source, no carets
    yield _name(error)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _frames(inner, seen)


def _name(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, UmsalertError):
        return f"{name} {error.code}"
    if isinstance(error, OSError) and error.errno:
        return f"{name} {errno.errorcode.get(error.errno, error.errno)}"
    return name
