"""A copy is whole while others write; the way back is all or nothing, and never under somebody."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.workbench import NOON, OPERATOR, FixedClock, fill_register, record
from umsalert.errors import DatabaseError, TemporaryError, UsageError
from umsalert.model import Answer, NewSite, Photo, ReplyKind, ReplySource, Tie
from umsalert.store import copies, schema, versions
from umsalert.store.spatialite import connect
from umsalert.store.store import Store
from umsalert.wiring import SystemClock

BUSY = """
    import sys
    from pathlib import Path
    from umsalert.store.spatialite import connect
    connection = connect(Path(sys.argv[1]), write=sys.argv[2] == "write")
    connection.execute("SELECT count(*) FROM audit").fetchone()
    print("there", flush=True)
    sys.stdin.read()
"""
WRITER = """
    import itertools, sys, time
    from pathlib import Path
    from umsalert.store.spatialite import connect
    connection = connect(Path(sys.argv[1]), write=True)
    for n in itertools.count():
        connection.execute("BEGIN IMMEDIATE")
        for noun in ("a", "b"):  # a pair, or nothing of it
            connection.execute(
                "INSERT INTO lane_wait VALUES (?, ?, ?, '') ON CONFLICT DO NOTHING", (noun, noun, n)
            )
        connection.execute("COMMIT")
        time.sleep(0.005)  # a sender waits for its provider between two commits
        if n == 20:
            print("there", flush=True)
"""
KILLED = """
    import os, signal, sys
    from functools import partial
    from pathlib import Path
    from tests.workbench import NOON, OPERATOR
    from umsalert.store import copies

    def die(_status, remaining, total):
        if total - remaining > int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)

    copies.put_in = partial(copies.put_in, pages=16, progress=die)
    copies.restore(Path(sys.argv[1]), Path(sys.argv[2]), OPERATOR, NOON)
"""


def _start(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    root = Path(__file__).parent.parent.parent
    path = os.pathsep.join([str(root), os.environ["PYTHONPATH"]])
    environ = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, cwd=root
    )


@contextlib.contextmanager
def _running(code: str, *arguments: object) -> Iterator[None]:
    """Run a program until the end, from when it says that it is there."""
    with _start(code, *arguments) as child:
        assert child.stdout
        assert child.stdout.readline() == b"there\n"
        try:
            yield
        finally:
            child.kill()


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(connect(path, write=False)) as connection:
        return [tuple(row) for row in connection.execute(query)]


def _refs(path: Path) -> list[object]:
    return [ref for (ref,) in _rows(path, "SELECT ref FROM site ORDER BY ref")]


@pytest.fixture
async def filled(database: Path) -> Path:
    """Return a database with two sites, an alert and a photo, that nobody has open."""
    async with Store(database, FixedClock()) as store:
        await fill_register(store, 2)
        await record(store)
        reply_id = await store.answers.add(told(), 1, "S0-c1", OPERATOR)
        await store.answers.add_photo(reply_id, Photo("image/jpeg", 1, 1, b"picture" * 5000))
    return database


def told() -> Answer:
    """Return what somebody told an operator."""
    return Answer(ReplyKind.SIGHTING, ReplySource.OPERATOR, "", NOON, Tie())


def _names(folder: Path) -> set[str]:
    """Return the files of a folder but those that SQLite keeps beside an open one."""
    return {p.name for p in folder.iterdir() if not p.name.endswith(("-wal", "-shm"))}


def _backup(path: Path, target: Path, *, force: bool = False) -> copies.Copy:
    return copies.back_up(path, target, OPERATOR, NOON, force=force)


def _restore(path: Path, source: Path) -> copies.Restored:
    return copies.restore(path, source, OPERATOR, NOON)


def test_a_copy_is_whole_while_another_process_writes(filled: Path, tmp_path: Path) -> None:
    """A copy made beside a busy writer is one moment of it: sound, every transaction whole."""
    sizes = []
    with _running(WRITER, filled):
        for n in range(3):
            made = _backup(filled, tmp_path / f"copy-{n}.db")
            pairs = _rows(
                made.path, "SELECT provider, count(*) FROM lane_wait GROUP BY provider ORDER BY 1"
            )
            assert [name for name, _n in pairs] == ["a", "b"]
            assert pairs[0][1] == pairs[1][1]
            sizes.append(pairs[0][1])
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 1, "nobody wrote meanwhile"


def test_a_copy_is_private_single_and_known(filled: Path, tmp_path: Path) -> None:
    """The copy is 0600 and one file; its version and audit head are those of the database."""
    target = tmp_path / "copies" / "copy.db"
    target.parent.mkdir()
    head = _rows(filled, "SELECT max(n), sha256 FROM audit")[0]
    made = _backup(filled, target)
    assert list(target.parent.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert (made.version, made.size) == (versions.latest(), target.stat().st_size)
    assert made.head is not None
    assert (made.head.n, made.head.sha256) == head
    assert copies.examine(target) == made
    ((action, detail),) = _rows(filled, "SELECT action, detail FROM audit ORDER BY n DESC LIMIT 1")
    assert action == "db.backup"
    assert made.head.sha256 in str(detail)


def test_a_copy_never_replaces_a_file_unasked(filled: Path, tmp_path: Path) -> None:
    """What is there stays, unless forced; the database itself is never the target."""
    target = tmp_path / "copy.db"
    target.write_bytes(b"precious")
    with pytest.raises(UsageError) as refused:
        _backup(filled, target)
    assert refused.value.code == "file_exists"
    assert target.read_bytes() == b"precious"
    with pytest.raises(UsageError, match="the database itself"):
        _backup(filled, filled, force=True)
    _backup(filled, target, force=True)
    assert _refs(target) == ["S0", "S1"]


def test_a_damaged_database_makes_no_copy(filled: Path, tmp_path: Path) -> None:
    """What is not sound is not taken for a backup."""
    with contextlib.closing(connect(filled, write=True)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'contact'")
        page = root.fetchone()[0]
    damaged = Path(shutil.copy(filled, tmp_path / "damaged.db"))
    with damaged.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    with pytest.raises(DatabaseError):
        _backup(damaged, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    with pytest.raises(DatabaseError):
        _restore(filled, damaged)


async def test_the_way_back(filled: Path, tmp_path: Path) -> None:
    """After a restore everything is as in the copy, photos too; what was replaced is beside it."""
    made = _backup(filled, tmp_path / "copy.db")
    site = NewSite("LATER", "Later", 43.7, 7.27, "FR", "Europe/Paris")
    async with Store(filled, FixedClock()) as store:
        await store.register.add_sites([site], OPERATOR, approve=False)
    gone = _rows(filled, "SELECT max(n), sha256 FROM audit")[0]
    done = _restore(filled, made.path)
    assert _refs(filled) == ["S0", "S1"]
    assert _rows(filled, "SELECT length(content) FROM photo") == [(35000,)]
    assert done.kept == filled.with_name("umsalert.db.before-restore-20260317T120000Z")
    assert _refs(done.kept) == ["LATER", "S0", "S1"]
    assert stat.S_IMODE(done.kept.stat().st_mode) == 0o600
    assert done.replaced_head is not None
    assert (done.replaced_head.n, done.replaced_head.sha256) == gone
    last = _rows(filled, "SELECT action, detail FROM audit ORDER BY n DESC LIMIT 1")[0]
    assert last[0] == "db.restore"
    assert made.head is not None
    detail = json.loads(last[1])
    assert (detail["from"], detail["to"]) == (versions.latest(),) * 2
    assert (detail["n"], detail["sha256"]) == (made.head.n, made.head.sha256)
    assert (detail["replaced_n"], detail["replaced_sha256"]) == gone
    assert _rows(filled, "PRAGMA journal_mode") == [("wal",)]
    assert _names(filled.parent) == {filled.name, "copy.db", done.kept.name}


@pytest.mark.parametrize("mode", ["write", "read"])
def test_not_under_somebody(filled: Path, tmp_path: Path, mode: str) -> None:
    """While any process has the database open, a sender or a reader, nothing is replaced."""
    made = _backup(filled, tmp_path / "copy.db")
    with _running(BUSY, filled, mode), pytest.raises(TemporaryError) as refused:
        _restore(filled, made.path)
    assert refused.value.code == "database_in_use"
    assert not list(tmp_path.glob("*before-restore*"))
    _restore(filled, made.path)


@pytest.mark.parametrize("after", [0, 400, 900])
def test_killed_in_the_middle(filled: Path, tmp_path: Path, after: int) -> None:
    """A restore that is killed while it writes leaves the database as it was, fit for use."""
    empty = tmp_path / "empty.db"
    schema.create(empty)
    before = _rows(filled, "SELECT * FROM audit ORDER BY n")
    with _start(KILLED, filled, empty, after) as child:
        assert child.wait() == -signal.SIGKILL
    assert _refs(filled) == ["S0", "S1"]
    assert _rows(filled, "SELECT * FROM audit ORDER BY n") == before
    assert _rows(filled, "PRAGMA quick_check") == [("ok",)]
    assert list(tmp_path.glob(".restore-*"))
    copies.restore(filled, empty, OPERATOR, NOON + timedelta(seconds=1))
    assert not list(tmp_path.glob(".restore-*"))
    assert _refs(filled) == []


def test_onto_a_new_machine(filled: Path, tmp_path: Path) -> None:
    """Where there is no database yet, the copy becomes it."""
    made = _backup(filled, tmp_path / "copy.db")
    new = tmp_path / "elsewhere" / "umsalert.db"
    assert _restore(new, made.path).kept is None
    assert _refs(new) == ["S0", "S1"]
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert _rows(new, "PRAGMA journal_mode") == [("wal",)]
    assert _names(new.parent) == {"umsalert.db"}


@pytest.mark.parametrize("damage", [b"no database at all" * 900, b""])
def test_over_what_cannot_be_read(filled: Path, tmp_path: Path, damage: bytes) -> None:
    """A database that SQLite cannot read is replaced too, and kept byte for byte."""
    made = _backup(filled, tmp_path / "copy.db")
    broken = tmp_path / "broken.db"
    broken.write_bytes(damage)
    if not damage:  # an empty file is another program's, as far as we know
        with pytest.raises(DatabaseError, match="no umsalert database"):
            _restore(broken, made.path)
        return
    done = _restore(broken, made.path)
    assert done.kept is not None
    assert done.kept.read_bytes() == damage
    assert _refs(broken) == ["S0", "S1"]


def test_what_is_no_copy_is_refused(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not ours, or of a newer version, is refused; the database itself too."""
    other = tmp_path / "other.db"
    other.touch()
    with pytest.raises(DatabaseError) as refused:
        _restore(filled, other)
    assert refused.value.code == "not_an_umsalert_database"
    with pytest.raises(UsageError, match="the database itself"):
        _restore(filled, filled)
    made = _backup(filled, tmp_path / "copy.db")
    monkeypatch.setattr(versions, "latest", lambda: 3)
    with pytest.raises(DatabaseError) as refused:
        _restore(filled, made.path)
    assert refused.value.code == "database_newer"
    assert _refs(filled) == ["S0", "S1"]


async def test_an_older_copy_is_brought_up_to_date(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of an earlier version is migrated on the way; the copy itself stays as it is."""
    old = tmp_path / "old.db"
    first = versions.migrations()[:14]
    with monkeypatch.context() as past:
        past.setattr(schema, "migrations", lambda: first)
        schema.create(old)
    before = old.read_bytes()
    _restore(filled, old)
    async with Store(filled, SystemClock()) as store:
        assert await store.register.sites() == ()
    assert old.read_bytes() == before


@pytest.mark.parametrize("mode", ["write", "read"])
def test_no_migration_under_somebody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """A database that another process has open is not migrated, and no copy is left."""
    old = tmp_path / "old.db"
    first = versions.migrations()[:14]
    with monkeypatch.context() as past:
        past.setattr(schema, "migrations", lambda: first)
        schema.create(old)
    with _running(BUSY, old, mode), pytest.raises(TemporaryError) as refused:
        schema.upgrade(old)
    assert refused.value.code == "database_in_use"
    assert [p.name for p in tmp_path.glob("*before*")] == []
    backup = schema.upgrade(old)
    assert backup is not None
    assert _rows(old, "PRAGMA user_version") == [(versions.latest(),)]


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When one of several migrations fails, none of them is done, and the next try is free."""
    old = tmp_path / "old.db"
    first = versions.migrations()[:14]
    with monkeypatch.context() as past:
        past.setattr(schema, "migrations", lambda: first)
        schema.create(old)
    whole = versions.migrations()
    with monkeypatch.context() as bad:
        bad.setattr(schema, "migrations", lambda: (*whole, (99, "SELECT no_such();\n")))
        with pytest.raises(DatabaseError):
            schema.upgrade(old)
    assert _rows(old, "PRAGMA user_version") == [(14,)]
    assert _names(tmp_path) == {"old.db"}
    assert schema.upgrade(old) is not None
