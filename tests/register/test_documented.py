"""docs/import.md says what the code does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from umsalert.register import ContactContext, contacts, read_contacts, read_sites, sites
from umsalert.register.table import Column

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "import.md").read_text("utf-8")
SOURCES = (
    *(ROOT / "umsalert" / "register").glob("*.py"),
    ROOT / "umsalert" / "phones.py",
    ROOT / "umsalert" / "geo" / "coordinates.py",
)
# Which argument of a call is a code.
CODE_AT = {"UsageError": 0, "Problem": 0, "refuse": 1, "warn": 1}


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def codes_in(source: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            code = node.args[CODE_AT[name]] if name in CODE_AT and node.args else None
            if isinstance(code, ast.Constant):
                yield name, str(code.value)


def test_codes_are_documented() -> None:
    """The tables hold every code that reading can give, warnings apart, and no other."""
    problems, warnings = section("Codes").split("\nWarnings ")
    raised = [found for source in SOURCES for found in codes_in(source)]
    assert set(re.findall(r"^\| `(\w+)`", warnings, re.MULTILINE)) == {
        code for name, code in raised if name == "warn"
    }
    assert set(re.findall(r"^\| `(\w+)`", problems, re.MULTILINE)) == {
        code for name, code in raised if name != "warn"
    }


@pytest.mark.parametrize(
    ("title", "columns"), [("Sites", sites.COLUMNS), ("Contacts", contacts.COLUMNS)]
)
def test_columns_are_documented(title: str, columns: tuple[Column, ...]) -> None:
    """The tables list the columns in order, which are required, and the limits."""
    rows = re.findall(r"^\| `(\w+)` \| (yes|no) \| (\d+) \|", section(title), re.MULTILINE)
    assert [Column(name, int(limit), required == "yes") for name, required, limit in rows] == list(
        columns
    )


def test_the_examples_are_valid() -> None:
    """The page's own files are read without a problem or a warning, and use every column."""
    files = dict(re.findall(r"```csv title=(\S+)\n(.*?)```", PAGE, re.DOTALL))
    found = read_sites(files["sites.csv"].encode(), ())
    people = read_contacts(
        files["contacts.csv"].encode(),
        ContactContext({site.ref: site.region for site in found.rows}),
    )
    assert (found.total, found.problems, found.warnings) == (3, (), ())
    assert (people.total, people.problems, people.warnings) == (2, (), ())
    assert files["sites.csv"].split("\n")[0].split(";") == [c.name for c in sites.COLUMNS]
    assert files["contacts.csv"].split("\n")[0].split(",") == [c.name for c in contacts.COLUMNS]
