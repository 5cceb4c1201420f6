"""`site export`: the register as files that can be imported again."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from umsalert import files
from umsalert.cli.context import AsJson, run_async, session
from umsalert.cli.output_file import STDOUT, kind_of, opened
from umsalert.cli.people import Force
from umsalert.errors import UsageError
from umsalert.i18n import _, ngettext

if TYPE_CHECKING:
    from umsalert.store.export import Rows


class Format(StrEnum):
    """What a file of the register is."""

    CSV = "csv"
    GEOJSON = "geojson"
    GPKG = "gpkg"


_ENDS = {".csv": Format.CSV, ".geojson": Format.GEOJSON, ".json": Format.GEOJSON} | {
    ".gpkg": Format.GPKG
}


class _Job(NamedTuple):
    """What goes where, and the columns of sites and contacts."""

    file: Path
    kind: Format
    contacts: Path | None
    force: bool
    columns: tuple[list[str], list[str]]

    def write(self, sites: Rows, contacts: Rows) -> dict[str, int]:
        """Write all files, or none; return how many rows of what were read to the end."""
        from umsalert.register import export

        counts: dict[str, int] = {}
        with contextlib.ExitStack() as stack:
            if self.kind is Format.GPKG:
                counts |= self._geopackage(stack, sites, contacts)
            else:
                write = {Format.CSV: export.write_csv, Format.GEOJSON: export.write_geojson}
                file = stack.enter_context(opened(self.file, force=self.force))
                counts["sites"] = write[self.kind](file, self.columns[0], sites)
            if self.contacts is not None and not self._together:
                file = stack.enter_context(opened(self.contacts, force=self.force))
                counts["contacts"] = export.write_csv(file, self.columns[1], contacts)
        return counts  # fewer where who reads the output has enough of it

    @property
    def _together(self) -> bool:
        return self.contacts is not None and self.contacts == self.file

    def _geopackage(
        self, stack: contextlib.ExitStack, sites: Rows, contacts: Rows
    ) -> dict[str, int]:
        from umsalert.store import geopackage

        part = stack.enter_context(files.aside(self.file, force=self.force))
        people = (self.columns[1], contacts) if self._together else None
        n_sites, n_contacts = geopackage.write(part, (self.columns[0], sites), people)
        return {"sites": n_sites} | ({"contacts": n_contacts} if people else {})


def export(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help=_("Where to; - is standard output."))],
    kind: Annotated[
        Format | None,
        typer.Option("--format", help=_("What it is. Default: what its name ends in.")),
    ] = None,
    contacts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=_("Write the contacts too: to a CSV file, or to the same GeoPackage."),
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Export the register."""
    from umsalert import wiring
    from umsalert.register import export as layout

    this = session(context)
    output = this.output(as_json=as_json)
    path = files.named(file)
    chosen = kind_of(kind, path, _ENDS) or _format_of(path)
    _check(path, chosen, contacts, as_json=as_json)

    async def work() -> Mapping[str, int]:
        async with wiring.open_store(this.settings) as store:
            of_site, of_contact = await store.export.columns()
            columns = (layout.site_columns(of_site), layout.contact_columns(of_contact))
            job = _Job(path, chosen, contacts, force, columns)
            counts = await store.export.read(job.write)
            await store.export.log(wiring.operator(this.settings), chosen.value, counts)
            return counts

    counts = run_async(work())
    if as_json:
        document: dict[str, Any] = {"file": str(file), "format": chosen, **counts}
        output.document(document | ({"contacts_file": str(contacts)} if contacts else {}))
        return
    if (n := counts.get("sites")) is not None:
        output.say(ngettext("{n} site: {file}", "{n} sites: {file}", n).format(n=n, file=file))
    if (n := counts.get("contacts")) is not None:
        words = ngettext("{n} contact: {file}", "{n} contacts: {file}", n)
        output.say(words.format(n=n, file=contacts))


def _format_of(file: Path) -> Format:
    """Return what a name ends in. Raises UsageError: format_unknown."""
    if file == STDOUT:
        return Format.CSV
    kind = _ENDS.get(file.suffix.lower())
    if kind is None:
        raise UsageError(
            "format_unknown",
            _("The name {file} ends in none of these: {ends}.").format(
                file=file, ends=", ".join(_ENDS)
            ),
            hint=_("Let it end in one of them, or name the format with --format."),
        )
    return kind


def _check(file: Path, kind: Format, contacts: Path | None, *, as_json: bool) -> None:
    if file == STDOUT and (kind is Format.GPKG or as_json):
        raise UsageError(
            "not_to_stdout",
            _("A GeoPackage, or what --json tells of a file, does not go to standard output."),
            hint=_("Name a file."),
        )
    if contacts is None:
        return
    if contacts == file and kind is not Format.GPKG:
        raise UsageError(
            "file_twice",
            _("Sites and contacts cannot go to the same file, except in a GeoPackage."),
            hint=_("Name two files."),
        )
    if contacts not in (file, STDOUT) and contacts.suffix.lower() != ".csv":
        raise UsageError(
            "contacts_not_csv",
            _("Contacts go to a CSV file, not to {file}.").format(file=contacts),
            hint=_("Let its name end in .csv"),
        )
