"""The error tree, split by what the caller can do about it.

    UmsalertError                 code, message, hint, exit code
    ├── UsageError            2   what was typed is wrong: type it again
    ├── NobodyMatched         3   nothing wrong, nobody to alert
    ├── InvalidData           4   a file's rows, a configuration value or the database is invalid
    │   ├── ConfigurationError    fix the setting
    │   └── DatabaseError         fix the database, its folder or its extension
    ├── RefusedByRule         5   a rule of the domain says no
    └── TemporaryError       75   the same command may work later: `umsalert alert resume`

Anything else that reaches the command line is a bug of ours (exit 70).
Codes are snake_case and never translated; messages and hints are.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class ExitCode(IntEnum):
    """Exit codes of every command; documented in the README."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    NOBODY_MATCHED = 3
    INVALID = 4
    REFUSED = 5
    BUG = 70
    TEMPORARY = 75
    INTERRUPTED = 130


class Problem(NamedTuple):
    """One thing wrong in something that was read: a row of a file, a setting, a variable.

    `row` is the 1-based line of the file as an editor shows it, None where there is no file.
    `column` is ours, `header` what the file calls it. `value` is shown to the person who gave the
    file; it is never logged. `hint` says what to do.
    """

    code: str
    message: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    hint: str = ""
    header: str | None = None


class UmsalertError(Exception):
    """Base of everything umsalert tells a person; never shown with a traceback."""

    exit_code = ExitCode.BUG

    def __init__(
        self, code: str, message: str, *, hint: str = "", problems: tuple[Problem, ...] = ()
    ) -> None:
        """Carry a stable `code`, a sentence, what to do next, and all problems at once."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.problems = problems


class UsageError(UmsalertError):
    """What was typed cannot be understood or is out of range."""

    exit_code = ExitCode.USAGE


class NobodyMatched(UmsalertError):
    """The selection is valid and empty."""

    exit_code = ExitCode.NOBODY_MATCHED


class InvalidData(UmsalertError):
    """A file that was read is invalid; nothing was changed."""

    exit_code = ExitCode.INVALID


class ConfigurationError(InvalidData):
    """A setting is missing or invalid, or a provider refuses our credentials."""


class DatabaseError(InvalidData):
    """The database cannot be trusted or written."""


class RefusedByRule(UmsalertError):
    """A rule of the domain refuses: not vetted, expired, cancelled, a key of another alert."""

    exit_code = ExitCode.REFUSED


class TemporaryError(UmsalertError):
    """Nothing is lost; the same command may succeed later."""

    exit_code = ExitCode.TEMPORARY
