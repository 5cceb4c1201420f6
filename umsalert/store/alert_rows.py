"""Rows of the record as the nouns they stand for."""

from __future__ import annotations

import json

from umsalert.model import (
    Alert,
    Area,
    Audience,
    Cancellation,
    ChannelKind,
    Closure,
    Expected,
    FollowKind,
    Link,
    MessageText,
    OffDuty,
    UnknownPolicy,
    area_from_json,
)
from umsalert.store.database import from_text
from umsalert.store.spatialite import Connection


def alert_of_row(row: Connection) -> Alert:
    """Return the alert that a row of `alert_linked` holds."""
    return Alert(
        id=row["id"],
        ref=row["ref"],
        template=row["template"],
        area=_area(row),
        channels=tuple(ChannelKind(name) for name in json.loads(row["channels"])),
        variables=json.loads(row["variables"]),
        reason=row["reason"],
        exercise=bool(row["exercise"]),
        priority=row["priority"],
        unknown_policy=UnknownPolicy(row["unknown_policy"]),
        time_zone=row["time_zone"],
        incident_at=from_text(row["incident_at"]),
        created_at=from_text(row["created_at"]),
        expires_at=from_text(row["expires_at"]),
        operator=row["operator"],
        request_hash=row["request_hash"],
        left_out=json.loads(row["left_out"]),
        cancelled=None if row["cancelled_at"] is None else cancellation_of_row(row),
        follows=_link(row["follows_ref"], row["follows_as"], row["follows_to"])
        if row["follows_ref"]
        else None,
        followed_by=tuple(_link(*item) for item in json.loads(row["followers"])),
        stop_when_acknowledged=bool(row["stop_when_acknowledged"]),
        expected=_expected(row["expected"]),
        incident_ref=row["incident_ref"],
        closed=_closure(row),
        off_duty=OffDuty(row["off_duty"]),
        approved_by=row["approved_by"],
    )


def cancellation_of_row(row: Connection) -> Cancellation:
    """Return who cancelled the alert of a row that was cancelled, or closed."""
    return Cancellation(
        from_text(row["cancelled_at"]),
        row["cancelled_by"],
        row["cancel_reason"],
        closed="closed" in row.keys() and bool(row["closed"]),  # noqa: SIM118 - a Row iterates over its values
    )


def text_of_row(row: Connection) -> MessageText:
    """Return the text that an `alert_text` row holds."""
    return MessageText(
        channel=ChannelKind(row["channel"]),
        language=row["language"],
        body=row["body"],
        subject=row["subject"],
        html=row["html"],
        parts=row["parts"],
        encoding=row["encoding"],
    )


def _area(row: Connection) -> Area:
    document = {name: row[name] for name in ("lat", "lon", "radius_m")}
    if row["polygon"] is not None:
        document["polygon"] = json.loads(row["polygon"])
    if row["area"] is not None:
        document |= json.loads(row["area"])
    return area_from_json(document)


def _expected(text: str | None) -> Expected | None:
    if text is None:
        return None
    found = json.loads(text)
    return Expected(
        **{
            name: {int(share): seconds for share, seconds in moments.items()}
            for name, moments in found.items()
        }
    )


def _closure(row: Connection) -> Closure | None:
    if row["incident_closed_at"] is None:
        return None
    at = from_text(row["incident_closed_at"])
    return Closure(at, row["incident_closed_by"], row["incident_outcome"])


def _link(ref: str, kind: str, to: str | None) -> Link:
    return Link(ref, FollowKind(kind), Audience(to) if to else None)
