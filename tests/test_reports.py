"""A report sets what happened beside what was estimated before the alert left."""

from __future__ import annotations

import itertools
from contextlib import closing
from dataclasses import replace

from tests.store.conftest import clock, database, empty_database, store
from tests.workbench import (
    OPERATOR,
    FixedClock,
    answer_to,
    commit,
    fill_register,
    new_alert,
    record,
    take,
    tell,
)
from umsalert import reports
from umsalert.model import ChannelKind, Expected, Outcome, OutcomeKind, ReplyKind
from umsalert.ports import Pace, Settled
from umsalert.store.spatialite import connect
from umsalert.store.store import Store

__all__ = ["clock", "database", "empty_database", "store"]

SMS, EMAIL = ChannelKind.SMS, ChannelKind.EMAIL
EXPECTED = Expected({50: 1.5, 95: 4.0, 100: 4.25}, {50: 0.5, 95: 1.0, 100: 1.5})


async def accept(store: Store, clock: FixedClock, sender: int, kind: ChannelKind, n: int) -> None:
    """Have a provider take so many messages of a channel, a second after they were claimed."""
    claim = await take(store, sender, kind, Pace(1000, 1000), n)
    assert len(claim.outgoing) == n
    clock.move(1)
    taken = Outcome(OutcomeKind.ACCEPTED)
    await commit(
        store,
        [Settled(item, taken, "vonage", claim.at, clock.now(), None) for item in claim.outgoing],
    )


async def test_estimated_and_accepted_stand_side_by_side(store: Store, clock: FixedClock) -> None:
    """Four sites, eight messages: half of the sites after 1 s, all after 2; one message never."""
    await fill_register(store, 4)
    new = replace(new_alert(channels=(SMS, EMAIL)), expected=EXPECTED)
    alert = await record(store, new)
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    await accept(store, clock, sender, SMS, 2)
    await accept(store, clock, sender, EMAIL, 4)
    clock.move(8)
    await accept(store, clock, sender, SMS, 1)
    report = await reports.build(store.record, await store.alerts.alert(alert.ref))
    assert report.alert.expected == EXPECTED
    assert report.sites_accepted_s == {50: 1.0, 95: 2.0, 100: 2.0}
    assert report.accepted_s == {50: 2.0, 95: None, 100: None}


async def test_a_message_of_every_site_counts_once(store: Store, clock: FixedClock) -> None:
    """A site's second message does not make it earlier, nor later."""
    await fill_register(store, 2)
    alert = await record(store, new_alert(channels=(SMS, EMAIL)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    await accept(store, clock, sender, EMAIL, 1)
    await accept(store, clock, sender, SMS, 2)
    report = await reports.build(store.record, alert)
    assert report.sites_accepted_s == {50: 1.0, 95: 2.0, 100: 2.0}
    assert report.accepted_s == {50: 2.0, 95: None, 100: None}


async def test_an_alert_of_before_has_no_estimate(store: Store) -> None:
    """Nothing is made up for alerts that were recorded before umsalert estimated."""
    await fill_register(store, 1)
    alert = await record(store, replace(new_alert(), expected=EXPECTED))
    with closing(connect(store.path, write=True)) as connection:
        connection.execute("UPDATE alert SET expected = NULL")
    report = await reports.build(store.record, await store.alerts.alert(alert.ref))
    assert report.alert.expected is None
    assert report.accepted_s == dict.fromkeys((50, 95, 100))


async def test_an_alert_to_nobody_has_a_report(store: Store) -> None:
    """An alert without a single message is reported as never accepted, not as a bug."""
    report = await reports.build(store.record, await record(store))
    assert report.deliveries == 0
    assert set(report.accepted_s.values()) == {None}


async def test_a_curve_has_few_points_however_many_messages(store: Store) -> None:
    """Its first, its last, and so many between that none is half a per cent off."""
    await fill_register(store, 600, step_deg=0.00001)
    alert = await record(store, new_alert(channels=(SMS,)))
    with closing(connect(store.path, write=True)) as connection:
        connection.execute(
            "UPDATE delivery SET state = 'accepted',"
            " accepted_at = printf('2026-03-17T12:%02d:%02d.000Z', id / 60, id % 60)"
        )
    (channel,) = (await reports.build(store.record, alert)).channels
    seconds, counts = zip(*channel.accepted_curve, strict=True)
    assert len(counts) == reports.CURVE_POINTS
    assert (counts[0], counts[-1], channel.accepted) == (1, 600, 600)
    assert [float(count) for count in counts] == list(seconds)  # one a second
    assert max(after - before for before, after in itertools.pairwise(counts)) <= 4


async def test_rows_come_nearest_first_with_their_answers(store: Store, clock: FixedClock) -> None:
    """What is sorted is ids only: the rows that are joined to them keep the order."""
    await fill_register(store, 30)
    alert = await record(store, new_alert(channels=(SMS, EMAIL)))
    told = await tell(store, alert)
    assert [site.distance_m for site in told.sites] == sorted(s.distance_m for s in told.sites)
    keys = [(row.distance_m, row.site_ref, row.contact_ref) for row in told.deliveries]
    assert (len(keys), keys) == (60, sorted(keys))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    claim = await take(store, sender, SMS, Pace(1000, 1000), 30)
    for item in reversed(claim.outgoing):
        await store.answers.record(answer_to(item.reference, ReplyKind.ACKNOWLEDGED, clock.now()))
    told = await tell(store, alert)
    assert {site.answer and site.answer.site_ref == site.ref for site in told.sites} == {True}
    assert {site.acknowledged for site in told.sites} == {1}
