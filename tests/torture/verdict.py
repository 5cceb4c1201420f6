"""What must hold after a run, whatever was killed when. The carrier's record is the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tests.proof.world import delivery_of
from tests.torture.evidence import Attempt, Delivery, Evidence
from umsalert.retry import MAX_REFUSALS

UNANSWERED = {
    "http-500",
    "http-504",
    "drop-after-read",
    "unreadable",
    "cut-off",
    "drop-after-data",
}
PERMANENT = {"invalid-number", "smtp-550"}
MAY_HAVE_ARRIVED = {"sending", "unknown", "accepted", "delivered"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the harness knows by itself: whom the plan names, whom it killed, what was asked for.

    `expected` are channel and address.
    """

    expected: frozenset[tuple[str, str]]
    killed: Collection[int]
    may_repeat: bool
    may_expire: bool


def complaints(facts: Facts, seen: Evidence) -> Iterator[str]:
    """Yield everything that is wrong, in words."""
    if len(seen.alerts) != 1:
        yield f"{len(seen.alerts)} alerts in the database, not one"
    late = [attempt.ref for attempt in seen.attempts if attempt.started_at >= seen.alerts[0][1]]
    if late:
        yield f"handed over after the alert had expired: {late}"
    if seen.sound != ("ok",):
        yield f"the database is damaged: {seen.sound}"
    yield from _recipients(facts, seen)
    by_delivery: dict[int, list[Attempt]] = {row.id: [] for row in seen.deliveries}
    for attempt in seen.attempts:
        by_delivery[attempt.delivery].append(attempt)
        yield from _attempt(facts, seen, attempt)
    copies = Counter(delivery_of(ref) for ref in seen.books.taken)
    for row in seen.deliveries:
        yield from _delivery(facts, row, by_delivery[row.id], copies[row.id])
        yield from _failed(seen, row, by_delivery[row.id])
    yield from _report(seen, by_delivery)
    yield from _repeats(facts, seen, copies)


def _recipients(facts: Facts, seen: Evidence) -> Iterator[str]:
    """The plan's people, each once a channel, and nobody else."""
    planned = Counter((row.channel, row.address) for row in seen.deliveries)
    if planned != Counter(facts.expected):
        yield f"not the people of the circle: {sorted(set(planned) ^ facts.expected)}"
    known = {attempt.ref: attempt for attempt in seen.attempts}
    addresses = {row.id: row.address for row in seen.deliveries}
    for ref, times in Counter(seen.books.taken).items():
        if times > 1:
            yield f"{ref} was handed over {times} times under one attempt"
        if ref not in known:
            yield f"{ref} was handed over and no attempt in the database says so"
        elif seen.books.reached[ref] != addresses[known[ref].delivery]:
            yield f"{ref} went to somebody else"


def _attempt(facts: Facts, seen: Evidence, attempt: Attempt) -> Iterator[str]:
    """One attempt says what became of it, and what is unknown has a reason to be."""
    taken = attempt.ref in seen.books.taken
    fault = seen.books.faults[attempt.ref].fault if attempt.ref in seen.books.faults else ""
    match attempt.state:
        case "accepted" if not taken or fault:
            yield f"{attempt.ref} is accepted; the carrier says {fault or 'nothing of it'}"
        case "refused" | "failed" if taken:
            yield f"{attempt.ref} is {attempt.state} ({attempt.code}), and the carrier has it"
        case "unknown" if attempt.code == "sender_died" and attempt.pid not in facts.killed:
            yield f"{attempt.ref} was taken from process {attempt.pid}, which nobody had killed"
        case "unknown" if attempt.code != "sender_died" and fault not in UNANSWERED:
            yield f"{attempt.ref} is unknown ({attempt.code}) without a reason"
        case "sending":
            yield f"{attempt.ref} is still on the wire"


def _delivery(
    facts: Facts, row: Delivery, attempts: Sequence[Attempt], copies: int
) -> Iterator[str]:
    """A delivery was handed over, or is listed as unknown, or ended for a reason that is true."""
    states = [attempt.state for attempt in attempts]
    perhaps = copies or "unknown" in states
    wrong = {
        "accepted": not copies or "accepted" not in states,
        "unknown": "unknown" not in states or "accepted" in states,
        "failed": perhaps,
        "expired": perhaps or not facts.may_expire,
    }
    said = f"delivery {row.id} by {row.channel} is {row.state} {row.code}".rstrip()
    known = f"the carrier has {copies}, its attempts are {', '.join(states) or 'none'}"
    if wrong.get(row.state, True):  # in no other state has it ended
        yield f"{said}: {known}"
    if row.attempts != len(attempts):
        yield f"{said} after {row.attempts} attempts: {known}"
    if "accepted" in states[:-1]:
        yield f"{said}, and was sent again after it had been accepted: {known}"


def _failed(seen: Evidence, row: Delivery, attempts: Sequence[Attempt]) -> Iterator[str]:
    """Who says that it failed names the carrier's reason."""
    if row.state != "failed":
        return
    last = seen.books.faults.get(attempts[-1].ref) if attempts else None
    refused = sum(attempt.state == "refused" for attempt in attempts)
    if (last is None or last.fault not in PERMANENT) and refused < MAX_REFUSALS:
        yield f"delivery {row.id} failed ({row.code}) without the carrier's word"


def _report(seen: Evidence, by_delivery: dict[int, list[Attempt]]) -> Iterator[str]:
    """The report has the database's rows, its counts are theirs."""
    told = {
        Delivery(
            item["delivery_id"],
            item["channel"],
            item["address"],
            item["state"],
            item["code"],
            item["attempts"],
        ): item["copies_at_most"]
        for item in seen.report["deliveries"]
    }
    if set(told) != set(seen.deliveries):
        yield f"the report has other rows: {sorted(set(told) ^ set(seen.deliveries))}"
    for row, copies in told.items():
        possible = sum(a.state in MAY_HAVE_ARRIVED for a in by_delivery.get(row.id, ()))
        if copies != possible:
            yield f"the report says at most {copies} copies of {row.id}, its attempts {possible}"
    counted = {item["channel"]: Counter(item["states"]) for item in seen.report["channels"]}
    rows = {
        channel: Counter(row.state for row in seen.deliveries if row.channel == channel)
        for channel in {row.channel for row in seen.deliveries}
    }
    if counted != rows:
        yield f"the report counts {counted}, the rows are {rows}"


def _repeats(facts: Facts, seen: Evidence, copies: Counter[int]) -> Iterator[str]:
    """Whoever may have it twice is listed, and nobody has it twice unless somebody asked for it."""
    listed = {item["delivery_id"]: item["copies_at_most"] for item in seen.report["repeated"]}
    for delivery, times in copies.items():
        if times > 1 and times > listed.get(delivery, 0):
            yield f"delivery {delivery} was handed over {times} times and is not listed"
        if times > 1 and not facts.may_repeat:
            yield f"delivery {delivery} was handed over {times} times, and nobody asked for it"
    if listed and not facts.may_repeat:
        yield f"sent again without being asked: {sorted(listed)}"
