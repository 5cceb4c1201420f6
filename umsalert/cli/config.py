"""`umsalert config`: a settings file to start from, and what holds and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from umsalert import settings as settings_module
from umsalert.cli.context import AsJson, leave, session
from umsalert.cli.output import Output, problem_lines, problem_rows
from umsalert.errors import ExitCode
from umsalert.i18n import _
from umsalert.settings import Secret

if TYPE_CHECKING:
    from umsalert.settings import Inspection

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

MASK = "********"


@app.command(
    help=_("Write a commented settings file that only this account can read; none is replaced."),
    epilog=_("Example: umsalert config init"),
)
def init(context: typer.Context, as_json: AsJson = False) -> None:
    """Write umsalert.toml."""
    from umsalert.settings import example

    output = session(context).output(as_json=as_json)
    file = settings_module.config_file()
    example.write(file)
    if as_json:
        output.document({"file": str(file)})
        return
    output.line(_("Wrote {path}").format(path=file))
    output.say(
        _("Nothing is set in it yet: take away the # of a line to set it, then\n  umsalert doctor")
    )


@app.command(
    help=_("Show every setting with where it comes from; secrets are masked."),
    epilog=_("Example: umsalert config show"),
)
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the settings, valid or not."""
    this = session(context)
    output = this.output(as_json=as_json)
    found = this.inspection
    if as_json:
        _document(found, output)
    else:
        _show(found, output)
    if found.problems:
        leave(ExitCode.INVALID)


def _document(found: Inspection, output: Output) -> None:
    settings = found.settings
    output.document(
        {
            "home": str(settings.home),
            "file": str(found.file),
            "settings": [
                {
                    "name": name,
                    "value": _plain(value),
                    "origin": kind,
                    "source": source,
                }
                for name, value in settings_module.flatten(settings).items()
                for kind, source in [_origin(settings.origins[name])]
            ],
            "problems": problem_rows(found.problems),
        }
    )


def _show(found: Inspection, output: Output) -> None:
    settings = found.settings
    output.line(_("Folder: {folder}").format(folder=settings.home))
    exists = "" if found.file.exists() else " " + _("(not there: umsalert config init)")
    output.line(_("File: {file}").format(file=found.file) + exists)
    words = {"default": _("default"), "file": _("file"), "flag": _("flag")}
    values = settings_module.flatten(settings)
    width = max(map(len, values))
    for name, value in values.items():
        kind, source = _origin(settings.origins[name])
        origin = words.get(kind, source or "")
        if kind == "file" and source != str(found.file):
            origin = str(source)
        output.line(f"{name:<{width}}  {_words(value)}  ({origin})")
    if found.problems:
        output.say(
            _("These settings are invalid; where a value cannot be read, the default is shown:")
        )
        if not output.as_json:
            problem_lines(found.problems)


def _origin(origin: str) -> tuple[str, str | None]:
    """Return `default`, `flag`, `variable` with its name, or `file` with its path."""
    if origin in ("default", "flag"):
        return origin, None
    return ("variable" if origin.startswith("UMSALERT_") else "file"), origin


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        return MASK if value else ""
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _words(value: object) -> str:
    plain = _plain(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list):
        return ", ".join(plain) or "–"
    return "–" if plain in ("", None) else str(plain)
