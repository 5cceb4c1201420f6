"""The lines that people paste, from the help and the pages: found, parsed, and run.

Run as a program it runs lines, given as JSON on standard input, one after the other in this folder,
and prints how each ended.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

_HELP = re.compile(r"^ *(?:Example:|Exemple\s:) ((?:.*\\\n)*.*)$", re.MULTILINE)
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CRON = re.compile(r"^(?:\S+ ){4}\S+  (?=umsalert )")
_SPAN = re.compile(r"`(umsalert [^`]+)`")
_OPEN = re.compile(r"\.\.\.|…|\*| \| (?!tee )|\s[A-Z=]{2,}(?=\s|$)")
_DONE_AT_ONCE = {"--help", "--version", "--install-completion", "--show-completion"}
"""Options that do something as soon as they are parsed."""
_END = {"|", "||", "&&", ">", ">>", "&", ";"}
"""What follows is the shell's, or another program's."""


@dataclass(frozen=True)
class Line:
    """One command line: where it stands, and its words without the program's name."""

    place: str
    words: list[str]
    partial: bool = False
    """It is named in a sentence, and may leave out what is required."""

    def __str__(self) -> str:
        """Return it as it is typed."""
        return f"{self.place}: umsalert {shlex.join(self.words)}"


def of_help(words: str, text: str) -> Line | None:
    """Return the example of a command's help, as whoever copies its lines would paste it."""
    found = _HELP.search(text)
    return Line(words, _words(found[1].replace("\\\n", " "))) if found else None


def of_page(page: Path) -> Iterator[Line]:
    """Give the lines of the blocks and sentences of a page, without what a synopsis leaves open."""
    text = page.read_text("utf-8")
    for language, block in _FENCE.findall(text):
        if language in ("", "console", "sh"):
            yield from _of_block(page.name, block.replace("\\\n", " "))
    for typed in _SPAN.findall(_FENCE.sub("", text)):
        if not _OPEN.search(typed):
            yield Line(page.name, _words(" ".join(typed.split())), partial=True)


def _of_block(place: str, block: str) -> Iterator[Line]:
    for line in block.splitlines():
        typed = re.sub(r"^\$ ", "", _CRON.sub("", line))
        if not typed.startswith("umsalert "):
            continue
        # What it does stands beside it in a second column; a synopsis has dots and bars.
        command = re.split(r" {2,}", typed)[0]
        if not _OPEN.search(typed):
            yield Line(place, _words(command))


def _words(line: str) -> list[str]:
    words = shlex.split(re.sub(r"\$\([^)]*\)", "X", line), comments=False)[1:]
    return words[: next((n for n, word in enumerate(words) if word in _END), len(words))]


def parse(line: Line) -> None:
    """Give a line to the real parser without running it. Raises what a person would be told."""
    from umsalert.cli.app import app
    from umsalert.cli.line import globals_first

    words = list(takewhile(lambda word: word not in _DONE_AT_ONCE, line.words))
    if not words:
        return
    context: Any = app.make_context("umsalert", globals_first(words))
    while hasattr(context.command, "commands"):
        rest = [*context._protected_args, *context.args]
        name, command, arguments = context.command.resolve_command(context, rest)
        context = command.make_context(name, arguments, parent=context)


def _run_all(lines: list[list[str]]) -> Iterator[tuple[int, str]]:
    import pyproj  # noqa: F401 - before mod_spatialite, see umsalert/geo/native.py
    import shapely  # noqa: F401 - likewise

    from umsalert.cli.main import run

    for words in lines:
        out, code = io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                run(words)
            except SystemExit as end:
                code = int(end.code or 0)
        yield code, out.getvalue()


if __name__ == "__main__":
    json.dump(list(_run_all(json.load(sys.stdin))), sys.stdout)
