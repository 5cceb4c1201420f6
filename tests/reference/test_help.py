"""docs/commands.md is what the program says with `--help`, of every command there is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.conftest import Page
from tests.reference.commands import WIDTH, Command, commands

HEAD = """\
# Commands

What `--help` prints, for every command. The exit codes are in the [README](../README.md), the JSON
documents in [json.md](json.md). Written by the tests: see CONTRIBUTING.md.
"""


@pytest.fixture(scope="module")
def english() -> Sequence[Command]:
    return commands("en")


def test_every_command_is_described_as_it_is(english: Sequence[Command], page: Page) -> None:
    """The page holds the help of every command, word by word; --renew writes it anew."""
    parts = [f"\n## {found.words}\n\n```text\n{found.help.strip()}\n```\n" for found in english]
    page("commands.md", HEAD + "".join(parts))


def test_every_help_fits_a_terminal(english: Sequence[Command]) -> None:
    """No line of any help is wider than eighty columns, examples to paste apart."""
    wide = [
        (found.words, line)
        for found in english
        for line in found.help.splitlines()
        if len(line) > WIDTH
    ]
    assert wide == []


def test_every_command_has_an_example(english: Sequence[Command]) -> None:
    """Whoever asks a command for help gets a line to paste."""
    bare = [
        found.words
        for found in english
        # `report last` is short for `report show last`
        if not found.group and f"Example: {found.words.removesuffix(' show')}" not in _flat(found)
    ]
    assert bare == []


def _flat(command: Command) -> str:
    return " ".join(command.help.split())
