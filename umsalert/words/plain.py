"""Text of others that is shown as it is, and does nothing."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """Return text that cannot steer a terminal: no controls, no direction marks."""
    if text.isprintable():  # nearly everything, and at once
        return text
    return "".join(
        char
        if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf"}
        else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )
