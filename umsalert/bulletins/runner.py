"""Begins what is due.

Each due time is settled in one transaction: run, or skipped and why. A run that has begun becomes
the alert whose idempotency key names bulletin and due time, so that whoever comes after a crash
finds it, or makes it, once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import takewhile

from umsalert.bulletins.keeping import calm_of, length_words
from umsalert.bulletins.nouns import House, Intended, Outlook, Round, Started, Told, Waiting
from umsalert.errors import (
    ConfigurationError,
    ExitCode,
    NobodyMatched,
    RefusedByRule,
    UmsalertError,
    UsageError,
)
from umsalert.i18n import _, ngettext, sentences
from umsalert.messages import Template
from umsalert.model import (
    POWERS,
    Alert,
    Bulletin,
    BulletinRun,
    Power,
    Settlement,
    Skipped,
)
from umsalert.selection import Plan, Request, changed_since, nobody, read
from umsalert.timetables import (
    Decision,
    Rules,
    decide,
    timetable_of,
)

CURABLE = (ConfigurationError, UsageError)
"""What somebody can put right before it is too late: a setting, a template, a provider."""
LATE, OVERTAKEN, REMOVED = "late", "overtaken", "bulletin_removed"


class Runner:
    """Begins what is due."""

    def __init__(self, house: House) -> None:
        """Use the house."""
        self._house = house

    async def begin(self, mine: Collection[int] = (), into: Round | None = None) -> Round:
        """Settle what is due, and make alerts of it; go on with what others left, or `mine` not.

        What cannot be sent for now stays begun, and is tried again until it is late. Raises
        TemporaryError while the record cannot be written; `into` has what came of it before.
        """
        book, now = self._house.book, self._house.clock.now()
        found = Round() if into is None else into
        for bulletin in await book.due(now):
            found.told += await self._settle(bulletin, now)
        begun = await book.begun()
        for bulletin, run in begun:
            if run.id in mine or self._rules(bulletin).starts(now) > now:
                continue
            try:
                alert = await self._alert(bulletin, run, begun)
            except UmsalertError as error:
                told = self._told(bulletin, run.due_at, error)
                if told.tried_until is None:
                    await book.end(run.id, error.code, self._house.by)
                found.told.append(told)
            else:
                found.started.append(Started(bulletin, run, alert))
        return found

    async def end(self, started: Started, code: str) -> None:
        """Write down that a run is over."""
        await self._house.book.end(started.run.id, code, self._house.by)

    async def stale(self, started: Started) -> RefusedByRule | None:
        """Return why nothing is to leave of an alert of which nothing has; None: it may."""
        # Who removed it was told of no alert: it had not been written down which one it was.
        if started.bulletin.removed_at is not None and started.run.alert_ref is None:
            return _removed()
        begun = await self._house.book.begun()
        return self._stale(started.bulletin, started.run, begun)

    async def outlook(self) -> Outlook:
        """Return what `begin` would do now, and change nothing."""
        now = self._house.clock.now()
        found = Outlook()
        for bulletin in await self._house.book.due(now):
            rules, dues = self._rules(bulletin), _dues(bulletin, now)
            decision = decide(dues, now, rules)
            found.told += self._skips(bulletin, decision, now)
            if decision.run is not None:
                await self._foresee(bulletin, decision.run, found)
            elif not decision.settled:
                starts = max(rules.starts(now), rules.starts(dues[-1]))
                found.waiting.append(Waiting(bulletin, dues[-1], starts))
        begun = await self._house.book.begun()
        for bulletin, run in begun:
            if run.alert_ref is not None:
                found.under_way.append((bulletin, run))
            elif (starts := self._rules(bulletin).starts(now)) > now:
                found.waiting.append(Waiting(bulletin, run.due_at, starts))
            else:
                await self._foresee(bulletin, run.due_at, found, (run, begun))
        return found

    async def _foresee(
        self,
        bulletin: Bulletin,
        due: datetime,
        found: Outlook,
        begun: tuple[BulletinRun, Sequence[tuple[Bulletin, BulletinRun]]] | None = None,
    ) -> None:
        try:
            if begun is not None:
                await self._check_begun(bulletin, *begun)
            found.plans.append(Intended(bulletin, due, await self._ready_plan(bulletin, due)))
        except UmsalertError as error:
            found.told.append(self._told(bulletin, due, error))

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
            message = self._late_words(bulletin, decision.late, now)
            yield _skip(bulletin, decision.late, LATE, message)
        # Quiet hours are meant to bring some together: nothing is amiss then.
        starts = self._rules(bulletin).starts
        overtaken = [due for due in decision.overtaken if starts(due) == due]
        if overtaken:
            message = ngettext(
                "skipped: a later one is due already.",
                "{n} due times skipped: a later one is due already.",
                len(overtaken),
            ).format(n=len(overtaken))
            yield _skip(bulletin, overtaken, OVERTAKEN, message)

    def _late_words(self, bulletin: Bulletin, dues: Sequence[datetime], now: datetime) -> str:
        """Say how late the last of `dues` is, or at the end of the quiet that is now would be."""
        rules = self._rules(bulletin)
        opens = rules.starts(now)
        words = (
            ngettext(
                "skipped: at the end of quiet hours it would be {late} late, and {grace} are "
                "allowed (bulletin.grace_s).",
                "{n} due times skipped: at the end of quiet hours the last would be {late} late, "
                "and {grace} are allowed (bulletin.grace_s).",
                len(dues),
            )
            if opens > now
            else ngettext(
                "skipped: it is {late} late, and {grace} are allowed (bulletin.grace_s).",
                "{n} due times skipped: the last is {late} late, and {grace} are allowed "
                "(bulletin.grace_s).",
                len(dues),
            )
        )
        return words.format(
            n=len(dues),
            late=length_words(opens - rules.starts(dues[-1])),
            grace=length_words(rules.grace),
        )

    async def _alert(
        self,
        bulletin: Bulletin,
        run: BulletinRun,
        begun: Sequence[tuple[Bulletin, BulletinRun]],
    ) -> Alert:
        """Return the alert of a run: the one there is, or a new one."""
        if run.alert_ref is not None:
            return await self._house.alerts.alert(run.alert_ref)
        alert = await self._house.alerts.by_idempotency_key(_key(bulletin, run.due_at))
        if alert is None:
            await self._check_begun(bulletin, run, begun)
            plan = await self._ready_plan(bulletin, run.due_at)
            alert = await self._house.planner.record(plan)
        await self._house.book.link(run.id, alert.ref)
        return alert

    async def _check_begun(
        self,
        bulletin: Bulletin,
        run: BulletinRun,
        begun: Sequence[tuple[Bulletin, BulletinRun]],
    ) -> None:
        """Raise RefusedByRule when nothing of a run has been sent, and nothing may be now."""
        if bulletin.removed_at is not None:
            raise _removed()
        error = self._stale(bulletin, run, begun)
        if error is None:
            return
        if error.code == LATE:
            try:  # to say what stood in the way, where it still does
                await self._ready_plan(bulletin, run.due_at)
            except (*CURABLE, NobodyMatched, RefusedByRule) as cause:
                raise RefusedByRule(LATE, sentences(error.message, cause.message)) from cause
        raise error

    def _stale(
        self,
        bulletin: Bulletin,
        run: BulletinRun,
        begun: Sequence[tuple[Bulletin, BulletinRun]],
    ) -> RefusedByRule | None:
        """Return why it is too late for a run of which nobody has anything; None: it is not."""
        if any(item.id == bulletin.id and other.due_at > run.due_at for item, other in begun):
            return RefusedByRule(OVERTAKEN, _("skipped: a later one is due already."))
        late = self._house.clock.now() - self._rules(bulletin).starts(run.due_at)
        if late <= self._house.customs.grace:
            return None
        message = _("given up: it is {late} late, and {grace} are allowed (bulletin.grace_s).")
        return RefusedByRule(
            LATE,
            message.format(late=length_words(late), grace=length_words(self._house.customs.grace)),
        )

    async def _ready_plan(self, bulletin: Bulletin, due: datetime) -> Plan:
        """Return a plan whose channels are set up. Raises what stops it."""
        plan = await self._plan(bulletin, due)
        self._house.ready(plan.channels)
        return plan

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

    def _told(self, bulletin: Bulletin, due: datetime, error: UmsalertError) -> Told:
        """Return what is said of an error, and until when it is tried. Raises what is no such."""
        # What was typed was right when it was: by now the template is another, or a setting.
        code = ExitCode.INVALID if isinstance(error, UsageError) else error.exit_code
        message = sentences(error.message, error.hint)
        until = None
        if isinstance(error, CURABLE):
            until = self._rules(bulletin).starts(due) + self._house.customs.grace
        elif not isinstance(error, (NobodyMatched, RefusedByRule)):
            raise error
        return Told(bulletin, due, error.code, message, code, tried_until=until)

    def _rules(self, bulletin: Bulletin) -> Rules:
        return self._house.customs.rules(bulletin.time_zone)


def _request(bulletin: Bulletin, template: Template, due: datetime) -> Request:
    """Return the request of one run, as whoever planned the bulletin would make it now."""
    return replace(
        read(bulletin.request, template),
        idempotency_key=_key(bulletin, due),
        incident_at=due,
    )


def _removed() -> RefusedByRule:
    return RefusedByRule(REMOVED, _("it was removed before anything was sent."))


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
