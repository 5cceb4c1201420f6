"""The proof: 1,500 deliveries against a provider that refuses, fails and hangs up.

A third of the requests is refused for now, a tenth fails, one in fifty is read and dropped. What
the carrier really took stands in its record, which is compared with the database one by one.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.proof.world import Books, World, delivery_of, open_world
from tests.workbench import Told
from umsalert.model import Alert, ChannelKind, DeliveryState, UnknownPolicy
from umsalert.simulator.faults import Receipts, Traffic
from umsalert.simulator.record import Email
from umsalert.simulator.scenario import Scenario

PEOPLE = 500
HTTP = Traffic(shares={"rate-limit": 1 / 3, "http-500": 1 / 10, "drop-after-read": 1 / 50})
MAIL = Traffic(shares={"smtp-451": 1 / 3, "smtp-550": 1 / 10, "drop-after-data": 1 / 50})
# Without receipts every attempt that nobody answered stays what it is: unknown.
SCENARIO = Scenario(
    sms=HTTP,
    voice=HTTP,
    email=MAIL,
    receipts=Receipts(lost=1),
    numbers={f"+3363998{n:04}": "unanswered" for n in range(PEOPLE)},
)
UNANSWERED = {"http-500", "drop-after-read", "drop-after-data"}
HELD_BACK = "held back"
"""Claimed, and given back unsent when the provider asked to be left alone."""
REFUSED = {"rate-limit": "refused", "smtp-451": "refused", "smtp-550": "failed"}


@dataclass(frozen=True)
class Proof:
    """One alert after its run: what the carrier says, what the database says, what we report."""

    alert: Alert
    books: Books
    attempts: dict[str, str]
    report: Told

    @property
    def copies(self) -> Counter[int]:
        """How many copies of each delivery the carrier took."""
        return Counter(delivery_of(ref) for ref in self.books.taken)


async def play(world: World, policy: UnknownPolicy) -> Proof:
    alert = await world.alert(policy)
    await world.send(alert)
    rows = world.rows(
        f"SELECT delivery_id, n, iif(code = 'withdrawn', '{HELD_BACK}', state) FROM attempt"
    )
    return Proof(
        alert,
        Books.of(world.simulator),
        {f"{alert.ref}-{delivery}-{n}": str(state) for delivery, n, state in rows},
        await world.report(alert),
    )


@pytest.mark.parametrize("policy", UnknownPolicy)
async def test_nothing_is_lost_invented_or_repeated_blindly(
    tmp_path: Path, unused_tcp_port: int, policy: UnknownPolicy
) -> None:
    """Every delivery ends in a true state, and record, database and report agree one by one."""
    async with open_world(tmp_path, PEOPLE, SCENARIO, unused_tcp_port) as world:
        proof = await play(world, policy)
        mails = world.simulator.record.of(Email)
    every_delivery_has_ended(proof)
    the_provider_was_that_bad(proof)
    attempts_and_record_agree(proof)
    deliveries_and_record_agree(proof)
    nothing_is_sent_again_but_what_was_refused_or_unanswered(proof)
    repeats_are_the_policy_s(proof, policy)
    assert {mail.headers["Message-ID"] for mail in mails} == {
        f"<{proof.alert.ref}-{delivery_of(ref)}@police.example>"
        for ref in proof.books.taken
        if channels(proof)[delivery_of(ref)] is ChannelKind.EMAIL
    }


def channels(proof: Proof) -> dict[int, ChannelKind]:
    return {row.delivery_id: row.channel for row in proof.report.deliveries}


def every_delivery_has_ended(proof: Proof) -> None:
    """500 a channel, each accepted, failed or unknown; nothing queued or on the wire."""
    ended = {DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.UNKNOWN}
    assert len(proof.report.report.channels) == len(ChannelKind)
    for channel in proof.report.report.channels:
        assert channel.deliveries == sum(channel.states.values()) == PEOPLE
        assert set(channel.states) <= ended
    assert "sending" not in proof.attempts.values()


def the_provider_was_that_bad(proof: Proof) -> None:
    """Of all requests the shares were met, in each channel: what is proven is what was asked."""
    for channel, traffic in zip(ChannelKind, (HTTP, HTTP, MAIL), strict=True):
        of_channel = [
            ref
            for ref, state in proof.attempts.items()
            if channels(proof)[delivery_of(ref)] is channel and state != HELD_BACK
        ]
        seen = Counter(proof.books.faults[r].fault for r in of_channel if r in proof.books.faults)
        for name, share in traffic.shares.items():
            wanted = len(of_channel) * share
            assert seen[name] == pytest.approx(wanted, abs=4 * math.sqrt(wanted)), (channel, name)


def attempts_and_record_agree(proof: Proof) -> None:
    """Each attempt is in the record once or never, exactly as its state claims."""
    books = proof.books
    assert not books.unread
    assert set(books.taken) <= set(proof.attempts)
    assert len(books.taken) == len(set(books.taken))
    for ref, state in proof.attempts.items():
        if state == HELD_BACK:
            assert ref not in {*books.taken, *books.faults}
            continue
        fault = books.faults[ref].fault if ref in books.faults else ""
        assert (ref in books.taken) == (not fault or books.faults[ref].taken), ref
        if not fault:
            assert state == "accepted", ref
        elif fault in UNANSWERED:
            assert state == "unknown", ref
        else:
            assert state == REFUSED[fault], ref


def deliveries_and_record_agree(proof: Proof) -> None:
    """Accepted: taken with an answer, once. Failed: never taken. Taken unanswered: unknown."""
    answered = Counter(delivery_of(ref) for ref, s in proof.attempts.items() if s == "accepted")
    for row in proof.report.deliveries:
        copies = proof.copies[row.delivery_id]
        if row.state == DeliveryState.ACCEPTED:
            assert answered[row.delivery_id] == 1
            assert copies >= 1
        elif row.state == DeliveryState.FAILED:
            assert copies == 0
        else:
            assert answered[row.delivery_id] == 0
        assert copies <= row.copies_at_most


def repeats_are_the_policy_s(proof: Proof, policy: UnknownPolicy) -> None:
    """Held: no delivery has two copies. Sent again: each that has is in the report, and no more."""
    repeated = {row.delivery_id for row in proof.report.repeated}
    twice = {delivery for delivery, copies in proof.copies.items() if copies > 1}
    assert twice <= repeated
    if policy is UnknownPolicy.HOLD:
        assert repeated == set()
        unanswered = {ref for ref, state in proof.attempts.items() if state == "unknown"}
        held = {r.delivery_id for r in proof.report.deliveries if r.state == DeliveryState.UNKNOWN}
        assert {delivery_of(ref) for ref in unanswered} == held
        return
    assert twice


def nothing_is_sent_again_but_what_was_refused_or_unanswered(proof: Proof) -> None:
    """Once accepted or failed for good, there is no further attempt."""
    in_order: dict[int, list[str]] = {}
    for ref, state in sorted(proof.attempts.items(), key=lambda item: int(item[0].split("-")[-1])):
        in_order.setdefault(delivery_of(ref), []).append(state)
    for states in in_order.values():
        assert set(states[:-1]) <= {"refused", "unknown", HELD_BACK}
