"""SQLite as a library: which module, the SpatiaLite extension, and the proof that it measures."""

from __future__ import annotations

import contextlib
import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from umsalert.errors import (
    DatabaseError,
    RefusedByRule,
    TemporaryError,
    UmsalertError,
    UsageError,
)
from umsalert.geo.cells import cell_of
from umsalert.geo.native import spatialite_loads
from umsalert.i18n import _

Connection = Any  # pysqlite3 and its stand-ins carry no types

_MODULES = ("pysqlite3", "sqlean.dbapi2", "sqlite3")
_EXTENSIONS = (
    "mod_spatialite",
    "/usr/lib64/mod_spatialite.so.8",
    "/usr/lib64/mod_spatialite.so.7",
    "/opt/homebrew/lib/mod_spatialite",
    "/usr/local/lib/mod_spatialite",
)
_PRAGMAS = (
    "foreign_keys = ON",
    "synchronous = FULL",
    "temp_store = MEMORY",
    "secure_delete = ON",  # what is erased is zeros
)
BUSY_TIMEOUT_MS = 10_000
ALONE_WITHIN_S = 2.0
"""How long to wait for others to leave: a short command does, who sends or serves does not."""


def sqlite() -> ModuleType:
    """Return the SQLite module that can load extensions: pysqlite3, where it has wheels."""
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise AssertionError("sqlite3 is part of Python")


def connect(path: Path, *, write: bool, alone: bool = False) -> Connection:
    """Open an existing file. A reader can change nothing but its own temporary tables.

    `alone`: nobody else may have it open, nor open it until this connection is closed; where
    somebody has it fails as "locked". SQL may call `cell_of(lat, lon)` of `geo.cells`.
    """
    mode = "rw" if write else "ro"
    return _open(f"{path.absolute().as_uri()}?mode={mode}", alone=alone)


def in_memory(source: Connection) -> Connection:
    """Return a copy of all that a connection sees: what is written to it is in no file."""
    copy = _open(":memory:")
    source.backup(copy)
    return copy


def unshared(path: Path) -> Connection:
    """Return in memory what a file holds that nobody is writing, where nothing can be locked.

    That is so in a folder in which this account may not write. Raises OperationalError when
    somebody writes to the file, or may have.
    """
    log = Path(f"{path}-wal")
    before = path.stat()
    with contextlib.closing(_open(f"{path.absolute().as_uri()}?mode=ro&immutable=1")) as source:
        copy = in_memory(source)
    after = path.stat()
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if same and not (log.exists() and log.stat().st_size):
        return copy
    copy.close()
    raise sqlite().OperationalError("unable to open database file beside its log")


def _open(uri: str, *, alone: bool = False) -> Connection:
    connection = sqlite().connect(
        uri,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=ALONE_WITHIN_S if alone else BUSY_TIMEOUT_MS / 1000,
    )
    connection.row_factory = sqlite().Row
    connection.create_function("cell_of", 2, cell_of, deterministic=True)
    try:
        if alone:  # before anything else: a log that was joined in company is never held alone
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def load_extension(connection: Connection) -> None:
    """Load mod_spatialite. Raises DatabaseError with the fix for this platform."""
    reason = ""
    try:
        connection.enable_load_extension(True)
    except AttributeError:
        reason = _("this Python's SQLite cannot load extensions and pysqlite3 is not installed")
    else:
        for name in _EXTENSIONS:
            try:
                connection.load_extension(name)
            except sqlite().OperationalError as error:
                reason = reason or str(error)
            else:
                connection.enable_load_extension(False)
                # SpatiaLite sets five seconds of its own
                connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                spatialite_loads()
                return
    from umsalert.platforms import current, packages

    raise DatabaseError(
        "spatialite_missing",
        _("The SpatiaLite extension (mod_spatialite) cannot be loaded: {reason}").format(
            reason=reason
        ),
        hint=_("Install it: {command}").format(command=packages(current()).spatialite),
    )


def prove(connection: Connection) -> float:
    """Measure one known distance on the ellipsoid, in metres; it must be right to 1 mm.

    Without `spatial_ref_sys` the ellipsoidal distance is NULL, and a circle would match nobody.
    """
    from umsalert.geo.circles import KNOWN_DISTANCE

    known = KNOWN_DISTANCE
    row = connection.execute(
        "SELECT ST_Distance(MakePoint(?, ?, 4326), MakePoint(?, ?, 4326), 1)",
        (known.a_lon, known.a_lat, known.b_lon, known.b_lat),
    ).fetchone()
    if row[0] is None or abs(row[0] - known.distance_m) > 0.001:
        raise DatabaseError(
            "distance_wrong",
            _(
                "The database measures {found} m where {known} m is right: it cannot be trusted."
            ).format(found=row[0], known=known.distance_m),
            hint=_("Restore the file from a backup, or create a new one with: umsalert init"),
        )
    return float(row[0])


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into an error that says what to do."""
    module = sqlite()
    try:
        yield
    except UmsalertError:
        raise
    except UnicodeEncodeError as error:  # a byte of the command line that is no UTF-8
        raise UsageError(
            "text_invalid",
            _("A value holds something that is no character, {value}.").format(
                value=repr(error.object[error.start : error.end])
            ),
            hint=_("Type it again; a terminal must be set to UTF-8."),
        ) from error
    except module.IntegrityError as error:
        raise _rule_of(error) from error
    except module.DatabaseError as error:
        raise _explain(error, path) from error


def _rule_of(error: Exception) -> UmsalertError:
    sentences = {
        "not_vetted": _(
            "A site that is not approved or a contact who is not certified would be alerted."
        ),
        "transition_forbidden": _("A delivery cannot go back to an earlier state."),
        "recipient_fixed": _("The recipient of a delivery cannot be changed."),
        "append_only": _("The record of who did what can only grow."),
        "move_forbidden": _("A site or contact cannot go there from where it stands."),
        "approval_expired": _("What waited for a second person has expired."),
        "approval_fixed": _("What was asked for, and what was decided on it, stays as it is."),
        "contact_erased": _("The contact was erased: nothing of it can be written again."),
        "last_administrator": _("Somebody must be left who can give roles: an administrator."),
        "exercise_fixed": _("An exercise can never become a live alert."),
        "alert_cancelled": _("The alert was cancelled: nothing more of it may be sent."),
        "cancel_fixed": _("What is cancelled stays cancelled."),
        "close_fixed": _("What is closed stays closed."),
        "incident_closed": _("The incident is closed: nothing more follows."),
        "site_acknowledged": _("The site has answered: nothing more of the alert leaves for it."),
    }
    text = str(error)
    if text in sentences:
        return RefusedByRule(text, sentences[text], hint=_("Nothing was changed."))
    return DatabaseError(
        "constraint_failed",
        _("The database refuses the change: {reason}").format(reason=text),
        hint=_("Nothing was changed."),
    )


def _explain(error: Exception, path: Path) -> UmsalertError:
    text = str(error)
    if "readonly" in text or "unable to open" in text or "attempt to write" in text:
        return DatabaseError(
            "database_not_writable",
            _("{path} cannot be opened for writing: {reason}").format(path=path, reason=text),
            hint=_("Check the owner and the mode of the file and of its folder."),
        )
    if "locked" in text or "busy" in text:
        return TemporaryError(
            "database_busy",
            _("{path} is held by another process.").format(path=path),
            hint=_("Wait until that one has ended, or end it."),
        )
    if "full" in text or "disk I/O" in text:
        return _explain_disk(text, path)
    return DatabaseError(
        "database_corrupt",
        _("{path} is not a sound umsalert database: {reason}").format(path=path, reason=text),
        hint=_("Restore it from a backup, or name another file with --db."),
    )


def _explain_disk(reason: str, path: Path) -> UmsalertError:
    """Tell a full disk from one that fails; a quota that is used up looks like the second."""
    free_mb = 0
    with contextlib.suppress(OSError):
        free_mb = shutil.disk_usage(path.parent).free // 1_000_000
    if "full" in reason:
        return TemporaryError(
            "disk_full",
            _("The disk that holds {path} is full: {free} MB are free.").format(
                path=path, free=free_mb
            ),
            hint=_("Free some space on it."),
        )
    return TemporaryError(
        "disk_failed",
        _("The disk that holds {path} cannot be used ({reason}); {free} MB are free.").format(
            path=path, reason=reason, free=free_mb
        ),
        hint=_("Look at its free space, at your quota there and at the disk itself."),
    )
