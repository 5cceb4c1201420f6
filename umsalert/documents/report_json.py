"""A report as one JSON document, written as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from umsalert import reports
from umsalert.documents import shapes
from umsalert.documents.streaming import SCHEMA_VERSION, write_json
from umsalert.incidents import MomentKind
from umsalert.ports import DeliveryRow
from umsalert.words.times import utc

if TYPE_CHECKING:
    from umsalert.documents.material import Material
    from umsalert.incidents import Incident, Moment
    from umsalert.ports import AlertRows
    from umsalert.scores import Score

_DELIVERY = DeliveryRow._fields


def write(file: TextIO, material: Material) -> None:
    """Write the report as one JSON document."""
    report, rows = material.report, material.rows
    write_json(
        file,
        {
            "schema_version": SCHEMA_VERSION,
            "alert": shapes.alert_document(report.alert),
            "fact_to_first_sms_s": report.fact_to_first_sms_s,
            "sites_alerted": report.sites_alerted,
            "sites_reached": report.sites_reached,
            "sites_acknowledged": report.sites_acknowledged,
            "not_needed": report.not_needed,
            "handed_over": _speed(report),
            "score": material.score and _score(material.score, rows),
            "channels": [_channel(channel) for channel in report.channels],
            "sites": map(_site, reports.sites(rows)),
            "deliveries": map(_delivery, rows.deliveries()),
            "repeated": map(_repeated, rows.repeated()),
            "replies": map(shapes.reply_document, rows.replies()),
            "incident": _incident(material.incident),
            "codes": dict(report.codes),
            "texts": shapes.texts(report.texts),
            "audit_head": report.audit_head and str(report.audit_head),
        },
    )


def _score(score: Score, rows: AlertRows) -> dict[str, Any]:
    from umsalert import scores
    from umsalert.documents import score as sheet

    return sheet.document(score, scores.to_mend(rows))


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "ref": incident.first.ref,
        "incident_at": utc(incident.first.incident_at),
        "exercise": incident.first.exercise,
        "closed": shapes.closed_document(incident.closed),
        "alerts": [shapes.wave_document(row) for row in incident.waves],
        "timeline": (_moment(moment, incident) for moment in incident.moments()),
    }


def _moment(moment: Moment, incident: Incident) -> dict[str, Any]:
    return {
        "at": utc(moment.at),
        "kind": moment.kind.value,
        "alert": moment.wave.alert.ref if moment.wave else None,
        **dict(_details(moment, incident)),
    }


def _details(moment: Moment, incident: Incident) -> Iterator[tuple[str, Any]]:
    if moment.reply is not None:
        yield "reply", shapes.reply_document(moment.reply)
    elif moment.kind is MomentKind.WAVE and moment.wave:
        yield "wave", shapes.wave_document(moment.wave)
    elif moment.kind is MomentKind.CLOSED and incident.closed:
        yield "outcome", incident.closed.outcome


def _speed(report: reports.AlertReport) -> dict[str, Any]:
    expected = report.alert.expected
    return {
        "messages": {
            "estimated_s": expected and _shares(expected.messages_s),
            "accepted_s": _shares(report.accepted_s),
        },
        "sites": {
            "estimated_s": expected and _shares(expected.sites_s),
            "accepted_s": _shares(report.sites_accepted_s),
        },
    }


def _shares(moments: Mapping[int, float | None] | Mapping[int, float]) -> dict[str, float | None]:
    return {
        str(share): None if value is None else round(value, 3) for share, value in moments.items()
    }


def _channel(channel: reports.ChannelReport) -> dict[str, Any]:
    return {
        "channel": channel.channel,
        "deliveries": channel.deliveries,
        "states": dict(channel.states),
        "accepted": channel.accepted,
        "delivered": channel.delivered,
        "acknowledged": channel.acknowledged,
        "accepted_s": _shares(channel.accepted_s),
        "delivered_s": _shares(channel.delivered_s),
    }


def _site(site: reports.SiteReport) -> dict[str, Any]:
    return {
        "ref": site.ref,
        "name": site.name,
        "distance_m": round(site.distance_m, 3),
        "deliveries": site.deliveries,
        "accepted": site.accepted,
        "delivered": site.delivered,
        "acknowledged": site.acknowledged,
        "not_needed": site.not_needed,
        "answer": site.answer and shapes.reply_document(site.answer),
    }


def _delivery(row: DeliveryRow) -> dict[str, Any]:
    # `asdict` takes ten times as long
    return {name: getattr(row, name) for name in _DELIVERY} | {
        "distance_m": round(row.distance_m, 3)
    }


def _repeated(row: DeliveryRow) -> dict[str, Any]:
    return {
        "delivery_id": row.delivery_id,
        "contact_ref": row.contact_ref,
        "channel": row.channel,
        "copies_at_most": row.copies_at_most,
    }
