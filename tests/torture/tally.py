"""What all runs came to, in numbers and in words."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.proof.world import delivery_of
from tests.torture.points import Point
from tests.torture.run import Death, Outcome


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the result as rows of a label and a number."""
    deaths = [death for outcome in outcomes for death in outcome.deaths]
    yield from _row("runs", len(outcomes))
    yield from _row("  that failed", sum(bool(outcome.complaints) for outcome in outcomes))
    yield from _row("  with two resumes at once", sum(item.two_at_once for item in outcomes))
    yield from _row(
        "  with a resume beside a living sender, refused",
        sum(outcome.refused_intruders for outcome in outcomes),
    )
    yield from _row("kills", len(deaths))
    points = Counter(death.point for death in deaths)
    for point in Point:
        yield from _row(f"  {point}", points[point])
    durable = Counter(death.durable for death in deaths)
    yield from _row("    of those in mid-commit, the commit counts", durable[True])
    yield from _row("    of those in mid-commit, it does not", durable[False])
    yield from _row("processes that ended before their kill", sum(len(o.missed) for o in outcomes))
    yield from _deliveries(outcomes)
    yield from _ambiguous(outcomes, deaths)


def never_hit(outcomes: Sequence[Outcome]) -> list[Point]:
    """Return the points at which nothing was killed."""
    hit = {death.point for outcome in outcomes for death in outcome.deaths}
    return [point for point in Point if point not in hit]


def _row(label: str, number: object) -> Iterator[str]:
    yield f"{label:<52}{number:>8}"


def _deliveries(outcomes: Sequence[Outcome]) -> Iterator[str]:
    found = [outcome.evidence for outcome in outcomes if outcome.evidence is not None]
    states = Counter(row.state for seen in found for row in seen.deliveries)
    repeated = listed = unlisted = lost = 0
    for seen in found:
        copies = Counter(delivery_of(ref) for ref in seen.books.taken)
        told = {item["delivery_id"]: item["copies_at_most"] for item in seen.report["repeated"]}
        listed += len(told)
        twice = {delivery: times for delivery, times in copies.items() if times > 1}
        repeated += len(twice)
        unlisted += sum(times > told.get(delivery, 0) for delivery, times in twice.items())
        lost += sum(row.state == "accepted" and not copies[row.id] for row in seen.deliveries)
    yield from _row("deliveries", sum(states.values()))
    for state, count in states.most_common():
        yield from _row(f"  {state}", count)
    yield from _row("messages that the carrier has", sum(len(seen.books.taken) for seen in found))
    yield from _row("deliveries lost", lost)
    yield from _row("deliveries listed as perhaps repeated", listed)
    yield from _row("  of which the carrier has more than one copy", repeated)
    yield from _row("deliveries repeated and not listed", unlisted)


def _ambiguous(outcomes: Sequence[Outcome], deaths: Sequence[Death]) -> Iterator[str]:
    taken = {ref for o in outcomes if o.evidence is not None for ref in o.evidence.books.taken}
    left = [death.ambiguous for death in deaths if death.ambiguous is not None]
    if not left:
        return
    arrived = sum(ref in taken for refs in left for ref in refs)
    counts = [len(refs) for refs in left]
    yield from _row("ambiguous after a kill: median", f"{statistics.median(counts):g}")
    yield from _row("ambiguous after a kill: most", max(counts))
    yield from _row("ambiguous after all kills", sum(counts))
    yield from _row("  of which the carrier has", arrived)
