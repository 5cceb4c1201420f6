"""The way in: language first, then the command; every error ends as one sentence and a code."""

from __future__ import annotations

import atexit
import gc
import gettext
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from umsalert import i18n
from umsalert.cli.line import COMPLETE_VARIABLE, globals_first
from umsalert.errors import ExitCode, UmsalertError


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit with a documented code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _keep_standard_streams()
    # What a command imports is no garbage, and a process that ends needs none looked for: a sixth
    # of the time of a short command. `run_async` looks again: it may run for long.
    gc.disable()
    atexit.register(gc.freeze)
    _speak()
    if instruction := os.environ.get(COMPLETE_VARIABLE):
        from umsalert.cli.completion import answer

        sys.exit(answer(instruction))
    sys.exit(_run(globals_first(words), as_json="--json" in words, debug="--debug" in words))


def _keep_standard_streams() -> None:
    """Put the null device where a standard stream is closed.

    The next file or socket would get its number, and whoever writes to stderr would write there;
    libuv ends the process when it meets one.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free


def _run(words: list[str], *, as_json: bool, debug: bool) -> int:
    import typer
    from typer.exceptions import TyperException

    from umsalert.cli.app import app
    from umsalert.cli.journal import Journal

    journal = Journal()
    try:
        code = app.main(words, prog_name="umsalert", standalone_mode=False, obj=journal)
    except UmsalertError as error:
        journal.end(error.exit_code, error)
        _trace(error, wanted=debug)
        _fail(error, as_json=as_json)
        return int(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        journal.end(ExitCode.INTERRUPTED)
        return int(ExitCode.INTERRUPTED)
    except TyperException as error:
        journal.end(ExitCode.USAGE)
        if type(error).__name__ == "NoArgsIsHelpError":  # a class that Typer keeps private
            typer.echo(error.format_message(), err=True)
        else:
            from umsalert.cli.typer_words import said_again

            _fail(_usage(said_again(error.format_message())), as_json=as_json)
        return int(ExitCode.USAGE)
    except Exception as error:  # noqa: BLE001 - a bug, too, ends as a sentence and a code
        file = journal.end(ExitCode.BUG, error)
        _trace(error, wanted=debug)
        _fail(_bug(error, file), as_json=as_json)
        return int(ExitCode.BUG)
    code = code if isinstance(code, int) else int(ExitCode.OK)
    journal.end(code)
    return code


def _trace(error: Exception, *, wanted: bool) -> None:
    if wanted:
        import traceback

        traceback.print_exception(error)


def _fail(error: UmsalertError, *, as_json: bool) -> None:
    from umsalert.cli.output import fail

    fail(error, as_json=as_json)


def _usage(message: str) -> UmsalertError:
    return UmsalertError("usage", message, hint=i18n._("Add --help to see what the command takes."))


def _bug(error: Exception, file: Path | None) -> UmsalertError:
    """Return what a person is told; `file` is the log, where it could be written."""
    hint = i18n._("Please report it with the output of the same command and --debug.")
    if file is not None:
        hint = i18n._(
            "Please report it with the end of the log, which names nobody: {file}"
        ).format(file=file)
    return UmsalertError(
        "bug",
        i18n._("umsalert itself failed ({kind}). This is a bug of ours.").format(
            kind=type(error).__name__
        ),
        hint=hint,
    )


def _speak() -> None:
    """Choose the language, also for the sentences of the command-line library."""
    from umsalert.home import configured_language

    i18n.activate(i18n.language_of_environment(configured_language()))
    os.environ["LANGUAGE"] = i18n.language()
    gettext.bindtextdomain("umsalert", Path(i18n.__file__).parent / "locale")
    gettext.textdomain("umsalert")
