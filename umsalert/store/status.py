"""Moves of sites and contacts from one status to another: all that are named, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from umsalert.errors import RefusedByRule, UsageError
from umsalert.i18n import _, day_words
from umsalert.model import (
    CONTACT_MOVES,
    SITE_MOVES,
    ContactStatus,
    Deed,
    Operator,
    SiteStatus,
)
from umsalert.store import audit
from umsalert.store.database import queries
from umsalert.store.instants import to_text
from umsalert.store.refs import some, unknown_refs
from umsalert.store.spatialite import Connection
from umsalert.times import end_of_day
from umsalert.words.statuses import status_name, stored_name

MOVES: dict[str, Callable[[str], frozenset[str]]] = {
    "site": lambda status: SITE_MOVES[SiteStatus(status)],
    "contact": lambda status: CONTACT_MOVES[ContactStatus(status)],
}


@dataclass(frozen=True, slots=True)
class Move:
    """Where to, by whom, when and why; `until` which day, where it ends by itself."""

    status: SiteStatus | ContactStatus
    by: Operator
    at: datetime
    reason: str = ""
    until: date | None = None

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

    Raises what `moving` raises.
    """
    found = moving(connection, refs, to)
    connection.executemany(
        queries("register")[f"set_{to.noun}_status"],
        [{"ref": ref} | to.columns | _end(row, to) for ref, row in found.items()],
    )
    record(connection, {ref: row["status"] for ref, row in found.items()}, to)
    return len(found)


def moving(connection: Connection, refs: Sequence[str], to: Move) -> dict[str, Connection]:
    """Return the rows by ref that are not there yet, or there until another day.

    Raises UsageError on unknown refs and on a day that is over, RefusedByRule when one may not go
    there from where it stands.
    """
    sql = queries("register")[f"status_of_{to.noun}s"]
    rows = connection.execute(sql, {"refs": json.dumps(list(refs))})
    found = {row["ref"]: row for row in rows}
    missing = [ref for ref in refs if ref not in found]
    if missing:
        raise unknown_refs(to.noun, missing)
    changed = {ref: row for ref, row in found.items() if _changes(row, to)}
    stuck = {
        ref: row["status"]
        for ref, row in changed.items()
        if row["status"] != to.status and to.status not in MOVES[to.noun](row["status"])
    }
    if stuck:
        raise _forbidden(list(stuck), stuck, to)
    over = [ref for ref, row in changed.items() if _is_over(row, to)]
    if over:
        raise UsageError(
            "until_past",
            _("{day} is over at: {refs}").format(
                day=to.until and day_words(to.until), refs=some(over)
            ),
            hint=_("Nothing was changed. Name the last day on which it holds."),
        )
    return changed


def _changes(row: Connection, to: Move) -> bool:
    if row["status"] != to.status:
        return True
    return to.until is not None and _end(row, to)["until"] != row[f"{to.status}_until"]


def _is_over(row: Connection, to: Move) -> bool:
    return to.until is not None and str(_end(row, to)["until"]) <= to_text(to.at)


def _end(row: Connection, to: Move) -> dict[str, str | None]:
    if to.until is None:
        return {"until": None}
    return {"until": to_text(end_of_day(to.until, row["time_zone"]))}


def record(connection: Connection, refs: Mapping[str, str | None], to: Move) -> None:
    """Write down that each ref went from the status it is mapped to; None: it is new."""
    verb = "status" if any(refs.values()) else "add"
    connection.executemany(
        queries("register")["insert_change"],
        [
            to.columns
            | {"noun": to.noun, "ref": ref, "from_status": old, "reason": to.reason}
            | {"until": to.until and to.until.isoformat()}
            for ref, old in refs.items()
        ],
    )
    until: dict[str, str | None] = {"until": to.until.isoformat()} if to.until else {}
    deeds = (
        Deed(f"{to.noun}.{verb}", to.noun, ref, {"from": old, "to": to.status.value} | until)
        for ref, old in refs.items()
    )
    audit.append(connection, to.by, to.at, deeds)


def _forbidden(stuck: Sequence[str], at: Mapping[str, str], to: Move) -> RefusedByRule:
    standing = [f"{ref} ({stored_name(at[ref])})" for ref in stuck]
    return RefusedByRule(
        "move_forbidden",
        _("These cannot become {status} from where they stand: {refs}").format(
            status=status_name(to.status), refs=some(standing)
        ),
        hint=_("Nothing was changed. What a status may become: docs/register.md"),
    )
