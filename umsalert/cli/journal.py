"""The log of one command: that it ran, by whom, and how it ended. Never what it was given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from umsalert.errors import UmsalertError

if TYPE_CHECKING:
    from umsalert.logs import Log
    from umsalert.settings import Settings


class Journal:
    """Begun by the first command that asks for its session: `--help` opens no log."""

    def __init__(self) -> None:
        """Write nothing yet."""
        self._log: Log | None = None
        self._command = ""

    def begin(self, command: str, settings: Settings, *, debug: bool = False) -> None:
        """Say once that `command` (its name, such as `umsalert alert send`) has started."""
        if self._log is not None:
            return
        import logging

        import umsalert
        from umsalert.logs import Log, config_of
        from umsalert.settings import account

        self._command = command
        self._log = Log(config_of(settings), debug=debug)
        if debug:
            self._log.show(logging.DEBUG, settings.log.format)
        fields = {"command": command, "operator": account(), "version": umsalert.__version__}
        logging.getLogger(__name__).info("command started", extra=fields)

    def show_warnings(self, log_format: str) -> None:
        """Write warnings to stderr too."""
        if self._log is not None:
            import logging

            self._log.show(logging.WARNING, log_format)

    def end(self, code: int, error: Exception | None = None) -> Path | None:
        """Say how the command ended and close the log; return its file if it holds all.

        A bug leaves its traceback there, also one that came before the settings were read.
        """
        bug = error is not None and not isinstance(error, UmsalertError)
        if self._log is None and bug:
            from umsalert.settings import default_settings

            self.begin("", default_settings())
        if self._log is None:
            return None
        import logging

        log = logging.getLogger(__name__)
        fields = {"command": self._command, "exit_code": int(code)}
        self._log.hide()  # a person is told in words, and with --debug sees more than the log holds
        if error is not None:
            fields["code"] = error.code if isinstance(error, UmsalertError) else "bug"
            level = logging.CRITICAL if bug else logging.DEBUG
            log.log(level, "what ended the command", exc_info=error, extra=fields)
        log.info("command ended", extra=fields)
        file, self._log = self._log.stop(), None
        return file
