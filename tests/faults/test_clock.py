"""The machine's clock is set while an alert is sent, on the real store.

Time runs fast here: what waits an hour takes more than a minute, and ends the test by its time-out.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.dispatching import OK, SMS, Desk, Wire, lanes
from tests.workbench import OPERATOR, fill_register, new_alert, record, take
from umsalert.dispatch import Dispatcher, LaneConfig, Result, RouteConfig, resume
from umsalert.errors import TemporaryError
from umsalert.model import Alert, DeliveryState, Outcome, OutcomeKind, Outgoing
from umsalert.ports import Pace

HOUR_S = 3600.0
HANGS_S = 30.0
"""Only a test that hangs waits this long: twenty-five minutes of the desk's clock."""
BUSY = Outcome(OutcomeKind.TEMPORARY, "429")
GONE = Outcome(OutcomeKind.UNREACHABLE, "refused")


async def end(sending: asyncio.Task[Result]) -> dict[DeliveryState, int]:
    async with asyncio.timeout(HANGS_S):
        return dict((await sending).counts[SMS])


async def on_the_wire(desk: Desk, alert: Alert, wire: Wire) -> asyncio.Task[Result]:
    """Start to send; return with two messages on the wire and three queued."""
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    return sending


@pytest.mark.parametrize("jump_s", [HOUR_S - 60, -HOUR_S])
async def test_a_run_goes_on_when_the_clock_is_set(desk: Desk, jump_s: float) -> None:
    """An hour on or back in mid-send: what is queued leaves at once, everything once."""
    alert, wire = await desk.alert(SMS), Wire(SMS)
    sending = await on_the_wire(desk, alert, wire)
    desk.clock.jump(jump_s)
    wire.hold.set()
    assert await end(sending) == {DeliveryState.ACCEPTED: 5}
    assert len({item.delivery_id for item in wire.handed}) == len(wire.handed) == 5


@pytest.mark.parametrize("jump_s", [HOUR_S - 60, -HOUR_S])
@pytest.mark.parametrize("first", [BUSY, GONE], ids=["refused", "unreachable"])
async def test_what_waits_does_not_wait_for_the_clock(
    desk: Desk, first: Outcome, jump_s: float
) -> None:
    """Set while messages wait for their next try, and the channel for its provider: no hour."""
    tries = iter(range(1000))

    def answer(_outgoing: Outgoing) -> Outcome:
        if next(tries) >= 2:
            return OK
        desk.clock.jump(jump_s / 2)
        return first

    alert, wire = await desk.alert(SMS), Wire(SMS, answer)
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    assert await end(sending) == {DeliveryState.ACCEPTED: 5}


@pytest.mark.parametrize("jump_s", [HOUR_S - 60, -HOUR_S])
async def test_a_living_sender_is_not_taken_for_dead(desk: Desk, jump_s: float) -> None:
    """Its lease looks over, or endless, to a process that asks after the jump: it is left alone."""
    alert, wire = await desk.alert(SMS), Wire(SMS)
    sending = await on_the_wire(desk, alert, wire)
    desk.clock.jump(jump_s)
    async with asyncio.timeout(HANGS_S):
        with pytest.raises(TemporaryError, match="right now"):
            await resume(desk.run, alert, lanes([Wire(SMS)]), resend_unknown=True)
    wire.hold.set()
    assert await end(sending) == {DeliveryState.ACCEPTED: 5}
    assert len(wire.handed) == 5


@pytest.mark.parametrize("jump_s", [HOUR_S - 60, -HOUR_S])
async def test_a_dead_sender_is_not_waited_for_by_the_clock(desk: Desk, jump_s: float) -> None:
    """Set back or forward after a process died, `resume` waits for a lease and not for an hour."""
    alert, wire = await desk.alert(SMS), Wire(SMS)
    sender = await desk.store.outbox.open_sender(alert.id, OPERATOR)
    await take(desk.store, sender, SMS, Pace(1000, 1000), 2)
    desk.clock.jump(jump_s)
    async with asyncio.timeout(HANGS_S):
        dispatcher = await resume(desk.run, alert, lanes([wire]))
    sending = asyncio.create_task(dispatcher.send())
    assert await end(sending) == {DeliveryState.ACCEPTED: 3, DeliveryState.UNKNOWN: 2}


@pytest.mark.parametrize("jump_s", [HOUR_S - 60, -HOUR_S])
async def test_the_pace_stays_the_pace(desk: Desk, jump_s: float) -> None:
    """A jump is worth no more than one burst, and nothing of the rate is lost after it."""
    await fill_register(desk.store, 40)
    alert = await record(desk.store, new_alert(channels=(SMS,), at=desk.clock.now()))
    left_s: list[float] = []

    def answer(outgoing: Outgoing) -> Outcome:
        left_s.append(desk.clock.steady_s())
        if len(left_s) == 20:
            desk.clock.jump(jump_s)
        return OK

    wire = Wire(SMS, answer)
    lane = LaneConfig(SMS, (RouteConfig(wire, Pace(rate_per_s=4, burst=2), 4),))
    sending = asyncio.create_task(Dispatcher(desk.run, alert, [lane]).send())
    assert await end(sending) == {DeliveryState.ACCEPTED: 40}
    length_s = left_s[-1] - left_s[0]
    assert length_s >= (40 - 2 * 2 - 1) / 4
