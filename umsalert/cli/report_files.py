"""A report as a document: to a new file, or to standard output; with a seal where one is wanted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from umsalert import files
from umsalert.cli.output_file import STDOUT, opened

if TYPE_CHECKING:
    from umsalert.documents.material import Material
    from umsalert.documents.report_cap import Sender
    from umsalert.model import Alert, Operator
    from umsalert.settings import Settings


class Sealing(NamedTuple):
    """Who seals a document, with which key."""

    key_file: Path
    by: Operator
    at: str


class Job(NamedTuple):
    """What is to be written where, and who says so."""

    kind: str
    file: Path
    force: bool
    settings: Settings
    sealing: Sealing | None = None

    def write(self, material: Material) -> None:
        """Write the document, whole or not at all. Raises UsageError as `files.aside` does."""
        if self.file == STDOUT:
            with opened(STDOUT, force=False) as file:
                self._text_writer(material.report.alert)(file, material)
            return
        with files.aside(self.file, force=self.force) as part, self._seal_aside() as seal:
            self._writer(material.report.alert)(part, material)
            if self.sealing and seal:
                self._seal(self.sealing, part, seal, material)

    @contextlib.contextmanager
    def _seal_aside(self) -> Iterator[Path | None]:
        if self.sealing is None:
            yield None
            return
        from umsalert import seals

        with files.aside(seals.beside(self.file), force=self.force) as part:
            yield part

    def _seal(self, sealing: Sealing, part: Path, seal: Path, material: Material) -> None:
        from umsalert import __version__, seals

        said = {
            "alert": material.report.alert.ref,
            "audit": str(material.report.audit_head or ""),
            "sealed_at": sealing.at,
            "by": str(sealing.by),
            "file": self.file.name,
            "umsalert": __version__,
        }
        seal.write_bytes(seals.seal(part, sealing.key_file, said))

    def _writer(self, alert: Alert) -> Callable[[Path, Material], None]:
        if self.kind == "xlsx":
            from umsalert.documents import report_xlsx

            return report_xlsx.write
        if self.kind == "pdf":
            from umsalert.documents import report_pdf

            return report_pdf.write
        write = self._text_writer(alert)

        def to_file(part: Path, material: Material) -> None:
            with part.open("w", encoding="utf-8", newline="") as file:
                write(file, material)

        return to_file

    def _text_writer(self, alert: Alert) -> Callable[[TextIO, Material], None]:
        if self.kind == "csv":
            from umsalert.documents import report_csv

            return report_csv.write
        if self.kind == "geojson":
            from umsalert.documents import report_geojson

            return report_geojson.write
        if self.kind == "html":
            from umsalert.documents.page import view

            return view.write
        if self.kind == "cap":
            from umsalert.documents import report_cap

            sender = _sender(self.settings, alert)
            return lambda file, material: report_cap.write(file, material, sender)
        from umsalert.documents import report_json

        return report_json.write


def _sender(settings: Settings, alert: Alert) -> Sender:
    from umsalert import wiring
    from umsalert.documents.report_cap import Sender, sender_id
    from umsalert.errors import UmsalertError
    from umsalert.messages import templates

    try:
        titles = templates.load(alert.template, wiring.template_folders(settings)).titles
    except UmsalertError:  # it is gone, or somebody works on it
        titles = {}
    name = settings.report.cap_sender or settings.station
    return Sender(sender_id(name) or "umsalert", settings.station, titles)
