"""A report as a document: to a new file, or to standard output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from umsalert import files
from umsalert.cli.output_file import opened

if TYPE_CHECKING:
    from umsalert.documents.material import Material
    from umsalert.documents.report_cap import Sender
    from umsalert.model import Alert
    from umsalert.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be written where, and who says so."""

    kind: str
    file: Path
    force: bool
    settings: Settings

    def write(self, material: Material) -> None:
        """Write the document, whole or not at all. Raises UsageError as `files.aside` does."""
        if self.kind == "xlsx":
            from umsalert.documents import report_xlsx

            with files.aside(self.file, force=self.force) as part:
                report_xlsx.write(part, material)
            return
        write = self._writer(material.report.alert)
        with opened(self.file, force=self.force) as file:
            write(file, material)

    def _writer(self, alert: Alert) -> Callable[[TextIO, Material], None]:
        if self.kind == "csv":
            from umsalert.documents import report_csv

            return report_csv.write
        if self.kind == "geojson":
            from umsalert.documents import report_geojson

            return report_geojson.write
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
