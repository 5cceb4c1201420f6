"""Words that go into the page and come out of it: without marks that hide or turn letters round."""

from __future__ import annotations

import re
import unicodedata

from umsalert.model import TOKEN_PLACE

_LINK = re.compile(rf"\S*{TOKEN_PLACE}\S*")
_LABEL_CHARS = 40
"""What stands beside the link and is no longer only announces it."""
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def alert_words(body: str) -> str:
    """Return the words of an alert as the page shows them: without the link to the page itself."""
    lines: list[str] = []
    for line in body.splitlines():
        without = _LINK.sub("", line).strip()
        if without == line.strip():
            lines.append(_visible(line).rstrip())
        elif len(without) > _LABEL_CHARS and not without.endswith(":"):
            lines.append(_visible(without))
        elif not without and lines and lines[-1].endswith(":"):
            lines.pop()  # "Answer here:", on a line of its own
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """Return what a guard has typed, in one line."""
    return " ".join(_visible(unicodedata.normalize("NFC", text)).split())


def _visible(text: str) -> str:
    return "".join(
        char if unicodedata.category(char) not in _UNSEEN else " " * (char in "\t\n\r")
        for char in text
    )
