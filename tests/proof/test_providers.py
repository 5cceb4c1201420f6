"""A channel with several providers, against carriers of which some are down: real sockets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.proof.world import HANGS_S, World, open_world
from umsalert.model import Alert, ChannelKind, DeliveryState, UnknownPolicy
from umsalert.simulator.faults import Traffic
from umsalert.simulator.scenario import Scenario

SMS, VOICE = ChannelKind.SMS, ChannelKind.VOICE
HOLD = UnknownPolicy.HOLD
PEOPLE = 5
NUMBERS = {f"+3363998{n:04}": "1" for n in range(PEOPLE)}


def always(fault: str) -> Traffic:
    return Traffic(shares={fault: 1.0})


def choose(world: World, sms: Sequence[str], voice: Sequence[str] = ("vonage",)) -> None:
    """Set who carries what, the first choice first."""
    world.settings = world.settings._replace(
        sms=world.settings.sms._replace(providers=tuple(sms)),
        voice=world.settings.voice._replace(providers=tuple(voice)),
    )


async def states(world: World, alert: Alert) -> Counter[str]:
    return Counter(row.state for row in (await world.report(alert)).deliveries)


async def told(world: World, events: int) -> None:
    """Wait until so many receipts and keys were taken; they are applied when serving ends."""
    async with asyncio.timeout(HANGS_S):
        await world.simulator.record.until(
            lambda record: sum(post.status == 200 for post in record.webhooks) >= events
        )


@pytest.mark.parametrize("provider", ["ovh", "gateway"])
async def test_the_next_provider_takes_over(
    tmp_path: Path, unused_tcp_port: int, provider: str
) -> None:
    """Vonage has no credit left: everybody has the SMS once, through the other, with a receipt."""
    scenario = Scenario(sms=always("low-balance"), numbers=dict.fromkeys(NUMBERS, "delivered"))
    async with open_world(tmp_path, PEOPLE, scenario, unused_tcp_port) as world:
        choose(world, ["vonage", provider])
        alert = await world.alert(HOLD, SMS)
        async with world.serving():
            assert (await world.send(alert)).stopped == {}
            await told(world, 2 * PEOPLE)
        async with world.serving():
            pass  # what has overtaken our commit is applied now
        assert await states(world, alert) == {DeliveryState.DELIVERED: PEOPLE}
        record = world.simulator.record
        assert Counter(entry.to for entry in record.sms) == dict.fromkeys(NUMBERS, 1)
        assert {entry.provider for entry in record.sms} == {provider}


async def test_calls_go_through_the_gateway_and_keys_come_back(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    """Who presses 1 in a call of the gateway has acknowledged."""
    scenario = Scenario(voice=always("low-balance"), numbers=NUMBERS)
    async with open_world(tmp_path, PEOPLE, scenario, unused_tcp_port) as world:
        choose(world, ["vonage"], ["vonage", "gateway"])
        alert = await world.alert(HOLD, VOICE)
        async with world.serving():
            assert (await world.send(alert)).stopped == {}
            await told(world, 3 * PEOPLE)
        assert await states(world, alert) == {DeliveryState.DELIVERED: PEOPLE}
        replies = await world.store.answers.of_alert(alert.id)
        assert len(replies) == PEOPLE
        assert {(item.source, item.kind) for item in replies} == {("voice", "acknowledged")}
        assert {entry.provider for entry in world.simulator.record.calls} == {"gateway"}


async def test_what_may_have_left_goes_to_nobody_else(tmp_path: Path, unused_tcp_port: int) -> None:
    """A 500 is unknown: another provider would make two of one."""
    scenario = Scenario(sms=always("http-500"))
    async with open_world(tmp_path, PEOPLE, scenario, unused_tcp_port) as world:
        choose(world, ["vonage", "ovh"])
        alert = await world.alert(HOLD, SMS)
        await world.send(alert)
        assert await states(world, alert) == {DeliveryState.UNKNOWN: PEOPLE}
        assert world.simulator.record.sms == []


@pytest.mark.parametrize("first", ["vonage", "ovh", "gateway"])
async def test_a_bad_number_goes_to_nobody_else(
    tmp_path: Path, unused_tcp_port: int, first: str
) -> None:
    """Each provider says it in its own words, and no other is asked."""
    others = [name for name in ("vonage", "ovh", "gateway") if name != first]
    scenario = Scenario(numbers=dict.fromkeys(NUMBERS, "invalid-number"))
    async with open_world(tmp_path, PEOPLE, scenario, unused_tcp_port) as world:
        choose(world, [first, *others])
        alert = await world.alert(HOLD, SMS)
        await world.send(alert)
        assert await states(world, alert) == {DeliveryState.FAILED: PEOPLE}
        rows = world.rows("SELECT DISTINCT provider FROM attempt")
        assert rows == [(first,)]
