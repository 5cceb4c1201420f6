"""Looks at an alert again and again, and reads no more than what can have changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from umsalert.board.view import BoardView, Facts, MarkedSite, Numbers, build, came, is_over
from umsalert.model import Alert, ChannelKind, DeliveryState, ReplyKind
from umsalert.ports import AlertBook, Amendment, Answers, Board, Clock, Incident, Reach, ReplyRow

REACH_EVERY_S = 5.0
"""How far the messages of each site have come is read no more often: it reads every delivery."""

REACH_SHARE = 0.01
"""... and takes no more than this share of the time, however many there are."""

MINUTE_S = 60.0

Point = tuple[float, Mapping[ChannelKind, Numbers]]


@dataclass(frozen=True, slots=True)
class Look:
    """The board, and what is another than at the look before.

    `replies` are new, or were taken back or given a photo since; `sightings` are the new ones of
    them that stand. `marked` are the refs of the sites whose mark has changed. At the first look
    all `replies` are new, and none of the other two.
    """

    view: BoardView
    counts_changed: bool
    replies: tuple[ReplyRow, ...]
    sightings: tuple[ReplyRow, ...]
    marked: tuple[str, ...]


class Watcher:
    """Looks at one alert and at the answers to its whole incident."""

    def __init__(self, alert: Alert, book: AlertBook, board: Board, answers: Answers) -> None:
        """Watch an alert of the record."""
        self._alert = alert
        self._book = book
        self._board = board
        self._answers = answers
        self._version: int | None = None
        self._facts: Facts | None = None
        self._view: BoardView | None = None
        self._reach_read: object = None
        self._reach_after_s = 0.0
        self._points: deque[Point] = deque()

    async def look(self, clock: Clock) -> Look:
        """Return what stands now."""
        before, now = self._view, clock.now()
        facts = await self._read(clock)
        if facts is not self._facts or self._view is None:
            known = self._facts and before and (self._facts, before)
            self._view = build(facts, now, known or None)
        else:
            self._view = replace(self._view, at=now, over=is_over(facts.incident, now))
        self._view = self._with_minute(self._view, clock.steady_s())
        look = _look(self._facts, facts, before, self._view)
        self._facts = facts
        return look

    async def _read(self, clock: Clock) -> Facts:
        facts = self._facts
        version = await self._board.version()  # first: what is written meanwhile is read next time
        if facts is None:
            incident = await self._board.incident(self._alert.id)
            facts = Facts(self._alert, incident, (), {}, ())
            facts = await self._with_sites(facts)
            facts = await self._with_replies(facts, incident)
        elif version != self._version:
            incident = await self._board.incident(self._alert.id)
            if incident != facts.incident:
                facts = await self._follow(facts, incident)
        facts = await self._with_reach(facts, clock)
        self._version = version
        return facts

    async def _follow(self, facts: Facts, incident: Incident) -> Facts:
        """Read what the alerts and the counts of an incident say has changed."""
        before = facts.incident
        if [alert.id for alert in incident.alerts] != [alert.id for alert in before.alerts]:
            facts = await self._with_sites(facts)
        stopped = [alert.stopped for alert in incident.alerts]
        if stopped != [alert.stopped for alert in before.alerts]:
            facts = replace(facts, alert=await self._book.alert(self._alert.ref))
        if incident.tally != before.tally:
            facts = await self._with_replies(facts, incident)
        return replace(facts, incident=incident)

    async def _with_sites(self, facts: Facts) -> Facts:
        return replace(facts, sites=tuple(await self._board.sites(self._alert.id)))

    async def _with_replies(self, facts: Facts, incident: Incident) -> Facts:
        """Read the new answers, and what came to those that are known.

        One that nobody could tie to the alert until now has an old number: then all are read.
        """
        known, tally = facts.replies, incident.tally
        if not known:
            return replace(facts, replies=await self._replies(incident, after=0))
        held = (*known, *await self._replies(incident, after=known[-1].id))
        if len(held) < tally.replies:
            return replace(facts, replies=await self._replies(incident, after=0))
        taken_back = sum(reply.undone_at is not None for reply in held)
        photo = tally.last_photo_id != facts.incident.tally.last_photo_id
        if photo or taken_back < tally.taken_back:
            held = _amended(held, await self._board.amendments(self._alert.id))
        return replace(facts, replies=held)

    async def _replies(self, incident: Incident, after: int) -> tuple[ReplyRow, ...]:
        found: list[ReplyRow] = []
        for alert in incident.alerts:
            found += await self._answers.of_alert(alert.id, after)
        return tuple(sorted(found, key=lambda reply: reply.id))

    async def _with_reach(self, facts: Facts, clock: Clock) -> Facts:
        """Read how far each site is, where any message has come further, and not too often."""
        came = _far(facts.incident)
        start_s = clock.steady_s()
        if came == self._reach_read or start_s < self._reach_after_s:
            return facts
        reach: Mapping[int, Reach] = await self._board.reach(self._alert.id)
        end_s = clock.steady_s()
        self._reach_read = came
        self._reach_after_s = end_s + max(REACH_EVERY_S, (end_s - start_s) / REACH_SHARE)
        return facts if reach == facts.reach else replace(facts, reach=reach)

    def _with_minute(self, view: BoardView, at_s: float) -> BoardView:
        numbers = {line.channel: line.numbers for line in view.channels}
        self._points.append((at_s, numbers))
        while len(self._points) > 1 and self._points[1][0] <= at_s - MINUTE_S:
            self._points.popleft()
        _then_s, first = self._points[0]
        return replace(
            view,
            channels=tuple(
                replace(line, last_min=came(first.get(line.channel, Numbers()), line.numbers))
                for line in view.channels
            ),
        )


def _amended(
    replies: tuple[ReplyRow, ...], amendments: Mapping[int, Amendment]
) -> tuple[ReplyRow, ...]:
    return tuple(
        reply
        if (found := amendments.get(reply.id)) is None
        or found == Amendment(reply.undone_at, reply.photos)
        else reply._replace(undone_at=found.undone_at, photos=found.photos)
        for reply in replies
    )


def _far(incident: Incident) -> object:
    """Return how many messages have come how far: another value once one site has."""
    return [
        [
            (channel, states.get(DeliveryState.ACCEPTED, 0), states.get(DeliveryState.DELIVERED, 0))
            for channel, states in sorted(alert.counts.items())
        ]
        for alert in incident.alerts
    ]


def _look(before: Facts | None, now: Facts, seen: BoardView | None, view: BoardView) -> Look:
    if before is None or seen is None:
        return Look(view, counts_changed=True, replies=now.replies, sightings=(), marked=())
    if before is now:
        return Look(view, counts_changed=False, replies=(), sightings=(), marked=())
    changed = tuple(_changed(before.replies, now.replies))
    known = {reply.id for reply in before.replies} if changed else set()
    return Look(
        view,
        counts_changed=_numbers(seen) != _numbers(view),
        replies=changed,
        sightings=tuple(
            reply
            for reply in changed
            if reply.kind is ReplyKind.SIGHTING
            and reply.undone_at is None
            and reply.id not in known
        ),
        marked=tuple(_marked(seen.sites, view.sites)),
    )


def _changed(before: Sequence[ReplyRow], now: Sequence[ReplyRow]) -> Iterator[ReplyRow]:
    if before is now:
        return
    known = {reply.id: reply for reply in before}
    for reply in now:
        old = known.get(reply.id)
        if old is not reply and old != reply:  # most are the very same, which is quickly seen
            yield reply


def _marked(before: Sequence[MarkedSite], now: Sequence[MarkedSite]) -> Iterator[str]:
    if before is now:
        return
    marks = {each.site.ref: each.mark for each in before}
    for each in now:
        if marks.get(each.site.ref) is not each.mark:
            yield each.site.ref


def _numbers(view: BoardView) -> object:
    return view.counts, [line.numbers for line in view.channels]
