"""`umsalert report`: who got what, when."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from umsalert import files
from umsalert.cli.context import AlertRef, AsJson, run_reading, session
from umsalert.cli.output_file import STDOUT, Force
from umsalert.cli.report_summary import summary
from umsalert.errors import UsageError
from umsalert.i18n import _


class Format(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    GEOJSON = "geojson"
    XLSX = "xlsx"
    CAP = "cap"


_ENDS = {
    ".json": Format.JSON,
    ".csv": Format.CSV,
    ".geojson": Format.GEOJSON,
    ".xlsx": Format.XLSX,
    ".cap": Format.CAP,
    ".xml": Format.CAP,
}

File = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help=_("Write it to a new file that only you can read, not to standard output."),
    ),
]


class _ShowByDefault(TyperGroup):
    """`report ALERT` is the short form of `report show ALERT`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer keeps its context class private
        """Put `show` in front where no command is named."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_ShowByDefault, no_args_is_help=True, rich_markup_mode=None)
app.command(
    help=_("Take the alerts of some time together: how many, how fast, whom they did not reach."),
    epilog=_("Example: umsalert report summary --since 2026-01-01 --by commune"),
)(summary)


@app.callback()
def group() -> None:
    """Keep `show` a command of its own."""


@app.command(
    help=_("Report one alert: states, times, attempts, codes and answers."),
    epilog=_("Example: umsalert report last --output report.xlsx"),
)
def show(
    context: typer.Context,
    alert: AlertRef,
    style: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help=_("What to write it as. Default: what the name of the file ends in, or table."),
        ),
    ] = None,
    file: File = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Report one alert."""
    from umsalert import scores, wiring
    from umsalert.cli import report_files, report_show
    from umsalert.documents.material import Material, material_of

    this = session(context)
    wanted = _wanted(style, file, as_json=as_json)
    job = report_files.Job(wanted.value, file or STDOUT, force, this.settings)

    def write(material: Material) -> None:
        if wanted is Format.TABLE:
            report_show.table(material, this.output(as_json=False))
        else:
            job.write(material)

    async def work() -> None:
        async with wiring.open_store(this.settings) as store:
            found = await store.alerts.alert(alert)
            head = await store.audit.head()
            earlier = await scores.before(store.record, found)
            await store.record.read(
                found.id, lambda rows: write(material_of(rows, found, head, earlier))
            )

    if file not in (None, STDOUT) and not force:
        files.check_free(file)
    run_reading(work())


def _wanted(style: Format | None, file: Path | None, *, as_json: bool) -> Format:
    """Return the format that was asked for. Raises UsageError where it cannot go there."""
    asked = Format.JSON if as_json else style
    target = STDOUT if file is None else file
    to_stdout = target == STDOUT
    wanted = asked or (Format.TABLE if to_stdout else _ENDS.get(target.suffix.lower()))
    if wanted is None or (wanted is Format.TABLE and not to_stdout):
        raise UsageError(
            "format_missing",
            _("What {file} is to be is not said.").format(file=file),
            hint=_("Let its name end in {ends}, or say --format.").format(ends=", ".join(_ENDS)),
        )
    if wanted is Format.XLSX and to_stdout:
        raise UsageError(
            "not_to_stdout",
            _("An Excel workbook does not go to standard output."),
            hint=_("Name a file with --output."),
        )
    return wanted
