"""The one transaction of an import: new rows, changed ones, those that vanished, all on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from umsalert.i18n import _
from umsalert.model import ContactStatus, Deed, SiteStatus
from umsalert.ports.imports import Noun
from umsalert.store import audit
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection
from umsalert.store.staged import Shape
from umsalert.store.status import Move, move

Change = tuple[str, tuple[str, ...]]
"""A ref, and the names of the columns that are another's now."""

AfterChange = Callable[[Connection, Iterator[Change], Move], None]

AFTER_CHANGE: Mapping[Noun, tuple[AfterChange, ...]] = {"site": (), "contact": ()}
"""What else follows from a change, in its transaction: a new card, a site that moved. The move says
by whom and when; its status is that of new rows."""

AfterAdd = Callable[[Connection, Iterator[str], Move], None]

AFTER_ADD: Mapping[Noun, tuple[AfterAdd, ...]] = {"site": (), "contact": ()}
"""Asked in the transaction with the refs of new rows and what they have become: raises what their
vetting lacks, and nothing is written."""

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


def after_add(connection: Connection, shape: Shape, to: Move) -> None:
    """Ask what has a word on new rows."""
    sql = queries("imports")["new_refs_of_file"]
    for follow in AFTER_ADD[shape.noun]:
        follow(connection, (row["ref"] for row in connection.execute(sql)), to)


def update(connection: Connection, shape: Shape, written: Sequence[str], to: Move) -> None:
    """Write the columns that the file decides of the rows that differ."""
    sql = queries("imports")["update"]
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
    for follow in AFTER_CHANGE[shape.noun]:
        follow(connection, _changes(connection, shape), to)


def _changes(connection: Connection, shape: Shape) -> Iterator[Change]:
    sql = queries("imports")["changed_rows"].format(noun=shape.noun)
    for row in connection.execute(sql):
        yield row["ref"], tuple(row["changed"].strip(",").split(","))
