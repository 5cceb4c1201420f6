"""A request on paper: everything that was typed, kept until a second person has read it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from umsalert.messages import Template
from umsalert.model import (
    Audience,
    ChannelKind,
    Following,
    FollowKind,
    OffDuty,
    Operator,
    area_from_json,
    area_to_json,
)
from umsalert.selection.plan import Plan, Request


def written(plan: Plan) -> dict[str, Any]:
    """Return the request of a plan as JSON has it, with how many people it would have reached."""
    request = plan.request
    follows = request.follows
    return {
        "area": area_to_json(request.area),
        "template": request.template.name,
        "template_sha256": _digest(request.template),
        "values": dict(request.values),
        "channels": list(request.channels),
        "reason": request.reason,
        "exercise": request.exercise,
        "incident_at": request.incident_at and _utc(request.incident_at),
        "asked_at": _utc(plan.at),
        "expires_in_s": request.expires_in and request.expires_in.total_seconds(),
        "idempotency_key": request.idempotency_key,
        "follows": follows
        and {"alert_id": follows.alert_id, "as": follows.kind.value, "to": follows.to},
        "off_duty": request.off_duty.value,
        "account": request.operator.account,
        "station": request.operator.station,
        "people": plan.selection.contacts,
        "sites": len(plan.selection.sites),
        "above": list(plan.above),
    }


def read(document: Mapping[str, Any], template: Template) -> Request:
    """Return the request that `written` has kept, with the template as it is now."""
    follows, expires_in_s = document["follows"], document["expires_in_s"]
    return Request(
        area=area_from_json(document["area"]),
        template=template,
        values=document["values"],
        operator=Operator(document["account"], document["station"]),
        channels=tuple(ChannelKind(name) for name in document["channels"]),
        reason=document["reason"],
        exercise=document["exercise"],
        incident_at=_moment(document["incident_at"]),
        expires_in=None if expires_in_s is None else timedelta(seconds=expires_in_s),
        idempotency_key=document["idempotency_key"],
        follows=follows
        and Following(
            follows["alert_id"],
            FollowKind(follows["as"]),
            Audience(follows["to"]) if follows["to"] else None,
        ),
        off_duty=OffDuty(document["off_duty"]),
        asked_at=_moment(document["asked_at"]),
    )


def changed_since(document: Mapping[str, Any], template: Template) -> bool:
    """Say whether a template is another than when the request was written."""
    return bool(document["template_sha256"] != _digest(template))


def _digest(template: Template) -> str:
    """Return what makes two templates say the same: its sources and the rules of its variables."""
    parts = [
        sorted(template.sources.items()),
        [[v.name, v.required, v.limit, v.default] for v in template.variables],
        [*template.channels, *template.answers, template.unknown],
        [template.priority, template.ttl_s, template.stop_when_acknowledged],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
