"""A copy of the database while others write, and the way back to one."""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from umsalert import files
from umsalert.errors import DatabaseError, RefusedByRule, UsageError
from umsalert.i18n import _, system_reason
from umsalert.model import AuditHead, Deed, Operator, Power
from umsalert.store import audit, operators, schema, turns, versions
from umsalert.store.examination import check_sound
from umsalert.store.spatialite import Connection, connect, explained, load_extension

_PREFIX = ".restore-"
_HEAD = b"SQLite format 3\0"
_NO_COPY = {"database_corrupt", "not_an_umsalert_database"}
_AUDITED = 14
"""The first version of the database that has an audit log."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was proven: sound, ours, and where its audit log stands (None: it has none)."""

    path: Path
    version: int
    size: int
    head: AuditHead | None


@dataclass(frozen=True, slots=True)
class Operation:
    """Who does it, and when."""

    by: Operator
    at: datetime


@dataclass(frozen=True, slots=True)
class Restored:
    """A way back: what was restored, `kept` is what it replaced, and where its log had come to."""

    copy: Copy
    kept: Path | None
    replaced_head: AuditHead | None


def back_up(database: Path, target: Path, by: Operator, at: datetime, *, force: bool) -> Copy:
    """Copy the database as it stands, whoever writes meanwhile; prove the copy, log it.

    Raises UsageError when `target` is there, InvalidData when it cannot be written, DatabaseError
    when the database is not sound.
    """
    versions.check_exists(database)
    _differ(database, target)
    with files.aside(target, force=force) as part:
        with explained(database), contextlib.closing(connect(database, write=False)) as source:
            versions.check_version(source, database)
            schema.copy_to(source, part)
        proven = _examined(part)
    made = Copy(target, proven.version, proven.size, proven.head)
    head = {} if made.head is None else {"n": made.head.n, "sha256": made.head.sha256}
    with explained(database), contextlib.closing(connect(database, write=True)) as connection:
        deed = Deed("db.backup", "db", "", {"bytes": made.size, **head})
        _log(connection, database, Operation(by, at), deed)
    return made


def examine(path: Path) -> Copy:
    """Return what a copy is. Raises DatabaseError when it is not ours, is newer or is damaged."""
    hint = _("Name what `umsalert db backup` has made.")
    if not path.exists():
        raise UsageError("file_missing", _("There is no file {file}.").format(file=path), hint=hint)
    if path.is_dir():
        raise UsageError(
            "file_is_folder", _("{file} is a folder, not a file.").format(file=path), hint=hint
        )
    try:
        return _examined(path)
    except DatabaseError as error:
        if error.code not in _NO_COPY:
            raise
        message = error.message
        if not _is_sqlite(path):
            message = _("{file} is no copy of a database.").format(file=path)
        raise DatabaseError(error.code, message, hint=hint) from error


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_HEAD)) == _HEAD


def _examined(path: Path) -> Copy:
    check_sound(path)
    with explained(path), contextlib.closing(connect(path, write=False)) as connection:
        version = versions.version_of(connection, path)
        if version > versions.latest():
            versions.check_version(connection, path)
        head = audit.head(connection) if version >= _AUDITED else None
    return Copy(path, version, path.stat().st_size, head)


def restore(database: Path, source: Path, by: Operator, at: datetime) -> Restored:
    """Put what a copy holds in the place of the database, in one transaction, and log it there.

    An older copy is brought up to date on the way. What is replaced is kept beside. Raises
    DatabaseError when the copy cannot be trusted, TemporaryError while another process has the
    database open.
    """
    _differ(database, source)
    proven = examine(source)
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=database.parent, prefix=_PREFIX) as folder:
            part = Path(folder) / "new.db"
            part.touch(files.PRIVATE)
            _sweep(Path(folder))
            _prepare(part, source, proven)
            new = _New(part, proven, Operation(by, at))
            if not database.exists():
                new.log(None)
                _put(part, database)
                return Restored(proven, None, None)
            kept = database.with_name(f"{database.name}.before-restore-{at:%Y%m%dT%H%M%SZ}")
            return Restored(proven, kept, _replace(database, new, kept))
    except OSError as error:
        raise DatabaseError(
            "database_not_writable",
            _("{path} cannot be written: {reason}").format(
                path=database, reason=system_reason(error)
            ),
            hint=_("Check the owner and the mode of the file and of its folder."),
        ) from error


def migrate(database: Path, by: Operator, at: datetime) -> Path | None:
    """Bring an older database up to date and log it; return the copy of before, as `upgrade`.

    Raises as `check_may_migrate` and `schema.upgrade`.
    """
    check_may_migrate(database, by, at)

    def log(connection: Connection, deed: Deed) -> None:
        audit.append(connection, by, at, [deed])

    return schema.upgrade(database, log)


def check_may_migrate(database: Path, by: Operator, at: datetime) -> None:
    """Raise RefusedByRule, and log it, when roles are given and none lets the account migrate."""
    versions.check_exists(database)
    with explained(database), contextlib.closing(connect(database, write=True)) as connection:
        if versions.version_of(connection, database) < _AUDITED:
            return
        try:
            operators.check(connection, Power.ADMINISTER, by)
        except RefusedByRule:
            refused = operators.refused(Power.ADMINISTER, by)
            _log(connection, database, Operation(by, at), refused)
            raise


def _differ(database: Path, file: Path) -> None:
    if database.exists() and file.exists() and file.samefile(database):
        raise UsageError(
            "file_is_database",
            _("{path} is the database itself.").format(path=file),
            hint=_("Name another file."),
        )


@dataclass(frozen=True, slots=True)
class _New:
    """What is to become the database, prepared beside it."""

    path: Path
    copy: Copy
    done: Operation

    def log(self, replaced: AuditHead | None) -> None:
        """Log the way back in it, with the heads of both logs, before it counts."""
        heads: dict[str, object] = {"from": self.copy.version, "to": versions.latest()}
        if self.copy.head is not None:
            heads |= {"n": self.copy.head.n, "sha256": self.copy.head.sha256}
        if replaced is not None:
            heads |= {"replaced_n": replaced.n, "replaced_sha256": replaced.sha256}
        with explained(self.path), contextlib.closing(connect(self.path, write=True)) as found:
            _log(found, self.path, self.done, Deed("db.restore", "db", "", heads))


def _sweep(folder: Path) -> None:
    """Remove what earlier ones that were killed have left: it holds people."""
    for other in folder.parent.glob(f"{_PREFIX}*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _prepare(part: Path, source: Path, copy: Copy) -> None:
    with explained(source), contextlib.closing(connect(source, write=False)) as found:
        schema.copy_to(found, part)
    if copy.version < versions.latest():
        with explained(part), contextlib.closing(connect(part, write=True)) as connection:
            load_extension(connection)
            schema.migrate(connection, copy.version)


def _replace(database: Path, new: _New, kept: Path) -> AuditHead | None:
    """Replace the content of the database; return where its audit log had come to."""
    try:
        with schema.alone(database) as connection:
            ours = versions.version_of(connection, database)
            head = audit.head(connection) if ours >= _AUDITED else None
            new.log(head)
            schema.back_up(connection, kept)
            put_in(new.path, connection)
            return head
    except DatabaseError as error:
        if error.code != "database_corrupt":
            raise
    new.log(None)
    _set_aside(database, kept)
    _put(new.path, database)
    return None


def put_in(
    source: Path,
    connection: Connection,
    *,
    pages: int = -1,
    progress: Callable[[int, int, int], None] | None = None,
) -> None:
    """Replace all that a connection's database holds by what `source` holds, in one transaction."""
    with contextlib.closing(connect(source, write=False)) as copy:
        copy.backup(connection, pages=pages, progress=progress)


def _set_aside(database: Path, kept: Path) -> None:
    """Give a file that SQLite cannot read a second name, and take its log away from it."""
    kept.unlink(missing_ok=True)  # what of it could be copied
    kept.hardlink_to(database)
    for end in ("-wal", "-shm", "-journal"):
        beside = Path(f"{database}{end}")
        if beside.exists():
            beside.rename(f"{kept}{end}")


def _put(part: Path, database: Path) -> None:
    with explained(part), contextlib.closing(connect(part, write=True)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    if database.exists():
        part.chmod(stat.S_IMODE(database.stat().st_mode))
    part.replace(database)


def _log(connection: Connection, path: Path, done: Operation, deed: Deed) -> None:
    turns.begin(connection, path)
    audit.append(connection, done.by, done.at, [deed])
    connection.execute("COMMIT")
