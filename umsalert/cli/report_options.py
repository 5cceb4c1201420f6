"""Options of the reports: of one alert, and of many."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from umsalert.i18n import _

NewFile = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help=_("Write it to a new file that only you can read, not to standard output."),
    ),
]
STYLE = typer.Option(
    "--format",
    help=_("What to write it as. Default: what the name of the file ends in, or table."),
)
"""Each report has formats of its own: `Annotated[Format | None, STYLE]`."""
