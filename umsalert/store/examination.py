"""What `doctor` asks of SQLite, of SpatiaLite and of a database file. Nothing is changed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from umsalert.errors import DatabaseError
from umsalert.i18n import _
from umsalert.model import Role
from umsalert.store import turns
from umsalert.store.database import queries
from umsalert.store.instants import from_text
from umsalert.store.operators import all_roles
from umsalert.store.spatialite import connect, explained, load_extension, prove, sqlite
from umsalert.store.versions import APPLICATION_ID, check_exists, check_version

_IN_MEMORY = Path(":memory:")


@dataclass(frozen=True, slots=True)
class Engine:
    """The SQLite that umsalert works with: the Python module, and what it is able to do."""

    module: str
    version: str
    loads_extensions: bool


def engine() -> Engine:
    """Return which SQLite is used."""
    module = sqlite()
    with contextlib.closing(module.connect(":memory:")) as connection:
        try:
            connection.enable_load_extension(True)
        except (AttributeError, module.Error):
            able = False
        else:
            able = True
    return Engine(module.__name__, module.sqlite_version, able)


def spatialite_version() -> str:
    """Return the version of mod_spatialite. Raises DatabaseError when it cannot be loaded."""
    with contextlib.closing(sqlite().connect(":memory:")) as connection:
        load_extension(connection)
        return str(connection.execute("SELECT spatialite_version()").fetchone()[0])


def known_distance_m() -> float:
    """Measure the known distance in an empty database in memory. Raises DatabaseError."""
    with explained(_IN_MEMORY), contextlib.closing(sqlite().connect(":memory:")) as connection:
        load_extension(connection)
        connection.execute("SELECT InitSpatialMetaData(1, 'WGS84_ONLY')").fetchone()
        return prove(connection)


def check_sound(path: Path) -> None:
    """Read the whole file; where SpatiaLite loads, let it measure. Raises DatabaseError."""
    check_exists(path)
    with explained(path), contextlib.closing(connect(path, write=False)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise DatabaseError(
                "database_corrupt",
                _("{path} is damaged: {reason}").format(path=path, reason=found),
                hint=_("Restore it from a backup, or name another file with --db."),
            )
        try:
            load_extension(connection)
        except DatabaseError:
            return  # a finding of its own
        if connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
            prove(connection)


def schema_version(path: Path) -> int:
    """Return the version of a database that this program can use. Raises DatabaseError."""
    check_exists(path)
    with explained(path), contextlib.closing(connect(path, write=False)) as connection:
        check_version(connection, path)
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def roles(path: Path) -> dict[str, frozenset[Role]]:
    """Return the roles of every account that has one. Raises DatabaseError."""
    check_exists(path)
    with explained(path), contextlib.closing(connect(path, write=False)) as connection:
        check_version(connection, path)
        return all_roles(connection)


@dataclass(frozen=True, slots=True)
class Planned:
    """A bulletin that will be due."""

    ref: str
    due_at: datetime
    time_zone: str


def planned_bulletins(path: Path) -> list[Planned]:
    """Return the bulletins that will be due, soonest first. Raises DatabaseError."""
    check_exists(path)
    with explained(path), contextlib.closing(connect(path, write=False)) as connection:
        check_version(connection, path)
        rows = connection.execute(queries("bulletins")["coming"])
        return [Planned(row["ref"], from_text(row["next_due"]), row["time_zone"]) for row in rows]


def check_writable(path: Path) -> None:
    """Begin to write, and take it back. Raises DatabaseError, or TemporaryError when it is busy."""
    check_exists(path)
    with explained(path), contextlib.closing(connect(path, write=True)) as connection:
        turns.begin(connection, path)
        connection.execute("ROLLBACK")
