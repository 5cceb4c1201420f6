"""A copy of the database while others write, and the way back to one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from umsalert import files
from umsalert.errors import DatabaseError
from umsalert.model import AuditHead, Deed, Operator
from umsalert.store import audit, schema
from umsalert.store.examination import check_sound
from umsalert.store.spatialite import Connection, connect, explained, load_extension

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
class Restored:
    """A way back: what was restored, `kept` is what it replaced, and where its log had come to."""

    copy: Copy
    kept: Path | None
    replaced_head: AuditHead | None


def back_up(database: Path, target: Path, by: Operator, at: datetime, *, force: bool) -> Copy:
    """Copy the database as it stands, whoever writes meanwhile; prove the copy, log it.

    Raises UsageError when `target` is there or cannot be written, DatabaseError when the database
    is not sound.
    """
    schema.check_exists(database)
    with files.aside(target, force=force) as part:
        with explained(database), contextlib.closing(connect(database, write=False)) as source:
            schema.check_version(source, database)
            schema.copy_to(source, part)
        proven = examine(part)
    made = Copy(target, proven.version, proven.size, proven.head)
    head = {} if made.head is None else {"n": made.head.n, "sha256": made.head.sha256}
    with explained(database), contextlib.closing(connect(database, write=True)) as connection:
        _log(connection, by, at, Deed("db.backup", "db", "", {"bytes": made.size, **head}))
    return made


def examine(path: Path) -> Copy:
    """Return what a copy is. Raises DatabaseError when it is not ours, is newer or is damaged."""
    check_sound(path)
    with explained(path), contextlib.closing(connect(path, write=False)) as connection:
        version = schema.version_of(connection, path)
        if version > schema.latest():
            schema.check_version(connection, path)
        head = audit.head(connection) if version >= _AUDITED else None
    return Copy(path, version, path.stat().st_size, head)


def restore(database: Path, source: Path, by: Operator, at: datetime) -> Restored:
    """Put what a copy holds in the place of the database, in one transaction, and log it there.

    An older copy is brought up to date on the way. Raises DatabaseError when the copy cannot be
    trusted, TemporaryError while another process has the database open.
    """
    proven = examine(source)
    kept = database.with_name(f"{database.name}.before-restore-{at:%Y%m%dT%H%M%SZ}")
    part = database.with_name(f".{database.name}.restore")
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _clear(part)
        with files.aside(part) as new:
            with explained(source), contextlib.closing(connect(source, write=False)) as found:
                schema.copy_to(found, new)
            _bring_up_to_date(new, proven, by, at)
        if not database.exists():
            with files.aside(database) as empty:
                part.replace(empty)
            _set_wal(database)
            return Restored(proven, None, None)
        return Restored(proven, kept, _replace(database, part, kept))
    finally:
        _clear(part)


def _bring_up_to_date(new: Path, copy: Copy, by: Operator, at: datetime) -> None:
    with explained(new), contextlib.closing(connect(new, write=True)) as connection:
        if copy.version < schema.latest():
            load_extension(connection)
            schema.migrate(connection, copy.version)
        head = {} if copy.head is None else {"n": copy.head.n, "sha256": copy.head.sha256}
        _log(connection, by, at, Deed("db.restore", "db", "", head))


def _replace(database: Path, part: Path, kept: Path) -> AuditHead | None:
    """Replace the content of the database; return where its audit log had come to."""
    try:
        with schema.alone(database) as connection:
            ours = schema.version_of(connection, database)
            head = audit.head(connection) if ours >= _AUDITED else None
            schema.back_up(connection, kept)
            put_in(part, connection)
            return head
    except DatabaseError as error:
        if error.code not in ("database_corrupt", "constraint_failed"):
            raise
    _set_aside(database, kept)
    part.replace(database)
    _set_wal(database)
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
    """Move a file that SQLite cannot read out of the way, with its log."""
    kept.unlink(missing_ok=True)  # what of it could be copied
    for end in ("-wal", "-shm", "-journal"):
        beside = Path(f"{database}{end}")
        if beside.exists():
            beside.rename(f"{kept}{end}")
    kept.hardlink_to(database)


def _set_wal(path: Path) -> None:
    with explained(path), contextlib.closing(connect(path, write=True)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def _log(connection: Connection, by: Operator, at: datetime, deed: Deed) -> None:
    connection.execute("BEGIN IMMEDIATE")
    audit.append(connection, by, at, [deed])
    connection.execute("COMMIT")


def _clear(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{end}").unlink(missing_ok=True)
