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
from pathlib import Path

_HELP = re.compile(r"(?:Example:|Exemple\s:) (.*?)(?= (?:Arguments|Options|Command\w+)\s?:|$)")
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CRON = re.compile(r"^(?:\S+ ){4}\S+  (?=umsalert )")
_END = {"|", "||", "&&", ">", ">>", "&", ";"}
"""What follows is the shell's, or another program's."""


@dataclass(frozen=True)
class Line:
    """One command line: where it stands, and its words without the program's name."""

    place: str
    words: list[str]

    def __str__(self) -> str:
        """Return it as it is typed."""
        return f"{self.place}: umsalert {shlex.join(self.words)}"


def of_help(words: str, text: str) -> Line | None:
    """Return the example of a command's help; a line that was broken at a hyphen is whole again."""
    found = _HELP.search(re.sub(r"-\s+(?=\w)", "-", " ".join(text.replace("\\\n", "").split())))
    return Line(words, _words(found[1])) if found else None


def of_page(page: Path) -> Iterator[Line]:
    """Give the lines of the blocks of a page, without what a synopsis leaves open."""
    for language, block in _FENCE.findall(page.read_text("utf-8")):
        if language in ("", "console", "sh"):
            yield from _of_block(page.name, block.replace("\\\n", " "))


def _of_block(place: str, block: str) -> Iterator[Line]:
    for line in block.splitlines():
        typed = re.sub(r"^\$ ", "", _CRON.sub("", line))
        if not typed.startswith("umsalert "):
            continue
        # What it does stands beside it in a second column; a synopsis has dots and bars.
        command = re.split(r" {2,}", typed)[0]
        if not re.search(r"\.\.\.|…| \| (?!tee )", typed):
            yield Line(place, _words(command))


def _words(line: str) -> list[str]:
    words = shlex.split(re.sub(r"\$\([^)]*\)", "X", line), comments=False)[1:]
    return words[: next((n for n, word in enumerate(words) if word in _END), len(words))]


def parse(line: Line) -> None:
    """Give a line to the real parser without running it. Raises what a person would be told."""
    from umsalert.cli.app import app
    from umsalert.cli.main import globals_first

    context = app.make_context("umsalert", globals_first(line.words))
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
