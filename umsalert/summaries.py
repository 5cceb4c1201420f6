"""Alerts taken together: by commune, template or operator; exercises apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from umsalert.model import SHARES, GroupedBy

if TYPE_CHECKING:
    from umsalert.ports import AlertTotals, DeadAddress, Period, Summaries, UnreachedSite


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some times, and what 95 % of them do not exceed; None where there are none."""

    median_s: float | None
    most_s: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts together. People and sites count once for each alert that went to them.

    `incidents`: alerts that follow no other and are no bulletins. `first_sms`: of these, from the
    fact to the first SMS. `accepted_s`: seconds from an alert's creation until 50, 95 and 100 % of
    its messages were accepted, the median of the alerts where that came.
    """

    name: str
    alerts: int
    incidents: int
    people: int
    sites: int
    sites_reached: int
    deliveries: int
    accepted: int
    delivered: int
    acknowledged: int
    first_sms: Spread
    accepted_s: Mapping[int, float | None]


@dataclass(frozen=True, slots=True)
class Summary:
    """All alerts of a period. Exercises are counted nowhere but in `exercises`."""

    period: Period
    by: GroupedBy
    total: Group
    groups: tuple[Group, ...]
    unreached: tuple[UnreachedSite, ...]
    dead: tuple[DeadAddress, ...]
    exercises: tuple[AlertTotals, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for. `limit` is of each list, 0 for none; `month` names that of a moment."""

    period: Period
    by: GroupedBy
    limit: int
    month: Callable[[datetime], str]


async def build(summaries: Summaries, asked: Question) -> Summary:
    """Take the alerts of a period together."""
    facts = await summaries.read(asked.period, asked.limit)
    real = [alert for alert in facts.alerts if not alert.exercise]
    name_of: Callable[[AlertTotals], str] = {
        GroupedBy.COMMUNE: lambda alert: alert.commune,
        GroupedBy.TEMPLATE: lambda alert: alert.template,
        GroupedBy.OPERATOR: lambda alert: alert.operator,
        GroupedBy.MONTH: lambda alert: asked.month(alert.created_at),
    }[asked.by]
    named: dict[str, list[AlertTotals]] = {}
    for alert in real:
        named.setdefault(name_of(alert), []).append(alert)
    groups = [_group(name, found) for name, found in sorted(named.items())]
    if asked.by is not GroupedBy.MONTH:
        groups.sort(key=lambda group: -group.alerts)
    return Summary(
        period=asked.period,
        by=asked.by,
        total=_group("", real),
        groups=tuple(groups),
        unreached=tuple(facts.unreached),
        dead=tuple(facts.dead),
        exercises=tuple(alert for alert in facts.alerts if alert.exercise),
    )


def _group(name: str, alerts: Sequence[AlertTotals]) -> Group:
    return Group(
        name=name,
        alerts=len(alerts),
        incidents=sum(alert.begins for alert in alerts),
        people=sum(alert.people for alert in alerts),
        sites=sum(alert.sites for alert in alerts),
        sites_reached=sum(alert.sites_reached for alert in alerts),
        deliveries=sum(alert.deliveries for alert in alerts),
        accepted=sum(alert.accepted for alert in alerts),
        delivered=sum(alert.delivered for alert in alerts),
        acknowledged=sum(alert.acknowledged for alert in alerts),
        first_sms=spread(
            [
                (alert.first_sms_at - alert.incident_at).total_seconds()
                for alert in alerts
                if alert.begins and alert.first_sms_at is not None
            ]
        ),
        accepted_s={
            share: spread(
                [
                    (at - alert.created_at).total_seconds()
                    for alert in alerts
                    if (at := alert.accepted_at[place]) is not None
                ]
            ).median_s
            for place, share in enumerate(SHARES)
        },
    )


def spread(seconds: Sequence[float]) -> Spread:
    """Return values that occurred: the lower of the two in the middle, and none in between."""
    ordered = sorted(seconds)
    if not ordered:
        return Spread(None, None)
    return Spread(ordered[(len(ordered) - 1) // 2], ordered[-(-len(ordered) * 95 // 100) - 1])
