"""The log as a person meets it: what opens it, what --debug shows, what a bug leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

SECRET = "+33 6 39 98 00 01, homme au blouson rouge"
BUG = """
import sys
from umsalert.cli import main
from umsalert.store import info
def broken(_path): raise RuntimeError(sys.stdin.read())
info.describe = broken
main.run(["db", "info", *sys.argv[1:]])
"""


def logged(home: Path) -> str:
    return (home / "log" / "umsalert.log").read_text("utf-8")


@pytest.mark.parametrize(
    "words", [("--version",), ("--help",), ("site", "list", "--help"), ("site", "lst"), ()]
)
def test_what_runs_no_command_opens_no_log(
    cli: Cli, home: Path, database: Path, words: tuple[str, ...]
) -> None:
    """Help, the version and a mistyped command leave the home as it was."""
    cli(*words)
    assert list(home.iterdir()) == [database]


def test_a_command_is_logged_without_its_arguments(cli: Cli, home: Path, database: Path) -> None:
    """Name, operator, version, exit code and error code are written; no value that was typed."""
    ended = cli("site", "show", "NOBODY-KNOWS-IT", "--log-format", "json")
    started, end = (json.loads(line) for line in logged(home).splitlines())
    assert started["command"] == "umsalert site show"
    assert {"operator", "version", "pid", "time"} <= set(started)
    assert (end["exit_code"], end["message"]) == (ended.code, "command ended")
    assert end["code"]
    assert "NOBODY" not in logged(home)


def test_settings_choose_file_format_and_level(cli: Cli, home: Path, database: Path) -> None:
    """[log] moves the file, beside the settings file, and sets its format and its level."""
    (home / "umsalert.toml").write_text("[log]\nfile = 'other.log'\nformat = 'json'\n", "utf-8")
    assert cli("site", "list").code == 0
    assert json.loads((home / "other.log").read_text("utf-8").splitlines()[0])
    assert cli("site", "list", environ={"UMSALERT_LOG_LEVEL": "error"}).code == 0
    assert len((home / "other.log").read_text("utf-8").splitlines()) == 2
    assert not (home / "log").exists()


def test_invalid_settings_are_all_named(cli: Cli, database: Path) -> None:
    """Each wrong value of [log] is named, and the program does not fail over it."""
    environ = {
        "UMSALERT_LOG_LEVEL": "loud",
        "UMSALERT_LOG_FORMAT": "xml",
        "UMSALERT_LOG_MAX_BYTES": "1",
        "UMSALERT_LOG_BACKUPS": "0",
    }
    ended = cli("site", "list", "--json", environ=environ)
    assert ended.code == 4
    assert {problem["column"] for problem in ended.error["problems"]} == {
        "log.level",
        "log.format",
        "log.max_bytes",
        "log.backups",
    }


def test_a_folder_that_cannot_be_written_costs_one_warning(
    cli: Cli, home: Path, database: Path
) -> None:
    """The command does its work and ends as it would; stderr has one line about the log."""
    (home / "log").write_text("in the way")
    ended = cli("site", "list", "--json")
    assert ended.code == 0
    assert ended.document["sites"] == []
    assert ended.err.count("\n") == 1
    assert "umsalert.log cannot be written" in ended.err


def test_debug_shows_the_log_and_the_error(cli: Cli, home: Path, database: Path) -> None:
    """--debug prints log lines in the chosen format, one traceback and the usual ending."""
    child = subprocess.run(
        [sys.executable, "-m", "umsalert", *("--debug", "--log-format=json", "alert", "show", "X")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == cli("alert", "show", "X").code
    lines = child.stderr.splitlines()
    assert json.loads(lines[0])["message"] == "command started"
    assert lines.count("Traceback (most recent call last):") == 1
    assert any(line.startswith("Error: ") for line in lines)
    assert '"level": "DEBUG"' in logged(home)


@pytest.mark.parametrize("words", [(), ("--debug",)])
def test_a_bug_leaves_its_traceback_without_data(
    home: Path, database: Path, words: tuple[str, ...]
) -> None:
    """Exit 70 names the log file, where the places of the failure stand and no value."""
    child = subprocess.run(
        [sys.executable, "-c", BUG, *words],
        input=SECRET,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 70, child.stderr
    assert str(home / "log" / "umsalert.log") in child.stderr
    assert ("Traceback" in child.stderr) is bool(words)
    assert " CRITICAL " in logged(home)
    assert "in broken" in logged(home)
    assert "RuntimeError" in logged(home)
    assert SECRET not in logged(home)
    assert "639980001" not in logged(home).replace(" ", "")
    assert "blouson" not in logged(home)
