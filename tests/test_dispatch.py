"""Dispatch over the real store; the wire is a script where a real one cannot be told to fail so."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.dispatching import EMAIL, OK, SMS, VOICE, Desk, Wire, lanes, open_desk
from tests.workbench import OPERATOR, fill_register, new_alert, record, take
from umsalert import retry
from umsalert.dispatch import Run, left_open, resume
from umsalert.errors import TemporaryError
from umsalert.events import ChannelPaused, Event, Finished, HandedOver
from umsalert.logs.events import fan_out
from umsalert.model import (
    Alert,
    ChannelKind,
    DeliveryState,
    Outcome,
    OutcomeKind,
    Outgoing,
    UnknownPolicy,
)
from umsalert.ports import Pace


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def test_all_channels_are_on_the_wire_at_once(desk: Desk) -> None:
    """No channel waits for another: each has handed over while all the others still hang."""
    alert = await desk.alert(SMS, VOICE, EMAIL)
    wires = [Wire(SMS), Wire(VOICE), Wire(EMAIL)]
    for wire in wires:
        wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, *wires).send())
    for wire in wires:
        await wire.has_taken(1)
    for wire in wires:
        wire.hold.set()
    result = await sending
    assert {kind: dict(states) for kind, states in result.counts.items()} == {
        kind: {DeliveryState.ACCEPTED: 5} for kind in ChannelKind
    }


async def test_no_more_is_claimed_than_the_wire_takes(desk: Desk) -> None:
    """With two in flight at most, only two of five are ever between claim and answer."""
    alert = await desk.alert(SMS)
    wire = Wire(SMS)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire, in_flight=2).send())
    await wire.has_taken(2)
    assert (await desk.states(alert))[DeliveryState.SENDING] == 2
    wire.hold.set()
    await sending
    assert wire.most_at_once == 2


async def test_a_refusal_is_tried_again_and_counted(desk: Desk) -> None:
    """Refused once each, all five arrive with their second attempt, in one run."""
    alert = await desk.alert(SMS)
    wire = Wire(
        SMS,
        lambda o: OK if o.refusals else Outcome(OutcomeKind.TEMPORARY, "429", retry_after_s=1),
    )
    result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 5}
    assert sorted(o.attempt_n for o in wire.handed) == [1] * 5 + [2] * 5


async def test_a_message_refused_for_ever_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last allowed refusal the delivery is failed with the provider's code."""
    monkeypatch.setattr(retry, "MAX_REFUSALS", 2)
    alert = await desk.alert(SMS)
    wire = Wire(SMS, lambda _o: Outcome(OutcomeKind.TEMPORARY, "429"))
    result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {DeliveryState.FAILED: 5}
    assert len(wire.handed) == 10
    assert {row.code for row in await desk.store.record.deliveries(alert.id)} == {"429"}


@pytest.mark.parametrize(
    ("policy", "state", "handed"),
    [
        (UnknownPolicy.HOLD, DeliveryState.UNKNOWN, 5),
        (UnknownPolicy.RESEND, DeliveryState.UNKNOWN, 5 * retry.MAX_ATTEMPTS),
    ],
)
async def test_unknown_is_never_repeated_blindly(
    desk: Desk, policy: UnknownPolicy, state: DeliveryState, handed: int
) -> None:
    """Held where the template holds; repeated a few times where it says resend; never failed."""
    alert = await desk.alert(SMS, unknown=policy)
    wire = Wire(SMS, lambda _o: Outcome(OutcomeKind.UNKNOWN, "read_timeout"))
    result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {state: 5}
    assert len(wire.handed) == handed


async def test_refusals_use_up_no_repetitions(desk: Desk) -> None:
    """Refused three times and then unanswered, a message is still repeated as its template says."""
    alert = await desk.alert(SMS, unknown=UnknownPolicy.RESEND)
    wire = Wire(
        SMS,
        lambda o: Outcome(
            OutcomeKind.UNKNOWN if o.refusals == retry.MAX_ATTEMPTS - 1 else OutcomeKind.TEMPORARY
        ),
    )
    result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {DeliveryState.UNKNOWN: 5}
    unanswered = [o for o in wire.handed if o.refusals == retry.MAX_ATTEMPTS - 1]
    assert len(unanswered) == 5 * retry.MAX_ATTEMPTS


async def test_an_adapter_that_raises_loses_nothing(desk: Desk) -> None:
    """A fault inside an adapter leaves its message unknown and the others sent."""

    def answer(outgoing: Outgoing) -> Outcome:
        if outgoing.address.endswith("0"):
            raise ValueError(outgoing.address)
        return OK

    alert = await desk.alert(SMS)
    result = await desk.dispatcher(alert, Wire(SMS, answer)).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 4, DeliveryState.UNKNOWN: 1}


@pytest.mark.parametrize("one", [True, False])
async def test_one_busy_mailbox_holds_up_nobody_else(desk: Desk, one: bool) -> None:
    """A refusal about one address pauses nothing; one about the relay pauses its channel."""
    alert = await desk.alert(EMAIL)
    later = Outcome(OutcomeKind.TEMPORARY, "4.7.1", one_recipient=one)
    wire = Wire(EMAIL, lambda o: OK if o.refusals else later)
    result = await desk.dispatcher(alert, wire, in_flight=1).send()
    assert dict(result.counts[EMAIL]) == {DeliveryState.ACCEPTED: 5}
    assert bool([e for e in desk.events if isinstance(e, ChannelPaused)]) is not one


async def test_a_provider_that_answers_is_there(desk: Desk) -> None:
    """Out of reach once, then refusing for longer than we wait for the dead: not given up."""
    alert = await desk.alert(SMS)
    tries = iter(range(1000))
    busy = Outcome(OutcomeKind.TEMPORARY, "429", retry_after_s=20)

    def answer(outgoing: Outgoing) -> Outcome:
        if next(tries) == 0:
            return Outcome(OutcomeKind.UNREACHABLE, "refused")
        return OK if outgoing.refusals else busy

    result = await desk.dispatcher(alert, Wire(SMS, answer), in_flight=1).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 5}
    assert result.stopped == {}


async def test_refused_credentials_stop_one_channel_only(desk: Desk) -> None:
    """A wrong key stops SMS with everything still queued; e-mail goes out all the same."""
    alert = await desk.alert(SMS, EMAIL)
    wrong = Wire(SMS, lambda _o: Outcome(OutcomeKind.MISCONFIGURED, "401"))
    result = await desk.dispatcher(alert, wrong, Wire(EMAIL), in_flight=1).send()
    assert dict(result.counts[SMS]) == {DeliveryState.QUEUED: 5}
    assert dict(result.counts[EMAIL]) == {DeliveryState.ACCEPTED: 5}
    assert result.stopped[SMS].code == "401"
    assert len(wrong.handed) == 1
    assert [e.channel for e in desk.events if isinstance(e, ChannelPaused)] == [SMS]


async def test_an_unreachable_provider_is_probed_then_given_up(desk: Desk) -> None:
    """No connection is no attempt; after a minute the run ends with everything still queued."""
    alert = await desk.alert(SMS)
    wire = Wire(SMS, lambda _o: Outcome(OutcomeKind.UNREACHABLE, "refused"))
    result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {DeliveryState.QUEUED: 5}
    assert left_open(result.counts) == 5
    assert all(outgoing.refusals == 0 for outgoing in wire.handed)
    first_burst, probes = 4, len(wire.handed) - 4
    assert wire.most_at_once == first_burst
    assert 4 <= probes <= 10


async def test_a_provider_that_comes_back_gets_everything(desk: Desk) -> None:
    """Unreachable at first, reachable later: all five arrive in the same run."""
    alert = await desk.alert(SMS)
    tries = iter(range(1000))
    wire = Wire(SMS, lambda _o: OK if next(tries) > 6 else Outcome(OutcomeKind.UNREACHABLE, "down"))
    result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 5}


async def test_stop_waits_for_what_is_on_the_wire(desk: Desk) -> None:
    """After a stop nothing new is claimed, what hangs is recorded when it answers."""
    alert = await desk.alert(SMS)
    wire = Wire(SMS)
    wire.hold.clear()
    dispatcher = desk.dispatcher(alert, wire, in_flight=2)
    sending = asyncio.create_task(dispatcher.send())
    await wire.has_taken(2)
    dispatcher.stop()
    wire.hold.set()
    result = await sending
    assert result.interrupted
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 2, DeliveryState.QUEUED: 3}
    assert len(wire.handed) == 2


async def test_abort_makes_what_hangs_unknown(desk: Desk) -> None:
    """The second Ctrl-C does not wait: what is on the wire is unknown, whatever the template."""
    alert = await desk.alert(SMS, unknown=UnknownPolicy.RESEND)
    wire = Wire(SMS)
    wire.hold.clear()
    dispatcher = desk.dispatcher(alert, wire, in_flight=2)
    sending = asyncio.create_task(dispatcher.send())
    await wire.has_taken(2)
    dispatcher.stop()
    dispatcher.abort()
    assert dict((await sending).counts[SMS]) == {
        DeliveryState.QUEUED: 3,
        DeliveryState.UNKNOWN: 2,
    }


async def dead_run(desk: Desk, alert: Alert) -> None:
    """Claim two messages as a process that then dies: its lease is never renewed or closed."""
    sender = await desk.store.outbox.open_sender(alert.id, OPERATOR)
    await take(desk.store, sender, SMS, Pace(1000, 1000), 2)


@pytest.mark.parametrize("resend", [False, True])
async def test_resume_takes_over_from_a_dead_process(desk: Desk, resend: bool) -> None:
    """What was queued is sent; what was on the wire is listed, and repeated only when asked."""
    alert = await desk.alert(SMS)
    await dead_run(desk, alert)
    wire = Wire(SMS)
    dispatcher = await resume(desk.run, alert, lanes([wire]), resend_unknown=resend)
    result = await dispatcher.send()
    expected = (
        {DeliveryState.ACCEPTED: 5}
        if resend
        else {
            DeliveryState.ACCEPTED: 3,
            DeliveryState.UNKNOWN: 2,
        }
    )
    assert dict(result.counts[SMS]) == expected
    assert len(wire.handed) == (5 if resend else 3)


async def test_resume_leaves_a_living_process_alone(desk: Desk) -> None:
    """While another process renews its lease, resume refuses and takes nothing."""
    alert = await desk.alert(SMS)
    wire = Wire(SMS)
    wire.hold.clear()
    sending = asyncio.create_task(desk.dispatcher(alert, wire).send())
    await wire.has_taken(1)
    with pytest.raises(TemporaryError, match="right now"):
        await resume(desk.run, alert, lanes([Wire(SMS)]))
    wire.hold.set()
    assert dict((await sending).counts[SMS]) == {DeliveryState.ACCEPTED: 5}


async def test_two_runs_side_by_side_send_each_message_once(desk: Desk) -> None:
    """Two dispatchers of one alert share its queue without an overlap."""
    alert = await desk.alert(SMS)
    wires = [Wire(SMS), Wire(SMS)]
    await asyncio.gather(*(desk.dispatcher(alert, wire, in_flight=1).send() for wire in wires))
    handed = [outgoing.delivery_id for wire in wires for outgoing in wire.handed]
    assert len(handed) == len(set(handed)) == 5
    assert await desk.states(alert) == {DeliveryState.ACCEPTED: 5}


async def test_an_expired_alert_sends_nothing(desk: Desk) -> None:
    """Started after its time to live, an alert expires what is queued and hands over nothing."""
    await fill_register(desk.store, 2)
    stale = new_alert(channels=(SMS,), at=desk.clock.now() - timedelta(hours=2))
    alert = await record(desk.store, stale)
    wire = Wire(SMS)
    result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {DeliveryState.EXPIRED: 2}
    assert wire.handed == []


async def test_a_view_that_fails_stops_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk behind a redirected stdout: everything is sent and recorded all the same."""

    def full(event: Event, /) -> None:
        raise OSError(errno.ENOSPC, type(event).__name__)

    desk.run = Run(desk.store.outbox, desk.clock, fan_out(full, desk.events.append), OPERATOR)
    alert = await desk.alert(SMS)
    wire = Wire(SMS, lambda o: OK if o.refusals else Outcome(OutcomeKind.TEMPORARY, "429"))
    async with asyncio.timeout(30):
        result = await desk.dispatcher(alert, wire).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: 5}
    assert isinstance(desk.events[-1], Finished)
    assert [record.getMessage() for record in caplog.records] == ["the run is not shown"]


async def test_events_tell_the_whole_run(desk: Desk) -> None:
    """Every hand-over is told once, after its commit; the last event has the final counts."""
    alert = await desk.alert(SMS)
    result = await desk.dispatcher(alert, Wire(SMS)).send()
    handed = [event for event in desk.events if isinstance(event, HandedOver)]
    attempts = [attempt for event in handed for attempt in event.attempts]
    assert len(set(attempts)) == len(attempts) == 5
    assert {(event.channel, event.outcome) for event in handed} == {(SMS, OutcomeKind.ACCEPTED)}
    assert isinstance(desk.events[-1], Finished)
    assert desk.events[-1].counts == result.counts
