"""What became of an alert, as counts, times and curves; its rows are read as a stream.

`accepted` is the provider's word, `delivered` the receipt's, `acknowledged` the guard's; every
number below counts exactly one of them. However many deliveries an alert has, a report of it is
small: whoever needs each of them reads `ports.AlertRows` beside it.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from umsalert import standing
from umsalert.model import OPEN_STATES, READ_BY_SITE, SHARES, ChannelKind, DeliveryState

if TYPE_CHECKING:
    from umsalert.model import Alert, AuditHead, MessageText
    from umsalert.ports import AlertRows, Record, ReplyRow

CURVE_POINTS = 200
"""A curve has no more: between two of its points lies half a per cent of its messages."""

_ORDER = {kind: place for place, kind in enumerate(ChannelKind)}

Curve = tuple[tuple[float, int], ...]
"""Seconds from the alert's creation, and how many messages had come so far by then."""


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
    accepted_curve: Curve
    delivered_curve: Curve
    acknowledged_curve: Curve


class SiteReport(NamedTuple):
    """One site: how many messages, how far they came, its best answer, which counts.

    `acknowledged`: guards whose answer says that they have read it. `not_needed`: messages that
    were not sent because somebody here had answered.
    """

    ref: str
    name: str
    lat: float
    lon: float
    distance_m: float
    deliveries: int
    accepted: int
    delivered: int
    acknowledged: int
    not_needed: int
    answer: ReplyRow | None


class AlertReport(NamedTuple):
    """What the record knows of one alert, but for its rows.

    `accepted_s` and `sites_accepted_s`: seconds from the alert's creation until 50, 95 and 100 % of
    all messages were accepted, and of all sites had one accepted; None where never. Of
    `sites_alerted`, at least one message was accepted at `sites_reached`, and somebody has read it
    at `sites_acknowledged`. `audit_head`: the newest link of the audit log, which a report that is
    kept elsewhere bears witness to.
    """

    alert: Alert
    fact_to_first_sms_s: float | None
    accepted_s: Mapping[int, float | None]
    sites_accepted_s: Mapping[int, float | None]
    sites_alerted: int
    sites_reached: int
    sites_acknowledged: int
    channels: tuple[ChannelReport, ...]
    texts: tuple[MessageText, ...]
    codes: Mapping[str, int]
    audit_head: AuditHead | None = None

    @property
    def deliveries(self) -> int:
        """All messages."""
        return sum(channel.deliveries for channel in self.channels)

    @property
    def waiting(self) -> int:
        """Messages that are queued or on the wire."""
        return sum(
            channel.states.get(state, 0) for channel in self.channels for state in OPEN_STATES
        )

    @property
    def not_needed(self) -> int:
        """Messages that were not sent because somebody at their site had answered."""
        return sum(channel.states.get(DeliveryState.NOT_NEEDED, 0) for channel in self.channels)


async def build(record: Record, alert: Alert) -> AlertReport:
    """Read the record of one alert and work out its report."""
    return await record.read(alert.id, lambda rows: of_rows(rows, alert))


def of_rows(rows: AlertRows, alert: Alert) -> AlertReport:
    """Work out the report of an alert from its rows."""
    counts, steps, answers = rows.counts(), _Steps(rows, alert), _Answers(rows, alert)
    alerted, first_accepted_s = 0, array("d")
    for site in rows.sites():
        alerted += 1
        if site.first_accepted_at is not None:
            first_accepted_s.append(_seconds(alert.created_at, site.first_accepted_at))
    return AlertReport(
        alert=alert,
        fact_to_first_sms_s=None
        if steps.first_sms_at is None
        else _seconds(alert.incident_at, steps.first_sms_at),
        accepted_s=_shares(
            sum(sum(states.values()) for states in counts.values()),
            array("d", heapq.merge(*steps.accepted_s.values())),
        ),
        sites_accepted_s=_shares(alerted, sorted(first_accepted_s)),
        sites_alerted=alerted,
        sites_reached=len(first_accepted_s),
        sites_acknowledged=answers.sites,
        channels=tuple(
            _channel(kind, counts[kind], steps, answers) for kind in ChannelKind if kind in counts
        ),
        texts=tuple(sorted(rows.texts(), key=lambda text: _ORDER[text.channel])),
        codes=dict(steps.codes.most_common()),
    )


def sites(rows: AlertRows) -> Iterator[SiteReport]:
    """Yield every site of an alert with its best answer, nearest first."""
    for row, answers in with_answers(rows.sites(), rows.replies_by_site()):
        readers = _readers(answers)
        yield SiteReport(
            ref=row.site_ref,
            name=row.site_name,
            lat=row.lat,
            lon=row.lon,
            distance_m=row.distance_m,
            deliveries=row.deliveries,
            accepted=row.accepted,
            delivered=row.delivered,
            acknowledged=len(readers),
            not_needed=row.not_needed,
            answer=standing.of_sites(answers).get(row.site_ref),
        )


class _AtSite(Protocol):
    @property
    def distance_m(self) -> float: ...
    @property
    def site_ref(self) -> str: ...


AtSite = TypeVar("AtSite", bound=_AtSite)


def with_answers(
    items: Iterable[AtSite], replies: Iterable[ReplyRow]
) -> Iterator[tuple[AtSite, Sequence[ReplyRow]]]:
    """Put the answers of its site beside each item; both come nearest site first."""
    groups = ((place, tuple(found)) for place, found in groupby(replies, key=_place))
    place, answers = next(groups, (None, ()))
    for item in items:
        while place is not None and place < _place(item):
            place, answers = next(groups, (None, ()))
        yield item, answers if place == _place(item) else ()


class _Steps:
    """How far the deliveries have come: seconds from the alert's creation, by channel."""

    def __init__(self, rows: AlertRows, alert: Alert) -> None:
        self.accepted_s: dict[str, array[float]] = {kind.value: array("d") for kind in ChannelKind}
        self.delivered_s: dict[str, array[float]] = {kind.value: array("d") for kind in ChannelKind}
        self.codes = Counter[str]()
        first_sms = ""
        for channel, code, accepted_at, delivered_at in rows.steps():
            if code:
                self.codes[code] += 1
            if accepted_at is not None:
                at = datetime.fromisoformat(accepted_at)
                self.accepted_s[channel].append(_seconds(alert.created_at, at))
                if channel == "sms" and (not first_sms or accepted_at < first_sms):
                    first_sms = accepted_at
            if delivered_at is not None:
                at = datetime.fromisoformat(delivered_at)
                self.delivered_s[channel].append(_seconds(alert.created_at, at))
        for kept in (self.accepted_s, self.delivered_s):
            for kind, moments in kept.items():
                kept[kind] = array("d", sorted(moments))
        self.first_sms_at = datetime.fromisoformat(first_sms) if first_sms else None


class _Answers:
    """Guards who have read the alert: seconds from its creation by channel; and their sites."""

    def __init__(self, rows: AlertRows, alert: Alert) -> None:
        self.acknowledged_s: dict[str, array[float]] = {
            kind.value: array("d") for kind in ChannelKind
        }
        self.sites = 0
        for _at, answers in groupby(rows.replies_by_site(), key=_place):
            readers = _readers(answers)
            self.sites += bool(readers)
            for reply in readers:
                if reply.channel is not None:
                    read_s = _seconds(alert.created_at, reply.received_at)
                    self.acknowledged_s[reply.channel].append(read_s)


def _channel(
    kind: ChannelKind, states: Mapping[str, int], steps: _Steps, answers: _Answers
) -> ChannelReport:
    total = sum(states.values())
    accepted, delivered = steps.accepted_s[kind], steps.delivered_s[kind]
    acknowledged = sorted(answers.acknowledged_s[kind])
    return ChannelReport(
        channel=kind,
        deliveries=total,
        states=states,
        accepted=len(accepted),
        delivered=len(delivered),
        acknowledged=len(acknowledged),
        accepted_s=_shares(total, accepted),
        delivered_s=_shares(total, delivered),
        accepted_curve=_curve(accepted),
        delivered_curve=_curve(delivered),
        acknowledged_curve=_curve(acknowledged),
    )


def _shares(total: int, ordered: Sequence[float]) -> dict[int, float | None]:
    """Return when 50, 95 and 100 % of `total` had come that far; None where never."""
    needed = {share: math.ceil(total * share / 100) for share in SHARES}
    return {share: ordered[n - 1] if 0 < n <= len(ordered) else None for share, n in needed.items()}


def _curve(ordered: Sequence[float]) -> Curve:
    """Return some of the moments, evenly by count, with the first and the last."""
    n, last = len(ordered), CURVE_POINTS - 1
    chosen = range(n) if n <= CURVE_POINTS else (i * (n - 1) // last for i in range(CURVE_POINTS))
    return tuple((ordered[i], i + 1) for i in chosen)


def _readers(replies: Iterable[ReplyRow]) -> list[ReplyRow]:
    """Return one answer for each guard who has read the alert."""
    counting = standing.of_guards(replies).values()
    return [reply for reply in counting if reply.kind in READ_BY_SITE]


def _place(item: _AtSite) -> tuple[float, str]:
    return item.distance_m, item.site_ref


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
