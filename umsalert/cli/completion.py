"""Answers a shell that asks what could come next, in the protocol of Typer.

Nothing is written but the answer: an error, or a register that cannot be read, offers nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any

from typer import _completion_classes  # the shells that Typer knows; it exports them nowhere
from typer._click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from umsalert.cli.app import app
from umsalert.cli.line import COMPLETE_VARIABLE, FLAGS, OPTIONS, globals_first
from umsalert.cli.typer_words import said_again

_ANYWHERE = (*FLAGS, *OPTIONS)
_FILES_FOLLOW = "--db"
_HARMLESS = str.maketrans(dict.fromkeys('"$`\\:;&|<>(){}[]*?!#~^%=\r\n\t', " ") | {"'": "’"})
"""What stands beside a word is read by the shell once more, and a site may be called anything."""
_EVIL = frozenset("\"'$`\\;&|<>(){}[]*?!#~^\r\n\t")
"""A word with one of these, as a kind of sites may have, is not offered: a shell would read it."""


def answer(instruction: str) -> int:
    """Print what could come next, or the script that asks for it; return the exit code."""
    said, code = io.StringIO(), 0
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            said.write(_answer(instruction))
        except SystemExit as end:  # how fish is told whether files are meant
            code = int(end.code or 0)
        except Exception:  # noqa: BLE001 - whoever presses Tab wants no error
            code = 1
    if said.getvalue():
        sys.stdout.write(said.getvalue() + "\n")
    return code


def _answer(instruction: str) -> str:
    action, _underscore, shell = instruction.partition("_")
    _completion_classes.completion_init()
    # It would load Rich, to take markup away that no help of ours has.
    _completion_classes._sanitize_help_text = _unchanged
    known = get_completion_class(shell)
    if known is None:
        return ""
    this = _anywhere(known)(app, {}, "umsalert", COMPLETE_VARIABLE)
    return this.source() if action == "source" else this.complete()


def _unchanged(text: str) -> str:
    return text


def _anywhere(known: type[ShellComplete]) -> type[ShellComplete]:
    """Return the way of a shell, with our options of the program understood in every place."""

    class Anywhere(known):  # type: ignore[valid-type, misc]
        def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
            words = [word for word in args if word != "="]  # Bash makes three of --option=value
            if words[-1:] == [_FILES_FOLLOW]:
                return []
            value_follows = words[-1:] == ["--log-format"]
            known_words = words[-1:] if value_follows else globals_first(words)
            found = [
                *super().get_completions(known_words, incomplete),
                *_of_the_program(words, incomplete),
            ]
            offered = {item.value: _harmless(item) for item in found}
            items = [item for word, item in offered.items() if not _EVIL & {*word}]
            if self.name != "fish" and len(items) == 1 and items[0].value.endswith("="):
                # Behind a sole word Bash and Zsh put a blank, but here a text has to follow.
                items.append(CompletionItem(f"{items[0].value}…", help=items[0].help))
            if incomplete.startswith("--") and "=" in incomplete:  # Zsh and Fish see one word
                for item in items:
                    item.value = f"{incomplete.partition('=')[0]}={item.value}"
            return items

        def format_completion(self, item: CompletionItem) -> str:
            if self.name == "bash" and not _quoted():  # the others take a word as one by themselves
                item.value = item.value.replace(" ", "\\ ")
            return str(super().format_completion(item))

    return Anywhere


def _quoted() -> bool:
    """Say whether the word of Bash's line where the cursor stands has begun with a quote."""
    words = os.environ["COMP_WORDS"].split("\n")[int(os.environ["COMP_CWORD"]) :]
    return words != [] and words[0][:1] in {"'", '"'}


def _of_the_program(words: list[str], incomplete: str) -> list[CompletionItem]:
    if "--" in words or not incomplete.startswith("-") or "=" in incomplete:
        return []
    wanted: list[Any] = [parameter for parameter in app.params if parameter.opts[0] in _ANYWHERE]
    return [
        CompletionItem(parameter.opts[0], help=parameter.help)
        for parameter in wanted
        if parameter.opts[0].startswith(incomplete)
    ]


def _harmless(item: CompletionItem) -> CompletionItem:
    if item.help:
        item.help = " ".join(said_again(item.help).translate(_HARMLESS).split())
    return item
