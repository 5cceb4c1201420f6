"""Cells that a spreadsheet would take for a formula, and back."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NEUTRAL = re.compile(r"'+[=+\-@\t\r]")


def neutralise(text: str) -> str:
    """Return a cell that no spreadsheet executes: an apostrophe stands before what would be one.

    That goes for telephone numbers too: `+33...` would become a number without its plus.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def restore(cell: str) -> str:
    """Return what `neutralise` was given; cells of other files stay as they are."""
    return cell[1:] if _NEUTRAL.match(cell) else cell
