"""Rows of the register as contacts."""

from __future__ import annotations

from umsalert.model import Contact, ContactStatus
from umsalert.store.instants import optional_time
from umsalert.store.spatialite import Connection


def contact_of_row(row: Connection) -> Contact:
    """Return the contact that a row, with the ref of its site, holds."""
    return Contact(
        id=row["id"],
        ref=row["ref"],
        site_ref=row["site_ref"],
        name=row["name"],
        role=row["role"],
        phone=row["phone"],
        phone_kind=row["phone_kind"],
        email=row["email"],
        card=row["card"],
        language=row["language"],
        named_by=row["named_by"],
        channels=row["channels"],
        hours=row["hours"],
        fallback=bool(row["fallback"]),
        card_valid_until=optional_time(row["card_valid_until"]),
        status=ContactStatus(row["status"]),
        status_by=row["status_by"],
        status_at=optional_time(row["status_at"]),
    )
