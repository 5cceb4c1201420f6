"""An alert and all that follows it, told as one incident: what happened, in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from umsalert.model import FollowKind

if TYPE_CHECKING:
    from umsalert.model import Alert, Closure
    from umsalert.ports import AlertRows, ReplyRow, WaveRow

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


class Incident:
    """Its alerts, the first one first, and its moments."""

    def __init__(self, rows: AlertRows) -> None:
        """Read the incident of an alert; good for as long as its rows are."""
        self.waves = tuple(rows.waves())
        self._rows = rows

    @property
    def first(self) -> Alert:
        """The alert that it began with."""
        return self.waves[0].alert

    @property
    def closed(self) -> Closure | None:
        """Who closed it, if anybody did."""
        return self.first.closed

    def moments(self) -> Iterator[Moment]:
        """Yield what happened, in the order of time."""
        of_waves = sorted(_of_waves(self.waves), key=_order)
        return heapq.merge(of_waves, self._of_answers(), key=_order)

    def _of_answers(self) -> Iterator[Moment]:
        """Yield every sighting, and the first answer of every site; not what was taken back."""
        by_ref = {row.alert.ref: row for row in self.waves}
        for reply in self._rows.told():
            yield Moment(reply.received_at, MomentKind.ANSWER, by_ref[reply.alert_ref], reply)


def _order(moment: Moment) -> tuple[datetime, int]:
    return moment.at, _ORDER.index(moment.kind)


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
