"""A guard answers while a run sends: what is on the wire stays, the rest is not needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dispatching import VOICE, Desk, Wire, open_desk
from tests.workbench import answer_to, fill_register, new_alert, record
from umsalert.cli.alert_send import exit_code
from umsalert.errors import ExitCode
from umsalert.model import DeliveryState, Outcome, OutcomeKind, Outgoing, ReplyKind
from umsalert.ports import StoredWebhook
from umsalert.store.store import Store

BUSY = Outcome(OutcomeKind.TEMPORARY, "429")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def answer_elsewhere(desk: Desk, outgoing: Outgoing) -> None:
    """Store and apply an answer through another store, as the web server does."""
    said = answer_to(outgoing.reference, ReplyKind.ACKNOWLEDGED, desk.clock.now())
    async with Store(desk.store.path, desk.clock) as server:
        webhook = StoredWebhook("vonage", "voice-input", outgoing.reference, b"{}")
        await server.inbox.store(webhook, outgoing.reference)
        (pending,) = await server.inbox.pending(1)
        await server.inbox.apply(pending.id, [said])


@pytest.mark.parametrize("second", ["accepted", "refused"])
async def test_an_answer_overtakes_the_rest_of_its_site(desk: Desk, second: str) -> None:
    """Answered between claim and hand-over, two calls end as they end and four are not made."""

    def outcome(outgoing: Outgoing) -> Outcome:
        again = outgoing.delivery_id == wire.handed[1].delivery_id
        return BUSY if again and second == "refused" else Outcome(OutcomeKind.ACCEPTED)

    await fill_register(desk.store, 1, guards=6)
    new = new_alert(channels=(VOICE,), at=desk.clock.now())
    alert = await record(desk.store, replace(new, stop_when_acknowledged=True))
    wire = Wire(VOICE, outcome)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    await answer_elsewhere(desk, wire.handed[0])
    wire.hold.set()
    result = await sending
    left = 2 if second == "accepted" else 1
    assert dict(result.counts[VOICE]) == {
        DeliveryState.ACCEPTED: left,
        DeliveryState.NOT_NEEDED: 6 - left,
    }
    assert len(wire.handed) == 2
    assert exit_code(result) is ExitCode.OK
