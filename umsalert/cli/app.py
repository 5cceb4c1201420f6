"""The tree of commands. Modules are thin: what is heavy is imported when a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

import umsalert
from umsalert.cli import (
    alert,
    channel,
    config,
    contact,
    database,
    demo,
    doctor,
    report,
    serve,
    simulator,
    site,
    template,
)
from umsalert.cli.context import Session
from umsalert.cli.journal import Journal
from umsalert.i18n import _

app = typer.Typer(
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


@app.callback()
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
    context.obj = Session(database=db, debug=debug, log_format=log_format, journal=journal)


app.command("init", help=database.INIT_HELP)(database.init)
app.command("doctor", help=doctor.HELP)(doctor.doctor)
app.command("demo", help=demo.HELP)(demo.demo)
app.command("serve", help=serve.HELP)(serve.serve)
app.command("simulator", help=simulator.HELP)(simulator.simulator)
app.add_typer(site.app, name="site")
app.add_typer(contact.app, name="contact")
app.add_typer(alert.app, name="alert")
app.add_typer(report.app, name="report")
app.add_typer(template.app, name="template")
app.add_typer(channel.app, name="channel")
app.add_typer(config.app, name="config")
app.add_typer(database.app, name="db")
