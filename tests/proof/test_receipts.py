"""Receipts that are late, doubled, in disorder, forged or changed, against the real web app."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.proof.world import HANGS_S, Books, World, delivery_of, open_world
from umsalert.model import Alert, ChannelKind, DeliveryState, UnknownPolicy
from umsalert.simulator.faults import Receipts, Traffic
from umsalert.simulator.record import Record, WebhookPost
from umsalert.simulator.scenario import Scenario

SMS, VOICE = ChannelKind.SMS, ChannelKind.VOICE
ACCEPTED, DELIVERED = DeliveryState.ACCEPTED, DeliveryState.DELIVERED
UNDELIVERED = DeliveryState.UNDELIVERED
# What a guard's number does, how many receipts its SMS and its call have, where the two end.
GUARDS = [
    ("1", 2 + 4, DELIVERED, DELIVERED),
    ("delivered", 2 + 4, DELIVERED, DELIVERED),
    ("busy", 2 + 2, DELIVERED, UNDELIVERED),
    ("unanswered", 2 + 3, DELIVERED, UNDELIVERED),
    ("unreachable", 2 + 2, UNDELIVERED, UNDELIVERED),
    ("rejected", 2 + 2, UNDELIVERED, UNDELIVERED),
    ("no-receipt", 2 + 4, ACCEPTED, ACCEPTED),
]
NUMBERS = {f"+3363998{n:04}": outcome for n, (outcome, *_rest) in enumerate(GUARDS)}
RECEIPTS = sum(count for _outcome, count, *_states in GUARDS)
LOST = GUARDS[-1][1]
RECEIPTS_STORED = "SELECT count(*) FROM inbox WHERE topic NOT LIKE 'voice-input%'"


def told(record: Record, *faults: str) -> list[WebhookPost]:
    """Return the receipts posted in these ways and answered, or lost; a guard's keys are none."""
    return [
        post
        for post in record.webhooks
        if post.fault in faults
        and "dtmf" not in post.payload
        and (post.status is not None or post.fault == "lost")
    ]


def honest(record: Record) -> list[WebhookPost]:
    return told(record, "", "out-of-order", "lost")


def lies(record: Record) -> list[WebhookPost]:
    return told(record, "forged", "tampered")


async def until_told(world: World, count: int, repeated: int = 0) -> None:
    """Wait until the carrier has told everything, or has lost it, and has repeated enough."""
    async with asyncio.timeout(HANGS_S):
        await world.simulator.record.until(
            lambda record: len(honest(record)) >= count and len(told(record, "twice")) >= repeated
        )


async def states(world: World, alert: Alert) -> dict[tuple[str, ChannelKind], str]:
    return {(r.address, r.channel): r.state for r in (await world.report(alert)).deliveries}


EXPECTED = {
    (number, kind): state
    for number, (_outcome, _count, *ends) in zip(NUMBERS, GUARDS, strict=True)
    for kind, state in zip((SMS, VOICE), ends, strict=True)
}


@pytest.mark.parametrize(
    ("receipts", "repeated"),
    [
        (Receipts(), 0),
        (Receipts(delay_s=(20, 90)), 0),
        (Receipts(twice=1), RECEIPTS - LOST),
        (Receipts(out_of_order=1), 0),
        (Receipts(delay_s=(0, 60), twice=0.5, out_of_order=0.5), 1),
        (Receipts(forged=1, tampered=1), 0),
    ],
    ids=["honest", "late", "twice", "out of order", "all at once", "forged"],
)
async def test_every_delivery_ends_where_its_guard_is(
    tmp_path: Path, unused_tcp_port: int, receipts: Receipts, repeated: int
) -> None:
    """However receipts come, the state is the carrier's last true word, told once."""
    scenario = Scenario(numbers=NUMBERS, receipts=receipts)
    async with open_world(tmp_path, len(GUARDS), scenario, unused_tcp_port) as world:
        alert = await world.alert(UnknownPolicy.HOLD, SMS, VOICE)
        async with world.serving():
            await world.send(alert)
            await until_told(world, RECEIPTS, repeated)
        assert await states(world, alert) == EXPECTED
        report = await world.report(alert)
        assert {post.status for post in lies(world.simulator.record)} <= {401}
        assert world.rows(RECEIPTS_STORED) == [(RECEIPTS - LOST,)]
        assert {row.copies_at_most for row in report.deliveries if row.state != UNDELIVERED} == {1}
        assert all(row.delivered_at for row in report.deliveries if row.state == DELIVERED)
        assert [reply.kind for reply in report.replies] == ["acknowledged"]


async def test_a_forged_receipt_changes_nothing(tmp_path: Path, unused_tcp_port: int) -> None:
    """Wrongly signed or changed after signing: refused with 401, not stored, no state moves."""
    scenario = Scenario(numbers=NUMBERS, receipts=Receipts(forged=1, tampered=1, lost=1))
    async with open_world(tmp_path, len(GUARDS), scenario, unused_tcp_port) as world:
        alert = await world.alert(UnknownPolicy.HOLD, SMS, VOICE)
        async with world.serving():
            await world.send(alert)
            before = (await world.report(alert)).deliveries
            await until_told(world, RECEIPTS)
        assert (await world.report(alert)).deliveries == before
        assert {row.state for row in before} == {ACCEPTED}
        posts = lies(world.simulator.record)
        assert {post.fault for post in posts} == {"forged", "tampered"}
        assert len(posts) == 2 * RECEIPTS
        assert {post.status for post in posts} == {401}
        assert world.rows(RECEIPTS_STORED) == [(0,)]


async def test_receipts_settle_what_was_unknown(tmp_path: Path, unused_tcp_port: int) -> None:
    """What was taken without an answer becomes delivered; what was never taken stays unknown."""
    people = 30
    scenario = Scenario(
        sms=Traffic(shares={"drop-after-read": 0.4, "http-500": 0.3}),
        numbers={f"+3363998{n:04}": "delivered" for n in range(people)},
    )
    async with open_world(tmp_path, people, scenario, unused_tcp_port) as world:
        alert = await world.alert(UnknownPolicy.HOLD, SMS)
        await world.send(alert)
        taken = {delivery_of(ref) for ref in Books.of(world.simulator).taken}
        before = {row.delivery_id: row.state for row in (await world.report(alert)).deliveries}
        assert DeliveryState.UNKNOWN in {before[delivery] for delivery in taken}
        async with world.serving():
            await until_told(world, 2 * len(taken))
        after = {row.delivery_id: row.state for row in (await world.report(alert)).deliveries}
    assert {delivery for delivery, state in after.items() if state == DELIVERED} == taken
    assert {s for delivery, s in after.items() if delivery not in taken} == {DeliveryState.UNKNOWN}
    assert 0 < len(taken) < people
