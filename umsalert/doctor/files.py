"""The folder and the database: there, sound, writable, private, with room to grow."""

from __future__ import annotations

import errno
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from umsalert.doctor.subject import Subject, failed, ok, warning
from umsalert.errors import TemporaryError, UmsalertError
from umsalert.i18n import _, decimal, system_reason
from umsalert.model import CheckResult
from umsalert.platforms import Platform, has_modes, keep_private, make_folder, take_over
from umsalert.sharing import FILE_MODE, is_shared
from umsalert.store import examination

SCARCE_BYTES = 200_000_000
"""A message leaves some 500 bytes in the file: measured: room for 400,000 more."""
AMPLE_BYTES = 2_000_000_000
# What the group may do can be meant: several accounts of one station.
_OTHERS, _GROUP = 0o007, 0o070
_OTHERS_WRITE, _GROUP_WRITES = 0o002, 0o020


def home(subject: Subject) -> CheckResult:
    """The home is a folder that nobody else can write to."""
    folder = subject.settings.home
    if not folder.is_dir():
        return failed(
            "home",
            _("There is no folder {folder}.").format(folder=folder),
            _("Make it with `umsalert init`, or name another with UMSALERT_HOME."),
        )
    mode = folder.stat().st_mode & 0o777
    if not has_modes(subject.platform) or not mode & (_OTHERS_WRITE | _GROUP_WRITES):
        return ok("home", str(folder))
    message = _("Other accounts may change what lies in {folder} (mode {mode:04o}).").format(
        folder=folder, mode=mode
    )
    command = keep_private(folder, subject.platform, folder=True)
    if mode & _OTHERS_WRITE:
        return failed("home", message, _run(command))
    return warning("home", message, _unless_meant(command))


def database(subject: Subject) -> CheckResult:
    """The database is there, whole, and measures right."""
    path = subject.settings.database
    examination.check_sound(path)
    size = decimal(f"{path.stat().st_size / 1e6:.1f}")
    return ok("database", _("{path} is sound ({size} MB).").format(path=path, size=size))


def schema(subject: Subject) -> CheckResult:
    """The database is of the version that this program writes."""
    path = subject.settings.database
    if not path.exists():
        return warning(
            "schema", _("Not checked: there is no database."), _("Create one with: umsalert init")
        )
    version = examination.schema_version(path)
    return ok("schema", _("The database has version {n}, as needed.").format(n=version))


def write_access(subject: Subject) -> CheckResult:
    """The folder of the database and the database can be written."""
    path = subject.settings.database
    folder = _nearest(path)
    try:
        # A real file: modes say nothing of read-only mounts, quotas and access lists.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return failed(
            "write_access",
            _("The folder {folder} cannot be written: {reason}.").format(
                folder=folder, reason=system_reason(error)
            ),
            _way_in(path.parent, error, subject.platform),
        )
    if not path.exists():
        return ok("write_access", _("The folder {folder} can be written.").format(folder=folder))
    try:
        examination.check_writable(path)
    except TemporaryError as error:
        return warning("write_access", error.message, error.hint)
    except UmsalertError as error:
        return failed("write_access", error.message, _owner_or(take_over(path, subject.platform)))
    return ok("write_access", _("The folder and the database can be written."))


def _way_in(folder: Path, error: OSError, platform: Platform) -> str:
    if error.errno not in (errno.EACCES, errno.EPERM):  # a disk that is full or read-only
        return _("Choose another folder with UMSALERT_HOME or --db.")
    if not folder.exists():
        return _run(make_folder(folder, platform))
    return _owner_or(take_over(folder, platform))


def _owner_or(command: str) -> str:
    return _("Run umsalert as its owner, or make this account the owner: {command}").format(
        command=command
    )


def file_modes(subject: Subject) -> CheckResult:
    """Nobody else can read the database, its log or its copies."""
    if not has_modes(subject.platform):
        return ok("file_modes", _("Not checked: files have no modes on this system."))
    path = subject.settings.database
    modes = {file: file.stat().st_mode & 0o777 for file in _database_files(path)}
    if path.exists() and is_shared(path.parent):
        return _shared_modes(path.parent, modes, subject.platform)
    file = max(modes, key=lambda item: (modes[item] & _OTHERS, modes[item] & _GROUP), default=None)
    if file is None or not modes[file] & (_OTHERS | _GROUP):
        return ok("file_modes", _("Only this account can read the database and its copies."))
    command = keep_private(file, subject.platform)
    if modes[file] & _OTHERS:
        message = _("Every account may read {file} (mode {mode:04o}).")
        return failed("file_modes", message.format(file=file, mode=modes[file]), _run(command))
    message = _("The group of {file} may read it (mode {mode:04o}).")
    return warning(
        "file_modes", message.format(file=file, mode=modes[file]), _unless_meant(command)
    )


def _shared_modes(folder: Path, modes: Mapping[Path, int], platform: Platform) -> CheckResult:
    """Of a shared database nobody outside the group of its folder can read anything."""
    gid = folder.stat().st_gid
    for file, mode in modes.items():
        if mode & ~FILE_MODE:
            return failed(
                "file_modes",
                _("Every account may read {file} (mode {mode:04o}).").format(file=file, mode=mode),
                _run(keep_private(file, platform)),
            )
        if mode & _GROUP and file.stat().st_gid != gid:
            return failed(
                "file_modes",
                _("{file} is not of the group of its folder.").format(file=file),
                _run(f"sudo chgrp --reference={shlex.quote(str(folder))} {shlex.quote(str(file))}"),
            )
    try:
        name = folder.group()
    except KeyError:  # a group that was removed
        name = str(gid)
    return ok("file_modes", _("Only the group {group} can read the database.").format(group=name))


def disk_space(subject: Subject) -> CheckResult:
    """There is room for the database to grow and to be copied."""
    path = subject.settings.database
    folder = _nearest(path)
    size = path.stat().st_size if path.is_file() else 0
    return free_space(shutil.disk_usage(folder).free, size, folder)


def free_space(free: int, size: int, folder: Path) -> CheckResult:
    """Judge `free` bytes beside a database of `size` bytes."""
    message = _("{free} MB are free in {folder}.").format(free=free // 1_000_000, folder=folder)
    fix = _("Free some space: at {n} MB alerts can no longer be recorded.").format(
        n=SCARCE_BYTES // 1_000_000
    )
    if free < SCARCE_BYTES:
        return failed("disk_space", message, fix)
    if free < max(AMPLE_BYTES, 2 * size):  # a migration copies the file
        return warning("disk_space", message, fix)
    return ok("disk_space", message)


def _nearest(path: Path) -> Path:
    """Return the folder of a file, or the nearest one that exists above."""
    return next((item for item in path.absolute().parents if item.is_dir()), Path())


def _database_files(path: Path) -> Iterator[Path]:
    if path.parent.is_dir():
        for item in sorted(path.parent.iterdir()):
            if item.name.startswith(path.name) and item.is_file():
                yield item


def _run(command: str) -> str:
    return _("Run: {command}").format(command=command)


def _unless_meant(command: str) -> str:
    return _("If that is not meant, run: {command}").format(command=command)
