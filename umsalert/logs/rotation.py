"""The rotation of the log file, by size, under a lock that all processes take."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from concurrent_log_handler import ConcurrentRotatingFileHandler


class RotatingFile(ConcurrentRotatingFileHandler):
    """Writes a file that exists or can be made, and rotates it; all of them readable by us only."""

    def __init__(
        self, path: Path, max_bytes: int, backups: int, failed: Callable[[], None]
    ) -> None:
        """Open `path` at the first record; `failed` is called when one cannot be written."""
        super().__init__(
            str(path), maxBytes=max_bytes, backupCount=backups, encoding="utf-8", chmod=0o600
        )
        self._failed = failed

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - as in logging
        """Say so once instead of printing the record's traceback."""
        self._failed()
