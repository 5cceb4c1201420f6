"""An alert and its waves on one time line, from a real record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.store.conftest import clock, database, empty_database, store
from tests.workbench import (
    CENTRE,
    OPERATOR,
    FixedClock,
    all_on_duty,
    answer_to,
    commit,
    fill_register,
    new_alert,
    record,
    take,
)
from umsalert.incidents import Incident, MomentKind
from umsalert.model import (
    Alert,
    Audience,
    ChannelKind,
    Closure,
    Following,
    FollowKind,
    Outcome,
    OutcomeKind,
    ReplyKind,
)
from umsalert.ports import Pace, Settled, WaveRow
from umsalert.store.store import Store

__all__ = ["clock", "database", "empty_database", "store"]

SMS = ChannelKind.SMS


async def accepted(store: Store, clock: FixedClock, alert: Alert) -> list[str]:
    """Have every message taken, a second after its claim; return the references."""
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    claim = await take(store, sender, SMS, Pace(1000, 1000), 100)
    clock.move(1)
    taken = Outcome(OutcomeKind.ACCEPTED)
    await commit(
        store,
        [Settled(item, taken, "vonage", claim.at, clock.now(), None) for item in claim.outgoing],
    )
    return [item.reference for item in claim.outgoing]


async def followed(store: Store, clock: FixedClock, alert: Alert, kind: FollowKind) -> Alert:
    new = replace(
        new_alert(f"{alert.ref}-{kind}", channels=(SMS,), at=clock.now()),
        area=replace(CENTRE, radius_m=900),
        variables={"outcome": "Arrested."},
        incident_at=alert.incident_at,
        follows=Following(alert.id, kind, Audience.ALL),
    )
    return await store.alerts.create(new, all_on_duty)


async def told(
    store: Store, alert: Alert
) -> tuple[list[tuple[MomentKind, str]], Sequence[WaveRow], Closure | None]:
    """Return what happened, and of which alert or by which site; all waves; how it ended."""
    return await store.record.read(
        alert.id, lambda rows: (_moments(it := Incident(rows)), it.waves, it.closed)
    )


def _moments(incident: Incident) -> list[tuple[MomentKind, str]]:
    return [
        (
            moment.kind,
            moment.reply.site_ref if moment.reply else moment.wave.alert.ref if moment.wave else "",
        )
        for moment in incident.moments()
    ]


async def test_an_incident_is_told_in_the_order_of_time(store: Store, clock: FixedClock) -> None:
    """Fact, waves with their first SMS, first answers, every sighting, what was cancelled, end."""
    await fill_register(store, 3)
    first = await record(store, new_alert("first", channels=(SMS,)))
    references = await accepted(store, clock, first)
    for i, kind in ((0, ReplyKind.ACKNOWLEDGED), (0, ReplyKind.CANNOT), (1, ReplyKind.SIGHTING)):
        clock.move(10)
        await store.answers.record(answer_to(references[i], kind, clock.now()))
    clock.move(10)
    wave = await followed(store, clock, first, FollowKind.FOLLOW_UP)
    (again, *_rest) = await accepted(store, clock, wave)
    clock.move(10)
    await store.answers.record(answer_to(again, ReplyKind.SIGHTING, clock.now()))
    clock.move(10)
    await store.outbox.cancel(wave.id, OPERATOR, "slip")
    clock.move(10)
    over = await followed(store, clock, first, FollowKind.CLOSING)
    await accepted(store, clock, over)
    expected = [
        (MomentKind.FACT, ""),
        (MomentKind.WAVE, "first"),
        (MomentKind.FIRST_SMS, "first"),
        (MomentKind.ANSWER, "S0"),
        (MomentKind.ANSWER, "S1"),
        (MomentKind.WAVE, wave.ref),
        (MomentKind.FIRST_SMS, wave.ref),
        (MomentKind.ANSWER, "S0"),  # its first answer was told; a sighting always is
        (MomentKind.CANCELLED, wave.ref),
        (MomentKind.CLOSED, ""),
        (MomentKind.WAVE, over.ref),
    ]
    for alert in (first, wave, over):  # whichever of them is reported
        found, waves, closed = await told(store, alert)
        assert found == expected
    assert [(row.people, row.sites) for row in waves] == [(3, 3)] * 3
    assert closed is not None
    assert closed.outcome == "Arrested."


async def test_an_alert_that_nothing_follows_is_an_incident(
    store: Store, clock: FixedClock
) -> None:
    """Its fact, itself and its first SMS; not closed."""
    await fill_register(store, 1)
    alert = await record(store, new_alert("alone", channels=(SMS,)))
    await accepted(store, clock, alert)
    found, _waves, closed = await told(store, alert)
    assert [kind for kind, _of in found] == [
        MomentKind.FACT,
        MomentKind.WAVE,
        MomentKind.FIRST_SMS,
    ]
    assert closed is None
