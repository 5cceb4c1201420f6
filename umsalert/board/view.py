"""From what was read to what a board says: values, no words, no colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum

from umsalert import standing
from umsalert.events import Counts
from umsalert.geo.bearings import bearing_deg
from umsalert.model import (
    OPEN_STATES,
    Alert,
    Area,
    ChannelKind,
    DeliveryState,
    ReplyKind,
)
from umsalert.ports import BoardSite, Incident, Reach, ReplyRow

_S = DeliveryState
_ACCEPTED = (_S.ACCEPTED, _S.DELIVERED, _S.UNDELIVERED)
_SENT = (_S.SENDING, *_ACCEPTED, _S.UNKNOWN)
_FAILED = (_S.FAILED, _S.UNDELIVERED, _S.EXPIRED)


class Mark(StrEnum):
    """What a site is marked with, the most important first: its best answer, or how far it is."""

    SIGHTING = "sighting"
    LOCKED_DOWN = "locked_down"
    ACKNOWLEDGED = "acknowledged"
    CANNOT = "cannot"
    WRONG_PERSON = "wrong_person"
    DELIVERED = "delivered"
    """No answer, and a message is delivered."""
    ACCEPTED = "accepted"
    """No answer, and a provider has a message that it has not delivered."""
    UNREACHED = "unreached"
    """No answer, and no provider has a message."""


_OF_KIND = {kind: Mark(kind.value) for kind in ReplyKind}
_OF_REACH = {
    Reach.DELIVERED: Mark.DELIVERED,
    Reach.ACCEPTED: Mark.ACCEPTED,
    Reach.NOWHERE: Mark.UNREACHED,
}


@dataclass(frozen=True, slots=True)
class MarkedSite:
    """A site of the map."""

    site: BoardSite
    mark: Mark


@dataclass(frozen=True, slots=True)
class Sighting:
    """A sighting, where its site lies seen from the centre, and when after the fact it was.

    `at` is when somebody was seen, where the guard said so, or else when the answer came.
    """

    reply: ReplyRow
    distance_m: float
    bearing_deg: float
    at: datetime

    @property
    def taken_back(self) -> bool:
        """The guard has taken it back."""
        return self.reply.undone_at is not None


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many messages of a channel have come how far; each number counts one thing.

    `sent`: they left, may have left or are on the wire. `accepted` is the provider's word,
    `delivered` the receipt's; `answered` are guards with an answer that counts, to a message of
    this channel. `failed` holds what was undelivered and what expired.
    """

    sent: int = 0
    accepted: int = 0
    delivered: int = 0
    answered: int = 0
    failed: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """One channel of the alert that is watched. `last_min`: what came in the last minute.

    Of that minute no more is known than has been watched; what shrank has not come.
    """

    channel: ChannelKind
    messages: int
    waiting: int
    numbers: Numbers
    last_min: Numbers = Numbers()


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read: of the alert, and of the others of its incident. `replies`: oldest first."""

    alert: Alert
    incident: Incident
    sites: tuple[BoardSite, ...]
    reach: Mapping[int, Reach]
    replies: tuple[ReplyRow, ...]


@dataclass(frozen=True, slots=True)
class BoardView:
    """What stands on the board. Sightings come newest first, those taken back after all others.

    `fact_at` is that of the alert the incident began with: the fact of a closing message is the
    closing. `marks` has every mark with its number of sites. `over`: all alerts of the incident
    have expired, were cancelled or closed, and nothing waits to be sent.
    """

    alert: Alert
    at: datetime
    fact_at: datetime
    incident: tuple[str, ...]
    counts: Counts
    channels: tuple[ChannelLine, ...]
    sites: tuple[MarkedSite, ...]
    marks: Mapping[Mark, int]
    sightings: tuple[Sighting, ...]
    over: bool


def build(facts: Facts, at: datetime, before: tuple[Facts, BoardView] | None = None) -> BoardView:
    """Work out what stands on the board, but for the last minute: it needs an earlier one.

    `before`: facts of which some may be the very same, and the board that they made; of that is
    kept what cannot have changed, since thousands of sites and answers take a while.
    """
    old, seen = before or (None, None)
    same_replies = old is not None and old.replies is facts.replies
    same_sites = old is not None and old.sites is facts.sites
    same_reach = old is not None and old.reach is facts.reach
    counts = _counts(facts)
    if seen and same_replies:
        answered = {line.channel: line.numbers.answered for line in seen.channels}
    else:
        answered = _answered(facts.alert, facts.replies)
    if seen and same_replies and same_sites and same_reach:
        sites, marks = seen.sites, seen.marks
    else:
        sites = tuple(_marked(facts))
        found = Counter(each.mark for each in sites)
        marks = {mark: found[mark] for mark in Mark}
    same_sightings = seen and same_replies and same_sites
    return BoardView(
        alert=facts.alert,
        at=at,
        fact_at=facts.incident.alerts[0].incident_at,
        incident=tuple(alert.ref for alert in facts.incident.alerts),
        counts=counts,
        channels=tuple(_channels(counts, answered)),
        sites=sites,
        marks=marks,
        sightings=seen.sightings if seen and same_sightings else _sightings(facts),
        over=is_over(facts.incident, at),
    )


def is_over(incident: Incident, at: datetime) -> bool:
    """Say whether nothing more will happen by itself."""
    return all(
        (alert.stopped or alert.expires_at <= at)
        and not any(_sum(states, OPEN_STATES) for states in alert.counts.values())
        for alert in incident.alerts
    )


def came(before: Numbers, now: Numbers) -> Numbers:
    """Return how much numbers have grown."""
    pairs = zip(astuple(before), astuple(now), strict=True)
    return Numbers(*(max(0, new - old) for old, new in pairs))


def _counts(facts: Facts) -> Counts:
    found: Iterator[Counts] = (
        alert.counts for alert in facts.incident.alerts if alert.id == facts.alert.id
    )
    return next(found)


def _channels(counts: Counts, answered: Mapping[ChannelKind, int]) -> Iterator[ChannelLine]:
    for channel in sorted(counts, key=list(ChannelKind).index):
        states = counts[channel]
        numbers = Numbers(
            sent=_sum(states, _SENT),
            accepted=_sum(states, _ACCEPTED),
            delivered=_sum(states, (_S.DELIVERED,)),
            answered=answered.get(channel, 0),
            failed=_sum(states, _FAILED),
            unknown=_sum(states, (_S.UNKNOWN,)),
        )
        waiting = _sum(states, OPEN_STATES)
        yield ChannelLine(channel, sum(states.values()), waiting, numbers)


def _sum(
    states: Mapping[DeliveryState, int], which: Sequence[DeliveryState] | frozenset[DeliveryState]
) -> int:
    return sum(states.get(state, 0) for state in which)


def _answered(alert: Alert, replies: Sequence[ReplyRow]) -> dict[ChannelKind, int]:
    own = [reply for reply in replies if reply.alert_ref == alert.ref]
    counting = standing.of_guards(own).values()
    return Counter(reply.channel for reply in counting if reply.channel is not None)


def _marked(facts: Facts) -> Iterator[MarkedSite]:
    best = standing.of_sites(facts.replies)
    for site in facts.sites:
        answer = best.get(site.ref)
        if answer is not None:
            yield MarkedSite(site, _OF_KIND[answer.kind])
        else:
            yield MarkedSite(site, _OF_REACH[facts.reach.get(site.id, Reach.NOWHERE)])


def _sightings(facts: Facts) -> tuple[Sighting, ...]:
    places = {site.ref: site for site in facts.sites}
    found = [
        _sighting(facts.alert.area, reply, places.get(reply.site_ref))
        for reply in facts.replies
        if reply.kind is ReplyKind.SIGHTING
    ]
    return tuple(sorted(found, key=lambda each: (each.taken_back, -each.reply.id)))


def _sighting(area: Area, reply: ReplyRow, site: BoardSite | None) -> Sighting:
    at = reply.seen_at or reply.received_at
    if site is None:  # its alert is so new that its sites have not been read
        return Sighting(reply, reply.distance_m, 0.0, at)
    distance_m = site.distance_m
    if distance_m is None:
        from umsalert.geo.circles import distance_m as geodesic_m

        distance_m = geodesic_m(area.lat, area.lon, site.lat, site.lon)
    return Sighting(reply, distance_m, bearing_deg(area.lat, area.lon, site.lat, site.lon), at)
