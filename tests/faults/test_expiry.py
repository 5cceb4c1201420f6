"""A stale alert never goes out, whatever has held it up."""

from __future__ import annotations

import asyncio

import pytest

from tests.dispatching import SMS, Desk, Wire, lanes
from tests.e2e.office import Office, sending
from tests.faults.conftest import IN_FLIGHT, SITES
from tests.faults.gate import Gate
from umsalert.dispatch import resume
from umsalert.errors import RefusedByRule
from umsalert.model import DeliveryState, UnknownPolicy

SLOW = {"UMSALERT_SMS_VONAGE_RATE_PER_S": "4"}
TOMORROW = {"UMSALERT_SIMULATION_CLOCK_OFFSET_S": "86400"}
HOUR_S = 3600.0
EXPIRED = "not sent in time"


def test_a_run_that_is_too_slow_says_what_it_did_not_send(office: Office) -> None:
    """Half of it would leave after the alert's end: it does not; run and `resume` both say so."""
    process, before = sending(office, 1, "--expires", "5s", **SLOW)
    ended = office.end(process)
    assert ended.code == 1, ended.err
    sent, states = len(office.sms(before)), office.states()
    assert states == {"accepted": sent, "expired": SITES - sent}
    assert f"{SITES - sent} messages were {EXPIRED} and are not sent any more." in ended.err
    resumed = office.run("alert", "resume", "last", "--resend-unknown", "--json")
    assert (resumed.code, resumed.error["code"]) == (5, "alert_expired")
    assert f"{SITES - sent} messages were {EXPIRED}" in resumed.error["message"]
    assert len(office.sms(before)) == sent


def test_what_a_dead_sender_left_expires(
    office: Office, gate: Gate, through: dict[str, str]
) -> None:
    """Killed and resumed too late: nothing more leaves, and what may have left stays unknown."""
    gate.keep_answers()
    killed, before = sending(office, IN_FLIGHT, **through)
    killed.kill()
    killed.communicate()
    resumed = office.run("alert", "resume", "last", "--resend-unknown", **TOMORROW)
    assert resumed.code == 5, resumed.err
    assert f"{SITES - IN_FLIGHT} messages were {EXPIRED}" in resumed.err
    assert office.states() == {"unknown": IN_FLIGHT, "expired": SITES - IN_FLIGHT}
    assert len(office.sms(before)) == IN_FLIGHT


@pytest.mark.parametrize("asleep", [True, False], ids=["asleep", "clock set on"])
async def test_nothing_leaves_when_its_time_has_passed_at_once(desk: Desk, asleep: bool) -> None:
    """A machine that slept beyond the alert's end, or whose clock was set beyond it, sends none."""
    alert, wire = await desk.alert(SMS), Wire(SMS)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    (desk.clock.suspend if asleep else desk.clock.jump)(HOUR_S)
    wire.hold.set()
    result = await sending
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 2, DeliveryState.EXPIRED: 3}
    assert len(wire.handed) == 2


async def test_a_clock_set_back_prolongs_nothing(desk: Desk) -> None:
    """A run ends when the alert's hour has passed, whatever hour the machine shows."""
    alert, wire = await desk.alert(SMS), Wire(SMS)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    desk.clock.jump(-HOUR_S)
    desk.clock.suspend(HOUR_S)
    wire.hold.set()
    result = await sending
    assert desk.clock.now() < alert.expires_at
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 2, DeliveryState.EXPIRED: 3}


@pytest.mark.parametrize("policy", UnknownPolicy)
async def test_resume_after_the_end_sends_nothing_again(desk: Desk, policy: UnknownPolicy) -> None:
    """Not even what the template wants to be sent again: too late is too late."""
    alert, wire = await desk.alert(SMS, unknown=policy), Wire(SMS)
    wire.hold.clear()
    dispatcher = desk.dispatcher(alert, wire, in_flight=2)
    sending = asyncio.create_task(dispatcher.send())
    await wire.has_taken(2)
    dispatcher.stop()
    dispatcher.abort()
    await sending
    desk.clock.suspend(HOUR_S)
    with pytest.raises(RefusedByRule, match="3 messages were not sent in time"):
        await resume(desk.run, alert, lanes([wire]), resend_unknown=True)
    assert await desk.states(alert) == {DeliveryState.EXPIRED: 3, DeliveryState.UNKNOWN: 2}


async def test_a_finished_alert_may_be_resumed_after_its_end(desk: Desk) -> None:
    """Everything was sent in time: there is nothing to refuse."""
    alert, wire = await desk.alert(SMS), Wire(SMS)
    await desk.dispatcher(alert, wire).send()
    desk.clock.suspend(HOUR_S)
    result = await (await resume(desk.run, alert, lanes([wire]))).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 5}
