"""One provider's wire, turn by turn of the loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dispatching import SMS, Desk, Wire, open_desk
from tests.workbench import OPERATOR
from umsalert.dispatch import RouteConfig
from umsalert.dispatch.route import Hooks, Route
from umsalert.ports import Pace, Settled, Want


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def test_a_claim_that_meets_the_end_of_the_last_worker_is_handed_over(desk: Desk) -> None:
    """Messages claimed in the very turn in which the wire falls idle do not wait for ever."""
    alert = await desk.alert(SMS)
    sender_id = await desk.store.outbox.open_sender(alert.id, OPERATOR)
    want = Want(SMS, "script", Pace(1000, 1000), 5, 1)
    (claim,) = await desk.store.outbox.exchange(sender_id, (), (want,))
    first, others = claim.outgoing[0], claim.outgoing[1:]
    wire, all_settled = Wire(SMS), asyncio.Event()
    settled: list[Settled] = []

    def done(item: Settled) -> None:
        settled.append(item)
        if len(settled) == 1:  # the worker ends right after this, and the claim comes first
            asyncio.get_running_loop().call_soon(route.take, replace(claim, outgoing=others))
        if len(settled) == 5:
            all_settled.set()

    route = Route(
        desk.run, alert, RouteConfig(wire, Pace(1000, 1000), 1), Hooks(done, lambda: True)
    )
    route.take(replace(claim, outgoing=(first,)))
    async with asyncio.timeout(30):
        await all_settled.wait()
    assert len(wire.handed) == 5
