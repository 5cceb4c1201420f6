"""What a shell completes: the references that begin as what is typed so far."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from umsalert.store.database import Database, queries

MOST = 200
"""More are of no help on a screen, and a register has 100,000."""
_LAST = "\U0010ffff"


class Offer(StrEnum):
    """What is offered; each has its statement in queries/offers.sql."""

    ACCOUNTS = "accounts"
    ALERTS = "alerts"
    APPROVALS = "approvals"
    BULLETINS = "bulletins"
    CONTACTS = "contacts"
    KINDS = "kinds"
    SITES = "sites"


class SqlOffers:
    """References, each with a word or two on what it is."""

    def __init__(self, database: Database) -> None:
        """Use an open database."""
        self._database = database

    async def beginning(self, what: Offer, text: str) -> Sequence[tuple[str, str]]:
        """Return the references that begin with `text`, in the order of their list."""
        values = {"first": text, "last": text + _LAST, "most": MOST}
        return await self._database.read(
            lambda connection: [
                (ref, about)
                for ref, about in connection.execute(queries("offers")[what], values).fetchall()
            ]
        )
