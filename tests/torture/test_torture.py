"""The short form of scripts/torture, and that its verdict sees what it is there to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.torture.__main__ import POLICIES, SHORT_RUNS, failure, plans, torture
from tests.torture.evidence import Attempt, Evidence
from tests.torture.plan import End, Kill, plan_of
from tests.torture.points import Point
from tests.torture.verdict import Facts, complaints
from umsalert.model import ChannelKind
from umsalert.simulator.faults import Receipts, Traffic
from umsalert.simulator.scenario import Scenario

CERTAIN = {Point.BEFORE_REQUEST, Point.AFTER_REQUEST, Point.AFTER_ANSWER}
"""Points that a process cannot miss by being quicker than its murderer."""
SLOW = Traffic(delay_s=(1, 8))


def test_killed_senders_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """Killed at every point: each message was handed over once, or is listed with what is known."""
    runs = plans(range(SHORT_RUNS), "both", short=True)
    outcomes = list(torture(runs, tmp_path / "runs", jobs=SHORT_RUNS))
    failures = [failure(item, "both", short=True) for item in outcomes if item.complaints]
    assert not failures, "\n".join(failures)
    assert {death.point for outcome in outcomes for death in outcome.deaths} >= CERTAIN
    ambiguous = [d.ambiguous for outcome in outcomes for d in outcome.deaths if d.ambiguous]
    assert ambiguous, "no kill has left anything open"


Case = tuple[Facts, Evidence]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Return a run in which a sender died with messages on the wire, which were sent again."""
    plan = replace(
        plan_of(2, POLICIES["resend"]),
        people=6,
        channels=tuple(ChannelKind),
        scenario=Scenario(sms=SLOW, voice=SLOW, email=SLOW, receipts=Receipts(lost=1)),
        kills=(Kill(Point.AFTER_REQUEST, 0.4, 0),),
        end=End.ONE,
        intruder=False,
        expires_s=None,
    )
    (outcome,) = torture([plan], tmp_path_factory.mktemp("torture") / "runs", jobs=1)
    assert not outcome.complaints
    assert outcome.facts
    assert outcome.evidence
    return outcome.facts, outcome.evidence


def attempt(seen: Evidence, state: str) -> Attempt:
    """Return an attempt in this state whose message the carrier has."""
    return next(a for a in seen.attempts if a.state == state and a.ref in seen.books.taken)


def with_attempt(seen: Evidence, old: Attempt, **changes: Any) -> Evidence:
    changed = (a._replace(**changes) if a is old else a for a in seen.attempts)
    return replace(seen, attempts=tuple(changed))


def with_taken(seen: Evidence, *refs: str, without: str = "") -> Evidence:
    taken = [ref for ref in seen.books.taken if ref != without] + list(refs)
    return replace(seen, books=replace(seen.books, taken=taken))


def with_first(seen: Evidence, **changes: Any) -> Evidence:
    first, *rest = seen.deliveries
    return replace(seen, deliveries=(first._replace(**changes), *rest))


def told_otherwise(seen: Evidence, **changes: Any) -> Evidence:
    return replace(seen, report={**seen.report, **changes})


def to_somebody_else(seen: Evidence) -> Evidence:
    reached = dict.fromkeys(seen.books.reached, "+33639985000")
    return replace(seen, books=replace(seen.books, reached=reached))


TAMPERED: dict[str, Callable[[Facts, Evidence], Case]] = {
    "the carrier has 0": lambda facts, seen: (
        facts,
        with_taken(seen, without=seen.books.taken[-1]),
    ),
    "2 times under one attempt": lambda facts, seen: (
        facts,
        with_taken(seen, seen.books.taken[0]),
    ),
    "no attempt in the database": lambda facts, seen: (
        facts,
        with_taken(seen, f"{seen.books.taken[0]}7"),
    ),
    "to somebody else": lambda facts, seen: (facts, to_somebody_else(seen)),
    "not the people of the circle": lambda facts, seen: (
        replace(facts, expected=facts.expected | {("sms", "+33639985000")}),
        seen,
    ),
    "and the carrier has it": lambda facts, seen: (
        facts,
        with_attempt(seen, attempt(seen, "accepted"), state="refused"),
    ),
    "without a reason": lambda facts, seen: (
        facts,
        with_attempt(seen, attempt(seen, "unknown"), code="no_answer"),
    ),
    "nobody had killed": lambda facts, seen: (replace(facts, killed=()), seen),
    "still on the wire": lambda facts, seen: (
        facts,
        with_attempt(seen, attempt(seen, "unknown"), state="sending"),
    ),
    "is queued": lambda facts, seen: (facts, with_first(seen, state="queued")),
    "is expired": lambda facts, seen: (facts, with_first(seen, state="expired")),
    "without the carrier's word": lambda facts, seen: (facts, with_first(seen, state="failed")),
    "after 9 attempts": lambda facts, seen: (facts, with_first(seen, attempts=9)),
    "nobody asked for it": lambda facts, seen: (replace(facts, may_repeat=False), seen),
    "is not listed": lambda facts, seen: (facts, told_otherwise(seen, repeated=[])),
    "other rows": lambda facts, seen: (
        facts,
        told_otherwise(seen, deliveries=seen.report["deliveries"][1:]),
    ),
    "the report counts": lambda facts, seen: (facts, told_otherwise(seen, channels=[])),
    "the database is damaged": lambda facts, seen: (facts, replace(seen, sound=("page 3",))),
    "after the alert had expired": lambda facts, seen: (
        facts,
        replace(seen, alerts=((seen.alerts[0][0], seen.attempts[0].started_at),)),
    ),
    "2 alerts": lambda facts, seen: (facts, replace(seen, alerts=seen.alerts * 2)),
}


@pytest.mark.parametrize("sentence", TAMPERED)
def test_the_verdict_sees(case: Case, sentence: str) -> None:
    """Record, database and report of a sound run, tampered with in one place: it is named."""
    assert not list(complaints(*case))
    found = list(complaints(*TAMPERED[sentence](*case)))
    assert any(sentence in complaint for complaint in found), found
