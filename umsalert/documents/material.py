"""All that a document of one alert is written from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from umsalert import reports
from umsalert.incidents import Incident

if TYPE_CHECKING:
    from umsalert.model import Alert, AuditHead
    from umsalert.ports import AlertRows, WaveRow
    from umsalert.scores import Score


class Material(NamedTuple):
    """The report of an alert, its incident and its rows; good for as long as `Record.read` runs.

    `score`: of an exercise that asks for answers, None of everything else.
    """

    report: reports.AlertReport
    incident: Incident
    rows: AlertRows
    score: Score | None = None

    @property
    def wave(self) -> WaveRow:
        """The alert as one of its incident: with the number of people that it went to."""
        alert_id = self.report.alert.id
        return next(row for row in self.incident.waves if row.alert.id == alert_id)


def material_of(
    rows: AlertRows,
    alert: Alert,
    head: AuditHead | None = None,
    earlier: Score | None = None,
) -> Material:
    """Work out the report of an alert; `head` is the audit log's newest link.

    `earlier`: the score of the exercise before it, as `scores.before` returns it.
    """
    report = reports.of_rows(rows, alert)._replace(audit_head=head)
    if not alert.is_scored:
        return Material(report, Incident(rows), rows)
    from umsalert import scores

    return Material(report, Incident(rows), rows, scores.of_rows(rows, alert, earlier))
