"""`umsalert report`: who got what, when."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from umsalert import files
from umsalert.cli import completers
from umsalert.cli.context import AsJson, Session, run_async, run_reading, session
from umsalert.cli.options import AlertRef
from umsalert.cli.output_file import STDOUT, Force, format_twice, kind_of, tell_written
from umsalert.cli.report_options import STYLE, NewFile
from umsalert.cli.report_seal import key, key_file, verify
from umsalert.cli.report_summary import summary
from umsalert.errors import UmsalertError, UsageError
from umsalert.i18n import _

if TYPE_CHECKING:
    from umsalert.cli.report_files import Sealing
    from umsalert.model import Alert, Deed
    from umsalert.scores import Score
    from umsalert.store.store import Store


class Format(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    GEOJSON = "geojson"
    XLSX = "xlsx"
    CAP = "cap"
    HTML = "html"
    PDF = "pdf"


_TO_FILES = (Format.XLSX, Format.PDF)
_ENDS = {
    ".json": Format.JSON,
    ".csv": Format.CSV,
    ".geojson": Format.GEOJSON,
    ".xlsx": Format.XLSX,
    ".cap": Format.CAP,
    ".xml": Format.CAP,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".pdf": Format.PDF,
}


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
app.command(
    help=_("Take the alerts of some time together: how many, how fast, whom they did not reach."),
    epilog=_("Example: umsalert report summary --since 2026-01-01 --by commune"),
)(summary)
app.command(
    help=_("Prove without the database that a sealed report is as it was when it was sealed."),
    epilog=_("Example: umsalert report verify report.html --key nice.pub"),
)(verify)
app.command(
    help=_("Print the public key of the seals of this station, for those who verify reports."),
    epilog=_("Example: umsalert report key > nice.pub"),
)(key)


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
    style: Annotated[Format | None, STYLE] = None,
    file: NewFile = None,
    seal: Annotated[
        bool,
        typer.Option("--seal", help=_("Sign it: `umsalert report verify` proves it unchanged.")),
    ] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Report one alert."""
    from umsalert import wiring
    from umsalert.documents.material import Material, material_of
    from umsalert.model import Power

    this = session(context)
    wanted = _wanted(style, file, as_json=as_json)
    sealing = _sealing(this, file, force=force) if seal else None

    def write(material: Material) -> None:
        if wanted is Format.TABLE:
            from umsalert.cli import report_show

            report_show.table(material, this.output(as_json=False))
        else:
            from umsalert.cli.report_files import Job

            Job(wanted.value, file or STDOUT, force, this.settings, sealing).write(material)

    async def work() -> None:
        power = Power.SEAL if sealing else Power.READ
        async with wiring.open_store(this.settings, power) as store:
            found = await _found(store, alert)
            head = await store.audit.head()
            earlier = await _earlier(store, found)
            await store.record.read(
                found.id, lambda rows: write(material_of(rows, found, head, earlier))
            )
            if sealing and file:
                await _log_seal(store, sealing, found.ref, file)

    if file not in (None, STDOUT) and not force:
        files.check_free(file)
    if sealing:
        run_async(work())
    else:
        run_reading(work())
    if file not in (None, STDOUT):
        tell_written(*_files(file, sealing))


async def _found(store: Store, ref: str) -> Alert:
    """Return an alert. Raises UsageError, which says where a command may have been meant."""
    try:
        return await store.alerts.alert(ref)
    except UsageError as error:
        import difflib

        words = [
            "last",
            *(it.name or getattr(it.callback, "__name__", "") for it in app.registered_commands),
        ]
        if near := difflib.get_close_matches(ref.casefold(), words, n=1):
            command = f"umsalert report {near[0]}"
            error.hint = _("Meant is perhaps: {names}").format(names=command)
        raise


async def _earlier(store: Store, alert: Alert) -> Score | None:
    """Return the score of the exercise before this one."""
    if not alert.is_scored:
        return None
    from umsalert import scores

    return await scores.before(store.record, alert)


def _files(file: Path, sealing: Sealing | None) -> list[Path]:
    """Return what was written: the report, and its seal."""
    if sealing is None:
        return [file]
    from umsalert import seals

    return [file, seals.beside(file)]


def _sealing(this: Session, file: Path | None, *, force: bool) -> Sealing:
    """Return who seals. Raises UsageError where there is no file to seal."""
    from umsalert import seals, wiring
    from umsalert.cli.output import utc
    from umsalert.cli.report_files import Sealing

    if file in (None, STDOUT):
        raise UsageError(
            "seal_without_file",
            _("A seal lies beside the file that it is of."),
            hint=_("Name a file, such as: --output report.html"),
        )
    if not force:
        files.check_free(seals.beside(file))
    by = wiring.operator(this.settings)
    return Sealing(key_file(this), by, utc(wiring.clock(this.settings).now()) or "")


async def _log_seal(store: Store, sealing: Sealing, ref: str, file: Path) -> None:
    """Log what was sealed. What the log cannot name is not left there: nobody would find it."""
    from umsalert import seals

    try:
        await store.audit.append(sealing.by, [_sealed(ref, file)])
    except UmsalertError:
        for made in (file, seals.beside(file)):
            made.unlink(missing_ok=True)
        raise


def _sealed(ref: str, file: Path) -> Deed:
    """Return the entry of the audit log that lets a sealed file be found again by its hash."""
    import hashlib

    from umsalert.model import Deed

    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Deed("report.seal", "alert", ref, {"sha256": digest})


def _wanted(style: Format | None, file: Path | None, *, as_json: bool) -> Format:
    """Return the format that was asked for. Raises UsageError where it cannot go there."""
    if as_json and style not in (None, Format.JSON):
        raise format_twice(style)
    to_stdout = file in (None, STDOUT)
    asked = kind_of(Format.JSON if as_json else style, file, _ENDS)
    wanted = asked or (Format.TABLE if to_stdout else None)
    if wanted is None or (wanted is Format.TABLE and not to_stdout):
        table = _("A table is for a terminal, not for a file.")
        raise UsageError(
            "format_missing",
            table if wanted else _("What {file} is to be is not said.").format(file=file),
            hint=_("Let its name end in {ends}, or say --format.").format(ends=", ".join(_ENDS)),
        )
    if wanted in _TO_FILES and to_stdout:
        raise UsageError(
            "not_to_stdout",
            _("A workbook or a PDF does not go to standard output."),
            hint=_("Name a file with --output."),
        )
    return wanted
