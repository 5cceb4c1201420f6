"""The disk fills: before the alert, between the claim and its answer; for a moment, for good."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

from tests.e2e.office import ALERT, Office, sending
from tests.faults.conftest import IN_FLIGHT, SITES
from tests.faults.gate import Gate
from tests.faults.machine import NoRoom, fill, fold_in, small_disk, small_files
from tests.faults.proof import each_once, wait_for_log
from umsalert.store.spatialite import connect, sqlite

SMS = ("--channel", "sms", "--yes")


def with_answers_kept(
    office: Office, gate: Gate, through: dict[str, str], **environ: str
) -> tuple[subprocess.Popen[bytes], int, NoRoom]:
    """Return a sender whose four messages were taken, and which has no room for the answers."""
    gate.keep_answers()
    fold_in(office.database)
    process, before = sending(office, IN_FLIGHT, **through, **environ)
    no_room = NoRoom(process.pid, office.database)
    gate.give_answers()
    return process, before, no_room


def copy(database: Path, target: Path) -> None:
    """Copy a database that others have open, its log included."""
    with (
        contextlib.closing(connect(database, write=False)) as source,
        contextlib.closing(sqlite().connect(str(target))) as copied,
    ):
        source.backup(copied)


def test_no_room_for_the_alert(office: Office) -> None:
    """Full before the record: 75 names the disk and says that nothing was sent; then it works."""
    before, known = office.forget(), office.run("alert", "list", "--json").document
    with small_files(10_000):
        process = office.start("alert", "send", *ALERT, *SMS, "--json")
    ended = office.end(process)
    assert (ended.code, ended.error["code"]) == (75, "disk_failed")
    assert str(office.database) in ended.error["message"]
    assert "MB are free" in ended.error["message"]
    assert "Nothing was sent" in ended.error["hint"]
    assert office.run("alert", "list", "--json").document == known
    assert office.run("alert", "send", *ALERT, *SMS).code == 0
    each_once(office, before, SITES)


def test_room_that_comes_back_is_used(
    office: Office, gate: Gate, through: dict[str, str], log: Path
) -> None:
    """Full while four are on the wire, then not: the same run records them and sends the rest."""
    process, before, no_room = with_answers_kept(office, gate, through)
    wait_for_log(log, "record cannot be written")
    no_room.end()
    ended = office.end(process)
    assert ended.code == 0, ended.err
    assert "Nothing more leaves until it can be written." in ended.err
    each_once(office, before, SITES)
    assert office.states() == {"accepted": SITES}


def test_a_disk_that_stays_full_ends_the_run(
    office: Office, gate: Gate, through: dict[str, str]
) -> None:
    """Full for longer than `alert.give_up_s`: 75 says what to do; `resume` lists what it missed."""
    short = {"UMSALERT_ALERT_GIVE_UP_S": "1"}
    process, before, _no_room = with_answers_kept(office, gate, through, **short)
    ended = office.end(process)
    assert ended.code == 75, ended.err
    assert f"The disk that holds {office.database}" in ended.err
    assert "Nothing is lost. Then go on with: umsalert alert resume" in ended.err
    assert len(office.sms(before)) == IN_FLIGHT
    resumed = office.run("alert", "resume", "last")
    assert resumed.code == 1, resumed.err
    assert f"{IN_FLIGHT} may or may not have left" in resumed.err
    each_once(office, before, SITES)
    assert office.states() == {"accepted": SITES - IN_FLIGHT, "unknown": IN_FLIGHT}


def test_a_disk_that_is_really_full(
    office: Office, gate: Gate, through: dict[str, str], log: Path
) -> None:
    """The same on a file system of sixteen megabytes without one free: nothing lost or doubled."""
    folder = log.with_name("disk")
    folder.mkdir()
    with small_disk(folder, size_mb=16):
        database = folder / "umsalert.db"
        copy(office.database, database)
        environ = {**office.environ, **through, "UMSALERT_DATABASE": str(database)}
        elsewhere = Office(office.home, environ)
        gate.keep_answers()
        process, before = sending(elsewhere, IN_FLIGHT)
        fill(folder / "filler")
        gate.give_answers()
        wait_for_log(log, "code=disk_full")
        for words in (("alert", "show", "last"), ("report", "last")):
            assert elsewhere.run(*words).code == 0
        refused = elsewhere.run("alert", "send", *ALERT, *SMS)
        assert refused.code == 75
        assert f"holds {database} is full: 0 MB are free" in refused.err
        (folder / "filler").unlink()
        assert elsewhere.end(process).code == 0
        each_once(elsewhere, before, SITES)
