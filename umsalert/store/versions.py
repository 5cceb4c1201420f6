"""Which database a file is: ours or not, older or newer than this program."""

from __future__ import annotations

from pathlib import Path

from umsalert.errors import DatabaseError
from umsalert.i18n import _
from umsalert.store.spatialite import Connection

APPLICATION_ID = 0x554D5341  # "UMSA", so that `file` and we can tell the database from others
SQL = Path(__file__).parent / "sql"


def migrations() -> tuple[tuple[int, str], ...]:
    """Return (version, SQL) of every migration, oldest first."""
    return tuple((_number(file), file.read_text("utf-8")) for file in _files())


def latest() -> int:
    """Return the version of the databases that this program writes."""
    return _number(_files()[-1])


def check_exists(path: Path) -> None:
    """Raise DatabaseError when there is no such file, or a folder, or this account may not look."""
    try:
        there = path.exists()
    except PermissionError as error:
        raise DatabaseError(
            "folder_closed",
            _("This account may not enter the folder of {path}.").format(path=path),
            hint=_("Its owner, or who is in its group, may: ls -ld {folder}").format(
                folder=path.parent
            ),
        ) from error
    if not there:
        raise DatabaseError(
            "database_missing",
            _("There is no database at {path}.").format(path=path),
            hint=_("Create one with: umsalert init"),
        )
    if path.is_dir():  # SQLite would call the disk broken
        raise DatabaseError(
            "file_is_folder",
            _("{file} is a folder, not a file.").format(file=path),
            hint=_("Name the database in it, such as --db {file}").format(
                file=path / "umsalert.db"
            ),
        )


def check_version(connection: Connection, path: Path) -> None:
    """Refuse a file that is not ours or newer than this program; bring an older one up to date."""
    found, newest = version_of(connection, path), latest()
    if found > newest:
        raise DatabaseError(
            "database_newer",
            _("{path} is from a newer umsalert (schema {found}, known here: {latest}).").format(
                path=path, found=found, latest=newest
            ),
            hint=_("Update umsalert on this machine."),
        )
    if found < newest:
        raise DatabaseError(
            "database_older",
            _("{path} is from an older umsalert (schema {found}, needed: {latest}).").format(
                path=path, found=found, latest=newest
            ),
            hint=_("Run: umsalert db migrate (it makes a copy of the file first)"),
        )


def version_of(connection: Connection, path: Path) -> int:
    """Return the version of a database. Raises DatabaseError when it is not ours."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise DatabaseError(
            "not_an_umsalert_database",
            _("{path} is no umsalert database.").format(path=path),
            hint=_("Name the right file with --db, or create one with: umsalert init"),
        )
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _files() -> list[Path]:
    return sorted((SQL / "migrations").glob("*.sql"))


def _number(file: Path) -> int:
    return int(file.name[:4])
