"""An alert and all that follows it, told as one incident: what happened, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from umsalert.model import FollowKind, ReplyKind

if TYPE_CHECKING:
    from umsalert.model import Alert, Closure
    from umsalert.ports import Answers, Record, ReplyRow, WaveRow

_WITHOUT_ANSWER = frozenset({FollowKind.CORRECTION, FollowKind.CLOSING})
"""Waves that ask nothing: how soon they leave is no measure."""


class MomentKind(StrEnum):
    """What happened."""

    FACT = "fact"
    WAVE = "wave"
    FIRST_SMS = "first_sms"
    """A provider accepted the first SMS of a wave."""
    ANSWER = "answer"
    """A sighting, or the first answer of a site."""
    CANCELLED = "cancelled"
    CLOSED = "closed"


_ORDER = (MomentKind.FACT, MomentKind.CLOSED, *MomentKind)
"""Of one moment: an incident is closed, then its message goes out."""


class Moment(NamedTuple):
    """One moment of an incident. `wave` is its alert, None of the fact and of the end."""

    at: datetime
    kind: MomentKind
    wave: WaveRow | None = None
    reply: ReplyRow | None = None


class Incident(NamedTuple):
    """Its alerts, the first one first, and its moments in the order of time."""

    waves: tuple[WaveRow, ...]
    moments: tuple[Moment, ...]

    @property
    def first(self) -> Alert:
        """The alert that it began with."""
        return self.waves[0].alert

    @property
    def closed(self) -> Closure | None:
        """Who closed it, if anybody did."""
        return self.first.closed


async def build(record: Record, answers: Answers, alert: Alert) -> Incident:
    """Read the incident of an alert."""
    waves = tuple(await record.waves(alert.id))
    replies = [reply for row in waves for reply in await answers.of_alert(row.alert.id)]
    told = [
        *_of_waves(waves),
        *_of_answers(sorted(replies, key=lambda reply: reply.id), waves),
    ]
    return Incident(waves, tuple(sorted(told, key=lambda it: (it.at, _ORDER.index(it.kind)))))


def _of_waves(waves: Sequence[WaveRow]) -> Iterator[Moment]:
    first = waves[0].alert
    yield Moment(first.incident_at, MomentKind.FACT)
    for row in waves:
        alert = row.alert
        yield Moment(alert.created_at, MomentKind.WAVE, row)
        asks = alert.follows is None or alert.follows.kind not in _WITHOUT_ANSWER
        if asks and row.first_sms_at is not None:
            yield Moment(row.first_sms_at, MomentKind.FIRST_SMS, row)
        if alert.cancelled is not None:
            yield Moment(alert.cancelled.at, MomentKind.CANCELLED, row)
    if first.closed is not None:
        yield Moment(first.closed.at, MomentKind.CLOSED)


def _of_answers(replies: Sequence[ReplyRow], waves: Sequence[WaveRow]) -> Iterator[Moment]:
    """Yield every sighting, and the first answer of every site; not what was taken back."""
    by_ref = {row.alert.ref: row for row in waves}
    answered = set[str]()
    for reply in replies:
        if reply.undone_at is not None:
            continue
        if reply.kind is ReplyKind.SIGHTING or reply.site_ref not in answered:
            yield Moment(reply.received_at, MomentKind.ANSWER, by_ref[reply.alert_ref], reply)
        answered.add(reply.site_ref)
