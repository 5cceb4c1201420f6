"""Every example that people paste is one that the program takes, and runs where it can."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.reference import examples
from tests.reference.commands import commands
from tests.reference.examples import Line
from umsalert.model import Role
from umsalert.settings import account, load

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SETTINGS = re.compile(r"^```toml\n(.*?)^```", re.DOTALL | re.MULTILINE)
JSON = re.compile(r"^```json\n(.*?)^```", re.DOTALL | re.MULTILINE)
ELSEWHERE = {
    "umsalert demo": "tests/e2e",
    "umsalert serve": "tests/web",
    "umsalert simulator": "tests/simulator",
    "umsalert channel test": "tests/cli",
    "umsalert channel list": "tests/cli",
    "umsalert doctor": "tests/doctor",
    "umsalert contact verify": "tests/reference/test_json.py",
}
"""Commands that end only by Ctrl-C, or speak with a provider: where they are run."""
LEFT_OUT = {"MissingParameter", "NoArgsIsHelpError"}
"""What a sentence that names a command may leave out; Typer keeps the classes private."""
FINE = {0, 1, 3, 4, 5, 75}
"""The office of this test has no alert and no provider; a line that is wrong ends with 2."""
NEED_A_RECORD = re.compile(
    r"^umsalert (alert (resume|approve|follow-up|widen|recenter|close|cancel|show|watch)"
    r"|report|reply|audit verify|db restore|bulletin (show|remove))\b"
)


def of_help(language: str = "en") -> Iterator[Line]:
    for found in commands(language):
        line = examples.of_help(found.words, found.help)
        if line is not None:
            yield line


def test_the_example_of_every_help_is_taken() -> None:
    """No example names an option that is gone, or leaves out one that is required."""
    lines = list(of_help())
    assert len(lines) > 50
    for line in lines:
        _taken(line)


def test_an_example_is_the_same_in_both_languages() -> None:
    """A translated example differs in its words, never in its command and options."""
    english = {line.place: line for line in of_help("en")}
    french = list(of_help("fr"))
    assert {line.place for line in french} == english.keys()
    for line in french:
        options = [word for word in line.words if word.startswith("--")]
        assert options == [word for word in english[line.place].words if word.startswith("--")]
        _taken(line)


def test_what_pages_show_is_taken() -> None:
    """Lines of README.md and docs/, those for cron among them; dots and bars are a synopsis."""
    lines = [line for page in PAGES for line in examples.of_page(page)]
    assert len(lines) > 80
    assert any(line.place == "data.md" for line in lines)
    for line in lines:
        _taken(line)


def _taken(line: Line) -> None:
    try:
        examples.parse(line)
    except Exception as error:  # noqa: BLE001 - whatever a person would be told
        if not (line.partial and type(error).__name__ in LEFT_OUT):
            pytest.fail(f"{line}\n{error!r}")


def test_what_needs_no_provider_runs(tmp_path: Path) -> None:
    """In an office with a register, the examples of the help are run in their order."""
    shutil.copy(ROOT / "fixtures" / "sites.csv", tmp_path)
    shutil.copy(ROOT / "fixtures" / "contacts.csv", tmp_path)
    for name in ("sites", "contacts"):
        _workbook(tmp_path / f"{name}.csv", tmp_path / f"{name}.xlsx")
    lines = [
        ["init"],
        ["site", "import", "sites.csv"],
        ["contact", "import", "contacts.csv"],
        ["operator", "add", account(), *(f"--role={role}" for role in Role)],
        *(_confirmed(line) for line in of_help() if _runs_here(line)),
    ]
    done = subprocess.run(
        [sys.executable, examples.__file__],
        input=json.dumps([_here(words, tmp_path) for words in lines]),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])},
        capture_output=True,
        text=True,
        check=True,
    )
    ended = dict(zip(map(" ".join, lines), json.loads(done.stdout), strict=True))
    # What is there already is no fault of the line: the register was filled before.
    again = {"init", "site add", "contact add", "site export"}
    wrong = {
        line: said
        for line, (code, said) in ended.items()
        if (code not in FINE and not line.startswith(tuple(again))) or "Traceback" in said
    }
    assert wrong == {}


def _runs_here(line: Line) -> bool:
    return line.place not in ELSEWHERE and not NEED_A_RECORD.match(line.place)


def _confirmed(line: Line) -> list[str]:
    """Say yes where a person would be asked."""
    asks = any(found.words == line.place and "--yes" in found.options for found in commands())
    return [*line.words, "--yes"] if asks else line.words


def _here(words: list[str], folder: Path) -> list[str]:
    """Let what is written into the system's folders be written beside the register."""
    return [word.replace("/var/backups/umsalert", str(folder / "copy.db")) for word in words]


def _workbook(source: Path, target: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in source.read_text("utf-8").splitlines()[:5]:
        sheet.append(row.split(","))
    book.save(target)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        pytest.param(page, text, id=f"{page.stem}-{n}")
        for page in PAGES
        if page.stem != "simulator"  # its examples are scenarios: tests/simulator
        for n, text in enumerate(SETTINGS.findall(page.read_text("utf-8")))
    ],
)
def test_settings_that_pages_show_are_valid(page: Path, text: str, tmp_path: Path) -> None:
    """Each block of TOML is a settings file that the program takes as it is."""
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    for name in re.findall(r'\w+_file = "([\w.-]+)"', text):
        file = tmp_path / name
        file.write_text("d7sms://token@{address}" if name.endswith(".url") else secret, "utf-8")
        file.chmod(0o600)
    config = tmp_path / "umsalert.toml"
    config.write_text(text, "utf-8")
    config.chmod(0o600)
    load({}, environ={"UMSALERT_HOME": str(tmp_path)})


def test_json_that_pages_show_is_json() -> None:
    for page in PAGES:
        for text in JSON.findall(page.read_text("utf-8")):
            json.loads(text)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_its_unit(tmp_path: Path) -> None:
    """Every line of a unit in docs/deploy is known to systemd; our program stands for theirs."""
    for unit in (ROOT / "docs" / "deploy").iterdir():
        text = unit.read_text("utf-8").replace("/opt/umsalert/bin/umsalert", "/bin/true")
        (tmp_path / unit.name).write_text(text, "utf-8")
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), unit.name
