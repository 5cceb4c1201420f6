"""Cells that a spreadsheet would run as a formula: neutralised in what we write, and back.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe before
it, and so does one that has such an apostrophe already: whatever is written is read back as it was.
That goes for telephone numbers too: `+33...` would become a number without its plus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NEUTRAL = re.compile(r"'+[=+\-@\t\r]")
_MARKS = tuple(f"'{char}" for char in "=+-@\t\r")
# A negative number does nothing, and is wanted as one: coordinates.
_NUMBER = re.compile(r"-[0-9]+([.,][0-9]+)?(e[-+]?[0-9]+)?", re.IGNORECASE)


def neutralise(cell: str) -> str:
    """Return a cell that no spreadsheet runs."""
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def may_be_neutralised(lines: Iterable[str]) -> bool:
    """Say quickly whether some cell of some lines may have to be read by `restore`."""
    return any("'" in line and any(mark in line for mark in _MARKS) for line in lines)


def restore(cell: str) -> str:
    """Return what `neutralise` was given; cells of other files stay as they are."""
    return cell[1:] if _NEUTRAL.match(cell) else cell
