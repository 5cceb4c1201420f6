"""Sites and contacts by their refs: the rows, and the sentence about those that nobody has."""

from __future__ import annotations

import json
from collections.abc import Sequence

from umsalert.errors import UsageError
from umsalert.i18n import _
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection


def of_refs(connection: Connection, query: str, refs: Sequence[str]) -> Sequence[Connection]:
    """Return the rows of a query of `vetting.sql` for these refs."""
    rows: Sequence[Connection] = connection.execute(
        queries("vetting")[query], {"refs": json.dumps(refs)}
    ).fetchall()
    return rows


def unknown_refs(noun: str, refs: Sequence[str]) -> UsageError:
    """Return the error that no site or contact has these refs."""
    if noun == "site":
        message, hint = _("No site has this ref: {refs}"), _("See them with: umsalert site list")
    else:
        message, hint = (
            _("No contact has this ref: {refs}"),
            _("See them with: umsalert contact list"),
        )
    return UsageError(f"{noun}_not_found", message.format(refs=some(refs)), hint=hint)


def some(refs: Sequence[str], most: int = 10) -> str:
    """Return the first refs of a list as words."""
    shown = ", ".join(refs[:most])
    return shown if len(refs) <= most else f"{shown}, … ({len(refs)})"
