"""Finding the hand-over that somebody names: by our reference, or by its provider's id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from umsalert.store.database import queries
from umsalert.store.spatialite import Connection

if TYPE_CHECKING:
    from umsalert.model import Receipt

_REFERENCE = re.compile(r"(.+)-([0-9]{1,18})-([0-9]{1,18})", re.DOTALL)
"""Ours; other programs of the same account have others, which SQLite may not hold as integers."""


def split(reference: str) -> dict[str, object] | None:
    """Return what a reference `<alert ref>-<delivery id>-<n>` names, None where it is not ours.

    `n` is 0 where the newest attempt is meant: a Message-ID leaves it out.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return None
    return {"alert_ref": found[1], "delivery_id": int(found[2]), "n": int(found[3])}


def of_reference(connection: Connection, reference: str) -> dict[str, object] | None:
    """Return the hand-over with this reference."""
    values = split(reference)
    return None if values is None else _one(connection, "hand_over", values)


def of_receipt(connection: Connection, receipt: Receipt) -> dict[str, object] | None:
    """Return the hand-over that a receipt is about."""
    if not receipt.by_id:
        return of_reference(connection, receipt.reference)
    named: dict[str, object] = {"provider": receipt.provider, "provider_id": receipt.provider_id}
    return _one(connection, "hand_over_by_id", named)


def _one(connection: Connection, query: str, values: dict[str, object]) -> dict[str, object] | None:
    row = connection.execute(queries("inbox")[query], values).fetchone()
    return None if row is None else {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
