"""The score sheet of an exercise: reach, time to answer by site, addresses to mend.

Worked out from `ports.AlertRows` as they are read: however many sites an exercise went to, what is
kept of them is a time each, and lists that end.
"""

from __future__ import annotations

import heapq
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from umsalert import standing
from umsalert.model import READ_BY_SITE, ChannelKind, ReplyKind
from umsalert.reports import with_answers
from umsalert.summaries import Spread, spread

if TYPE_CHECKING:
    from datetime import datetime

    from umsalert.model import Alert
    from umsalert.ports import AlertRows, FaultRow, Record, ReplyRow, SiteRow

T = TypeVar("T")

LISTED = 50
"""A score keeps no more of each list; the rows of the report have them all."""
SLOWEST = 5


_NO_ADDRESS = re.compile(r"(bounced_)?5\.1\.|http_422$|55[013]$|.*(invalid|unknown_number|unalloc)")
"""Codes that say that there is no such address; others may be of a telephone that was off."""


class Silence(StrEnum):
    """Why a site has not acknowledged, the worst first."""

    UNREACHED = "unreached"
    """No provider accepted a message for it."""
    UNDELIVERED = "undelivered"
    """Accepted, and no receipt says that one arrived."""
    UNANSWERED = "unanswered"
    """Delivered, and nobody has answered."""
    WRONG_PERSON = "wrong_person"
    """Whoever answered is not the guard we think."""
    CANNOT = "cannot"
    """Has read it, and cannot do what it asks."""


_WORST = tuple(Silence)


@dataclass(frozen=True, slots=True)
class SilentSite:
    """A site where nobody has acknowledged."""

    ref: str
    name: str
    distance_m: float
    why: Silence


@dataclass(frozen=True, slots=True)
class SlowSite:
    """A site that has acknowledged, and how long after the alert was created."""

    ref: str
    name: str
    distance_m: float
    answered_s: float


@dataclass(frozen=True, slots=True)
class Mend:
    """An address that is wrong. `code`: the provider's; `wrong_person` where a guard said so.

    `channel` None: nobody knows by which message the answer came. `mended`: the contact has another
    address by now.
    """

    site_ref: str
    site_name: str
    contact_ref: str
    channel: ChannelKind | None
    code: str
    mended: bool = False

    @property
    def certain(self) -> bool:
        """Say whether the code leaves no doubt that the address is wrong."""
        return _NO_ADDRESS.match(self.code) is not None

    @property
    def command(self) -> str:
        """Return the command that mends it, or that tells whether the address is to blame."""
        if self.code == ReplyKind.WRONG_PERSON:
            return f"umsalert contact revoke {self.contact_ref} --reason 'wrong person'"
        if self.channel is not None and not self.certain:
            return f"umsalert contact verify {self.contact_ref} --by {self.channel}"
        option = "--email ADDRESS" if self.channel is ChannelKind.EMAIL else "--phone NUMBER"
        return f"umsalert contact edit {self.contact_ref} {option}"


class Share(NamedTuple):
    """How many were alerted, for how many a message was accepted, how many have acknowledged."""

    alerted: int
    reached: int
    acknowledged: int


@dataclass(frozen=True, slots=True)
class Score:
    """How an exercise went.

    `answered`: seconds from its creation until the first acknowledgement of a site, of the sites
    that acknowledged; `slowest_s` the last of them, `slowest` the last few, the slowest first.
    `silent` and `to_mend` end after `LISTED`, their numbers are `silent_sites` and `addresses`;
    `to_mend` has what was mended since, `addresses` has not. `earlier`: the exercise before it.
    """

    alert_ref: str
    created_at: datetime
    radius_m: float
    sites: Share
    people: Share
    answered: Spread
    slowest_s: float | None
    slowest: tuple[SlowSite, ...]
    silent_sites: int
    silent: tuple[SilentSite, ...]
    addresses: int
    to_mend: tuple[Mend, ...]
    earlier: Score | None = None


async def build(record: Record, alert: Alert) -> Score:
    """Read how an exercise went, beside the one before it."""
    earlier = await before(record, alert)
    return await record.read(alert.id, lambda rows: of_rows(rows, alert, earlier))


async def before(record: Record, alert: Alert) -> Score | None:
    """Read how the last exercise before this one went: by the same template, around here."""
    if not alert.is_scored or alert.follows is not None:
        return None
    other = await record.exercise_before(alert)
    if other is None:
        return None
    return await record.read(other.id, lambda rows: of_rows(rows, other))


def of_rows(rows: AlertRows, alert: Alert, earlier: Score | None = None) -> Score:
    """Work out how an exercise went from its rows."""
    sites, people = _Sites(rows, alert), rows.people()
    mends: list[Mend] = []
    addresses = 0
    for mend in to_mend(rows):
        addresses += not mend.mended
        if len(mends) < LISTED:
            mends.append(mend)
    answered_s = sorted(sites.answered_s)
    return Score(
        alert_ref=alert.ref,
        created_at=alert.created_at,
        radius_m=alert.area.radius_m,
        sites=Share(sites.alerted, sites.reached, len(answered_s)),
        people=Share(people.alerted, people.reached, sites.readers),
        answered=spread(answered_s),
        slowest_s=answered_s[-1] if answered_s else None,
        slowest=sites.slowest.kept(),
        silent_sites=sites.silent_sites,
        silent=sites.silent.kept(),
        addresses=addresses,
        to_mend=tuple(mends),
        earlier=earlier and replace(earlier, earlier=None),
    )


def to_mend(rows: AlertRows) -> Iterator[Mend]:
    """Yield every address that is wrong: by what became of its messages, then by who answered.

    An address comes once, with the code that says most.
    """
    for _contact, faults in groupby(rows.faults(), key=lambda row: row.contact_ref):
        yield from _of_contact(faults)
    for site, answers in with_answers(rows.sites(), rows.replies_by_site()):
        for reply in standing.of_guards(answers).values():
            if reply.kind is ReplyKind.WRONG_PERSON and reply.contact_ref:
                yield Mend(
                    site.site_ref,
                    site.site_name,
                    reply.contact_ref,
                    reply.channel,
                    ReplyKind.WRONG_PERSON,
                )


def _of_contact(faults: Iterable[FaultRow]) -> Iterable[Mend]:
    """Return the address, or the two, that messages to one contact have failed for."""
    found: dict[bool, Mend] = {}
    for row in faults:
        mail = row.channel is ChannelKind.EMAIL
        if mail not in found or (_NO_ADDRESS.match(row.code) and not found[mail].certain):
            found[mail] = Mend(
                row.site_ref, row.site_name, row.contact_ref, row.channel, row.code, row.mended
            )
    return found.values()


class _Sites:
    """The sites of an exercise, read one after the other."""

    def __init__(self, rows: AlertRows, alert: Alert) -> None:
        self.alerted = self.reached = self.readers = self.silent_sites = 0
        self.answered_s = array("d")
        self.slowest: _Least[SlowSite] = _Least(SLOWEST, lambda site: -site.answered_s)
        self.silent: _Least[SilentSite] = _Least(LISTED, lambda site: _WORST.index(site.why))
        for site, answers in with_answers(rows.sites(), rows.replies_by_site()):
            self.alerted += 1
            self.reached += site.accepted > 0
            self._add(site, answers, alert)

    def _add(self, site: SiteRow, answers: Sequence[ReplyRow], alert: Alert) -> None:
        counting = standing.of_guards(answers)
        readers = {guard for guard, reply in counting.items() if reply.kind in READ_BY_SITE}
        who = site.site_ref, site.site_name, site.distance_m
        if not readers:
            self.silent_sites += 1
            self.silent.add(SilentSite(*who, _silence(site, {r.kind for r in counting.values()})))
            return
        self.readers += len(readers)
        first = min(
            reply.received_at
            for reply in answers
            if reply.undone_at is None
            and reply.kind in READ_BY_SITE
            and (reply.site_ref, reply.contact_ref) in readers
        )
        answered_s = (first - alert.created_at).total_seconds()
        self.answered_s.append(answered_s)
        self.slowest.add(SlowSite(*who, answered_s))


def _silence(site: SiteRow, answers: set[ReplyKind]) -> Silence:
    if ReplyKind.CANNOT in answers:
        return Silence.CANNOT
    if ReplyKind.WRONG_PERSON in answers:
        return Silence.WRONG_PERSON
    if site.delivered:
        return Silence.UNANSWERED
    return Silence.UNDELIVERED if site.accepted else Silence.UNREACHED


class _Least(Generic[T]):
    """The items with the smallest keys, the first of equals; it keeps no more than `most`."""

    def __init__(self, most: int, key: Callable[[T], float]) -> None:
        self._most = most
        self._key = key
        self._heap: list[tuple[float, int, T]] = []
        self._n = 0

    def add(self, item: T) -> None:
        self._n += 1  # of equals the newest goes first, and items are never compared
        entry = (-self._key(item), -self._n, item)
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def kept(self) -> tuple[T, ...]:
        return tuple(item for _key, _n, item in sorted(self._heap, reverse=True))
