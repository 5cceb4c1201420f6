"""A process is stopped, killed or asleep; others go on with its alert, never twice unlisted."""

from __future__ import annotations

import asyncio
import signal
import subprocess

import pytest

from tests.dispatching import OK, SMS, Desk, Wire, lanes
from tests.e2e.office import Office, sending
from tests.faults.conftest import IN_FLIGHT, SITES
from tests.faults.gate import Gate
from tests.faults.proof import each_once
from tests.workbench import OPERATOR, commit, take, tell
from umsalert.dispatch import Run, resume
from umsalert.errors import TemporaryError
from umsalert.events import Claimed, Event
from umsalert.leases import LEASE_S
from umsalert.model import DeliveryState, UnknownPolicy
from umsalert.ports import Pace, Settled


def with_all_on_the_wire(
    office: Office, gate: Gate, through: dict[str, str]
) -> tuple[subprocess.Popen[bytes], int]:
    """Return a sender whose wire is full: the carrier has taken four and answers nobody."""
    gate.keep_answers()
    return sending(office, IN_FLIGHT, **through)


def test_a_stopped_sender_is_replaced_and_its_answers_still_count(
    office: Office, gate: Gate, through: dict[str, str]
) -> None:
    """Stopped beyond its lease, another process goes on; continued, it tells what it knows."""
    stopped, before = with_all_on_the_wire(office, gate, through)
    stopped.send_signal(signal.SIGSTOP)
    gate.give_answers()
    resumed = office.run("alert", "resume", "last")
    assert resumed.code == 1, resumed.err
    assert office.states()["unknown"] == IN_FLIGHT
    assert f"{IN_FLIGHT} may or may not have left" in resumed.err
    stopped.send_signal(signal.SIGCONT)
    assert office.end(stopped).code == 0
    each_once(office, before, SITES)
    assert office.states() == {"accepted": SITES}


def test_two_resumes_at_once_after_a_kill(
    office: Office, gate: Gate, through: dict[str, str]
) -> None:
    """Started together, they share the rest or one of them steps back: nobody has it twice."""
    killed, before = with_all_on_the_wire(office, gate, through)
    killed.kill()
    killed.communicate()
    both = [office.start("alert", "resume", "last") for _number in range(2)]
    ended = [office.end(process) for process in both]
    assert {item.code for item in ended} <= {1, 75}
    assert 1 in {item.code for item in ended}
    each_once(office, before, SITES)
    assert office.states()["unknown"] == IN_FLIGHT


def test_a_living_sender_is_left_alone(office: Office, gate: Gate, through: dict[str, str]) -> None:
    """While a process waits for its answers, `resume` ends with 75 and has taken nothing."""
    living, before = with_all_on_the_wire(office, gate, through)
    refused = office.run("alert", "resume", "last", "--resend-unknown", "--json")
    assert (refused.code, refused.error["code"]) == (75, "still_sending")
    gate.give_answers()
    assert office.end(living).code == 0
    each_once(office, before, SITES)


def slept(desk: Desk, seconds: float) -> None:
    """Let the machine sleep right after the first messages were claimed, before they leave."""
    first = True

    def hear(event: Event, /) -> None:
        nonlocal first
        desk.events.append(event)
        if isinstance(event, Claimed) and first:
            first = False
            desk.clock.suspend(seconds)

    desk.run = Run(desk.store.outbox, desk.clock, hear, OPERATOR)


async def test_what_was_claimed_before_a_sleep_is_claimed_again(desk: Desk) -> None:
    """Its lease is over, so others may have it: it is given back before anything leaves."""
    slept(desk, LEASE_S)
    alert, wire = await desk.alert(SMS), Wire(SMS)
    result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 5}
    assert sorted(item.attempt_n for item in wire.handed) == [1, 2, 2, 2, 2]


async def test_a_short_sleep_changes_nothing(desk: Desk) -> None:
    """Within the lease nobody can have taken over: the messages leave as they were claimed."""
    slept(desk, LEASE_S / 2)
    alert, wire = await desk.alert(SMS), Wire(SMS)
    await desk.dispatcher(alert, wire).send()
    assert {item.attempt_n for item in wire.handed} == {1}


async def test_a_laptop_that_slept_goes_on(desk: Desk) -> None:
    """Awake after half an hour, its sender renews its lease: nobody takes over, all leaves once."""
    alert, wire = await desk.alert(SMS), Wire(SMS)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    desk.clock.suspend(1800)
    with pytest.raises(TemporaryError, match="right now"):
        await resume(desk.run, alert, lanes([Wire(SMS)]), resend_unknown=True)
    wire.hold.set()
    assert dict((await sending).counts[SMS]) == {DeliveryState.ACCEPTED: 5}
    assert len({item.delivery_id for item in wire.handed}) == len(wire.handed) == 5


async def test_a_lockdown_repeats_what_a_stopped_sender_held_and_says_so(desk: Desk) -> None:
    """Where the template wants it again, who may have it twice stands in the report."""
    alert, wire = await desk.alert(SMS, unknown=UnknownPolicy.RESEND), Wire(SMS)
    sender = await desk.store.outbox.open_sender(alert.id, OPERATOR)
    held = await take(desk.store, sender, SMS, Pace(1000, 1000), 2)
    result = await (await resume(desk.run, alert, lanes([wire]))).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 5}
    late = [Settled(item, OK, "script", held.at, desk.clock.now(), None) for item in held.outgoing]
    await commit(desk.store, late)  # the stopped one is continued, and has heard its provider
    told = await tell(desk.store, alert)
    assert {row.delivery_id for row in told.repeated} == {
        item.delivery_id for item in held.outgoing
    }
    assert await desk.states(alert) == {DeliveryState.ACCEPTED: 5}
