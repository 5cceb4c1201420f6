"""docs/import.md says what the code does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.register.reading import read_contacts, read_sites
from umsalert.ports import SiteDefaults
from umsalert.register import Manner, contacts, names, sites
from umsalert.register.mapping import read_mapping
from umsalert.register.table import Column

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "import.md").read_text("utf-8")
SOURCES = (
    *(ROOT / "umsalert" / "register").rglob("*.py"),
    ROOT / "umsalert" / "store" / "import_checks.py",
    ROOT / "umsalert" / "store" / "doubles.py",
    ROOT / "umsalert" / "store" / "register.py",
    ROOT / "umsalert" / "phones.py",
    ROOT / "umsalert" / "geo" / "coordinates.py",
)
# Which argument of a call is a code.
CODE_AT = {
    "UsageError": 0,
    "InvalidData": 0,
    "UnreadableError": 0,
    "Problem": 0,
    "problem": 0,
    "note": 0,
    "Refusal": 0,
    "refuse": 1,
    "warn": 1,
    "doubt": 0,
    "Doubt": 0,
    "_same": 0,
}
DOUBTS = ("warn", "doubt", "Doubt", "_same")
"""Calls that refuse nothing."""


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
        code for name, code in raised if name in DOUBTS
    }
    assert set(re.findall(r"^\| `(\w+)`", problems, re.MULTILINE)) == {
        code for name, code in raised if name not in DOUBTS
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
    found = read_sites(files["sites.csv"].encode())
    regions = {site.ref: SiteDefaults(site.region) for site in found.rows}
    people = read_contacts(files["contacts.csv"].encode(), regions)
    assert (found.total, found.problems, found.warnings) == (3, (), ())
    assert (people.total, people.problems, people.warnings) == (2, (), ())
    columns = [c.name for c in sites.COLUMNS if c.name not in ("x", "y", "crs")]
    assert files["sites.csv"].split("\n")[0].split(";") == columns
    assert files["contacts.csv"].split("\n")[0].split(",") == [c.name for c in contacts.COLUMNS]


@pytest.mark.parametrize(
    ("title", "names"),
    [("Names of sites", names.SITE_NAMES), ("Names of contacts", names.CONTACT_NAMES)],
)
def test_names_of_columns_are_documented(title: str, names: dict[str, tuple[str, ...]]) -> None:
    """The tables list every other name of a column."""
    table = PAGE.split(f"### {title}")[1].split("###")[0].split("##")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)
    assert {column: tuple(others.split(", ")) for column, others in rows} == names


def test_the_example_of_a_mapping_is_one() -> None:
    """The page's own mapping is read, with its file."""
    files = dict(re.findall(r"```\w+ title=(\S+)\n(.*?)```", PAGE, re.DOTALL))
    mapping = read_mapping(files["mapping.toml"].encode(), [c.name for c in sites.COLUMNS])
    found = read_sites(files["office.csv"].encode(), Manner(mapping))
    assert (found.total, found.problems) == (2, ())
    assert [site.kind for site in found.rows] == ["mall", "hotel"]
