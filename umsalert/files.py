"""New files that only this account can read: whole, or not there."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from umsalert.errors import InvalidData, UsageError
from umsalert.i18n import _, system_reason

PRIVATE = 0o600


def check_free(path: Path) -> None:
    """Raise UsageError where `path` is there."""
    if path.is_dir():
        raise is_folder(path)
    if os.path.lexists(path):
        raise _exists(path)


def check_folder(path: Path) -> None:
    """Raise UsageError where the folder of a new file is not there, or is none."""
    if path.parent.is_dir():
        return
    if path.parent.exists():
        raise UsageError(
            "not_a_folder",
            _("{file} is no folder.").format(file=path.parent),
            hint=_("Name a file in a folder."),
        )
    raise folder_missing(path.parent)


def folder_missing(folder: Path | str) -> UsageError:
    """Return the error that a folder is not there."""
    return UsageError(
        "folder_missing",
        _("There is no folder {folder}.").format(folder=folder),
        hint=_("Make it first, or name another."),
    )


def not_written(path: Path, error: OSError) -> InvalidData:
    """Return the error that the system refuses a new file: nothing is wrong with what was typed."""
    return InvalidData(
        "file_not_written",
        _("{file} cannot be written: {reason}.").format(file=path, reason=system_reason(error)),
        hint=_("Choose another file or folder."),
    )


def named(text: str) -> Path:
    """Return the path of a new file as it was typed. Raises UsageError where a folder is meant."""
    if text.endswith(("/", os.sep)):
        if not Path(text).is_dir():
            raise folder_missing(text)
        raise is_folder(text)
    return Path(text)


@contextlib.contextmanager
def aside(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give an empty file beside `path`, to be written; at the end it is put in its place.

    Raises UsageError where `path` is there, unless it is a file and `force`d, InvalidData where it
    cannot be written; nothing is left of what was begun.
    """
    check_folder(path)
    if force:
        _check_replaceable(path)
    else:
        check_free(path)
    part = path.with_name(f".{path.name}.new-{os.getpid()}")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
        yield part
        _flush(part)
        if force:
            part.replace(path)
        else:
            os.link(part, path)  # refuses to replace a file that appeared meanwhile
        _flush(path.parent)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _check_replaceable(path: Path) -> None:
    """Raise UsageError where `path` is no file: who writes as root would replace /dev/null."""
    if path.is_dir():
        raise is_folder(path)
    with contextlib.suppress(OSError):  # nothing is there, or the writing says what is wrong
        mode = path.lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise UsageError(
                "file_is_special",
                _("{file} is a device or a pipe, not a file.").format(file=path),
                hint=_("Name a file; - is standard output, where a report can go there."),
            )


def _flush(path: Path) -> None:
    """See to it that a file, or the names in a folder, outlive a power cut."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_folder(path: Path | str) -> UsageError:
    """Return the error that a folder is there where a file is meant."""
    return UsageError(
        "file_is_folder",
        _("{file} is a folder, not a file.").format(file=path),
        hint=_("Name a file in it."),
    )


def _exists(path: Path) -> UsageError:
    return UsageError(
        "file_exists",
        _("{file} exists already and is left as it is.").format(file=path),
        hint=_("Choose another file, or replace it with --force."),
    )
