"""The tree of commands: a line each. The module of a command is imported when it is chosen."""

from __future__ import annotations

from copy import copy
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
import typer.core
import typer.main
from typer.main import get_command_name
from typer.models import CommandInfo

import umsalert
from umsalert.cli.bundles import spread
from umsalert.cli.context import Session
from umsalert.cli.journal import Journal
from umsalert.cli.typer_words import translate
from umsalert.i18n import _


class _StandIn(typer.core.TyperCommand):
    """Stands for a command or a group in the tree: it has the name and the help of it."""

    def make_context(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - Typer keeps its context class private
        """Hand the rest of the line to what this stands for; Typer goes on with the latter."""
        return self.load().make_context(*args, **extra)

    def load(self) -> typer.core.TyperCommand | typer.core.TyperGroup:
        """Make what this stands for."""
        command = self._make()
        command.name, command.help = self.name, self.help
        translate(command)
        return command

    def _make(self) -> typer.core.TyperCommand | typer.core.TyperGroup:
        raise NotImplementedError


class _Lazy(_StandIn):
    """Its module is imported when it is chosen.

    `path` is `module:attribute` below `umsalert.cli`: a function, or the `Typer` of a group.
    """

    def __init__(self, name: str, path: str, help_text: str) -> None:
        super().__init__(name, help=help_text, rich_markup_mode=None)
        self._path = path

    def _make(self) -> typer.core.TyperCommand | typer.core.TyperGroup:
        module, _colon, attribute = self._path.partition(":")
        found = getattr(import_module(f"umsalert.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            return _group(found)
        return _single(CommandInfo(self.name, callback=found))


class _Member(_StandIn):
    """A command of a group: its options are read, which takes a millisecond, when it is chosen."""

    def __init__(self, info: CommandInfo) -> None:
        name = info.name or get_command_name(getattr(info.callback, "__name__", ""))
        super().__init__(name, help=info.help, rich_markup_mode=None)
        self._info = info

    def _make(self) -> typer.core.TyperCommand:
        return _single(self._info)


def _single(info: CommandInfo) -> typer.core.TyperCommand:
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    taken = copy(info)
    taken.callback = info.callback and spread(info.callback)
    single.registered_commands = [taken]
    command: typer.core.TyperCommand = cast("Any", typer.main.get_command(single))
    return command


def _group(found: typer.Typer) -> typer.core.TyperGroup:
    members = [_Member(info) for info in found.registered_commands]
    bare = copy(found)
    bare.registered_commands = []
    group = typer.main.get_group(bare)
    for member in members:
        group.add_command(member)
    return group


_root = typer.Typer(
    name="umsalert",
    help=_("Alert vetted private-security guards around an incident."),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"umsalert {umsalert.__version__}")
        raise typer.Exit


@_root.callback()
def root(
    context: typer.Context,
    db: Annotated[
        Path | None,
        typer.Option("--db", metavar="FILE", help=_("The database; default: in UMSALERT_HOME.")),
    ] = None,
    debug: Annotated[
        bool,
        typer.Option("--debug", help=_("Show the log, and the full error of a failure.")),
    ] = False,
    log_format: Annotated[
        Literal["text", "json"] | None,
        typer.Option("--log-format", help=_("How the log is written; default: log.format.")),
    ] = None,
    _show: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help=_("Show the version and exit.")
        ),
    ] = False,
) -> None:
    """Make the session that commands share."""
    journal = context.obj or Journal()
    context.obj = Session(journal, db, debug=debug, log_format=log_format)


COMMANDS = (
    _Lazy(
        "init",
        "database:init",
        _(
            "Create an empty database that only this account, or a group, can read. "
            "Example: umsalert init"
        ),
    ),
    _Lazy(
        "doctor",
        "doctor:doctor",
        _(
            "Check this machine, the database, the settings and the templates; what is wrong comes "
            "with its fix. Nothing is changed or sent. Example: umsalert doctor --online"
        ),
    ),
    _Lazy(
        "demo",
        "demo:demo",
        _(
            "Play a founding case from end to end on this machine: a fictional register, a "
            "simulated carrier, the real commands. Example: umsalert demo --case attack --speed 10"
        ),
    ),
    _Lazy(
        "serve",
        "serve:serve",
        _(
            "Take in what comes from outside: receipts, and what guards answer by link, keypad, "
            "SMS and e-mail. Ctrl-C ends it. Example: umsalert serve --port 8480"
        ),
    ),
    _Lazy(
        "simulator",
        "simulator:simulator",
        _(
            "Play the telephone network and the guards on this machine, to train with: nothing "
            "leaves it. Ctrl-C ends it. "
            "Example: umsalert simulator --home training --speed 10"
        ),
    ),
    _Lazy(
        "site", "site:app", _("Register sites and approve them: only approved ones are alerted.")
    ),
    _Lazy(
        "contact",
        "contact:app",
        _("Register guards and certify them: only certified ones are alerted."),
    ),
    _Lazy("alert", "alert:app", _("Preview, send and follow alerts.")),
    _Lazy("bulletin", "bulletin:app", _("Plan what is sent by the clock, and send what is due.")),
    _Lazy(
        "report",
        "report:app",
        _("Tell who got what, when. `report ALERT` is short for `report show ALERT`."),
    ),
    _Lazy("reply", "reply:app", _("See what guards answered, and record what one tells you.")),
    _Lazy(
        "operator",
        "operator:app",
        _("Say which account may do what: keep the register, alert, read, administer."),
    ),
    _Lazy("audit", "audit:app", _("See who did what, and prove that the record is whole.")),
    _Lazy("template", "template:app", _("List templates, and see the exact words they send.")),
    _Lazy("channel", "channel:app", _("See how channels are set up, and test one.")),
    _Lazy(
        "config", "config:app", _("Write a settings file, and see every setting with its origin.")
    ),
    _Lazy("db", "database:app", _("Look after the database.")),
)

app = cast("typer.core.TyperGroup", typer.main.get_command(_root))  # it has a callback: a group
for _command in COMMANDS:
    app.add_command(_command)
translate(app)
