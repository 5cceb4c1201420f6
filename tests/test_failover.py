"""Several providers of one channel over the real store: who takes the messages, and who gets them.

The wire is a script; `channels` tests the real ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.dispatching import OK, SMS, SPEED, Desk, Wire, open_desk
from umsalert import health
from umsalert.dispatch import Dispatcher, LaneConfig, RouteConfig, dispatcher
from umsalert.model import DeliveryState, Outcome, OutcomeKind, Outgoing, UnknownPolicy
from umsalert.ports import Pace
from umsalert.store.spatialite import connect

SITES = 60
NO_ANSWER = Outcome(OutcomeKind.UNKNOWN, "no_answer")
UNREACHABLE = Outcome(OutcomeKind.UNREACHABLE, "connection_refused")
NO_CREDIT = Outcome(OutcomeKind.MISCONFIGURED, "low_balance")
BAD_NUMBER = Outcome(OutcomeKind.PERMANENT, "bad_number")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


def wires(first: Callable[[Outgoing], Outcome]) -> tuple[Wire, Wire]:
    return Wire(SMS, first, "first"), Wire(SMS, provider="second")


def attempts(desk: Desk) -> dict[tuple[str, str], int]:
    connection = connect(desk.store.path, write=False)
    rows = connection.execute("SELECT provider, state, count(*) FROM attempt GROUP BY 1, 2")
    found = {(row[0], row[1]): row[2] for row in rows}
    connection.close()
    return found


async def test_the_second_provider_has_nothing_to_do(desk: Desk) -> None:
    """While the first one is well, it takes everything."""
    alert = await desk.alert(SMS, sites=SITES)
    first, second = wires(lambda _o: OK)
    result = await desk.dispatcher(alert, first, second).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: SITES}
    assert (len(first.handed), second.handed) == (SITES, [])


@pytest.mark.parametrize("fault", [UNREACHABLE, NO_CREDIT], ids=lambda o: o.code)
async def test_what_one_provider_refuses_the_next_one_takes(desk: Desk, fault: Outcome) -> None:
    """Everybody gets the message, exactly once, by whom the record says."""
    alert = await desk.alert(SMS, sites=SITES)
    first, second = wires(lambda _o: fault)
    result = await desk.dispatcher(alert, first, second).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: SITES}
    assert result.stopped == {}
    assert sorted({o.delivery_id for o in second.handed}) == sorted(
        o.delivery_id for o in second.handed
    )
    assert attempts(desk)["second", "accepted"] == SITES
    assert not attempts(desk).keys() & {("first", "accepted")}


async def test_a_bad_number_is_tried_nowhere_else(desk: Desk) -> None:
    """A refusal for good is about the number: no other provider would do better."""
    alert = await desk.alert(SMS, sites=SITES)
    first, second = wires(lambda _o: BAD_NUMBER)
    result = await desk.dispatcher(alert, first, second).send()
    assert dict(result.counts[SMS]) == {DeliveryState.FAILED: SITES}
    assert second.handed == []


async def test_a_provider_without_answers_loses_its_turn(desk: Desk) -> None:
    """What it may have stays unknown; the next one gets the rest, and nobody two messages."""
    alert = await desk.alert(SMS, sites=SITES)
    first, second = wires(lambda _o: NO_ANSWER)
    result = await desk.dispatcher(alert, first, second).send()
    unknown = len(first.handed)
    assert health.ENOUGH < unknown < 3 * health.ENOUGH
    assert dict(result.counts[SMS]) == {
        DeliveryState.UNKNOWN: unknown,
        DeliveryState.ACCEPTED: SITES - unknown,
    }
    assert not {o.address for o in first.handed} & {o.address for o in second.handed}


async def test_what_is_sent_again_goes_to_who_answers(desk: Desk) -> None:
    """Where the template says so, an unanswered message is repeated by the other provider."""
    alert = await desk.alert(SMS, sites=SITES, unknown=UnknownPolicy.RESEND)
    first, second = wires(lambda _o: NO_ANSWER)
    result = await desk.dispatcher(alert, first, second).send()
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: SITES}
    assert len(first.handed) < 4 * health.ENOUGH
    assert len(second.handed) == SITES


async def test_it_comes_back_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its rest one message tries; when that goes well, the first choice is back."""
    monkeypatch.setattr(health, "REST_S", 5.0)
    alert = await desk.alert(SMS, sites=SITES)
    dead = True
    first, second = wires(lambda _o: UNREACHABLE if dead else OK)
    second_answer = asyncio.Event()

    async def slowly() -> None:
        nonlocal dead
        await second.has_taken(4)
        dead = False
        await asyncio.sleep(10 / 50)  # ten seconds of the desk's time
        second_answer.set()
        second.hold.set()

    second.hold.clear()
    helper = asyncio.create_task(slowly())
    result = await desk.dispatcher(alert, first, second).send()
    await helper
    assert dict(result.counts[SMS]) == {DeliveryState.ACCEPTED: SITES}
    assert len(second.handed) <= 8
    assert attempts(desk)["first", "accepted"] >= SITES - 8


async def test_the_next_process_knows_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ill provider is not tried out again by every alert."""
    monkeypatch.setattr(health, "REST_S", health.REST_MAX_S)
    alert = await desk.alert(SMS, sites=SITES)
    await desk.dispatcher(alert, *wires(lambda _o: NO_ANSWER)).send()
    first, second = wires(lambda _o: NO_ANSWER)
    again = await desk.alert_again(SMS)
    await desk.dispatcher(again, first, second).send()
    assert (len(first.handed), len(second.handed)) == (0, SITES)
    states = {state.provider: state.health for state in await desk.store.outbox.routes()}
    assert (states["first"].well, states["first"].fault_code) == (False, "no_answer")
    assert states["second"].well


async def test_a_lone_provider_goes_on_however_ill(desk: Desk) -> None:
    """With nobody to step in, all are handed over: what is not sent reaches nobody for certain."""
    alert = await desk.alert(SMS, sites=SITES)
    only = Wire(SMS, lambda _o: NO_ANSWER)
    result = await desk.dispatcher(alert, only).send()
    assert dict(result.counts[SMS]) == {DeliveryState.UNKNOWN: SITES}


async def test_a_lone_provider_is_asked_at_its_pace_however_ill(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message after the other as the pace allows, and not one in each rest."""
    monkeypatch.setattr(dispatcher, "PROGRESS_S", 3600.0)  # nothing else wakes the run
    alert = await desk.alert(SMS, sites=SITES)
    only = Wire(SMS, lambda _o: NO_ANSWER)
    lane = LaneConfig(SMS, (RouteConfig(only, Pace(rate_per_s=1, burst=1), 4),))
    async with asyncio.timeout(SITES * health.REST_S / SPEED / 2):
        result = await Dispatcher(desk.run, alert, [lane]).send()
    assert dict(result.counts[SMS]) == {DeliveryState.UNKNOWN: SITES}


async def test_a_channel_stops_when_no_provider_is_left(desk: Desk) -> None:
    """Both refuse us: the messages stay queued, and the first one's reason is told."""
    alert = await desk.alert(SMS, sites=SITES)
    first = Wire(SMS, lambda _o: NO_CREDIT, "first")
    second = Wire(SMS, lambda _o: Outcome(OutcomeKind.MISCONFIGURED, "http_401"), "second")
    result = await desk.dispatcher(alert, first, second).send()
    assert dict(result.counts[SMS]) == {DeliveryState.QUEUED: SITES}
    assert result.stopped == {SMS: NO_CREDIT}
