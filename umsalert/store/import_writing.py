"""The one transaction of an import: new rows, changed ones, those that vanished, all on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from umsalert.i18n import _
from umsalert.model import ContactStatus, Deed, SiteStatus
from umsalert.ports.imports import Judge, Noun
from umsalert.store import audit
from umsalert.store.contact_rows import contact_of_row
from umsalert.store.database import queries
from umsalert.store.site_rows import site_of_row
from umsalert.store.spatialite import Connection
from umsalert.store.staged import Shape
from umsalert.store.status import Move, move
from umsalert.store.time_zones import STAGED, move_ends

Change = tuple[str, tuple[str, ...]]
"""A ref, and the names of the columns that are another's now."""

_POINT = ("lat", "lon")
_CLOSED: Mapping[Noun, SiteStatus | ContactStatus] = {
    "site": SiteStatus.CLOSED,
    "contact": ContactStatus.REVOKED,
}


def close_leaving(connection: Connection, shape: Shape, to: Move) -> None:
    """Close what is staged as leaving, by the same hand and at the same time as `to`."""
    rows = connection.execute(queries("imports")["leaving_refs"])
    if refs := [row["ref"] for row in rows]:
        reason = _("not in the imported file")
        move(connection, refs, Move(_CLOSED[shape.noun], to.by, to.at, reason))


def judge_new(connection: Connection, shape: Shape, judge: Judge) -> None:
    """Ask who has a word on new rows; what it raises keeps the whole file out."""
    rows = connection.execute(queries("imports")[f"new_{shape.noun}s"])
    item: Callable[[Connection], Any] = site_of_row if shape.noun == "site" else contact_of_row
    judge((row["line"], item(row)) for row in rows)


def update(connection: Connection, shape: Shape, written: Sequence[str], to: Move) -> None:
    """Write the columns that the file decides of the rows that differ."""
    sql = queries("imports")["update"]
    if "time_zone" in written:
        move_ends(connection, STAGED)
    # A trigger moves geometry and cell with the point: it is left alone where the point stays.
    still = [name for name in written if name not in _POINT]
    moved = [name for name in written if name in _POINT]
    for names, which in (
        (still, "found.changed <> ''"),
        (moved, "(found.changed LIKE '%lat,%' OR found.changed LIKE '%lon,%')"),
    ):
        if names:
            assignments = ", ".join(f"{name} = new.{name}" for name in names)
            connection.execute(sql.format(noun=shape.noun, assignments=assignments, which=which))
    chain = audit.Appender(connection, to.by, to.at)
    chain.append(
        Deed(f"{shape.noun}.edit", shape.noun, ref, {"fields": list(fields)})
        for ref, fields in _changes(connection, shape)
    )


def _changes(connection: Connection, shape: Shape) -> Iterator[Change]:
    sql = queries("imports")["changed_rows"].format(noun=shape.noun)
    for row in connection.execute(sql):
        yield row["ref"], tuple(row["changed"].strip(",").split(","))
