"""The line that a shell hands over: what of it belongs to the program, and not to a command."""

from __future__ import annotations

from collections.abc import Sequence

FLAGS = ("--debug",)
OPTIONS = ("--db", "--log-format")
"""Understood anywhere on the line, as the flags are."""
_WITH_VALUE = tuple(f"{option}=" for option in OPTIONS)
COMPLETE_VARIABLE = "_UMSALERT_COMPLETE"
"""With it a shell asks what could come next: the name is Typer's."""


def globals_first(words: Sequence[str]) -> list[str]:
    """Put what belongs to the program before the command, wherever it was typed."""
    first: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            rest += words[position:]
            break
        takes_value = word in OPTIONS
        if word in FLAGS or takes_value or word.startswith(_WITH_VALUE):
            first += words[position : position + 1 + takes_value]
        else:
            rest.append(word)
        position += 1 + (takes_value and position + 1 < len(words))
    return first + rest
