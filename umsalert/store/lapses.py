"""What time itself changes in the register: approvals, suspensions and cards that come to an end.

All statements about people look at stored statuses only, so the end of a term is a move like any
other, made by the program in its own name before somebody relies on the statuses.
"""

from __future__ import annotations

from datetime import datetime

from umsalert.errors import DatabaseError
from umsalert.store.database import Database, queries
from umsalert.store.instants import to_text
from umsalert.store.spatialite import Connection

PROGRAM = "umsalert"
"""Who makes these moves."""

APPROVAL_ENDED = "approval_ended"
SUSPENSION_ENDED = "suspension_ended"
CARD_EXPIRED = "card_expired"
"""Their reasons: codes, since nobody has typed them."""


async def lapse(database: Database, now: datetime) -> int:
    """Move whatever has come to its end; write only if something has; return how many."""
    if not await database.read(lambda c: due(c, now)):
        return 0
    return await database.write(lambda c: lapse_in(c, now))


async def foresee(database: Database, now: datetime) -> tuple[int, int]:
    """Do what `lapse` does; where the file cannot be written, only what is read from it changes.

    Return how many moves were made, and how many others have still to make.
    """
    try:
        return await lapse(database, now), 0
    except DatabaseError as error:
        if error.code != "database_not_writable":
            raise
        return 0, await database.pretend(lambda c: lapse_in(c, now))


def due(connection: Connection, now: datetime) -> bool:
    """Say whether anything has come to its end: three looks at indices that hold little else."""
    row = connection.execute(queries("lapses")["due"], {"now": to_text(now)}).fetchone()
    return bool(row["due"])


def lapse_in(connection: Connection, now: datetime) -> int:
    """Do what `lapse` does, in the transaction of who relies on it."""
    if not due(connection, now):
        return 0
    # Not at the top: nothing is due before most lists, and moving takes more than they do.
    from umsalert.model import ContactStatus, Operator, SiteStatus
    from umsalert.store.status import Move, move

    moves = (
        # First: a suspension that outlives its approval never leads back to an approval.
        ("both_ended", SiteStatus.UNDER_REVIEW, APPROVAL_ENDED),
        ("suspension_ended", SiteStatus.APPROVED, SUSPENSION_ENDED),
        ("approval_ended", SiteStatus.UNDER_REVIEW, APPROVAL_ENDED),
        ("card_expired", ContactStatus.EXPIRED, CARD_EXPIRED),
    )
    moved = 0
    for query, status, reason in moves:
        rows = connection.execute(queries("lapses")[query], {"now": to_text(now)}).fetchall()
        if rows:
            to = Move(status, Operator(PROGRAM, ""), now, reason)
            moved += move(connection, [row["ref"] for row in rows], to)
    return moved
