"""The installed Typer against what umsalert knows of its sentences."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from babel.messages.extract import extract_from_file
from typer.exceptions import TyperException

from umsalert import i18n
from umsalert.cli import typer_words
from umsalert.cli.app import app

# In Typer, and never shown by umsalert: it ends its own way, and reads its own variables.
NOT_SHOWN = {"(dynamic)", "Aborted!", "env var: {var}"}
# Written for the help pages and not for errors.
HELP_PAGE = typer_words.SHAPES[:3]


class Choice(StrEnum):
    """Two values."""

    ONE = "one"
    TWO = "two"


trial = typer.Typer(rich_markup_mode=None)


@trial.command()
def numbers(  # noqa: PLR0917 - one option of every kind
    number: Annotated[int, typer.Argument()],
    size: Annotated[int, typer.Option(min=1, max=9)] = 1,
    share: Annotated[float, typer.Option(min=0, max=1)] = 0.5,
    length: float = 1.0,
    choice: Choice = Choice.ONE,
    flag: Annotated[bool, typer.Option("--flag")] = False,
) -> None:
    """Have an argument and options of every kind."""


@trial.command()
def needy(must: Annotated[str, typer.Option()]) -> None:
    """Have an option that is required."""


@trial.command()
def choosy(choice: Annotated[Choice, typer.Option()]) -> None:
    """Have a choice that is required."""


@trial.command()
def picky(choice: Annotated[Choice, typer.Argument()]) -> None:
    """Have an argument that is a choice."""


WRONG = {
    "numbers": "Missing argument {name}.",
    "numbers x": "{value} is not a valid int.",
    "numbers 1 2": "Got unexpected extra argument(s) ({arguments})",
    "numbers 1 --size x": "{value} is not a valid int range.",
    "numbers 1 --size 10": "{value} is not in the range {range}.",
    "numbers 1 --share x": "{value} is not a valid float range.",
    "numbers 1 --length x": "{value} is not a valid float.",
    "numbers 1 --choice x": "{value} is not one of {choices}.",
    "numbers 1 --choice": "Option {name} requires an argument.",
    "numbers 1 --flag=x": "Option {name} does not take a value.",
    "numbers 1 --flog": "No such option: {name} (Possible options: {names})",
    "numbers 1 --xyz": "No such option: {name}",
    "needy": "Missing option {name}.",
    "choosy": "Missing option {name}. Choose from: {choices}",
    "picky": "Missing argument {name}. Choose from: {choices}",
    "neddy": "{problem}. Did you mean {names}?",
}


def refusal(words: str) -> str:
    """Return what Typer says of a wrong command line."""
    command = typer.main.get_command(trial)
    with pytest.raises(TyperException) as caught:
        command.main(words.split(), prog_name="trial", standalone_mode=False)
    return caught.value.format_message()


@pytest.mark.parametrize(("words", "shape"), WRONG.items())
def test_what_typer_says_has_a_known_shape(words: str, shape: str) -> None:
    """Each refusal of the installed Typer is recognised, unchanged in English, and has French."""
    said = refusal(words)
    assert typer_words.said_again(said) == " ".join(said.split())
    i18n.activate("fr")
    french = typer_words.said_again(said)
    marker = i18n._(shape).replace("{problem}. ", "").split("{")
    assert all(part.split("}")[-1] in french for part in marker), french
    assert i18n._(shape) != shape


def test_no_shape_is_left_over() -> None:
    """Every shape is one that the installed Typer says."""
    said = {*WRONG.values(), *HELP_PAGE, "Invalid value for {name}: {problem}"}
    assert set(typer_words.SHAPES) == said


def test_typer_takes_what_we_translate() -> None:
    """The sentences that Typer asks gettext for are those of the catalogue."""
    core = Path(typer.core.__file__)
    asked = {message for _line, message, *_rest in extract_from_file("python", core)}
    assert asked - NOT_SHOWN == set(typer_words.TAKEN)


# What Typer writes where a command gives no metavar; not every one is met.
TYPES = {word for word in typer_words.METAVARS if word.startswith("<")}


def metavars(command: Any) -> set[str]:
    """Return what stands for values in the help pages of a command and of all below it."""
    command = command.load() if hasattr(command, "load") else command
    found = {parameter.metavar for parameter in command.params} - {None}
    return found.union(*map(metavars, getattr(command, "commands", {}).values()))


def test_every_metavar_is_known() -> None:
    """A new metavar has a line in typer_words.METAVARS, and one that is gone has none."""
    assert metavars(app) | TYPES == set(typer_words.METAVARS)


# French in the source already.
SAME = {"PC sécurité, chef d'équipe, ...", "vigipirate }}."}
# The help page of every command, in the language that the environment asks for.
PAGES = """
import json
from umsalert.cli import main
main._speak()
from umsalert.cli.app import COMMANDS, app

def pages(command, name, parent=None):
    context = command.context_class(command, info_name=name, parent=parent)
    yield context.command_path, command.get_help(context)
    for name, below in getattr(command, "commands", {}).items():
        yield from pages(below, name, context)

for command in COMMANDS:
    app.add_command(command.load())
print(json.dumps(dict(pages(app, "umsalert"))))
"""


def help_pages(language: str) -> dict[str, list[str]]:
    """Return the lines of each command's help."""
    environ = {**os.environ, "UMSALERT_LANG": language, "COLUMNS": "80"}
    child = subprocess.run(
        [sys.executable, "-c", PAGES], env=environ, capture_output=True, check=True
    )
    return {path: page.splitlines() for path, page in json.loads(child.stdout).items()}


def test_help_is_french_to_the_last_word() -> None:
    """No line of a help page in French is also in English, but for examples; all fit 80 columns."""
    english, french = help_pages("en"), help_pages("fr")
    assert english.keys() == french.keys()
    for path, page in french.items():
        assert page[0].startswith(f"Usage\N{NO-BREAK SPACE}: {path} ")
        assert max(map(len, page)) <= 80
        assert sentences(page) & sentences(english[path]) <= SAME


def sentences(page: list[str]) -> set[str]:
    """Return what stands in the last column of a page, without commands and single words."""
    last = {re.split(r"\s{2,}", line.strip())[-1] for line in page}
    return {text for text in last if " " in text and "--" not in text and "umsalert" not in text}


def test_help_is_what_typer_writes_in_english() -> None:
    """In English nothing changes: our formatter says Typer's own words."""
    page = help_pages("en")["umsalert alert"]
    assert page[0] == "Usage: umsalert alert [OPTIONS] COMMAND [ARGS]..."
    assert "Options:" in page
    assert "  --help  Show this message and exit." in page
