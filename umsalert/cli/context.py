"""What every command is given: its settings, how to print, how to run."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from umsalert.cli.journal import Journal
from umsalert.errors import ConfigurationError, ExitCode
from umsalert.i18n import _

if TYPE_CHECKING:
    from umsalert.cli.output import Output
    from umsalert.settings import Inspection, Settings

AsJson = Annotated[
    bool, typer.Option("--json", help=_("Print one JSON document instead of words."))
]

Busy = Literal["sending", "serving"]

T = TypeVar("T")


class Session:
    """One run of the program. Settings are read when a command first asks for them."""

    def __init__(
        self,
        journal: Journal,
        database: Path | None = None,
        *,
        debug: bool = False,
        log_format: str | None = None,
    ) -> None:
        """Keep what stands before the command."""
        self.journal = journal
        self.database = database
        self.debug = debug
        self.log_format = log_format

    @cached_property
    def settings(self) -> Settings:
        """Return the settings. Raises ConfigurationError with all problems at once."""
        from umsalert.settings import load

        return load({"database": self.database, "log.format": self.log_format})

    def begin(self, command: str) -> None:
        """Say in the log that `command` has started; invalid settings are told when asked for."""
        from umsalert.settings import default_settings

        try:
            settings = self.settings
        except ConfigurationError:
            settings = default_settings()
        self.journal.begin(command, settings, debug=self.debug)

    @cached_property
    def inspection(self) -> Inspection:
        """Return the settings with their problems, for commands that work without valid ones."""
        from umsalert.settings import inspect

        return inspect({"database": self.database})

    def output(self, *, as_json: bool) -> Output:
        """Return where this command prints."""
        from umsalert.cli.output import Output

        return Output(as_json=as_json)


def session(context: typer.Context) -> Session:
    """Return the session of a command."""
    found = context.find_object(Session)
    if found is None:
        raise AssertionError("the root callback makes the session")
    found.begin(context.command_path)
    return found


def run_async(work: Coroutine[Any, Any, T], *, busy: Busy | None = None) -> T:
    """Run a command's coroutine to its end; one that is `busy` with connections, at full speed."""
    import asyncio
    import gc

    gc.enable()
    found: list[T] = []

    async def keep() -> None:
        found.append(await work)

    # Not returned through the task: the runner asks for its signal handler, and Python 3.11
    # writes the repr of that with its task and result, a plan of 16,000 sites (100 ms), to no use.
    factory = None
    if busy:
        from umsalert.cli.busy import collect_rarely, loop_factory

        if busy == "sending":  # a server would let a guard wait for a rare and long collection
            collect_rarely()
        factory = loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(keep())
    return found[0]


def run_reading(work: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine of a command that only reads the database: nothing there has to wait.

    It needs no event loop then, and asyncio takes as long to import as all else of such a command.
    """
    try:
        work.send(None)
    except StopIteration as end:
        found: T = end.value
        return found
    raise AssertionError("it waits for something else than the database: run_async")


def leave(code: ExitCode) -> None:
    """End the command with a documented exit code."""
    raise typer.Exit(int(code))
