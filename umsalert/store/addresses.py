"""The numbers and mailboxes of contacts: codes on their way, proofs, failures in a row.

Failures are counted by triggers on deliveries and replies (migration 0015).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from umsalert.model import AddressKind, AddressState, Deed, Operator, SentCode
from umsalert.ports import Answered
from umsalert.store import audit
from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, optional_time, to_text
from umsalert.store.spatialite import Connection

MOST_TRIES = 5


class SqlAddresses:
    """`ports.Addresses` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def states(
        self, contact_refs: Sequence[str] | None = None, *, failures: int = 0
    ) -> Sequence[AddressState]:
        """Return what is known of the addresses of these contacts, or of all."""
        query = "states" if contact_refs is None else "states_of"
        values = {"refs": json.dumps(list(contact_refs or ())), "failures": failures}

        def work(connection: Connection) -> tuple[AddressState, ...]:
            rows = connection.execute(queries("addresses")[query], values)
            return tuple(map(_state, rows))

        return await self._database.read(work)

    async def expect(self, contact_ref: str, code: SentCode, by: Operator) -> None:
        """Keep a code that is about to be sent, in the place of an earlier one to that address."""
        now = self._now()
        values = _place(contact_ref, code) | {
            "channel": code.channel,
            "salt": code.salt,
            "digest": code.digest,
            "now": to_text(now),
            "by": str(by),
            "expires_at": to_text(code.expires_at),
        }
        deed = Deed("contact.code_sent", "contact", contact_ref, {"channel": code.channel})

        def work(connection: Connection) -> None:
            connection.execute(queries("addresses")["expect"], values)
            audit.append(connection, by, now, [deed])

        await self._database.write(work)

    async def forget(self, contact_ref: str, code: SentCode) -> None:
        """Drop a code that did not leave."""
        values = _place(contact_ref, code) | {"salt": code.salt}
        await self._database.write(
            lambda c: c.execute(queries("addresses")["forget"], values) and None
        )

    async def expected(self, contact_ref: str) -> Sequence[SentCode]:
        """Return the codes that were sent to a contact and not used, expired ones included."""
        return await self._database.read(lambda c: _expected(c, contact_ref))

    async def answer(
        self, contact_ref: str, digests: Sequence[tuple[SentCode, bytes]], by: Operator
    ) -> Answered:
        """Compare what was typed with what is expected, and count the try."""
        import hmac

        now = self._now()

        def work(connection: Connection) -> Answered:
            live = {
                code.salt: code
                for code in _expected(connection, contact_ref)
                if code.expires_at > now and code.tries < MOST_TRIES
            }
            typed = [(live[code.salt], digest) for code, digest in digests if code.salt in live]
            for code, digest in typed:
                if hmac.compare_digest(code.digest, digest):
                    return self._prove(connection, contact_ref, code, by)
            for code, _digest in typed:
                connection.execute(queries("addresses")["count_try"], _place(contact_ref, code))
            if typed:
                audit.append(
                    connection, by, now, [Deed("contact.code_wrong", "contact", contact_ref)]
                )
            left = (MOST_TRIES - 1 - code.tries for code, _digest in typed)
            return Answered(None, max(left, default=0))

        return await self._database.write(work)

    def _prove(
        self, connection: Connection, contact_ref: str, code: SentCode, by: Operator
    ) -> Answered:
        now = self._now()
        place = _place(contact_ref, code)
        values = place | {"now": to_text(now), "by": str(by), "channel": code.channel}
        connection.execute(queries("addresses")["prove"], values)
        connection.execute(queries("addresses")["forget"], place | {"salt": code.salt})
        detail = {"address": code.kind.value, "channel": code.channel}
        audit.append(
            connection, by, now, [Deed("contact.verified", "contact", contact_ref, detail)]
        )
        return Answered(code.kind, 0)


def _place(contact_ref: str, code: SentCode) -> dict[str, object]:
    return {"contact_ref": contact_ref, "kind": code.kind.value}


def _expected(connection: Connection, contact_ref: str) -> tuple[SentCode, ...]:
    rows = connection.execute(queries("addresses")["expected"], {"contact_ref": contact_ref})
    return tuple(
        SentCode(
            channel=row["channel"],
            kind=AddressKind(row["kind"]),
            salt=row["salt"],
            digest=row["digest"],
            expires_at=from_text(row["expires_at"]),
            tries=row["tries"],
        )
        for row in rows
    )


def _state(row: Connection) -> AddressState:
    return AddressState(
        contact_ref=row["contact_ref"],
        kind=AddressKind(row["kind"]),
        proven_at=optional_time(row["proven_at"]),
        proven_by=row["proven_by"],
        proven_channel=row["proven_channel"],
        failures=row["failures"],
        failed_at=optional_time(row["failed_at"]),
        failed_code=row["failed_code"],
    )
