"""The record as JSON has it: names of fields are API, docs/json.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from umsalert.model import NEW_AREA, Area, ChannelKind, Circle, Everywhere, OffDuty, Polygon
from umsalert.words.times import utc

if TYPE_CHECKING:
    from umsalert.model import Alert, Cancellation, Closure, Following, Link, MessageText
    from umsalert.ports import ReplyRow, WaveRow


def alert_document(alert: Alert) -> dict[str, Any]:
    """Return an alert for a JSON document."""
    return {
        "ref": alert.ref,
        "template": alert.template,
        "exercise": alert.exercise,
        **area_document(alert.area),
        "channels": list(alert.channels),
        "variables": dict(alert.variables),
        "reason": alert.reason,
        "operator": alert.operator,
        "approved_by": alert.approved_by or None,
        "incident_at": utc(alert.incident_at),
        "created_at": utc(alert.created_at),
        "expires_at": utc(alert.expires_at),
        "time_zone": alert.time_zone,
        "off_duty_rule": off_duty_rule(alert.follows, alert.off_duty),
        "left_out": dict(alert.left_out),
        "stop_when_acknowledged": alert.stop_when_acknowledged,
        "cancelled": cancelled_document(alert.cancelled),
        "incident": alert.incident_ref,
        "closed": closed_document(alert.closed),
        "follows": links_document([alert.follows])[0] if alert.follows else None,
        "followed_by": links_document(alert.followed_by),
    }


def area_document(area: Area) -> dict[str, Any]:
    """Return an area for a JSON document: a circle or a GeoJSON polygon, the other one null.

    Both are null for everywhere.
    """
    circle = {"lat": area.lat, "lon": area.lon, "radius_m": area.radius_m}
    return {
        "circle": circle if isinstance(area, Circle) else None,
        "polygon": area.geometry if isinstance(area, Polygon) else None,
        "everywhere": isinstance(area, Everywhere),
        "divisions": [
            {"kind": it.kind.value, "code": it.code, "name": it.name}
            for it in (area.divisions if isinstance(area, Polygon) else ())
        ],
        "only_kinds": list(area.only.kinds),
        "only_sites": list(area.only.refs),
    }


def texts(found: Sequence[MessageText]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return texts by channel and language for a JSON document."""
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for text in found:
        entry: dict[str, Any] = {"body": text.body}
        if text.channel is ChannelKind.EMAIL:
            entry |= {"subject": text.subject, "html": text.html}
        if text.channel is ChannelKind.SMS:
            entry |= {"parts": text.parts, "encoding": text.encoding}
        result.setdefault(text.channel.value, {})[text.language] = entry
    return result


def off_duty_rule(follows: Following | Link | None, rule: OffDuty) -> OffDuty | None:
    """Return what an alert does with sites where nobody is on duty; None where it asks for none."""
    return rule if follows is None or follows.kind in NEW_AREA else None


def cancelled_document(cancelled: Cancellation | None) -> dict[str, Any] | None:
    """Return a cancellation for a JSON document."""
    if cancelled is None:
        return None
    return {"at": utc(cancelled.at), "by": cancelled.by, "reason": cancelled.reason}


def closed_document(closed: Closure | None) -> dict[str, Any] | None:
    """Return the closing of an incident for a JSON document."""
    if closed is None:
        return None
    return {"at": utc(closed.at), "by": closed.by, "outcome": closed.outcome}


def links_document(links: Sequence[Link]) -> list[dict[str, str]]:
    """Return alerts that belong together for a JSON document."""
    return [
        {"alert": link.ref, "as": link.kind.value} | ({"to": link.to.value} if link.to else {})
        for link in links
    ]


def wave_document(row: WaveRow) -> dict[str, Any]:
    """Return an alert as one of its incident."""
    alert = row.alert
    return {
        "ref": alert.ref,
        "template": alert.template,
        "follows": links_document([alert.follows])[0] if alert.follows else None,
        **area_document(alert.area),
        "created_at": utc(alert.created_at),
        "people": row.people,
        "sites": row.sites,
        "first_sms_at": utc(row.first_sms_at),
        "cancelled": cancelled_document(alert.cancelled),
    }


def reply_document(reply: ReplyRow) -> dict[str, Any]:
    """Return an answer as JSON has it."""
    return reply._asdict() | {"distance_m": round(reply.distance_m, 3)}
