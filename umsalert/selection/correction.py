"""The message that takes a cancelled alert back."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from umsalert.messages import Template
from umsalert.model import Alert, Following, FollowKind, Operator
from umsalert.selection.plan import Request

CORRECTION = "correction"
"""The name of its template."""


def correction(alert: Alert, template: Template, note: str, operator: Operator) -> Request:
    """Return the request for it: to whoever has `alert`, by the channels that brought it.

    Of an exercise it is an exercise. `note` is said word for word. The incident is the
    cancellation.
    """
    return Request(
        area=alert.area,
        template=template,
        values={
            "sent_at": f"{alert.created_at.astimezone(ZoneInfo(alert.time_zone)):%Hh%M}",
            "cancelled_alert": alert.ref,
            "note": note,
        },
        operator=operator,
        channels=alert.channels,
        exercise=alert.exercise,
        incident_at=alert.cancelled.at if alert.cancelled else None,
        follows=Following(alert.id, FollowKind.CORRECTION),
    )
