"""When something is due: local times of a clock on the wall become instants, each once.

A line of cron names times as clocks show them, and is read without a time zone by the library;
what the zone makes of them is decided here, the same way for every line: a time that clocks skip is
due at the first instant after, one that they show twice at the first of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from umsalert.errors import UsageError
from umsalert.i18n import _, ngettext

if TYPE_CHECKING:
    from umsalert.model import Bulletin, NewBulletin

LEAST_APART = timedelta(hours=1)
"""Whoever means a bulletin oftener than that has mistyped the minutes."""
_FIELDS = 5
_LOOKED_AT = 400
"""So many times of a line tell how close two of them come: a year of days, two weeks of hours."""
_STEP = timedelta(minutes=1)
LEAST_SPREAD = timedelta(minutes=1)
"""What would be over sooner is not spread."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a bulletin is due: by a line of cron, or `once`; from `begins`, and before `ends`."""

    time_zone: str
    begins: datetime
    cron: str = ""
    ends: datetime | None = None

    @property
    def once(self) -> bool:
        """Whether it is due a single time, at `begins`."""
        return not self.cron

    def after(self, moment: datetime | None = None) -> Iterator[datetime]:
        """Yield in UTC when it is due after `moment`, or from its begin on, ascending.

        Raises UsageError when the line of cron cannot be read.
        """
        if self.once:
            if moment is None or self.begins > moment:
                yield self.begins
            return
        zone = ZoneInfo(self.time_zone)
        since = self.begins - timedelta(microseconds=1) if moment is None else moment
        since = max(since, self.begins - timedelta(microseconds=1))
        # From the day before: clocks go back by less, so that nothing shown since is left out.
        shown = since.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
        last = since
        for local in _shown(self.cron, shown):
            at = first_instant(local, zone)
            if at <= last:  # before, or skipped by clocks together with an earlier one
                continue
            if self.ends is not None and at >= self.ends:
                return
            last = at
            yield at

    def next_after(self, moment: datetime | None = None) -> datetime | None:
        """Return when it is due next after `moment`; None: never again."""
        return next(self.after(moment), None)


def first_instant(shown: datetime, zone: ZoneInfo) -> datetime:
    """Return in UTC the first instant at which clocks show a time, or, if they skip it, a later."""
    at = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == shown:
        return at
    offset = at.astimezone(zone).utcoffset()
    at = at.replace(second=0, microsecond=0)
    while (at - _STEP).astimezone(zone).utcoffset() == offset:
        at -= _STEP
    return at


def check(timetable: Timetable) -> None:
    """Raise UsageError for a line that cannot be read, is never due, or is due too often."""
    if timetable.cron and len(timetable.cron.split()) != _FIELDS:
        raise _invalid(timetable.cron)  # the library takes a sixth, of seconds, in front
    first = timetable.next_after()
    if first is None:
        raise UsageError(
            "never_due",
            _("With these times it would never be due."),
            hint=_("Check --cron, --from and --until."),
        )
    dues = islice(timetable.after(), _LOOKED_AT)
    if any(later - earlier < LEAST_APART for earlier, later in pairwise(dues)):
        raise UsageError(
            "too_often",
            _("{cron!r} is due oftener than once an hour.").format(cron=timetable.cron),
            hint=_("The first field is the minute: '0 8 * * 1' is Monday at 08:00."),
        )


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day in which nothing begins and nothing leaves; equal ends: there are none."""

    begin: time = time()
    end: time = time()

    def opens(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return `moment`, or where that is quiet the end of the quiet, in UTC."""
        local = moment.astimezone(zone)
        for day in (local.date() - timedelta(days=1), local.date()):
            begins, ends = self._night(day, zone)
            if begins <= moment < ends:
                return self.opens(ends, zone)  # clocks may skip the hour between two of them
        return moment.astimezone(UTC)

    def begins_after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when it is quiet next, `moment` not being so; None where it never is."""
        if self.begin == self.end:
            return None
        day = moment.astimezone(zone).date()
        nights = (self._night(day + timedelta(days=n), zone)[0] for n in range(3))
        return next(begins for begins in nights if begins > moment)

    def _night(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the quiet that begins on a day."""
        begins = first_instant(datetime.combine(day, self.begin), zone)
        if self.begin == self.end:
            return begins, begins
        over = day if self.begin < self.end else day + timedelta(days=1)
        return begins, first_instant(datetime.combine(over, self.end), zone)


@dataclass(frozen=True, slots=True)
class Rules:
    """How a due time becomes a run. Of what is later than `grace` nothing leaves any more."""

    time_zone: str
    quiet: Quiet
    grace: timedelta

    def starts(self, due: datetime) -> datetime:
        """Return when a run may begin: at its due time, or at the end of the quiet around it."""
        return self.quiet.opens(due, ZoneInfo(self.time_zone))


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now: `run` this due time, skip `late` and `overtaken` ones; all others wait."""

    run: datetime | None = None
    late: tuple[datetime, ...] = ()
    overtaken: tuple[datetime, ...] = ()

    @property
    def settled(self) -> tuple[datetime, ...]:
        """The due times that are over with it, ascending."""
        return tuple(sorted((*self.late, *self.overtaken, *filter(None, [self.run]))))


def decide(dues: Sequence[datetime], now: datetime, rules: Rules) -> Decision:
    """Return what becomes of `dues`, all of them due by `now`, ascending.

    Only the newest that may begin is run: nobody needs the same bulletin twice at a time. What is
    late counts from when it might have begun; nothing begins while it is quiet.
    """
    ready = [due for due in dues if rules.starts(due) <= now]
    if not ready:
        return Decision()
    newest = ready[-1]
    opens = rules.starts(now)
    if opens - rules.starts(newest) > rules.grace:
        return Decision(late=tuple(ready))
    if opens > now:
        return Decision()
    late = [due for due in ready[:-1] if now - rules.starts(due) > rules.grace]
    return Decision(newest, tuple(late), tuple(ready[len(late) : -1]))


@dataclass(frozen=True, slots=True)
class Customs:
    """What the settings say of all bulletins. `people_per_hour` 0: as fast as they can."""

    grace: timedelta
    quiet: Quiet
    people_per_hour: int

    def rules(self, time_zone: str) -> Rules:
        """Return them for a bulletin of a time zone."""
        return Rules(time_zone, self.quiet, self.grace)

    def spread(self, people: int, asked_s: float | None) -> timedelta:
        """Return over how long a bulletin to so many people leaves, quiet hours not counted."""
        seconds = asked_s
        if seconds is None:
            seconds = people / self.people_per_hour * 3600 if self.people_per_hour else 0.0
        length = timedelta(seconds=seconds)
        return length if length >= LEAST_SPREAD else timedelta()


def timetable_of(bulletin: Bulletin | NewBulletin) -> Timetable:
    """Return when a bulletin is due."""
    return Timetable(bulletin.time_zone, bulletin.begins_at, bulletin.cron, bulletin.ends_at)


Window = tuple[datetime, datetime]


def windows(start: datetime, length: timedelta, rules: Rules) -> tuple[Window, ...]:
    """Return the times, `length` in all, over which a bulletin that begins at `start` is spread.

    Quiet hours are left out. `start` is not quiet.
    """
    zone = ZoneInfo(rules.time_zone)
    found: list[Window] = []
    begin, left = start.astimezone(UTC), length
    while left > timedelta():
        stop = rules.quiet.begins_after(begin, zone)
        end = begin + left if stop is None else min(begin + left, stop)
        found.append((begin, end))
        left -= end - begin
        begin = rules.quiet.opens(end, zone)
    return tuple(found)


def share(spread: Sequence[Window], now: datetime) -> float:
    """Return which share of a bulletin may have left by `now`: 1 where it is not spread."""
    total = sum((end - begin for begin, end in spread), timedelta())
    passed = sum((min(max(now, begin), end) - begin for begin, end in spread), timedelta())
    return passed / total if total else 1.0


def opens(spread: Sequence[Window], now: datetime) -> datetime:
    """Return `now` within a window, or after all of them; else when the next one begins."""
    return next((max(begin, now) for begin, end in spread if now < end), now)


def moment_of(spread: Sequence[Window], part: float) -> datetime:
    """Return when a share of a bulletin may have left; the inverse of `share`."""
    left = sum((end - begin for begin, end in spread), timedelta()) * min(1.0, part)
    for begin, end in spread:
        if left <= end - begin:
            return begin + left
        left -= end - begin
    return spread[-1][1]


def _shown(cron: str, since: datetime) -> Iterator[datetime]:
    """Yield the local times of a line of cron after `since`, ascending. Raises UsageError."""
    from cronsim import CronSim, CronSimError

    try:
        found = CronSim(cron, since)
    except CronSimError as error:
        raise _invalid(cron) from error
    yield from found


def _invalid(cron: str) -> UsageError:
    return UsageError(
        "cron_invalid",
        _("{cron!r} is not a line of cron: {reason}.").format(cron=cron, reason=_wrong_field(cron)),
        hint=_(
            "Five fields: minute, hour, day of the month, month, day of the week. "
            "'0 8 * * 1' is Monday at 08:00."
        ),
    )


def _wrong_field(cron: str) -> str:
    """Say what of a line of cron cannot be read."""
    from cronsim import CronSim, CronSimError

    fields = cron.split()
    if len(fields) != _FIELDS:
        return ngettext("it has {n} field", "it has {n} fields", len(fields)).format(n=len(fields))
    names = (
        _("{value!r} is no minute"),
        _("{value!r} is no hour"),
        _("{value!r} is no day of the month"),
        _("{value!r} is no month"),
        _("{value!r} is no day of the week"),
    )
    for position, value in enumerate(fields):
        alone = ["*"] * _FIELDS
        alone[position] = value
        try:
            CronSim(" ".join(alone), datetime(2000, 1, 1))  # noqa: DTZ001 - any time will do
        except CronSimError:
            return names[position].format(value=value)
    return _("no month that it names has such a day")
