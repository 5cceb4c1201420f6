"""The folder and the database: absent, damaged, open to others, full."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.doctor.conftest import Install
from umsalert.doctor import CHECKS, Subject, examine, files, worst
from umsalert.doctor.files import AMPLE_BYTES, SCARCE_BYTES
from umsalert.model import CheckStatus
from umsalert.platforms import Platform
from umsalert.store.spatialite import connect

OK, WARNING, FAILED = CheckStatus

UNIX = [Platform.DEBIAN, Platform.FEDORA, Platform.MACOS]


async def statuses(subject: Subject) -> dict[str, CheckStatus]:
    return {finding.name: finding.status for finding in await examine(subject)}


async def test_a_sound_installation_has_no_failure(install: Install) -> None:
    """Every check runs, once, and none fails."""
    found = await examine(install("station = 'Nice'\n"))
    assert [finding.name for finding in found] == list(CHECKS)
    assert worst(found) is WARNING, found
    assert all(bool(finding.fix) == (finding.status is not OK) for finding in found)


async def test_a_missing_home_fails_and_hides_nothing(install: Install) -> None:
    """Without a folder there is no database either; the machine itself is still examined."""
    subject = install()
    shutil.rmtree(subject.settings.home)
    found = await statuses(subject)
    failed = {name for name, status in found.items() if status is FAILED}
    assert failed == {"home", "database"}
    assert found["spatialite"] is OK
    assert not subject.settings.home.exists()


@pytest.mark.parametrize("damage", ["text", "header", "middle", "empty", "foreign"])
async def test_a_damaged_database_is_one_finding(install: Install, damage: str) -> None:
    """Whatever the file holds, the other checks end as they would have, and it stays as it is."""
    subject = install()
    path = subject.settings.database
    content = bytearray(path.read_bytes())
    match damage:
        case "text":
            content = bytearray(b"ref,name\n" * 1000)
        case "header":
            content[:100] = bytes(100)
        case "middle":
            content[4096:-4096] = bytes(len(content) - 8192)
        case "empty":
            content = bytearray()
    path.write_bytes(content)
    if damage == "foreign":
        path.unlink()
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE t (x)")
        connection.close()
    before = path.read_bytes()
    found = {finding.name: finding for finding in await examine(subject)}
    assert FAILED in (found["database"].status, found["schema"].status)
    assert found["disk_space"].status is OK
    assert found["templates"].status is OK
    assert "bug" not in "".join(finding.fix for finding in found.values())
    assert path.read_bytes() == before


@pytest.mark.parametrize(("version", "word"), [(1, "migrate"), (9999, "Update umsalert")])
async def test_another_schema_names_the_way_out(install: Install, version: int, word: str) -> None:
    """An older file asks for `db migrate`, a newer one for a newer umsalert."""
    subject = install()
    connection = connect(subject.settings.database, write=True)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    found = {finding.name: finding for finding in await examine(subject)}
    assert found["database"].status is OK
    assert found["schema"].status is FAILED
    assert word in found["schema"].fix


async def test_a_database_that_lost_its_reference_systems_cannot_be_trusted(
    install: Install,
) -> None:
    """Without `spatial_ref_sys` a circle would match nobody: the file's own proof says so."""
    subject = install()
    connection = connect(subject.settings.database, write=True)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("DELETE FROM spatial_ref_sys")
    connection.close()
    found = {finding.name: finding for finding in await examine(subject)}
    assert found["known_distance"].status is OK
    assert found["database"].status is FAILED
    assert "backup" in found["database"].fix


@pytest.mark.parametrize("platform", UNIX)
@pytest.mark.parametrize(("mode", "status"), [(0o600, OK), (0o640, WARNING), (0o644, FAILED)])
def test_who_may_read_the_database(
    install: Install, platform: Platform, mode: int, status: CheckStatus
) -> None:
    """This account alone is right, its group may be meant, everybody is not."""
    subject = install(platform=platform)
    subject.settings.database.chmod(mode)
    finding = files.file_modes(subject)
    assert finding.status is status
    assert ("chmod 600" in finding.fix) == (status is not OK)


@pytest.mark.parametrize("beside", ["-wal", ".before-0002"])
def test_a_copy_is_as_secret_as_the_database(install: Install, beside: str) -> None:
    """The log and the copies hold the same people."""
    subject = install()
    copy = Path(f"{subject.settings.database}{beside}")
    copy.touch()
    copy.chmod(0o604)
    finding = files.file_modes(subject)
    assert finding.status is FAILED
    assert str(copy) in finding.fix


def test_windows_is_not_asked_for_modes(install: Install) -> None:
    """Where modes mean nothing, the finding says that it was not checked."""
    subject = install(platform=Platform.WINDOWS)
    subject.settings.database.chmod(0o644)
    finding = files.file_modes(subject)
    assert finding.status is OK
    assert "Not checked" in finding.message


@pytest.mark.parametrize("platform", UNIX)
@pytest.mark.parametrize(("mode", "status"), [(0o755, OK), (0o770, WARNING), (0o777, FAILED)])
def test_a_home_that_others_may_change_is_no_home(
    install: Install, platform: Platform, mode: int, status: CheckStatus
) -> None:
    """Whoever may write there may replace the settings; a group may be meant."""
    subject = install(platform=platform)
    subject.settings.home.chmod(mode)
    finding = files.home(subject)
    assert finding.status is status
    assert ("chmod 700" in finding.fix) == (status is not OK)


@pytest.mark.parametrize(
    ("free", "size", "status"),
    [
        (AMPLE_BYTES, 0, OK),
        (AMPLE_BYTES - 1, 0, WARNING),
        (AMPLE_BYTES * 2, AMPLE_BYTES + 1, WARNING),
        (SCARCE_BYTES - 1, 0, FAILED),
    ],
)
def test_space_is_judged_by_the_database_too(free: int, size: int, status: CheckStatus) -> None:
    """A migration makes a copy: twice the database must fit."""
    assert files.free_space(free, size, Path("/srv")).status is status


@pytest.mark.parametrize(
    ("platform", "owner", "maker"),
    [
        (Platform.DEBIAN, "sudo chown", "sudo install -d"),
        (Platform.FEDORA, "sudo chown", "sudo install -d"),
        (Platform.MACOS, "sudo chown", "sudo install -d"),
        (Platform.WINDOWS, "takeown", "mkdir"),
    ],
)
def test_only_the_folder_of_the_database_is_to_be_taken_over(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    *,
    platform: Platform,
    owner: str,
    maker: str,
) -> None:
    """The fix names the folder itself; where it is missing it is made, never its parent taken."""
    subject = install(platform=platform)
    home = subject.settings.home
    # root, who runs the tests in some places, may write everywhere
    monkeypatch.setattr(
        "umsalert.doctor.files.tempfile.TemporaryFile",
        lambda **_where: (_ for _ in ()).throw(PermissionError(errno.EACCES, "Permission denied")),
    )
    finding = files.write_access(subject)
    assert finding.status is FAILED
    assert owner in finding.fix
    assert str(home) in finding.fix
    shutil.rmtree(home)
    missing = files.write_access(subject)
    assert maker in missing.fix
    assert str(home) in missing.fix
    assert owner not in missing.fix


def test_a_database_that_another_process_writes_is_busy_not_broken(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While an import holds the file, write access is a warning that says to try again."""
    monkeypatch.setattr("umsalert.store.spatialite.BUSY_TIMEOUT_MS", 0)
    subject = install()
    connection = connect(subject.settings.database, write=True)
    connection.execute("BEGIN IMMEDIATE")
    finding = files.write_access(subject)
    connection.execute("ROLLBACK")
    connection.close()
    assert finding.status is WARNING
    assert files.write_access(subject).status is OK
