"""What makes docs/json.md sees differences in keys, types and nesting, and none in values."""

from __future__ import annotations

from functools import reduce

import pytest

from tests.reference.shapes import shape_of, union, written


@pytest.mark.parametrize(
    ("documents", "text"),
    [
        ([{"a": 1}, {"a": 2}], '{"a": integer}'),
        ([{"a": 1}, {"a": 2.5}, {"a": None}], '{"a": number | null}'),
        ([{"a": True}, {"a": "x", "b": []}], '{"a": boolean | string, "b"?: []}'),
        ([{"a": [{"b": 1}, {"c": 1}]}], '{"a": [{"b"?: integer, "c"?: integer}]}'),
        ([{"a": [[1.0, 2.0]]}, {"a": []}], '{"a": [[number]]}'),
        ([{"a": None}, {"a": {"b": 1}}], '{"a": {"b": integer} | null}'),
        ([{"sms": {"queued": 3}}, {"voice": {"failed": 1}}], "{<channel>: {<state>: integer}}"),
        ([{"codes": {}}, {"codes": {"429": 1}}], '{"codes": {<code>: integer}}'),
    ],
)
def test_documents_have_one_shape(documents: list[object], text: str) -> None:
    """All that a value was seen to be is written, once."""
    assert written(reduce(union, map(shape_of, documents))) == text


def test_a_long_shape_is_broken_into_lines() -> None:
    """What does not fit one line is indented as JSON is, without a comma at the end."""
    document = {"a" * 50: {"b": [{"c": 1, "d": "x", "e": None}]}}
    assert written(shape_of(document)).splitlines() == [
        "{",
        f'  "{"a" * 50}": {{"b": [{{"c": integer, "d": string, "e": null}}]}}',
        "}",
    ]
