"""An alert is cancelled while a run sends it: the run hears of it, stops, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.dispatching import SMS, Desk, Wire, lanes, open_desk
from tests.workbench import OPERATOR, take
from umsalert import cancellation, retry
from umsalert.dispatch import Result, resume
from umsalert.errors import RefusedByRule
from umsalert.events import Cancelled, Event, Finished
from umsalert.model import Alert, DeliveryState, Operator, Outcome, OutcomeKind, UnknownPolicy
from umsalert.ports import Pace
from umsalert.store.store import Store

CHIEF = Operator("chief", "test")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def cancel_elsewhere(desk: Desk, alert: Alert) -> None:
    """Cancel through another store, as another process does."""
    async with Store(desk.store.path, desk.clock) as other:
        await other.outbox.cancel(alert.id, CHIEF, "slip")


class Heard:
    """Waits for the event that says that the alert was cancelled."""

    def __init__(self, desk: Desk) -> None:
        self._cancelled = asyncio.Event()
        self._events = desk.events
        desk.run = type(desk.run)(desk.store.outbox, desk.clock, self, OPERATOR)

    def __call__(self, event: Event, /) -> None:
        self._events.append(event)
        if isinstance(event, Cancelled):
            self._cancelled.set()

    async def cancelled(self) -> None:
        await self._cancelled.wait()


async def cancelled_run(desk: Desk, wire: Wire, unknown: UnknownPolicy) -> tuple[Alert, Result]:
    """Cancel an alert with two messages on the wire, which end only after the run has heard."""
    heard = Heard(desk)
    alert = await desk.alert(SMS, unknown=unknown)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    await cancel_elsewhere(desk, alert)
    await heard.cancelled()
    wire.hold.set()
    return alert, await sending


@pytest.mark.parametrize(
    ("outcome", "unknown", "state"),
    [
        (Outcome(OutcomeKind.ACCEPTED, provider_id="x"), UnknownPolicy.HOLD, "accepted"),
        (Outcome(OutcomeKind.TEMPORARY, "429"), UnknownPolicy.HOLD, "cancelled"),
        (Outcome(OutcomeKind.UNKNOWN, "timeout"), UnknownPolicy.RESEND, "unknown"),
    ],
)
async def test_a_run_stops_when_another_process_cancels(
    desk: Desk, outcome: Outcome, unknown: UnknownPolicy, state: str
) -> None:
    """Two on the wire end as they end, the rest is cancelled, and nothing is tried again."""
    wire = Wire(SMS, lambda _outgoing: outcome)
    alert, result = await cancelled_run(desk, wire, unknown)
    found = {
        row.state: row.code
        for row in await desk.store.record.deliveries(alert.id)
        if row.state != state
    }
    assert found == ({} if state == "cancelled" else {"cancelled": "cancelled"})
    assert len(wire.handed) == 2
    assert result.counts[SMS][DeliveryState(state)] == (5 if state == "cancelled" else 2)
    assert result.cancelled
    assert (result.cancelled.by, result.interrupted) == ("chief@test", False)
    assert wire.withdrawn
    assert [type(e) for e in desk.events if isinstance(e, Cancelled | Finished)] == [
        Cancelled,
        Finished,
    ]


async def test_a_lane_that_waits_for_its_provider_is_woken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to come back after a very long time, a channel ends as soon as the alert does."""
    monkeypatch.setattr(retry, "BACKOFF_MAX_S", 1e9)
    alert = await desk.alert(SMS)
    wire = Wire(SMS, lambda _o: Outcome(OutcomeKind.TEMPORARY, "429", retry_after_s=1e6))
    sending = asyncio.create_task(desk.dispatcher(alert, wire).send())
    await wire.has_taken(4)
    await cancel_elsewhere(desk, alert)
    result = await sending
    assert result.cancelled
    assert DeliveryState.QUEUED not in result.counts[SMS]
    assert len(wire.handed) == 4


async def test_a_run_of_a_cancelled_alert_hands_nothing_over(desk: Desk) -> None:
    """Cancelled between record and first claim, the run ends at once and says by whom."""
    alert = await desk.alert(SMS)
    await cancel_elsewhere(desk, alert)
    wire = Wire(SMS)
    result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {DeliveryState.CANCELLED: 5}
    assert wire.handed == []
    assert [type(e) for e in desk.events if isinstance(e, Cancelled)] == [Cancelled]


async def dead_run(desk: Desk, alert: Alert) -> int:
    """Claim two messages as a process that then dies."""
    sender = await desk.store.outbox.open_sender(alert.id, OPERATOR)
    await take(desk.store, sender, SMS, Pace(1000, 1000), 2)
    return sender


async def test_a_cancelled_alert_is_not_resumed(desk: Desk) -> None:
    """Resume refuses, says by whom, and still turns what a dead process held into unknown."""
    alert = await desk.alert(SMS, unknown=UnknownPolicy.RESEND)
    await desk.store.outbox.close_sender(await dead_run(desk, alert))
    await cancel_elsewhere(desk, alert)
    with pytest.raises(RefusedByRule, match="chief@test") as caught:
        await resume(desk.run, alert, lanes([Wire(SMS)]), resend_unknown=True)
    assert caught.value.code == "alert_cancelled"
    assert await desk.states(alert) == {DeliveryState.CANCELLED: 3, DeliveryState.UNKNOWN: 2}


async def test_what_a_dead_process_held_is_settled_as_unknown(desk: Desk) -> None:
    """Waiting for the wire ends when the dead process's lease does."""
    alert = await desk.alert(SMS)
    await dead_run(desk, alert)
    await cancel_elsewhere(desk, alert)
    assert await cancellation.settle(desk.store.outbox, desk.clock, alert.id, 60) == 0
    assert await desk.states(alert) == {DeliveryState.CANCELLED: 3, DeliveryState.UNKNOWN: 2}


async def test_waiting_for_the_wire_has_an_end(desk: Desk) -> None:
    """A living process whose provider stays silent is not waited for longer than the limit."""
    alert = await desk.alert(SMS)
    wire = Wire(SMS)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    await cancel_elsewhere(desk, alert)
    before = desk.clock.now()
    assert await cancellation.settle(desk.store.outbox, desk.clock, alert.id, 5) == 2
    assert desk.clock.now() >= before + timedelta(seconds=5)
    wire.hold.set()
    assert dict((await sending).counts[SMS]) == {
        DeliveryState.ACCEPTED: 2,
        DeliveryState.CANCELLED: 3,
    }
