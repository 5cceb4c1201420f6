"""Nothing that a program or an operator may meet is left without a sentence in docs/."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from umsalert import resources
from umsalert.errors import ExitCode
from umsalert.messages import templates

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_KEY = re.compile(r'"(\w+)"\??:')
_FIRST_CELL = re.compile(r"^\|([^|]*)\|", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")
# What people typed, which a document repeats: keys that are data.
_TYPED = {"description", "last_seen"}


def _page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def _named(text: str) -> set[str]:
    """Return what stands as code in the first cell of any table."""
    return {name for cell in _FIRST_CELL.findall(text) for name in _CODE.findall(cell)}


def test_every_json_field_has_a_sentence() -> None:
    """json.md holds every field that there is; json-fields.md says what each means, no others."""
    fields = set(_KEY.findall(_page("json.md"))) - _TYPED
    explained = _named(_page("json-fields.md"))
    assert sorted(fields - explained) == [], "say in docs/json-fields.md what these are"
    assert sorted(explained - fields) == [], "these are in no document any more"


def test_every_exit_code_is_explained() -> None:
    """Both tables, the short and the long one, hold the codes of the program in their order."""
    long = re.findall(r"^\| (\d+) \| `(\w+)` \|", _page("exit-codes.md"), re.MULTILINE)
    assert [(int(code), name) for code, name in long] == [(int(c), c.name) for c in ExitCode]
    readme = (ROOT / "README.md").read_text("utf-8")
    table = readme.partition("## Exit codes")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == [str(int(c)) for c in ExitCode]


def test_every_variable_of_a_shipped_template_is_documented() -> None:
    """templates.md lists each shipped template with the values that it asks for."""
    table = _page("templates.md").partition("| template | values that it asks for |")[2]
    rows = [line.split("|")[1:4] for line in table.partition("\n\n")[0].splitlines()[2:]]
    told = {
        _CODE.findall(name)[0]: (_CODE.findall(all_), _CODE.findall(left))
        for name, all_, left in rows
    }
    asked = {
        template.name: (
            [variable.name for variable in template.variables],
            [variable.name for variable in template.variables if not variable.required],
        )
        for template in templates.available((resources.folder("templates"),))
    }
    assert told == asked


def _actions() -> Iterator[str]:
    """Give the action of every Deed in the source; the variable part of a name as *."""
    for source in (ROOT / "umsalert").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Deed" and node.args:
                yield _pattern(node.args[0])


def _pattern(action: ast.expr) -> str:
    if isinstance(action, ast.Constant):
        return str(action.value)
    parts = action.values if isinstance(action, ast.JoinedStr) else [action]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)


def test_every_deed_of_the_audit_log_is_documented() -> None:
    """The table in operators.md names every action, of some nouns all at once."""
    table = _page("operators.md").partition("| entry | detail |")[2].partition("\n\n")[0]
    told: set[str] = set()
    for cell in _FIRST_CELL.findall(table):
        noun = ""
        for name in _CODE.findall(cell):
            noun = name.partition(".")[0] or noun
            told.add(f"{noun}.{name.partition('.')[2]}")
    whole = {name.partition(".")[0] for name in told if name.endswith(".*")}
    missing = sorted(
        action
        for action in set(_actions())
        if action not in told
        and action.partition(".")[0] not in whole
        and not (action.startswith("*") or _some(action, told))
    )
    assert missing == []


def _some(action: str, told: set[str]) -> bool:
    """Say whether an action whose verb is made has entries of its noun."""
    return action.endswith("*") and any(name.startswith(action[:-1]) for name in told)
