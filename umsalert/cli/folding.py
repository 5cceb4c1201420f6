"""Text folded to a width, between words that may stand on two lines."""

from __future__ import annotations

import re
import textwrap

_TIED = re.compile(r" (?=[:;?!»](?:\s|$))|(?<=«) |(?<=\d) (?=(?:m|km|s|min|h|%)(?:\W|$))")
"""Blanks of French before its punctuation, and between a number and its unit."""
_TIE = "\ue000"  # private to its user, and as wide as a blank


def tied(text: str) -> str:
    """Return text whose blanks are only those at which a line may end."""
    return _TIED.sub(_TIE, text)


def fold(text: str, width: int, *, hang: str = "", cut: bool = False) -> str:
    """Return one line as several of at most `width` columns; a longer word stays whole or is `cut`.

    `hang` begins every line but the first.
    """
    folded = textwrap.fill(
        tied(text), width, subsequent_indent=hang, break_on_hyphens=False, break_long_words=cut
    )
    return folded.replace(_TIE, " ")
