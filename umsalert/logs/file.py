"""The log file: several processes write it, none of them loses or tears a line."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path

_APPENDS_WHOLE = os.name == "posix"
"""One `write` to a local file opened with O_APPEND is neither torn nor mixed with another."""


class SharedFile(logging.Handler):
    """Appends a line at a time; once the file is full, hands over to what can rotate it.

    Most commands write two lines and never come to that, and importing what rotates takes as long
    as a third of such a command. A line that meets the rotation of another process stands in the
    rotated file.
    """

    def __init__(
        self, path: Path, max_bytes: int, backups: int, failed: Callable[[], None]
    ) -> None:
        """Open `path` for every record; `failed` is called when one cannot be written.

        Raises OSError when the folder cannot be made.
        """
        super().__init__()
        for folder in reversed(path.parents):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        self._path, self._max_bytes, self._backups = path, max_bytes, backups
        self._failed = failed
        self._rotating: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            if self._rotating is None and not (_APPENDS_WHOLE and self._appended(record)):
                self._rotating = self._rotation()
            if self._rotating is not None:
                self._rotating.emit(record)
        except Exception:  # noqa: BLE001 - whatever it is, the command goes on
            self._failed()

    def close(self) -> None:
        """Close the file."""
        if self._rotating is not None:
            self._rotating.close()
        super().close()

    def _appended(self, record: logging.LogRecord) -> bool:
        """Write the record unless the file is full; say whether it was written."""
        line = f"{self.format(record)}\n".encode()
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.fstat(file).st_size >= self._max_bytes:
                return False
            if os.write(file, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(file)
        return True

    def _rotation(self) -> logging.Handler:
        from umsalert.logs.rotation import RotatingFile

        rotating = RotatingFile(self._path, self._max_bytes, self._backups, self._failed)
        rotating.setFormatter(self.formatter)
        return rotating
