"""Who writes without end is heard thirty times in ten minutes; whatever is written is kept."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.store.incident import AMPLE, SMS
from tests.workbench import NOON, OPERATOR, FixedClock, fill_register, new_alert, record, take
from umsalert.channels.vonage.webhooks import INBOUND, VonageWebhooks
from umsalert.model import (
    Alert,
    Answer,
    Outgoing,
    Receipt,
    ReplyKind,
    ReplySource,
    Said,
    Tie,
)
from umsalert.ports import StoredWebhook
from umsalert.replies import Receiver
from umsalert.settings import VonageSettings
from umsalert.store.answers import FLOOD, FLOOD_WITHIN
from umsalert.store.inbox import KEPT_BYTES
from umsalert.store.store import Store

STRANGER = "+33639989999"


class Post:
    """SMS of guards, stored and applied as a server does it."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        self._store = store
        self._receiver = Receiver(store.inbox, {"vonage": VonageWebhooks(VonageSettings())}, clock)
        self._clock = clock
        self._sent = 0

    async def comes(self, sender: str, times: int = 1, text: str = "vu devant la gare") -> None:
        for _time in range(times):
            self._sent += 1
            said = {
                "channel": "sms",
                "from": sender.removeprefix("+"),
                "text": text,
                "timestamp": self._clock.now().isoformat(),
            }
            stored = StoredWebhook("vonage", INBOUND, "", json.dumps(said).encode())
            await self._store.inbox.store(stored, str(self._sent))
        assert await self._receiver.apply_pending()
        assert await self._store.inbox.pending(1) == ()

    async def problems(self) -> list[str]:
        return await self._store._database.read(
            lambda c: [row["problem"] for row in c.execute("SELECT problem FROM inbox ORDER BY id")]
        )


@pytest.fixture
def post(store: Store, clock: FixedClock) -> Post:
    return Post(store, clock)


@pytest.fixture
async def sent(store: Store) -> tuple[Alert, list[Outgoing]]:
    """Return an alert that has left for two guards."""
    await fill_register(store, 2)
    alert = await record(store, new_alert(channels=(SMS,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    return alert, list((await take(store, sender, SMS, AMPLE, 2)).outgoing)


async def test_a_guard_who_writes_without_end(
    store: Store, post: Post, clock: FixedClock, sent: tuple[Alert, list[Outgoing]]
) -> None:
    """Thirty answers in ten minutes, then again; another guard is heard meanwhile."""
    alert, (first, second) = sent
    await post.comes(first.address, FLOOD + 2)
    await post.comes(second.address)
    replies = await store.answers.of_alert(alert.id)
    assert [reply.contact_ref for reply in replies] == ["S0-c1"] * FLOOD + ["S1-c1"]
    assert await post.problems() == [""] * FLOOD + ["flood"] * 2 + [""]
    clock.move(FLOOD_WITHIN.total_seconds())
    await post.comes(first.address)
    assert (await store.answers.of_alert(alert.id))[-1].contact_ref == "S0-c1"


@pytest.mark.usefixtures("sent")
async def test_a_flood_does_not_fill_the_disk(store: Store, post: Post) -> None:
    """Of what is set aside the beginning is kept; of an answer, all."""
    await post.comes(STRANGER, FLOOD, "x")
    await post.comes(STRANGER, 1, "x" * 3 * KEPT_BYTES)
    await post.comes("+33639989998", 1, "x" * 3 * KEPT_BYTES)
    flood, kept = await store._database.read(
        lambda c: [
            row[0] for row in c.execute("SELECT length(body) FROM inbox WHERE id > ?", [FLOOD])
        ]
    )
    assert flood == KEPT_BYTES
    assert kept > 3 * KEPT_BYTES


@pytest.mark.usefixtures("sent")
async def test_a_stranger_who_writes_without_end(store: Store, post: Post) -> None:
    """The list of what an officer is to tie stays one that can be read; others stand in it."""
    await post.comes(STRANGER, FLOOD + 5)
    await post.comes("+33639989998")
    senders = [reply.sender for reply in await store.answers.unmatched()]
    assert senders == [STRANGER] * FLOOD + ["+33639989998"]


async def test_what_the_database_refuses_holds_up_nothing(
    store: Store, clock: FixedClock, sent: tuple[Alert, list[Outgoing]]
) -> None:
    """Should one item break a rule of the record, those behind it are applied all the same."""
    alert, (first, _second) = sent

    class Reader(VonageWebhooks):
        def read(self, stored: StoredWebhook) -> tuple[Receipt | Answer | Said, ...]:
            (said,) = super().read(stored)
            if not stored.reference:
                return (said,)
            wrong = Answer(ReplyKind.SIGHTING, ReplySource.SMS, "", NOON, Tie())
            return (replace(wrong, kind="nonsense"),)  # type: ignore[arg-type]

    said = {"channel": "sms", "from": first.address[1:], "text": "OK", "timestamp": "2026-03-17"}
    for reference in ("wrong", ""):
        body = json.dumps(said).encode()
        await store.inbox.store(StoredWebhook("vonage", INBOUND, reference, body), reference)
    receiver = Receiver(store.inbox, {"vonage": Reader(VonageSettings())}, clock)
    assert await receiver.apply_pending()
    assert len(await store.answers.of_alert(alert.id)) == 1
