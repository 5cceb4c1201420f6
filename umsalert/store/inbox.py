"""Webhooks: stored first, answered, applied after; receipts and answers find their hand-over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from umsalert.model import Answer, DeliveryState, MessageText, Receipt
from umsalert.ports import StoredWebhook
from umsalert.store import answers, hand_overs
from umsalert.store.alert_rows import text_of_row
from umsalert.store.database import Database, queries
from umsalert.store.instants import to_text
from umsalert.store.spatialite import Connection

KEPT_BYTES = 16 * 1024
"""Of what is nobody's word: whoever sends without end must not fill the disk."""

OVERTAKES_BY = timedelta(minutes=1)
"""By how much a receipt may be faster than our own commit, which a locked database delays."""


class SqlInbox:
    """`ports.Inbox` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def store(self, webhook: StoredWebhook, key: str) -> bool:
        """Keep a webhook; False when its key was seen already."""
        values = {
            "provider": webhook.provider,
            "topic": webhook.topic,
            "key": key,
            "reference": webhook.reference,
            "body": webhook.body,
            "now": to_text(self._now()),
        }
        return await self._database.write(
            lambda c: bool(c.execute(queries("inbox")["store"], values).rowcount)
        )

    async def pending(self, limit: int, after: int = 0) -> Sequence[StoredWebhook]:
        """Return what was not applied yet and has an id above `after`, oldest first."""
        values = {"limit": limit, "after": after}

        def work(connection: Connection) -> tuple[StoredWebhook, ...]:
            rows = connection.execute(queries("inbox")["pending"], values)
            return tuple(
                StoredWebhook(
                    provider=row["provider"],
                    topic=row["topic"],
                    reference=row["reference"],
                    body=row["body"],
                    id=row["id"],
                )
                for row in rows
            )

        return await self._database.read(work)

    async def apply(self, inbox_id: int, items: Sequence[Receipt | Answer]) -> int | None:
        """Apply what one webhook says, once, and mark it done; return how many were matched.

        None: it may have overtaken our own commit of the id that it names, and stays pending.
        """

        def work(connection: Connection) -> int | None:
            if self._is_early(connection, inbox_id, items):
                return None
            if not self._done(connection, inbox_id, ""):
                return 0
            matched = sum(self._apply(connection, inbox_id, item) for item in items)
            if matched < len(items):
                connection.execute(queries("inbox")["unmatched"], {"id": inbox_id})
            return matched

        return await self._database.write(work)

    async def floods(self, inbox_id: int, answer: Answer) -> bool:
        """Say whether whoever wrote an answer by SMS or e-mail has written too many of late."""
        return await self._database.read(lambda c: answers.floods(c, answer, self._now(), inbox_id))

    async def reject(self, inbox_id: int, problem: str) -> None:
        """Mark a stored webhook as unreadable, so that it is kept and not tried again."""

        def work(connection: Connection) -> None:
            if self._done(connection, inbox_id, problem):
                values = {"id": inbox_id, "most": KEPT_BYTES}
                connection.execute(queries("inbox")["cut"], values)

        await self._database.write(work)

    async def text_of(self, reference: str) -> MessageText | None:
        """Return what the hand-over of this reference says."""
        values = hand_overs.split(reference)
        if values is None:
            return None
        row = await self._database.read(
            lambda c: c.execute(queries("inbox")["text_of"], values).fetchone()
        )
        return None if row is None else text_of_row(row)

    def _done(self, connection: Connection, inbox_id: int, problem: str) -> bool:
        values = {"id": inbox_id, "now": to_text(self._now()), "problem": problem}
        return bool(connection.execute(queries("inbox")["done"], values).rowcount)

    def _is_early(
        self, connection: Connection, inbox_id: int, items: Sequence[Receipt | Answer]
    ) -> bool:
        """Say whether what a receipt names by its provider's id may still become known."""
        late = [item for item in items if isinstance(item, Receipt) and item.by_id]
        if all(hand_overs.of_receipt(connection, item) for item in late):
            return False
        values = {"id": inbox_id, "since": to_text(self._now() - OVERTAKES_BY)}
        return connection.execute(queries("inbox")["is_fresh"], values).fetchone() is not None

    def _apply(self, connection: Connection, inbox_id: int, item: Receipt | Answer) -> bool:
        if isinstance(item, Answer):
            return answers.keep(connection, item, self._now(), inbox_id) is not None
        found = hand_overs.of_receipt(connection, item)
        if found is not None:
            _receive(connection, found, item)
        return found is not None


def _receive(connection: Connection, found: Mapping[str, object], item: Receipt) -> None:
    if item.state is None:
        return
    receipt = {
        "state": item.state,
        "code": item.code,
        "provider_id": item.provider_id,
        "at": to_text(item.occurred_at),
    }
    for step in ("receipt_attempt", "receipt_evidence", "receipt_delivery"):
        connection.execute(queries("inbox")[step], {**found, **receipt})
    if item.state is DeliveryState.UNDELIVERED:
        values = {"ids": json.dumps([found["delivery_id"]]), "at": receipt["at"]}
        connection.execute(queries("outbox")["nothing_left"], values)
