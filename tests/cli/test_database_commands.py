"""`init` and `db`: a database is made whole, described truly, and migrated with a way back."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from umsalert.model import ContactStatus, SiteStatus
from umsalert.store import schema, versions
from umsalert.store.spatialite import connect


def test_init_makes_a_private_database(cli: Cli, home: Path) -> None:
    """`init` creates a database that only its owner can read, and says what comes next."""
    ended = cli("init")
    assert ended.code == 0
    assert str(home / "umsalert.db") in ended.out
    assert "site import" in ended.err
    assert stat.S_IMODE((home / "umsalert.db").stat().st_mode) == 0o600
    assert cli("db", "info").code == 0


def test_init_never_touches_what_is_there(cli: Cli, home: Path) -> None:
    """A second `init` is refused, and the first database stays byte for byte."""
    cli("init")
    before = (home / "umsalert.db").read_bytes()
    ended = cli("init", "--json")
    assert (ended.code, ended.error["code"]) == (2, "database_exists")
    assert (home / "umsalert.db").read_bytes() == before


def test_init_leaves_nothing_half_made(cli: Cli) -> None:
    """Where the folder cannot be made, `init` fails with a way out and leaves no file."""
    (cli.folder / "file").touch()
    ended = cli("--db", cli.folder / "file" / "umsalert.db", "init")
    assert ended.code == 4
    assert "UMSALERT_HOME" in ended.err
    assert [path.name for path in cli.folder.iterdir()] == ["file"]


def test_init_as_json_names_the_file(cli: Cli, home: Path) -> None:
    """`init --json` prints one document with the path and the version of the database."""
    assert cli("init", "--json").document == {
        "schema_version": 1,
        "database": str(home / "umsalert.db"),
        "database_version": versions.latest(),
    }


def test_info_counts_and_proves(cli: Cli, database: Path) -> None:
    """`db info` counts by status and measures the known distance to the millimetre."""
    added = cli("site", "add", "--ref", "A", "--name", "Halle", "--lat", "43.7", "--lon", "7.26")
    assert added.code == 0, added.err
    found = cli("db", "info", "--json").document
    assert found["database"] == str(database)
    assert found["database_version"] == versions.latest()
    assert found["known_distance_m"] == pytest.approx(686_989.675, abs=0.001)
    assert found["sites"] == dict.fromkeys(SiteStatus, 0) | {"requested": 1}
    assert found["contacts"] == dict.fromkeys(ContactStatus, 0)
    assert found["alerts"] == 0
    assert "686989.675 m" in cli("db", "info").out


@pytest.mark.parametrize("command", [("db", "info"), ("db", "migrate"), ("site", "list")])
def test_a_missing_database_is_not_made_on_the_way(
    cli: Cli, home: Path, command: tuple[str, ...]
) -> None:
    """Without a database every command says how to create one, and creates none."""
    ended = cli(*command, "--json")
    assert (ended.code, ended.error["code"]) == (4, "database_missing")
    assert "umsalert init" in ended.error["hint"]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("words", [("alert", "list"), ("db", "info"), ("bulletin", "run-due")])
def test_a_folder_is_no_database(cli: Cli, database: Path, words: tuple[str, ...]) -> None:
    """Nor is the disk broken, as SQLite says of it: the file in it is named."""
    ended = cli("--db", database.parent, *words, "--json")
    assert (ended.code, ended.error["code"]) == (4, "file_is_folder")
    assert str(database) in ended.error["hint"]


@pytest.mark.parametrize("command", ["info", "migrate"])
def test_another_kind_of_file_is_left_alone(cli: Cli, command: str) -> None:
    """A file that is no umsalert database is refused, unchanged and without a copy beside it."""
    other = cli.folder / "other.db"
    other.write_bytes(b"")
    ended = cli("--db", other, "db", command, "--json")
    assert (ended.code, ended.error["code"]) == (4, "not_an_umsalert_database")
    assert other.read_bytes() == b""
    assert [path.name for path in cli.folder.iterdir()] == ["other.db"]


def test_migrate_says_when_there_is_nothing_to_do(cli: Cli, database: Path) -> None:
    """A database that is up to date stays as it is, without a copy."""
    before = database.read_bytes()
    ended = cli("db", "migrate", "--json")
    assert (ended.code, ended.document["backup"]) == (0, None)
    assert database.read_bytes() == before
    assert not list(database.parent.glob("*.before-*"))


@pytest.fixture
def older(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a database as the first version of umsalert made it."""
    first = versions.migrations()[:1]
    with monkeypatch.context() as past:
        past.setattr(schema, "migrations", lambda: first)
        schema.create(home / "umsalert.db")
    return home / "umsalert.db"


def _version(path: Path) -> int:
    with contextlib.closing(connect(path, write=False)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_migrate_keeps_a_copy(cli: Cli, older: Path) -> None:
    """An older database is refused, brought up to date by `db migrate`, and kept as it was."""
    refused = cli("site", "list", "--json")
    assert (refused.code, refused.error["code"]) == (4, "database_older")
    assert "umsalert db migrate" in refused.error["hint"]

    migrated = cli("db", "migrate")
    assert migrated.code == 0
    (backup,) = older.parent.glob("*.before-*")
    assert str(backup) in migrated.out
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert (_version(backup), _version(older)) == (1, versions.latest())
    assert cli("db", "info").code == 0
    entry = json.loads(cli("audit", "log", "--json").out)
    assert (entry["action"], entry["detail"]) == (
        "db.migrate",
        {"from": 1, "to": versions.latest()},
    )
    assert cli("audit", "verify").code == 0


def test_migrate_never_overwrites_a_copy(cli: Cli, older: Path) -> None:
    """Where the copy's name is taken, nothing is changed and the sentence names it."""
    taken = older.with_name(f"{older.name}.before-{versions.latest():04d}")
    taken.write_bytes(b"precious")
    ended = cli("db", "migrate", "--json")
    assert (ended.code, ended.error["code"]) == (4, "backup_not_written")
    assert str(taken) in ended.error["message"]
    assert taken.read_bytes() == b"precious"
    assert _version(older) == 1


def test_there_and_back(cli: Cli, database: Path) -> None:
    """`db backup` into a folder names the file after the time; `db restore` goes back to it."""
    folder = cli.folder / "copies"
    folder.mkdir()
    made = cli("db", "backup", folder, "--json").document
    (copy,) = folder.iterdir()
    assert made["backup"] == str(copy)
    assert made["database_version"] == versions.latest()
    site = ("--ref", "A", "--name", "Halle", "--lat", "43.7", "--lon", "7.26")
    assert cli("site", "add", *site).code == 0
    assert cli("db", "restore", copy).code == 2  # nobody is there to confirm
    assert cli("site", "list", "--json").document["sites"] != []
    restored = cli("db", "restore", copy, "--yes")
    assert restored.code == 0
    assert cli("site", "list", "--json").document["sites"] == []
    (kept,) = database.parent.glob("*.before-restore-*")
    assert str(kept) in restored.out
    assert (again := cli("db", "backup", copy, "--json")).code == 2
    assert again.error["code"] == "file_exists"


def test_restore_wants_a_backup(cli: Cli, database: Path) -> None:
    """Where there is no such file, or another kind of it, nothing is changed."""
    before = database.read_bytes()
    missing = cli("db", "restore", cli.folder / "no.db", "--yes", "--json")
    assert (missing.code, missing.error["code"]) == (2, "file_missing")
    (cli.folder / "text.db").write_text("no database", "utf-8")
    other = cli("db", "restore", cli.folder / "text.db", "--yes", "--json")
    assert (other.code, other.error["code"]) == (4, "database_corrupt")
    assert database.read_bytes() == before


def test_only_an_administrator(cli: Cli, database: Path) -> None:
    """Once accounts have roles, copies, purges and erasures take an administrator's."""
    with contextlib.closing(connect(database, write=True)) as connection:
        connection.execute("INSERT INTO operator_role VALUES ('somebody', 'administrator')")
    copy = cli.folder / "copy.db"
    for command in (
        ("db", "backup", copy),
        ("db", "restore", database, "--yes"),
        ("db", "purge", "--yes"),
        ("db", "migrate"),
        ("contact", "erase", "X", "--reason", "request", "--yes"),
    ):
        ended = cli(*command, "--json")
        assert (ended.code, ended.error["code"]) == (5, "role_missing"), command
    assert not copy.exists()


def test_purge_is_fit_for_cron(cli: Cli, database: Path) -> None:
    """Where nothing is old `db purge --yes` says nothing; the settings say what is old."""
    silent = cli("db", "purge", "--yes")
    assert (silent.code, silent.out, silent.err) == (0, "", "")
    with contextlib.closing(connect(database, write=True)) as connection:
        connection.execute(
            "INSERT INTO reply (source, sender, kind, raw, received_at)"
            " VALUES ('sms', '+33639980001', 'sighting', 'words', '2024-01-01T00:00:00.000Z')"
        )
    for months in ("-1", "601"):
        refused = cli("db", "purge", environ={"UMSALERT_RETENTION_REPLIES_MONTHS": months})
        assert (refused.code, "retention.replies_months" in refused.err) == (4, True)
    kept = cli("db", "purge", "--yes", environ={"UMSALERT_RETENTION_REPLIES_MONTHS": "0"})
    assert (kept.code, kept.out) == (0, "")
    asked = cli("db", "purge")
    assert (asked.code, "Nothing was removed" in asked.err) == (2, True)
    dry = cli("db", "purge", "--dry-run", "--json").document
    assert (dry["dry_run"], dry["rows"], dry["checkpoint"]) == (True, {"answers": 1}, None)
    done = cli("db", "purge", "--yes")
    assert (done.code, "answers: 1" in done.out) == (0, True)
    assert cli("db", "purge", "--yes").out == ""


def test_init_for_several_accounts(cli: Cli, home: Path) -> None:
    """`init --shared` wants a folder of its own and a group that is there."""
    path = cli.folder / "shared" / "umsalert.db"
    group = grp.getgrgid(os.getegid()).gr_name
    at_home = cli("init", "--shared", group, "--json")
    assert (at_home.code, at_home.error["code"]) == (2, "shared_home")
    unknown = cli("--db", path, "init", "--shared", "no-such-group", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "group_unknown")
    assert not path.parent.exists()
    made = cli("--db", path, "init", "--shared", group)
    assert made.code == 0, made.err
    assert str(path) in made.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    add = ("--db", path, "site", "add", "--ref", "A", "--name", "Halle")
    place = ("--lat", "43.7", "--lon", "7.26")
    assert cli(*add, *place).code == 0
    refused = cli(*add, *place, "--json", environ={"SUDO_USER": "somebody-else"})
    assert (refused.code, refused.error["code"]) == (5, "role_missing")


@pytest.mark.parametrize("target", ["copies/", "copies", "no/such/copy.db"])
def test_a_folder_that_is_not_there_is_no_file(cli: Cli, database: Path, target: str) -> None:
    """The nightly copies of a folder that was never made would overwrite nothing, and stop."""
    assert database.exists()
    ended = cli("db", "backup", target, "--json")
    assert (ended.code, ended.error["code"]) == (2, "folder_missing")
    assert list(cli.folder.iterdir()) == []


def test_what_is_no_copy_is_not_restored(cli: Cli, database: Path) -> None:
    """The hint says what a copy is, not how to restore one."""
    assert database.exists()
    (cli.folder / "sites.csv").write_text("ref;nom\n")
    for file, code in (("sites.csv", 4), (".", 2)):
        ended = cli("db", "restore", file, "--yes", "--json")
        assert ended.code == code
        assert "umsalert db backup" in ended.error["hint"]
        assert "file is not a database" not in ended.error["message"]
