"""What is sent by the clock: once, or again and again, as an ordinary alert that gives way.

Each due time is settled in one transaction: run, or skipped and why. A run that has begun becomes
the alert whose idempotency key names bulletin and due time, so that whoever comes after a crash
finds it, or makes it, once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from umsalert.errors import (
    ConfigurationError,
    ExitCode,
    NobodyMatched,
    RefusedByRule,
    TemporaryError,
    UmsalertError,
    UsageError,
)
from umsalert.i18n import _, ngettext
from umsalert.messages import Template
from umsalert.model import (
    POWERS,
    Alert,
    Approval,
    Bulletin,
    BulletinRun,
    Calm,
    ChannelKind,
    NewBulletin,
    Operator,
    Power,
    Settlement,
    Skipped,
)
from umsalert.ports import AlertBook, Bulletins, Clock, Operators
from umsalert.selection import Plan, Planner, Request, changed_since, nobody, read, written
from umsalert.timetables import (
    Customs,
    Decision,
    Rules,
    Timetable,
    decide,
    timetable_of,
    windows,
)

LATE, OVERTAKEN, REMOVED = "late", "overtaken", "bulletin_removed"


@dataclass(frozen=True, slots=True)
class House:
    """What bulletins are run with. `ready` raises where a channel is not set up."""

    book: Bulletins
    alerts: AlertBook
    operators: Operators
    planner: Planner
    clock: Clock
    template: Callable[[str], Template]
    ready: Callable[[Collection[ChannelKind]], None]
    customs: Customs
    by: Operator


@dataclass(frozen=True, slots=True)
class Told:
    """Something about a due time that is not as it should be, in a sentence.

    `dues`: how many due times in a row it is about. `alert_ref` is empty where there is none.
    """

    bulletin: Bulletin
    due_at: datetime
    code: str
    message: str
    exit_code: ExitCode
    alert_ref: str = ""
    dues: int = 1


@dataclass(frozen=True, slots=True)
class Started:
    """A run that is to be sent, or gone on with."""

    bulletin: Bulletin
    run: BulletinRun
    alert: Alert


@dataclass(slots=True)
class Round:
    """What one look at the clock has brought."""

    started: list[Started] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Intended:
    """What would be sent now."""

    bulletin: Bulletin
    due_at: datetime
    plan: Plan


class Runner:
    """Begins what is due."""

    def __init__(self, house: House) -> None:
        """Use the house."""
        self._house = house

    async def begin(self, mine: Collection[int] = ()) -> Round:
        """Settle what is due, and make alerts of it; go on with what others left, or `mine` not.

        What cannot be sent for now stays begun, and is tried again until it is late.
        """
        book, now = self._house.book, self._house.clock.now()
        found = Round()
        for bulletin in await book.due(now):
            found.told += await self._settle(bulletin, now)
        for bulletin, run in await book.begun():
            if run.id in mine or self._rules(bulletin).starts(now) > now:
                continue
            try:
                alert = await self._alert(bulletin, run, now)
            except (NobodyMatched, RefusedByRule, UsageError) as error:
                await book.end(run.id, error.code, self._house.by)
                found.told.append(_told(bulletin, run.due_at, error))
            except (ConfigurationError, TemporaryError) as error:
                found.told.append(_told(bulletin, run.due_at, error))
            else:
                found.started.append(Started(bulletin, run, alert))
        return found

    async def end(self, started: Started, code: str) -> None:
        """Write down that a run is over."""
        await self._house.book.end(started.run.id, code, self._house.by)

    async def intended(self) -> tuple[list[Intended], list[Told]]:
        """Return what `begin` would do now, and change nothing."""
        now = self._house.clock.now()
        plans: list[Intended] = []
        told: list[Told] = []
        for bulletin in await self._house.book.due(now):
            decision = decide(_dues(bulletin, now), now, self._rules(bulletin))
            told += self._skips(bulletin, decision, now)
            if decision.run is None:
                continue
            try:
                plan = await self._plan(bulletin, decision.run)
                plans.append(Intended(bulletin, decision.run, plan))
            except (NobodyMatched, RefusedByRule, UsageError, ConfigurationError) as error:
                told.append(_told(bulletin, decision.run, error))
        return plans, told

    async def _settle(self, bulletin: Bulletin, now: datetime) -> list[Told]:
        if bulletin.next_due is None:
            raise AssertionError("what is due has a due time")
        dues = _dues(bulletin, now)
        decision = decide(dues, now, self._rules(bulletin))
        over = decision.settled
        if not over:
            return []
        skipped = [Skipped(decision.late, LATE), Skipped(decision.overtaken, OVERTAKEN)]
        settlement = Settlement(
            seen=bulletin.next_due,
            run=decision.run,
            skipped=tuple(item for item in skipped if item.dues),
            next_due=timetable_of(bulletin).next_after(over[-1]),
        )
        if not await self._house.book.settle(bulletin, settlement, self._house.by):
            return []  # another process was first, and tells it
        return list(self._skips(bulletin, decision, now))

    def _skips(self, bulletin: Bulletin, decision: Decision, now: datetime) -> Iterator[Told]:
        if decision.late:
            late = now - self._rules(bulletin).starts(decision.late[-1])
            message = ngettext(
                "skipped: it is {late} late, and {grace} are allowed (bulletin.grace_s).",
                "{n} due times skipped: the last is {late} late, and {grace} are allowed "
                "(bulletin.grace_s).",
                len(decision.late),
            ).format(
                n=len(decision.late), late=_length(late), grace=_length(self._house.customs.grace)
            )
            yield _skip(bulletin, decision.late, LATE, message)
        if decision.overtaken:
            message = ngettext(
                "skipped: a later one is due already.",
                "{n} due times skipped: a later one is due already.",
                len(decision.overtaken),
            ).format(n=len(decision.overtaken))
            yield _skip(bulletin, decision.overtaken, OVERTAKEN, message)

    async def _alert(self, bulletin: Bulletin, run: BulletinRun, now: datetime) -> Alert:
        """Return the alert of a run: the one there is, or a new one."""
        if run.alert_ref is not None:
            return await self._house.alerts.alert(run.alert_ref)
        alert = await self._house.alerts.by_idempotency_key(_key(bulletin, run.due_at))
        if alert is None:
            self._check_time(bulletin, run, now)
            plan = await self._plan(bulletin, run.due_at)
            self._house.ready(plan.channels)
            alert = await self._house.planner.record(plan)
        await self._house.book.link(run.id, alert.ref)
        return alert

    def _check_time(self, bulletin: Bulletin, run: BulletinRun, now: datetime) -> None:
        """Raise RefusedByRule when nothing has been sent of a run, and it is too late for it."""
        if bulletin.removed_at is not None:
            raise RefusedByRule(REMOVED, _("it was removed before anything was sent."))
        late = now - self._rules(bulletin).starts(run.due_at)
        if late > self._house.customs.grace:
            raise RefusedByRule(
                LATE,
                _(
                    "given up: it is {late} late, and {grace} are allowed (bulletin.grace_s)."
                ).format(late=_length(late), grace=_length(self._house.customs.grace)),
            )

    async def _plan(self, bulletin: Bulletin, due: datetime) -> Plan:
        """Return the plan of a run, with the people of this moment. Raises what stops it."""
        await self._check_planner(bulletin)
        template = self._house.template(bulletin.template)
        if bulletin.approved_by and changed_since(bulletin.request, template):
            raise RefusedByRule(
                "template_changed",
                _("the template was changed since {operator} approved the bulletin.").format(
                    operator=bulletin.approved_by
                ),
                hint=_("Remove it, and add it anew: umsalert bulletin add"),
            )
        plan = await self._house.planner.plan(_request(bulletin, template, due))
        if not plan.selection.contacts:
            raise nobody(plan)
        if plan.above and not bulletin.approved_by:
            raise RefusedByRule(
                "needs_second_person",
                _("it would go to {n} people by now: it needs a second person.").format(
                    n=plan.selection.contacts
                ),
                hint=_("Remove it, and add it anew: umsalert bulletin add"),
            )
        calm = calm_of(plan, timetable_of(bulletin), bulletin.spread_s, self._house.customs)
        return replace(plan, calm=replace(calm, approved_by=bulletin.approved_by))

    async def _check_planner(self, bulletin: Bulletin) -> None:
        """Raise RefusedByRule when who planned a bulletin may not alert any more."""
        roles = await self._house.operators.roles()
        has = roles.get(bulletin.account, frozenset())
        if roles and not any(Power.ALERT in POWERS[role] for role in has):
            raise RefusedByRule(
                "planner_without_role",
                _("{operator}, who planned it, may not alert any more.").format(
                    operator=bulletin.operator
                ),
                hint=_("An officer adds it anew: umsalert bulletin add"),
            )

    def _rules(self, bulletin: Bulletin) -> Rules:
        return self._house.customs.rules(bulletin.time_zone)


def calm_of(plan: Plan, timetable: Timetable, asked_s: float | None, customs: Customs) -> Calm:
    """Return how a bulletin would leave that begins now, or after the quiet that is now.

    Raises UsageError when that takes longer than its words hold.
    """
    rules = customs.rules(timetable.time_zone)
    length = customs.spread(plan.selection.contacts, asked_s)
    spread = windows(rules.starts(plan.at), length, rules)
    ttl = plan.expires_at - plan.at
    if spread and spread[-1][1] - spread[0][0] >= ttl:
        raise UsageError(
            "spread_too_long",
            _("Spread over {length}, quiet hours aside, it would not be over in {ttl}.").format(
                length=_length(length), ttl=_length(ttl)
            ),
            hint=_(
                "Give a shorter --spread, a longer --expires, or raise bulletin.people_per_hour."
            ),
        )
    return Calm(spread)


def new_bulletin(
    plan: Plan, timetable: Timetable, spread_s: float | None, approved_by: str = ""
) -> NewBulletin:
    """Return what is to be kept of a bulletin. Raises UsageError when it is never due again."""
    document = written(plan) | {
        "timetable": {
            "cron": timetable.cron,
            "time_zone": timetable.time_zone,
            "begins_at": timetable.begins.astimezone(UTC).isoformat(),
            "ends_at": timetable.ends and timetable.ends.astimezone(UTC).isoformat(),
        },
        "spread_s": spread_s,
    }
    by = plan.request.operator
    return _kept(document, by, plan.at, approved_by)


def approved(approval: Approval, by: Operator, now: datetime) -> NewBulletin:
    """Return the bulletin that a request of that kind asks for, approved by a second person."""
    request = approval.request
    submitter = Operator(request["account"], request["station"])
    return _kept(request, submitter, now, str(by))


def request_hash(new: NewBulletin) -> str:
    """Return what makes two bulletins that are asked for the same."""
    moving = {"asked_at", "people", "sites"}
    kept = {key: value for key, value in new.request.items() if key not in moving}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _kept(
    document: Mapping[str, Any], by: Operator, now: datetime, approved_by: str
) -> NewBulletin:
    asked = document["timetable"]
    ends_at = asked["ends_at"]
    timetable = Timetable(
        asked["time_zone"],
        datetime.fromisoformat(asked["begins_at"]),
        asked["cron"],
        None if ends_at is None else datetime.fromisoformat(ends_at),
    )
    first = timetable.next_after(now)
    if first is None:
        raise UsageError(
            "never_due",
            _("With these times it would never be due."),
            hint=_("Check --cron, --at, --from and --until."),
        )
    return NewBulletin(
        template=document["template"],
        request=document,
        exercise=document["exercise"],
        cron=timetable.cron,
        time_zone=timetable.time_zone,
        begins_at=timetable.begins,
        ends_at=timetable.ends,
        spread_s=document["spread_s"],
        by=by,
        created_at=now,
        next_due=first,
        approved_by=approved_by,
    )


def _request(bulletin: Bulletin, template: Template, due: datetime) -> Request:
    """Return the request of one run, as whoever planned the bulletin would make it now."""
    return replace(
        read(bulletin.request, template),
        idempotency_key=_key(bulletin, due),
        incident_at=due,
    )


def _key(bulletin: Bulletin, due: datetime) -> str:
    return f"{bulletin.ref} {due.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _dues(bulletin: Bulletin, now: datetime) -> Sequence[datetime]:
    """Return the due times that have come and are not settled, ascending."""
    first = bulletin.next_due
    if first is None:
        return ()
    later = timetable_of(bulletin).after(first)
    return (first, *takewhile(lambda due: due <= now, later))


def _skip(bulletin: Bulletin, dues: Sequence[datetime], code: str, message: str) -> Told:
    return Told(bulletin, dues[0], code, message, ExitCode.REFUSED, dues=len(dues))


def _told(bulletin: Bulletin, due: datetime, error: UmsalertError) -> Told:
    # What was typed was right when it was: by now the template is another, or a setting.
    code = ExitCode.INVALID if isinstance(error, UsageError) else error.exit_code
    return Told(bulletin, due, error.code, f"{error.message} {error.hint}".strip(), code)


def _length(length: timedelta) -> str:
    """Return a length of time in hours and minutes."""
    minutes = round(length.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
