"""A database of several accounts: its modes and its group, whoever wrote last; nobody else."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.workbench import NOON, OPERATOR
from umsalert import settings, sharing
from umsalert.doctor import Subject, files
from umsalert.errors import DatabaseError, UsageError
from umsalert.model import CheckStatus, Role
from umsalert.platforms import Platform
from umsalert.store import operators, schema
from umsalert.store.spatialite import connect

ROOT = Path(__file__).parent.parent.parent
NOBODY = pwd.getpwnam("nobody")
# All is imported, and has run once, before the account is changed: it may not see our Python.
WORK = """
    import asyncio, json, os, sys
    from pathlib import Path
    from tests.workbench import OPERATOR
    from umsalert import errors
    from umsalert.model import NewSite
    from umsalert.store.store import Store
    from umsalert.wiring import SystemClock

    async def work(path, ref):
        site = NewSite(ref, ref, 43.7, 7.26, "FR", "Europe/Paris")
        async with Store(path, SystemClock()) as store:
            await store.register.add_sites([site], OPERATOR, approve=True)
            found = {p.name: [oct(p.stat().st_mode & 0o7777), p.stat().st_gid]
                     for p in path.parent.iterdir()}
        return found

    warm, path, gids, ref = sys.argv[1:]
    try:
        asyncio.run(work(Path(warm), "WARM"))
        os.umask(0o077)
        os.setgroups(json.loads(gids)); os.setgid(GID); os.setuid(UID)
        print(json.dumps(asyncio.run(work(Path(path), ref))))
    except errors.UmsalertError as error:
        print(json.dumps(error.code))
"""

needs_accounts = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can be two accounts"
)

BEGIN = partial(operators.begin, by=OPERATOR, at=NOON)


def _group() -> sharing.Group:
    """Return a group that is nobody's own."""
    mine = {0, os.getegid(), NOBODY.pw_gid} if os.geteuid() == 0 else set()
    usable = [found for found in grp.getgrall() if found.gr_gid not in mine]
    if os.geteuid():
        usable = [found for found in usable if found.gr_gid in {os.getegid(), *os.getgroups()}]
    return sharing.Group(usable[0].gr_name, usable[0].gr_gid)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that other accounts may enter, as those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def shared(open_folder: Path) -> Path:
    """Return a database of several accounts."""
    path = open_folder / "shared" / "umsalert.db"
    schema.create(path, schema.Shared(_group(), BEGIN))
    return path


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _as_another(warm: Path, path: Path, ref: str, gids: list[int]) -> Any:
    """Add a site as another account; return the modes and groups it saw meanwhile, or a code."""
    code = WORK.replace("UID", str(NOBODY.pw_uid)).replace("GID", str(NOBODY.pw_gid))
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), warm, path, json.dumps(gids), ref],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}"},
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return json.loads(ended.stdout)


def test_modes_and_group(shared: Path) -> None:
    """The folder is 2770 and of the group, the file 0660, whatever the umask."""
    assert _mode(shared.parent) == 0o2770
    assert _mode(shared) == 0o660
    assert {shared.stat().st_gid, shared.parent.stat().st_gid} == {_group().gid}
    assert [p.name for p in shared.parent.iterdir()] == ["umsalert.db"]


def test_who_begins_may_do_everything(shared: Path) -> None:
    """The account that makes it has every role, so that nobody else has them by default."""
    with contextlib.closing(connect(shared, write=False)) as connection:
        roles = {
            tuple(row) for row in connection.execute("SELECT account, role FROM operator_role")
        }
        action = connection.execute("SELECT action FROM audit").fetchall()
    assert roles == {(OPERATOR.account, role.value) for role in Role}
    assert [row["action"] for row in action] == ["operator.add"]


@needs_accounts
def test_two_accounts_take_turns(shared: Path, database: Path) -> None:
    """A second account of the group writes beside the first; log and index are the group's too."""
    gid = _group().gid
    expected = [oct(0o660), gid]
    first = _as_another(database, shared, "A", [gid])
    assert set(first) == {"umsalert.db", "umsalert.db-wal", "umsalert.db-shm"}
    assert all(seen == expected for seen in first.values())
    with contextlib.closing(connect(shared, write=True)) as ours:  # root, whose log it is now
        ours.execute("UPDATE site SET name = 'Root was here'")
        for beside in ("-wal", "-shm"):
            file = Path(f"{shared}{beside}")
            assert (_mode(file), file.stat().st_gid) == (0o660, gid)
        second = _as_another(database.with_name("warm.db"), shared, "B", [gid])
        assert all(seen == expected for seen in second.values())
        names = ours.execute("SELECT ref, name FROM site ORDER BY ref").fetchall()
    assert [tuple(row) for row in names] == [("A", "Root was here"), ("B", "B")]


@pytest.fixture(autouse=True)
def _warm(database: Path) -> None:
    database.with_name("warm.db").write_bytes(database.read_bytes())


@needs_accounts
def test_nobody_else(shared: Path, database: Path) -> None:
    """An account outside the group is told that the folder is closed to it."""
    assert _as_another(database, shared, "A", []) == "folder_closed"


def test_an_unknown_group_is_named() -> None:
    """A group that this machine does not have is refused before anything is made."""
    with pytest.raises(UsageError, match="no-such-group") as refused:
        sharing.group("no-such-group")
    assert refused.value.code == "group_unknown"


def test_a_foreign_group_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not in the group is told how to get in."""
    found = _group()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    monkeypatch.setattr(os, "getegid", lambda: 12345)
    monkeypatch.setattr(os, "getgroups", list)
    with pytest.raises(UsageError) as refused:
        sharing.group(found.name)
    assert refused.value.code == "group_foreign"
    assert "usermod" in refused.value.hint


def test_a_folder_of_other_things_is_left_alone(open_folder: Path) -> None:
    """A folder that holds something keeps its mode and group; no database is made in it."""
    (open_folder / "other").touch()
    before = open_folder.stat()
    with pytest.raises(UsageError) as refused:
        schema.create(open_folder / "umsalert.db", schema.Shared(_group(), BEGIN))
    assert refused.value.code == "folder_not_own"
    after = open_folder.stat()
    assert (after.st_mode, after.st_gid) == (before.st_mode, before.st_gid)
    assert [p.name for p in open_folder.iterdir()] == ["other"]


MOUNTS = """\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 0:5 / /srv rw - nfs4 server:/srv rw
31 30 8:2 / /srv/local rw - xfs /dev/sdb1 rw
32 22 0:6 / /home/a\\040b rw - fuse.sshfs a@b: rw
33 22 0:7 / /home/c\x85\\134\\043 rw - nfs4 c: rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/umsalert", "ext4"),
        ("/srv/umsalert", "nfs4"),
        ("/srv/local/umsalert", "xfs"),
        ("/home/a b/umsalert", "sshfs"),
        ("/home/c\x85\\#/umsalert", "nfs4"),
    ],
)
def test_where_a_folder_lies(folder: str, kind: str) -> None:
    """The kind of file system is that of the innermost mount; of FUSE what it stands for."""
    assert sharing.file_system(Path(folder), MOUNTS) == kind


def test_not_on_a_network(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a network file system no shared database is made: its log would not be shared."""
    mounts = open_folder / "mountinfo"
    mounts.write_text("22 1 0:5 / / rw - nfs4 server:/ rw\n", "utf-8")
    monkeypatch.setattr(sharing, "_MOUNTS", mounts)
    path = open_folder / "shared" / "umsalert.db"
    with pytest.raises(DatabaseError) as refused:
        schema.create(path, schema.Shared(_group(), BEGIN))
    assert refused.value.code == "network_file_system"
    assert not path.exists()


def test_the_doctor_knows(shared: Path, open_folder: Path) -> None:
    """Of a shared database the doctor takes 0660 of the group, and nothing wider or of another."""
    environ = {"UMSALERT_HOME": str(open_folder), "UMSALERT_DATABASE": str(shared)}
    subject = Subject(settings.inspect(environ=environ), Platform.DEBIAN)
    assert files.file_modes(subject).status is CheckStatus.OK
    shared.chmod(0o664)
    assert files.file_modes(subject).status is CheckStatus.FAILED
    shared.chmod(0o660)
    if os.geteuid() == 0:
        os.chown(shared, -1, NOBODY.pw_gid)
        assert files.file_modes(subject).status is CheckStatus.FAILED
        os.chown(shared, -1, _group().gid)
    shared.parent.chmod(0o755)  # no longer a folder of several
    assert files.file_modes(subject).status is CheckStatus.WARNING
