"""Creating a database and bringing an older one up to date: numbered SQL files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from umsalert import files, sharing
from umsalert.errors import DatabaseError, InvalidData, TemporaryError, UsageError
from umsalert.i18n import _, system_reason
from umsalert.model import Deed
from umsalert.store.instants import optional_text
from umsalert.store.spatialite import Connection, connect, explained, load_extension, prove, sqlite
from umsalert.store.versions import (
    APPLICATION_ID,
    check_exists,
    check_version,
    latest,
    migrations,
    version_of,
)

_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Shared:
    """For whom a database is that several accounts use, and what `begin` writes into it first."""

    group: sharing.Group
    begin: Callable[[Connection], None]


def create(path: Path, shared: Shared | None = None) -> None:
    """Create an empty database, whole or not at all: of mode 0600, or one of several accounts.

    Whoever begins a shared one has every role in it. Raises UsageError when the file exists,
    DatabaseError when it cannot be made.
    """
    # A left-over write-ahead log would be replayed into the new file.
    for found in (path, *(Path(f"{path}{end}") for end in _BESIDE)):
        if found.exists():
            raise UsageError(
                "database_exists",
                _("{path} exists already.").format(path=found),
                hint=_("Use it, or name another file with --db."),
            )
    aside = path.with_name(f"{path.name}.new-{os.getpid()}")
    try:
        if shared:
            sharing.make_folder(path.parent, shared.group)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with explained(path):
            _build(aside)
            if shared:
                with contextlib.closing(connect(aside, write=True)) as connection:
                    connection.execute("BEGIN IMMEDIATE")
                    shared.begin(connection)
                    connection.execute("COMMIT")
        if shared:
            os.chown(aside, -1, shared.group.gid)
            aside.chmod(sharing.FILE_MODE)
        os.link(aside, path)  # refuses to replace a file that appeared meanwhile
    except OSError as error:
        raise DatabaseError(
            "database_not_writable",
            _("{path} cannot be created: {reason}").format(path=path, reason=system_reason(error)),
            hint=_("Choose another folder with UMSALERT_HOME or --db."),
        ) from error
    finally:
        for leftover in (aside, *(Path(f"{aside}{end}") for end in _BESIDE)):
            with contextlib.suppress(OSError):
                leftover.unlink()


Log = Callable[[Connection, Deed], None]
"""Appends to the audit log of a connection."""


def upgrade(path: Path, log: Log | None = None) -> Path | None:
    """Bring an older database up to date; return the backup beside it, None if nothing was older.

    `log` is given what was done, in the transaction that does it.

    Raises DatabaseError when the file is missing, not ours or newer, or cannot be copied,
    TemporaryError while another process has it open.
    """
    check_exists(path)
    with explained(path), contextlib.closing(connect(path, write=False)) as connection:
        if version_of(connection, path) >= latest():
            check_version(connection, path)
            return None
    with alone(path) as connection:
        found = version_of(connection, path)
        load_extension(connection)
        backup = back_up(connection, path.with_name(f"{path.name}.before-{latest():04d}"))
        try:
            migrate(connection, found, log)
        except BaseException:
            backup.unlink()  # it is what is there
            raise
        return backup


@contextlib.contextmanager
def alone(path: Path) -> Iterator[Connection]:
    """Open a database that nobody else has open, nor can open until the end.

    Raises TemporaryError when somebody has.
    """
    with contextlib.ExitStack() as stack:
        try:
            with explained(path):
                connection = stack.enter_context(
                    contextlib.closing(connect(path, write=True, alone=True))
                )
                connection.execute("BEGIN EXCLUSIVE")
                connection.execute("COMMIT")
        except TemporaryError as error:
            raise TemporaryError(
                "database_in_use",
                _("{path} is in use: an alert is being sent, `umsalert serve` runs, ...").format(
                    path=path
                ),
                hint=_("Nothing was changed. End it first, then run this again."),
            ) from error
        with explained(path):
            yield connection


def back_up(connection: Connection, backup: Path) -> Path:
    """Copy the database to a new file that only this account can read, whole or not at all."""
    try:
        with files.aside(backup) as part:
            copy_to(connection, part)
    except (UsageError, InvalidData) as error:
        raise DatabaseError(
            "backup_not_written",
            _("The copy {path} cannot be made: {reason}").format(path=backup, reason=error.message),
            hint=_("Nothing was changed. Move an earlier copy away, or check the folder's mode."),
        ) from error
    return backup


def copy_to(connection: Connection, path: Path) -> None:
    """Copy what the database holds at this moment, whoever writes meanwhile, to an empty file.

    The copy is one file, without a log beside it.
    """
    with contextlib.closing(sqlite().connect(str(path), isolation_level=None)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def _build(path: Path) -> None:
    from sqlite_utils import Database

    with contextlib.closing(connect(path, write=True)) as connection:
        load_extension(connection)
        # With recursive triggers, sqlite-utils' default, SpatiaLite builds nothing and says 0.
        database = Database(connection, recursive_triggers=False)
        database.execute("PRAGMA application_id = " + str(APPLICATION_ID))
        if database.execute("SELECT InitSpatialMetaDataFull(1)").fetchone()[0] != 1:
            raise DatabaseError(
                "spatial_metadata_missing",
                _("SpatiaLite could not write its metadata."),
                hint=_("Check the version of mod_spatialite: 5.0 or newer is needed."),
            )
        migrate(connection, 0)
        prove(connection)
        database.enable_wal()


def migrate(connection: Connection, version: int, log: Log | None = None) -> None:
    """Bring a database of an earlier version up to date, and log it, in one transaction."""
    connection.create_function("card_end", 2, _card_end, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, script in migrations():
            if number > version:
                _run(connection, number, script)
                connection.execute(f"PRAGMA user_version = {number}")
        if log is not None:
            log(connection, Deed("db.migrate", "db", "", {"from": version, "to": latest()}))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _card_end(card: str, time_zone: str) -> str | None:
    from umsalert.cards import card_end

    return optional_text(card_end(card, time_zone))


def _run(connection: Connection, number: int, script: str) -> None:
    for statement in _statements(script):
        row = connection.execute(statement).fetchone()
        if row is not None and row[0] != 1:
            raise DatabaseError(
                "migration_failed",
                _("Migration {number} failed at: {statement}").format(
                    number=number, statement=statement.strip()
                ),
                hint=_("Nothing was changed; please report it."),
            )


def _statements(script: str) -> list[str]:
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if line.rstrip().endswith(";") and sqlite().complete_statement(current):
            statements.append(current)
            current = ""
    return statements
