"""`umsalert report`: who got what, when."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from umsalert.cli import completers
from umsalert.cli.context import AlertRef, AsJson, run_reading, session
from umsalert.i18n import _


class Format(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class _ShowByDefault(TyperGroup):
    """`report ALERT` is the short form of `report show ALERT`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer keeps its context class private
        """Put `show` in front where no command is named."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["show", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ANN401 - likewise
        """Offer alerts beside the commands: `report last` is typed most."""
        from typer._click.shell_completion import CompletionItem

        found = [] if incomplete.startswith("-") else completers.alerts(ctx, incomplete)
        alerts = [CompletionItem(ref, help=about) for ref, about in found]
        offered = [*super().shell_complete(ctx, incomplete), *alerts]
        return [item for item in offered if item.value.startswith(incomplete)]


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
    import dataclasses

    from umsalert import incidents, reports, wiring
    from umsalert.cli import report_show

    this = session(context)
    wanted = Format.JSON if as_json else style

    async def work() -> tuple[reports.AlertReport, incidents.Incident]:
        async with wiring.open_store(this.settings) as store:
            found = await store.alerts.alert(alert)
            report = await reports.build(store.record, store.answers, found)
            return (
                dataclasses.replace(report, audit_head=await store.audit.head()),
                await incidents.build(store.record, store.answers, found),
            )

    output = this.output(as_json=wanted is Format.JSON)
    writers = {
        Format.TABLE: report_show.table,
        Format.JSON: report_show.document,
        Format.CSV: report_show.rows,
    }
    report, incident = run_reading(work())
    writers[wanted](report, incident, output)
