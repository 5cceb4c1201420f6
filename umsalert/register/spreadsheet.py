"""Cells that a spreadsheet would run as a formula: neutralised in what we write, undone on reading.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe before
it, and so does one that has such an apostrophe already: whatever is written is read back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r]")
_MARKS = tuple(f"'{char}" for char in "=+-@\t\r")
# A negative number does nothing, and is wanted as one: coordinates.
_NUMBER = re.compile(r"-[0-9]+([.,][0-9]+)?(e[-+]?[0-9]+)?", re.IGNORECASE)


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet runs."""
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def may_be_neutralised(lines: Iterable[str]) -> bool:
    """Say quickly whether some cell of some lines may have to be read by `plain`."""
    return any("'" in line and any(mark in line for mark in _MARKS) for line in lines)


def plain(cell: str) -> str:
    """Return what `neutral` was given."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell
