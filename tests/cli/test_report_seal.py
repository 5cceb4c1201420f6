"""`report show --seal`, `report key`, `report verify`, as the real program."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_report_files import office
from tests.faults.machine import small_disk
from umsalert import sharing

__all__ = ["office"]

KEY = "RWQZ3Wc5LfOMAZqGWX9XmFvOngAGQCjM90sFbIzLNyBiMHQNp4y+5eXs"


@pytest.mark.parametrize("end", ["html", "pdf", "xlsx", "json"])
def test_a_sealed_report_is_proven_elsewhere(office: Cli, tmp_path: Path, end: str) -> None:
    """By who has the two files and the key, without a database; and by minisign."""
    file = office.folder / f"report.{end}"
    assert office("report", "last", "--seal", "--output", file).code == 0
    key = office("report", "key")
    (office.folder / "nice.pub").write_text(key.out)
    elsewhere = {"UMSALERT_HOME": str(tmp_path / "elsewhere")}
    proven = office("report", "verify", file, "--key", "nice.pub", "--json", environ=elsewhere)
    assert proven.code == 0, proven.err
    sealed = proven.document["sealed"]
    assert sealed["file"] == file.name
    assert not (tmp_path / "elsewhere").exists()
    told = subprocess.run(
        ["minisign", "-V", "-p", "nice.pub", "-m", file.name],
        cwd=office.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr


def test_the_log_knows_what_was_sealed(office: Cli) -> None:
    """By its hash: a sealed file that turns up can be found; the report names the head before."""
    file = office.folder / "report.json"
    head = office("audit", "head").out.strip()
    assert office("report", "last", "--seal", "--output", file).code == 0
    assert json.loads(file.read_text("utf-8"))["audit_head"] == head
    (entry,) = map(json.loads, office("audit", "log", "--limit", "1", "--json").out.splitlines())
    assert entry["action"] == "report.seal"
    assert entry["detail"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert office("audit", "verify", "--head", head).code == 0


def test_the_key_of_a_station_is_its_key_the_second_time_too(office: Cli, tmp_path: Path) -> None:
    """As docs/reports.md says: made in the shared folder, read by its group, and by nobody else."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(sharing.FOLDER_MODE)
    key = shared / "seal.key"
    station = {"UMSALERT_REPORT_SEAL_KEY_FILE": str(key)}
    first = office("report", "key", environ=station)
    again = office("report", "key", environ=station)
    assert (again.code, again.out) == (0, first.out), again.err
    assert office("site", "list", environ=station).code == 0
    key.chmod(0o644)
    assert "report.seal_key_file" in office("site", "list", environ=station).err
    key.chmod(0o640)
    shared.chmod(0o750)
    assert "report.seal_key_file" in office("site", "list", environ=station).err


def test_a_changed_report_is_found(office: Cli) -> None:
    """One byte, and it is no proof of anything: exit 4, in words."""
    file = office.folder / "report.html"
    assert office("report", "last", "--seal", "--output", file).code == 0
    assert office("report", "verify", file).code == 0
    file.write_bytes(file.read_bytes().replace(b"Alert", b"alert", 1))
    refused = office("report", "verify", file, "--json")
    assert refused.code == 4
    assert refused.error["code"] == "report_changed"
    assert "Compare the key" not in refused.error["hint"]


def test_a_key_that_is_mistyped_does_not_accuse_the_report_alone(office: Cli) -> None:
    """It has the right ID and the right length: the hint says to compare it first."""
    file = office.folder / "report.html"
    assert office("report", "last", "--seal", "--output", file).code == 0
    key = office("report", "key", "--json").document["public_key"]
    typed = key[:-1] + ("A" if key[-1] != "A" else "B")
    refused = office("report", "verify", file, "--key", typed, "--json")
    assert (refused.code, refused.error["code"]) == (4, "report_changed")
    assert "Compare the key" in refused.error["hint"]


def test_a_seal_needs_a_file_and_leaves_what_is_there(office: Cli) -> None:
    """Neither of the two files is replaced without --force; both are there or none."""
    assert office("report", "last", "--seal").code == 2
    file = office.folder / "report.csv"
    seal = office.folder / "report.csv.minisig"
    seal.write_text("mine")
    assert office("report", "last", "--seal", "--output", file).code == 2
    assert not file.exists()
    assert seal.read_text() == "mine"
    assert office("report", "last", "--seal", "--output", file, "--force").code == 0
    assert office("report", "verify", file).code == 0
    assert office("report", "verify", seal).code == 0  # the seal names its report


def test_a_pipe_or_device_is_never_replaced(office: Cli) -> None:
    """--force is for files: root, who may, would take /dev/null from the machine."""
    pipe = office.folder / "report.json"
    os.mkfifo(pipe)
    for words in (("--output", pipe), ("--seal", "--output", pipe)):
        ended = office("report", "last", *words, "--force", "--json")
        assert (ended.code, ended.error["code"]) == (2, "file_is_special")
        assert ended.error["hint"]
    assert pipe.is_fifo()
    assert not (office.folder / "report.json.minisig").exists()


def test_who_has_no_key_is_told_to_ask_for_it(office: Cli, home: Path) -> None:
    """No key is made by looking: a new one would prove nothing."""
    file = office.folder / "report.csv"
    assert office("report", "last", "--seal", "--output", file).code == 0
    shutil.move(home / "seal.key", home / "gone.key")
    refused = office("report", "verify", file, "--json")
    assert (refused.code, refused.error["code"]) == (4, "key_missing")
    assert not (home / "seal.key").exists()
    other = office("report", "key", "--json").document["public_key"]
    refused = office("report", "verify", file, "--key", other, "--json")
    assert (refused.code, refused.error["code"]) == (4, "seal_of_another_key")


def test_a_folder_has_no_seal(office: Cli) -> None:
    """Nor has what has no name: said in words."""
    for named in ("", ".", "/", office.folder):
        refused = office("report", "verify", named, "--key", KEY, "--json")
        assert (refused.code, refused.error["code"]) == (2, "file_not_read"), named


def test_what_the_log_cannot_name_is_not_sealed(office: Cli, home: Path) -> None:
    """Of a database that nobody can write there are reports, without a seal: neither file stays."""
    folder = office.folder / "kept"
    folder.mkdir()
    with small_disk(folder, size_mb=32):
        shutil.copy2(home / "umsalert.db", folder)
        mount = ("mount", "-o", "remount,ro", str(folder))
        subprocess.run(mount, check=True)
        environ = {"UMSALERT_DATABASE": str(folder / "umsalert.db")}
        assert office("report", "last", "-o", "plain.csv", environ=environ).code == 0
        refused = office("report", "last", "--seal", "-o", "sealed.csv", environ=environ)
        assert refused.code == 4, refused.err
        assert list(office.folder.glob("sealed*")) == []
