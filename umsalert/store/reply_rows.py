"""Rows of answers as the ports know them."""

from __future__ import annotations

from umsalert.model import ChannelKind, ReplyKind, ReplySource
from umsalert.ports import ReplyRow
from umsalert.store.instants import from_text, optional_time
from umsalert.store.spatialite import Connection


def reply_of_row(row: Connection) -> ReplyRow:
    """Return the answer that a row of `reply_read` holds."""
    return ReplyRow(
        id=row["id"],
        alert_ref=row["alert_ref"],
        site_ref=row["site_ref"],
        site_name=row["site_name"],
        contact_ref=row["contact_ref"],
        source=ReplySource(row["source"]),
        channel=None if row["channel"] is None else ChannelKind(row["channel"]),
        kind=ReplyKind(row["kind"]),
        text=row["text"],
        direction=row["direction"],
        seen_at=optional_time(row["seen_at"]),
        received_at=from_text(row["received_at"]),
        distance_m=row["distance_m"],
        sender=row["sender"],
        entered_by=row["entered_by"],
        undone_at=optional_time(row["undone_at"]),
        photos=row["photos"],
    )
