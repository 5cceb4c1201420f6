"""From rows to what a report says: no tables, no colour.

`accepted` is the provider's word, `delivered` the receipt's, `acknowledged` the guard's; every
number below counts exactly one of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from umsalert import standing
from umsalert.model import OPEN_STATES, READ_BY_SITE, SHARES, ChannelKind, DeliveryState

if TYPE_CHECKING:
    from umsalert.model import Alert, AuditHead, MessageText
    from umsalert.ports import Answers, DeliveryRow, Record, ReplyRow


class ChannelReport(NamedTuple):
    """One channel of an alert. Times to a share are seconds from the alert's creation."""

    channel: ChannelKind
    deliveries: int
    states: Mapping[str, int]
    accepted: int
    delivered: int
    acknowledged: int
    accepted_s: Mapping[int, float | None]
    delivered_s: Mapping[int, float | None]


class SiteReport(NamedTuple):
    """One site: how many messages, how far they came, its best answer, which counts.

    `acknowledged`: guards whose answer says that they have read it. `not_needed`: messages that
    were not sent because somebody here had answered.
    """

    ref: str
    name: str
    distance_m: float
    deliveries: int
    accepted: int
    delivered: int
    acknowledged: int
    not_needed: int
    answer: ReplyRow | None


class AlertReport(NamedTuple):
    """Everything the record knows of one alert.

    `accepted_s` and `sites_accepted_s`: seconds from the alert's creation until 50, 95 and 100 % of
    all messages were accepted, and of all sites had one accepted; None where never. `audit_head`:
    the newest link of the audit log, which a report that is kept elsewhere bears witness to.
    """

    alert: Alert
    fact_to_first_sms_s: float | None
    accepted_s: Mapping[int, float | None]
    sites_accepted_s: Mapping[int, float | None]
    channels: tuple[ChannelReport, ...]
    sites: tuple[SiteReport, ...]
    deliveries: tuple[DeliveryRow, ...]
    replies: tuple[ReplyRow, ...]
    texts: tuple[MessageText, ...]
    codes: Mapping[str, int]
    audit_head: AuditHead | None = None

    @property
    def sites_reached(self) -> int:
        """Sites where at least one message was accepted by a provider."""
        return sum(site.accepted > 0 for site in self.sites)

    @property
    def waiting(self) -> int:
        """Messages that are queued or on the wire."""
        return sum(row.state in OPEN_STATES for row in self.deliveries)

    @property
    def not_needed(self) -> int:
        """Messages that were not sent because somebody at their site had answered."""
        return sum(site.not_needed for site in self.sites)

    @property
    def repeated(self) -> tuple[DeliveryRow, ...]:
        """Deliveries that may have reached their guard more than once."""
        return tuple(row for row in self.deliveries if row.copies_at_most > 1)

    @property
    def sites_acknowledged(self) -> int:
        """Sites where at least one guard answered."""
        return sum(site.acknowledged > 0 for site in self.sites)


async def build(record: Record, answers: Answers, alert: Alert) -> AlertReport:
    """Read the record of one alert and work out its report."""
    deliveries = tuple(await record.deliveries(alert.id))
    replies = tuple(await answers.of_alert(alert.id))
    first_sms = min(
        (
            row.accepted_at
            for row in deliveries
            if row.channel is ChannelKind.SMS and row.accepted_at is not None
        ),
        default=None,
    )
    accepted = [(row.site_ref, row.accepted_at) for row in deliveries if row.accepted_at]
    first_of_site: dict[str, datetime] = {}
    for site_ref, at in accepted:
        first_of_site[site_ref] = min(at, first_of_site.get(site_ref, at))
    sites = _sites(deliveries, replies)
    return AlertReport(
        alert=alert,
        fact_to_first_sms_s=_seconds(alert.incident_at, first_sms),
        accepted_s=_shares(alert, len(deliveries), [at for _site_ref, at in accepted]),
        sites_accepted_s=_shares(alert, len(sites), list(first_of_site.values())),
        channels=tuple(
            _channel(alert, kind, deliveries, replies)
            for kind in ChannelKind
            if any(row.channel is kind for row in deliveries)
        ),
        sites=sites,
        deliveries=deliveries,
        replies=replies,
        texts=tuple(await record.texts(alert.id)),
        codes=dict(Counter(row.code for row in deliveries if row.code).most_common()),
    )


def _channel(
    alert: Alert,
    kind: ChannelKind,
    deliveries: Sequence[DeliveryRow],
    replies: Sequence[ReplyRow],
) -> ChannelReport:
    rows = [row for row in deliveries if row.channel is kind]
    accepted = [row.accepted_at for row in rows if row.accepted_at is not None]
    delivered = [row.delivered_at for row in rows if row.delivered_at is not None]
    return ChannelReport(
        channel=kind,
        deliveries=len(rows),
        states=dict(Counter(row.state for row in rows)),
        accepted=len(accepted),
        delivered=len(delivered),
        acknowledged=sum(reply.channel is kind for reply in _readers(replies)),
        accepted_s=_shares(alert, len(rows), accepted),
        delivered_s=_shares(alert, len(rows), delivered),
    )


def _shares(alert: Alert, total: int, moments: Sequence[datetime]) -> dict[int, float | None]:
    """Return when 50, 95 and 100 % of `total` had come that far; None where never."""
    ordered = sorted(moments)
    found: dict[int, float | None] = {}
    for share in SHARES:
        needed = math.ceil(total * share / 100)
        reached = ordered[needed - 1] if 0 < needed <= len(ordered) else None
        found[share] = _seconds(alert.created_at, reached)
    return found


def _sites(
    deliveries: Sequence[DeliveryRow], replies: Sequence[ReplyRow]
) -> tuple[SiteReport, ...]:
    by_site: dict[str, list[DeliveryRow]] = {}
    for row in deliveries:
        by_site.setdefault(row.site_ref, []).append(row)
    readers = Counter(reply.site_ref for reply in _readers(replies))
    best = standing.of_sites(replies)
    return tuple(
        SiteReport(
            ref=ref,
            name=rows[0].site_name,
            distance_m=rows[0].distance_m,
            deliveries=len(rows),
            accepted=sum(row.accepted_at is not None for row in rows),
            delivered=sum(row.delivered_at is not None for row in rows),
            acknowledged=readers[ref],
            not_needed=sum(row.state == DeliveryState.NOT_NEEDED for row in rows),
            answer=best.get(ref),
        )
        for ref, rows in by_site.items()
    )


def _readers(replies: Sequence[ReplyRow]) -> list[ReplyRow]:
    """Return one answer for each guard who has read the alert."""
    counting = standing.of_guards(replies).values()
    return [reply for reply in counting if reply.kind in READ_BY_SITE]


def _seconds(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start).total_seconds()
