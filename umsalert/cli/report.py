"""`umsalert report`: who got what, when."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from umsalert.cli.context import AlertRef, AsJson, run_reading, session
from umsalert.i18n import _


class Format(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


class _ShowByDefault(TyperGroup):
    """`report ALERT` is the short form of `report show ALERT`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer keeps its context class private
        """Put `show` in front where no command is named."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_ShowByDefault, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Keep `show` a command of its own: more reports follow."""


@app.command(
    help=_("Report one alert: states, times, attempts, codes and answers."),
    epilog=_("Example: umsalert report last --format csv > report.csv"),
)
def show(
    context: typer.Context,
    alert: AlertRef,
    style: Annotated[
        Format, typer.Option("--format", help=_("What to write the report as."))
    ] = Format.TABLE,
    as_json: AsJson = False,
) -> None:
    """Report one alert."""
    from umsalert import wiring
    from umsalert.cli import report_show
    from umsalert.documents.material import Material, material_of

    this = session(context)
    wanted = Format.JSON if as_json else style
    output = this.output(as_json=wanted is Format.JSON)

    def write(material: Material) -> None:
        if wanted is Format.TABLE:
            report_show.table(material, output)
        else:
            report_show.document(wanted.value, material)

    async def work() -> None:
        async with wiring.open_store(this.settings) as store:
            found = await store.alerts.alert(alert)
            head = await store.audit.head()
            await store.record.read(found.id, lambda rows: write(material_of(rows, found, head)))

    run_reading(work())
