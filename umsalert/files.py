"""New files that only this account can read: whole, or not there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from umsalert.errors import UsageError
from umsalert.i18n import _, system_reason

PRIVATE = 0o600


def check_free(path: Path) -> None:
    """Raise UsageError where `path` is there."""
    if os.path.lexists(path):
        raise _exists(path)


@contextlib.contextmanager
def aside(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give an empty file beside `path`, to be written; at the end it is put in its place.

    Raises UsageError where `path` is there, unless `force`d, or cannot be written; nothing is left
    of what was begun.
    """
    part = path.with_name(f".{path.name}.new-{os.getpid()}")
    if not force:
        check_free(path)
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
        raise UsageError(
            "file_not_written",
            _("{file} cannot be written: {reason}.").format(file=path, reason=system_reason(error)),
            hint=_("Choose another file or folder."),
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _flush(path: Path) -> None:
    """See to it that a file, or the names in a folder, outlive a power cut."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exists(path: Path) -> UsageError:
    return UsageError(
        "file_exists",
        _("{file} exists already and is left as it is.").format(file=path),
        hint=_("Choose another file, or replace it with --force."),
    )
