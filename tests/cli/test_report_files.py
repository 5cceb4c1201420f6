"""`report --format` and `--output`, and `report summary`, as the real program."""

from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path
from xml.etree import ElementTree as Xml

import openpyxl
import pytest

from tests.cli.conftest import Cli
from tests.faults.machine import fill, small_disk
from tests.support import make_alert, make_register
from umsalert.model import ChannelKind
from umsalert.store.store import Store
from umsalert.wiring import SystemClock


@pytest.fixture
async def office(cli: Cli, home: Path) -> Cli:
    """Return a home whose last alert waits to be sent."""
    path = home / "umsalert.db"
    await make_register(path)
    async with Store(path, SystemClock()) as store:
        await make_alert(store, *ChannelKind)
    return cli


@pytest.mark.parametrize("end", ["json", "csv", "geojson", "xlsx", "cap", "xml"])
def test_a_file_is_what_its_name_ends_in(office: Cli, end: str) -> None:
    """Whole, for this account only, and readable by others' libraries; nothing on stdout."""
    file = office.folder / f"report.{end}"
    ended = office("report", "last", "--output", file)
    assert (ended.code, ended.out) == (0, ""), ended.err
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(list(office.folder.glob("*report*"))) == 1
    if end == "xlsx":
        assert "Timeline" in openpyxl.load_workbook(file).sheetnames
    elif end in ("cap", "xml"):
        assert Xml.parse(file).getroot().tag.endswith("}alert")  # noqa: S314 - it is our own
    elif end == "csv":
        assert len(list(csv.reader(file.read_text("utf-8").splitlines()))) == 5
    else:
        assert len(json.loads(file.read_text("utf-8"))) >= 2


def test_a_file_that_is_there_is_left_alone(office: Cli) -> None:
    """Only --force replaces it."""
    file = office.folder / "report.csv"
    file.write_text("mine", "utf-8")
    ended = office("report", "last", "--output", file)
    assert ended.code == 2
    assert "--force" in ended.err
    assert file.read_text("utf-8") == "mine"
    ended = office("report", "last", "--output", file, "--force")
    assert ended.code == 0, ended.err
    assert file.read_text("utf-8").startswith("alert,")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--format", "xlsx"), "not_to_stdout"),
        (("--format", "xlsx", "--output", "-"), "not_to_stdout"),
        (("--output", "report.txt"), "format_missing"),
        (("--output", "report.txt", "--format", "table"), "format_missing"),
        (("--output", "nowhere/report.csv"), "folder_missing"),
        (("--output", "umsalert.db/report.csv"), "not_a_folder"),
        (("--format", "pdf", "--json"), "format_twice"),
        (("--format", "csv", "--output", "report.pdf"), "format_contradicts_name"),
        (("--format", "cap", "--output", "report.html"), "format_contradicts_name"),
        (("--format", "table", "--output", "report.csv"), "format_contradicts_name"),
        (("--json", "--output", "report.XLSX"), "format_contradicts_name"),
    ],
)
def test_what_cannot_go_there_is_refused(office: Cli, words: tuple[str, ...], code: str) -> None:
    """Before anything is written, with what to do instead."""
    ended = office("report", "last", *words)
    assert ended.code == 2, ended.err
    assert ended.out == ""
    hints = {
        "not_to_stdout": "--output",
        "format_missing": ".xlsx",
        "folder_missing": "Make it first",
        "not_a_folder": "is no folder",
        "format_twice": "Leave one",
        "format_contradicts_name": "contradict each other: report.",
    }
    assert hints[code] in " ".join(ended.err.split())
    assert not (office.folder / words[-1]).exists() or words[-1] == "-"


@pytest.mark.parametrize("words", [(), ("--seal",)])
def test_force_replaces_files_only(office: Cli, words: tuple[str, ...]) -> None:
    """An administrator who writes to a device, a pipe or a folder by mistake loses nothing."""
    pipe, folder = office.folder / "pipe.csv", office.folder / "folder.csv"
    os.mkfifo(pipe)
    folder.mkdir()
    for file, code in ((pipe, "file_is_special"), (folder, "file_is_folder"), (".", "")):
        ended = office("report", "last", "--format", "csv", "--output", file, "--force", *words)
        assert ended.code == 2, ended.err
        assert code in ("", "file_is_folder") or "a device or a pipe" in ended.err
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert {it.name for it in office.folder.glob("*.csv*")} == {"pipe.csv", "folder.csv"}


@pytest.mark.parametrize("end", ["xlsx", "csv", "html"])
def test_a_full_disk_is_said(office: Cli, end: str) -> None:
    """Whatever library writes: exit 4 with the reason, and nothing of the report is left."""
    folder = office.folder / "disk"
    folder.mkdir()
    with small_disk(folder, size_mb=1):
        fill(folder / "filler")
        ended = office("report", "last", "--output", folder / f"report.{end}")
        assert ended.code == 4, ended.err
        assert "No space left on device" in ended.err
        assert [it.name for it in folder.iterdir()] == ["filler"]


def test_a_folder_that_takes_no_file_is_said(office: Cli) -> None:
    """The line is right and the folder is there: exit 4, as for every output."""
    ended = office("report", "last", "--output", "/proc/report.json", "--json")
    assert (ended.code, ended.error["code"]) == (4, "file_not_written")


@pytest.mark.parametrize(
    ("typed", "meant"), [("sumary", "summary"), ("lsat", "last"), ("Verfy", "verify")]
)
def test_a_slip_in_the_name_of_a_command_is_told(office: Cli, typed: str, meant: str) -> None:
    """What is no command is taken for an alert; the hint knows both."""
    ended = office("report", typed, "--json")
    assert (ended.code, ended.error["code"]) == (2, "alert_not_found")
    assert f"umsalert report {meant}" in ended.error["hint"]
    assert "alert list" in office("report", "20991231", "--json").error["hint"]


def test_standard_output_takes_all_but_workbooks(office: Cli) -> None:
    """For pipes: `-` is the same as no file, with or without a format."""
    assert office("report", "last", "--output", "-").out == office("report", "last").out
    for kind in ("json", "csv", "geojson", "cap"):
        plain = office("report", "last", "--format", kind)
        assert plain.code == 0, plain.err
        assert office("report", "last", "--format", kind, "--output", "-").out == plain.out


def test_a_summary_of_nothing_says_so(office: Cli) -> None:
    """A period before the first alert."""
    ended = office("report", "summary", "--until", "2001-01-01")
    assert (ended.code, ended.out.count("\n")) == (0, 1), ended.err
    assert ended.out.startswith("0 alerts")
    document = office("report", "summary", "--until", "2001-01-01", "--json").document
    assert (document["total"]["alerts"], document["groups"]) == (0, [])


@pytest.mark.parametrize("by", ["commune", "template", "operator", "month"])
def test_a_summary_groups_alerts(office: Cli, by: str) -> None:
    """Table, JSON and CSV tell the same."""
    document = office("report", "summary", "--by", by, "--json").document
    (group,) = document["groups"]
    assert (group["alerts"], group["sites"], group["deliveries"]) == (1, 2, 4)
    ended = office("report", "summary", "--by", by)
    assert ended.code == 0, ended.err
    assert (group["name"] or "unknown") in ended.out
    rows = list(
        csv.DictReader(office("report", "summary", "--by", by, "--format", "csv").out.splitlines())
    )
    assert [(row["by"], row["deliveries"]) for row in rows] == [(by, "4"), ("total", "4")]


def test_days_in_the_wrong_order_are_refused(office: Cli) -> None:
    """A usage error, not an empty summary."""
    ended = office("report", "summary", "--since", "2026-02-02", "--until", "01/02/2026", "--json")
    assert (ended.code, ended.error["code"]) == (2, "period_empty")
    ended = office("report", "summary", "--since", "2999-01-01")
    assert ended.code == 2
    assert "2999-01-01 is in the future" in ended.err


@pytest.mark.parametrize(("typed", "code"), [("soon", "day_invalid"), ("", "value_empty")])
@pytest.mark.parametrize("option", ["--since", "--until"])
def test_the_day_that_is_wrong_is_named(office: Cli, option: str, typed: str, code: str) -> None:
    """There are two of them; an empty one is a script's variable that is not set."""
    ended = office("report", "summary", option, typed, "--json")
    assert (ended.code, ended.error["code"]) == (2, code)
    assert option in ended.error["message"]


@pytest.mark.parametrize("words", [("last",), ("summary",), ("last", "--format", "csv")])
@pytest.mark.parametrize("output", ["", "."])
def test_a_folder_is_no_file(office: Cli, words: tuple[str, ...], output: str) -> None:
    """An empty name is the folder that one stands in; said before what it would be is asked."""
    ended = office("report", *words, "--output", output, "--json" if len(words) == 1 else "--force")
    assert ended.code == 2
    assert "is a folder" in ended.err
