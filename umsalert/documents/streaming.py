"""JSON documents that are written as they are read: they may exceed the memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TextIO

from umsalert.words.times import utc

SCHEMA_VERSION = 1


def write_json(file: TextIO, document: Mapping[str, Any]) -> None:
    """Write a document; an iterator in it becomes a list, an item each line."""
    _write(file, document, "")
    file.write("\n")


def plain_json(value: object) -> object:
    """Return as JSON has it what the library does not know."""
    if isinstance(value, datetime):
        return utc(value)
    raise TypeError(type(value).__name__)


def _write(file: TextIO, value: object, indent: str) -> None:
    if isinstance(value, Iterator):
        between = "[\n"
        for item in value:
            file.write(f"{between}{indent}  {_line(item)}")
            between = ",\n"
        file.write("[]" if between == "[\n" else f"\n{indent}]")
    elif isinstance(value, Mapping) and _streams(value):
        between = "{\n"
        for name, part in value.items():
            file.write(f"{between}{indent}  {_line(name)}: ")
            _write(file, part, f"{indent}  ")
            between = ",\n"
        file.write(f"\n{indent}}}")
    else:
        text = json.dumps(value, default=plain_json, ensure_ascii=False, indent=2)
        file.write(text.replace("\n", f"\n{indent}"))  # in a string it is escaped


def _streams(value: object) -> bool:
    return isinstance(value, Iterator) or (
        isinstance(value, Mapping) and any(map(_streams, value.values()))
    )


def _line(value: object) -> str:
    return json.dumps(value, default=plain_json, ensure_ascii=False)
