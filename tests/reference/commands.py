"""Every command of the real program, with its options and its help, walked from its own tree.

Run as a program it prints them: the words of the tree are translated when it is imported, so each
language needs a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

WIDTH = 80


@dataclass(frozen=True, slots=True)
class Command:
    """A command or a group of commands: `words` are what is typed for it."""

    words: str
    group: bool
    options: list[str]
    help: str


@cache
def commands(language: str = "en") -> Sequence[Command]:
    """Return every command in the order of the help, groups before what is in them."""
    done = subprocess.run(
        [sys.executable, "-W", "error", __file__],
        env={**os.environ, "UMSALERT_LANG": language, "COLUMNS": str(WIDTH), "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return tuple(Command(**found) for found in json.loads(done.stdout))


def _printed(*words: str) -> str:
    from umsalert.cli.main import run

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
        run(words)
    return out.getvalue()


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[Command]:
    yield Command(
        " ".join(("umsalert", *words)),
        hasattr(command, "commands"),
        [name for parameter in command.params for name in parameter.opts],
        _printed(*words, "--help"),
    )
    for name, below in getattr(command, "commands", {}).items():
        yield from _walk(below.load() if hasattr(below, "load") else below, (*words, name))


if __name__ == "__main__":
    _printed("--version")  # chooses the language, before the tree is imported

    from umsalert.cli.app import app

    json.dump([asdict(found) for found in _walk(app, ())], sys.stdout)
