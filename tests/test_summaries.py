"""Alerts taken together agree with the report of each; exercises are left out."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.documents.conftest import (
    EMAIL,
    SMS,
    Desk,
    clock,
    database,
    desk,
    empty_database,
    store,
)
from tests.workbench import OPERATOR, answer_to
from umsalert import reports, summaries
from umsalert.model import FollowKind, GroupedBy, ReplyKind
from umsalert.ports import Period
from umsalert.store.spatialite import connect
from umsalert.summaries import Question, Summary

__all__ = ["clock", "database", "desk", "empty_database", "store"]

EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


async def summed(
    desk: Desk, by: GroupedBy = GroupedBy.TEMPLATE, period: Period = EVER, limit: int = 0
) -> Summary:
    question = Question(period, by, limit, lambda at: f"{at:%Y-%m}")
    return await summaries.build(desk.store.summaries, question)


async def test_a_summary_is_the_sum_of_its_reports(desk: Desk) -> None:
    """Whatever a report counts of an alert, a summary counts of it, too."""
    first = await desk.first()
    await desk.accept(first, EMAIL, 3)
    more = await desk.follow(first, FollowKind.FOLLOW_UP)
    await desk.accept(more, SMS, 1)
    found = [await reports.build(desk.store.record, alert) for alert in (first, more)]
    total = (await summed(desk)).total
    channels = [channel for report in found for channel in report.channels]
    assert total.alerts == 2
    assert total.sites == sum(report.sites_alerted for report in found)
    assert total.sites_reached == sum(report.sites_reached for report in found)
    assert total.deliveries == sum(report.deliveries for report in found)
    assert total.accepted == sum(channel.accepted for channel in channels) == 6
    assert total.delivered == sum(channel.delivered for channel in channels)
    assert total.acknowledged == sum(channel.acknowledged for channel in channels) == 1
    assert total.people == 6
    assert (total.incidents, total.first_sms.median_s) == (1, found[0].fact_to_first_sms_s)


async def test_the_first_sms_is_that_of_an_incident(desk: Desk) -> None:
    """A follow-up an hour later, or the end, does not change the number that matters."""
    first = await desk.first()
    report = await reports.build(desk.store.record, first)
    assert report.fact_to_first_sms_s is not None
    for kind in (FollowKind.FOLLOW_UP, FollowKind.CLOSING):
        await desk.accept(await desk.follow(first, kind), SMS, 1)
    total = (await summed(desk)).total
    assert (total.alerts, total.incidents) == (3, 1)
    assert (total.first_sms.median_s, total.first_sms.most_s) == (report.fact_to_first_sms_s,) * 2


async def test_times_are_those_of_the_reports(desk: Desk) -> None:
    """When 50, 95 and 100 % of an alert were accepted: of one alone it is the median."""
    alert = await desk.first()
    await desk.accept(alert, EMAIL, 3)
    assert (await summed(desk)).total.accepted_s[95] is None  # one SMS waits
    await desk.accept(alert, SMS, 1)
    report = await reports.build(desk.store.record, alert)
    assert (await summed(desk)).total.accepted_s == report.accepted_s
    assert None not in report.accepted_s.values()


async def test_exercises_are_counted_nowhere(desk: Desk) -> None:
    """They are listed apart; a site that only an exercise missed is not unreached."""
    exercise = await desk.first(exercise=True)
    found = await summed(desk)
    assert (found.total.alerts, found.total.people, found.groups) == (0, 0, ())
    assert [alert.ref for alert in found.exercises] == [exercise.ref]
    assert found.unreached == ()


async def test_only_what_was_tried_is_held_against_a_site(desk: Desk) -> None:
    """A message that waits, or was cancelled, is no failure; one that failed is."""
    alert = await desk.first()
    assert (await summed(desk)).unreached == ()
    with closing(connect(desk.store.path, write=True)) as connection:
        connection.execute(
            "UPDATE delivery SET state = 'failed', code = 'http_422' WHERE state = 'queued'"
        )
    (site,) = (await summed(desk)).unreached
    assert (site.ref, site.unreached, site.alerted) == ("S2", 1, 1)
    assert alert.ref


async def test_dead_addresses_are_named_without_the_address(desk: Desk) -> None:
    """By contact, site and kind, as the register counts them; a limit cuts the list."""
    await desk.first()
    with closing(connect(desk.store.path, write=True)) as connection:
        connection.execute(
            "UPDATE delivery SET state = 'failed', code = 'http_422', ended_at = queued_at"
            " WHERE state = 'queued' AND channel = 'sms'"
        )
    (dead,) = (await summed(desk)).dead
    assert (dead.contact_ref, dead.site_ref, dead.kind) == ("S2-c1", "S2", "phone")
    assert (dead.failures, dead.code) == (1, "http_422")
    later = Period(desk.clock.now() + timedelta(hours=1), EVER.until)
    assert (await summed(desk, period=later)).dead == ()


@pytest.mark.parametrize(
    ("by", "name"),
    [
        (GroupedBy.TEMPLATE, "search-person"),
        (GroupedBy.OPERATOR, str(OPERATOR)),
        (GroupedBy.MONTH, "2026-03"),
        (GroupedBy.COMMUNE, "Nice"),
    ],
)
async def test_alerts_are_grouped(desk: Desk, by: GroupedBy, name: str) -> None:
    """By what they are, who sent them, when, and the commune of the nearest alerted site."""
    with closing(connect(desk.store.path, write=True)) as connection:
        connection.execute("UPDATE site SET commune = iif(ref = 'S0', 'Nice', 'Elsewhere')")
    await desk.first()
    (group,) = (await summed(desk, by)).groups
    assert (group.name, group.alerts) == (name, 1)


async def test_an_answer_that_was_taken_back_is_none(desk: Desk) -> None:
    """Nor is the last word of a guard who cannot."""
    alert = await desk.first()
    assert (await summed(desk)).total.acknowledged == 1
    (row, *_rest) = await desk.store.record.deliveries(alert.id)
    cannot = answer_to(f"{alert.ref}-{row.delivery_id}-1", ReplyKind.CANNOT, desk.clock.now())
    await desk.store.answers.record(cannot)
    assert (await summed(desk)).total.acknowledged == 0


async def test_the_period_ends_before_its_end(desk: Desk) -> None:
    """From `since` on, and before `until`."""
    alert = await desk.first()
    at = alert.created_at
    inside = Period(at, at + timedelta(seconds=1))
    assert (await summed(desk, period=inside)).total.alerts == 1
    assert (await summed(desk, period=Period(EVER.since, at))).total.alerts == 0
