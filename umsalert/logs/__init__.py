"""The log of this process: a file that rotates, written by a thread of its own.

`docs/logs.md` says what it holds. Commands and services use `logging` as usual, with the fields of
`logs.formats.FIELDS` as `extra`. No failure of the log reaches them: a record that cannot be
written costs one warning on stderr. The thread is not that of `logging.handlers`, which imports
what pickles records and sends them through sockets: a tenth of the time of a list.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, TextIO

from umsalert.i18n import _
from umsalert.logs.formats import OURS, formatter, wanted
from umsalert.settings import LogSettings, Settings

FOLDER, NAME = "log", "umsalert.log"

STOP_WITHIN_S = 5.0
"""How long the end of a command waits for the next of its last records: a lock that another process
holds for ever must not keep a terminal."""

RETRY_S = 60.0
"""How long a file that could not be written rests, so that a full disk costs no time."""


class LogConfig(NamedTuple):
    """Where and how to write. Without `required_file` there is no office yet, and no log."""

    path: Path
    settings: LogSettings
    required_file: Path | None = None


def config_of(settings: Settings) -> LogConfig:
    """Return where the log is: as set, else in UMSALERT_HOME once there is a database."""
    if settings.log.file is not None:
        return LogConfig(settings.log.file, settings.log)
    return LogConfig(settings.home / FOLDER / NAME, settings.log, settings.database)


class Log:
    """The open log of this process; every logger writes to it until it is stopped."""

    def __init__(self, config: LogConfig, *, debug: bool = False) -> None:
        """Start to take records, of every level with `debug`; the first one opens the file."""
        self._file = _FileWriter(config)
        self._records: SimpleQueue[logging.LogRecord | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="log", daemon=True)
        self._queue = _Queue(self._records)
        self._screen: logging.Handler | None = None
        level = "DEBUG" if debug else config.settings.level.upper()
        logging.getLogger(OURS).setLevel(level)
        self._add(self._queue, level)
        self._writer.start()

    def show(self, level: int, form: str) -> None:
        """Write records from `level` on to stderr too, as text or json."""
        self._screen = _Screen()
        self._screen.setFormatter(formatter(form))
        self._add(self._screen, level)

    def hide(self) -> None:
        """Write no more to stderr."""
        if self._screen is not None:
            logging.getLogger().removeHandler(self._screen)
            self._screen.close()

    def stop(self) -> Path | None:
        """Write what is left; return the file, or None where it could not be written."""
        self.hide()
        logging.getLogger(OURS).setLevel(logging.NOTSET)
        logging.getLogger().removeHandler(self._queue)
        self._queue.close()
        self._records.put(None)
        left = -1
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C: do not even wait
            while self._writer.is_alive() and self._records.qsize() != left:
                left = self._records.qsize()
                self._writer.join(STOP_WITHIN_S)
        if self._writer.is_alive():
            self._file.failed()
            return None
        return self._file.finish()

    def _write(self) -> None:
        """Write records until None comes: the thread's whole life."""
        for record in iter(self._records.get, None):
            self._file.write(record)

    def _add(self, handler: logging.Handler, level: int | str) -> None:
        handler.setLevel(level)
        handler.addFilter(wanted)
        logging.getLogger().addHandler(handler)


class _Queue(logging.Handler):
    """Hands the record on as it is: the thread formats it."""

    def __init__(self, records: SimpleQueue[logging.LogRecord | None]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.put(record)


class _Screen(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at the moment: a live table puts itself in its place."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # an attribute there
        return sys.stderr


class _FileWriter:
    """Opens the file when there is something to write: it costs an import."""

    def __init__(self, config: LogConfig) -> None:
        self._config = config
        self._formatter = formatter(config.settings.format)
        self._file: logging.Handler | None = None
        self._warned = False
        self._resting_until = 0.0

    def write(self, record: logging.LogRecord) -> None:
        needed = self._config.required_file
        absent = self._file is None and needed is not None and not needed.exists()
        if absent or time.monotonic() < self._resting_until:
            return
        try:
            if self._file is None:
                self._file = self._open()
            self._file.emit(record)
        except OSError:
            self.failed()

    def failed(self) -> None:
        """Say so, once, and let the file rest."""
        self._resting_until = time.monotonic() + RETRY_S
        if not self._warned:
            self._warned = True
            sentence = _("Warning: the log {file} cannot be written; the command goes on.")
            sys.stderr.write(sentence.format(file=self._config.path) + "\n")

    def finish(self) -> Path | None:
        """Close the file; return its path if all that was logged is in it."""
        if self._file is None:
            return None
        self._file.close()
        return None if self._warned else self._config.path

    def _open(self) -> logging.Handler:
        from umsalert.logs.file import SharedFile

        settings = self._config.settings
        file = SharedFile(self._config.path, settings.max_bytes, settings.backups, self.failed)
        file.setFormatter(self._formatter)
        return file
