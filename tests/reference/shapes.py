"""From documents to their shape: keys, types and nesting, without the values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from umsalert.i18n import LANGUAGES
from umsalert.model import ChannelKind, ContactStatus, DeliveryState, SiteStatus

WIDTH = 72
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_KEYED_BY = (
    ("channel", frozenset(ChannelKind)),
    ("state", frozenset(DeliveryState)),
    ("status", frozenset(SiteStatus)),
    ("status", frozenset(ContactStatus)),
    ("language", frozenset(LANGUAGES)),
)
"""Objects whose keys are data: they have one shape, whatever happened to be counted."""
_KEYED_BY_NAME = {
    "accepted_s": "percent",
    "codes": "code",
    "delivered_s": "percent",
    "estimated_s": "percent",
    "left_out": "reason",
    "variables": "variable",
}


@dataclass(frozen=True)
class Shape:
    """What a value may be: scalars by name, a list of `items`, an object with `fields`."""

    scalars: frozenset[str] = frozenset()
    items: Shape | None = None
    fields: Mapping[str, Shape] | None = None
    optional: frozenset[str] = field(default_factory=frozenset)


def shape_of(value: Any, name: str = "") -> Shape:
    """Return the shape of a JSON value that stands under a key called `name`."""
    if isinstance(value, list):
        return Shape(items=reduce(union, map(shape_of, value), Shape()))
    if not isinstance(value, dict):
        return Shape(frozenset({_TYPES[type(value)]}))
    shapes = {key: shape_of(below, key) for key, below in value.items()}
    label = _label(value, name)
    if label is None:
        return Shape(fields=shapes)
    return Shape(fields={f"<{label}>": reduce(union, shapes.values(), Shape())})


def _label(value: Mapping[str, Any], name: str) -> str | None:
    if name in _KEYED_BY_NAME:
        return _KEYED_BY_NAME[name]
    return next((label for label, known in _KEYED_BY if value and known >= value.keys()), None)


def union(one: Shape, other: Shape) -> Shape:
    """Return what is either; a field that only one object has is optional."""
    scalars = one.scalars | other.scalars
    if "number" in scalars:
        scalars -= {"integer"}
    fields, optional = one.fields or other.fields, one.optional | other.optional
    if one.fields is not None and other.fields is not None:
        fields = {
            key: union(one.fields.get(key, Shape()), other.fields.get(key, Shape()))
            for key in {**one.fields, **other.fields}
        }
        optional |= one.fields.keys() ^ other.fields.keys()
    items = one.items or other.items
    if one.items is not None and other.items is not None:
        items = union(one.items, other.items)
    return Shape(scalars, items, fields, frozenset(optional))


def written(shape: Shape) -> str:
    """Return a shape as people read it: JSON with types for values, `?` after what may lack."""
    return "\n".join(_lines(shape))


def _lines(shape: Shape) -> list[str]:
    ways: list[list[str]] = []
    if shape.fields is not None:
        ways.append(_block("{", list(_fields(shape)), "}"))
    if shape.items is not None:
        ways.append(_block("[", [] if shape.items == Shape() else [_lines(shape.items)], "]"))
    ways += [[name] for name in sorted(shape.scalars, key=lambda name: (name == "null", name))]
    lines = ways[0]
    for first, *rest in ways[1:]:
        lines = [*lines[:-1], f"{lines[-1]} | {first}", *rest]
    return lines


def _fields(shape: Shape) -> Iterator[list[str]]:
    for key, below in (shape.fields or {}).items():
        mark = "?" if key in shape.optional else ""
        first, *rest = _lines(below)
        yield [f"{key if key.startswith('<') else json.dumps(key)}{mark}: {first}", *rest]


def _block(opening: str, entries: Sequence[list[str]], closing: str) -> list[str]:
    """Return entries within brackets: on one line where each has one and all fit."""
    line = opening + ", ".join(" ".join(entry) for entry in entries) + closing
    if all(len(entry) == 1 for entry in entries) and len(line) <= WIDTH:
        return [line]
    inside = [line for entry in entries for line in (*entry[:-1], entry[-1] + ",")]
    inside[-1] = inside[-1].removesuffix(",")
    return [opening, *(f"  {line}" for line in inside), closing]
