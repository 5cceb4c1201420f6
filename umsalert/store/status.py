"""Moves of sites and contacts from one status to another: all that are named, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from umsalert.errors import RefusedByRule, UsageError
from umsalert.i18n import _
from umsalert.model import (
    CONTACT_MOVES,
    SITE_MOVES,
    ContactStatus,
    Deed,
    Operator,
    SiteStatus,
)
from umsalert.store import audit
from umsalert.store.database import queries, to_text
from umsalert.store.spatialite import Connection

MOVES: dict[str, Callable[[str], frozenset[str]]] = {
    "site": lambda status: SITE_MOVES[SiteStatus(status)],
    "contact": lambda status: CONTACT_MOVES[ContactStatus(status)],
}


@dataclass(frozen=True, slots=True)
class Move:
    """Where to, by whom, when and why."""

    status: SiteStatus | ContactStatus
    by: Operator
    at: datetime
    reason: str = ""

    @property
    def noun(self) -> str:
        """`site` or `contact`."""
        return "site" if isinstance(self.status, SiteStatus) else "contact"

    @property
    def columns(self) -> dict[str, object]:
        """What a row of `site` or `contact` says of it."""
        return {
            "status": self.status.value,
            "status_by": str(self.by),
            "status_at": to_text(self.at),
        }


def move(connection: Connection, refs: Sequence[str], to: Move) -> int:
    """Move all or none; return how many were not there yet.

    Raises UsageError on unknown refs, RefusedByRule when one may not go there from where it stands.
    """
    sql = queries("register")
    rows = connection.execute(sql[f"status_of_{to.noun}s"], {"refs": json.dumps(list(refs))})
    found = {row["ref"]: row["status"] for row in rows}
    missing = [ref for ref in refs if ref not in found]
    if missing:
        raise unknown_refs(to.noun, missing)
    changed = {ref: old for ref, old in found.items() if old != to.status}
    stuck = [ref for ref, old in changed.items() if to.status not in MOVES[to.noun](old)]
    if stuck:
        raise _forbidden(stuck, changed, to)
    connection.executemany(
        sql[f"set_{to.noun}_status"], [{"ref": ref} | to.columns for ref in changed]
    )
    record(connection, changed, to)
    return len(changed)


def record(connection: Connection, refs: Mapping[str, str | None], to: Move) -> None:
    """Write down that each ref went from the status it is mapped to; None: it is new."""
    verb = "status" if any(refs.values()) else "add"
    connection.executemany(
        queries("register")["insert_change"],
        [
            to.columns | {"noun": to.noun, "ref": ref, "from_status": old, "reason": to.reason}
            for ref, old in refs.items()
        ],
    )
    deeds = (
        Deed(f"{to.noun}.{verb}", to.noun, ref, {"from": old, "to": to.status.value})
        for ref, old in refs.items()
    )
    audit.append(connection, to.by, to.at, deeds)


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


def _forbidden(stuck: Sequence[str], at: Mapping[str, str], to: Move) -> RefusedByRule:
    standing = [f"{ref} ({at[ref]})" for ref in stuck]
    return RefusedByRule(
        "move_forbidden",
        _("These cannot become {status} from where they stand: {refs}").format(
            status=to.status.value, refs=some(standing)
        ),
        hint=_("Nothing was changed. What a status may become: docs/register.md"),
    )
