"""All that a document of one alert is written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from umsalert import reports
from umsalert.incidents import Incident

if TYPE_CHECKING:
    from umsalert.model import Alert, AuditHead
    from umsalert.ports import AlertRows


@dataclass(frozen=True, slots=True)
class Material:
    """The report of an alert, its incident and its rows; good for as long as `Record.read` runs."""

    report: reports.AlertReport
    incident: Incident
    rows: AlertRows


def material_of(rows: AlertRows, alert: Alert, head: AuditHead | None = None) -> Material:
    """Work out the report of an alert; `head` is the audit log's newest link."""
    report = reports.of_rows(rows, alert)._replace(audit_head=head)
    return Material(report, Incident(rows), rows)
