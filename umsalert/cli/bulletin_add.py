"""`bulletin add`: from what was typed to a bulletin, or to one that waits for a second person."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from umsalert import timetables, wiring
from umsalert.bulletins import calm_of, new_bulletin, request_hash
from umsalert.cli import alert_preview, alert_waiting, bulletin_show
from umsalert.cli.alert_send import Declined
from umsalert.cli.bulletin_words import quiet_words
from umsalert.cli.context import Session
from umsalert.cli.options import refuse_empty
from umsalert.cli.output import Output, confirm, duration, local, must_be_asked, tell
from umsalert.errors import RefusedByRule, UsageError
from umsalert.i18n import _
from umsalert.model import ApprovalKind, NewApproval, NewBulletin, Power
from umsalert.selection import Plan, Request, time_zone_at
from umsalert.selection.plan import above
from umsalert.selection.unusual import lasting
from umsalert.store.store import Store
from umsalert.times import parse_duration, parse_moment
from umsalert.timetables import Timetable


@dataclass(frozen=True, slots=True)
class When:
    """The times as typed."""

    cron: str | None = None
    at: str | None = None
    begin: str | None = None
    until: str | None = None
    time_zone: str | None = None
    spread: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for."""

    request: Request
    timetable: Timetable
    spread_s: float | None


def timetable(session: Session, request: Request, when: When) -> Timetable:
    """Return when it is due. Raises UsageError for what cannot be understood, or never comes."""
    refuse_empty("--from", "2027-01-05", when.begin)
    refuse_empty("--until", "2027-01-05", when.until)
    refuse_empty("--time-zone", "Europe/Paris", when.time_zone)
    refuse_empty("--spread", "4h", when.spread)
    zone = _zone(when.time_zone or time_zone_at(request.area))
    now = wiring.clock(session.settings).now()
    cron = " ".join((when.cron or "").split())
    if bool(cron) == (when.at is not None):
        raise UsageError(
            "two_times" if cron else "when_missing",
            _("--cron and --at are given: only one of them can be meant.")
            if cron
            else _("When? Either --cron or --at must be given."),
            hint=_("Again and again: --cron '0 8 * * 1'; once: --at 2027-01-05T08:00"),
        )
    if when.at is not None:
        if when.begin or when.until:
            raise UsageError(
                "once_and_until",
                _("What is sent once has neither --from nor --until."),
                hint=_("Leave them out, or give --cron."),
            )
        if not re.search(r"[0-9][T ]+[0-9]", when.at):
            raise UsageError(
                "time_invalid",
                _("--at: {text!r} is not a date and time.").format(text=when.at),
                hint=_("Give both, such as 2027-01-05T08:00."),
            )
        at = parse_moment(when.at, zone)
        if at <= now:
            raise UsageError(
                "time_in_past",
                _("{text} is over ({zone}).").format(text=when.at, zone=zone),
                hint=_("What is to leave now is an alert: umsalert alert send"),
            )
        return Timetable(zone, at)
    begins = parse_moment(when.begin, zone) if when.begin else now
    ends = None
    if when.until:
        ends = parse_moment(when.until, zone, end=True)
        if ":" in when.until:  # a moment is meant to be in it
            ends += timedelta(milliseconds=1)
    found = Timetable(zone, max(begins, now), cron, ends)
    timetables.check(found)
    return found


def spread_s(when: When) -> float | None:
    """Return over how long it is to leave, None where nothing was typed. Raises UsageError."""
    return parse_duration(when.spread).total_seconds() if when.spread else None


async def add(session: Session, wanted: Wanted, output: Output, *, yes: bool) -> None:
    """Show, ask and keep a bulletin. Raises RefusedByRule when it needs a second person."""
    settings = session.settings
    async with wiring.open_store(settings, Power.ALERT) as store:
        plan = await wiring.planner(settings, store).plan(wanted.request)
        people = max(1, plan.selection.contacts)  # whom each run will find there
        needs = above(plan.request, people, plan.limits)
        plan = replace(plan, findings=lasting(plan.findings), above=needs)
        if not output.as_json:
            await show(session, store, plan, wanted, output)
        new = new_bulletin(plan, wanted.timetable, wanted.spread_s)
        first = replace(plan, at=new.next_due)  # quiet hours are others than those of now
        calm_of(first, wanted.timetable, wanted.spread_s, wiring.customs(settings))
        _confirm(_("Plan it"), yes=yes)
        if plan.above:
            raise await _submit(session, store, plan, new)
        bulletin = await store.bulletins.add(new)
    if output.as_json:
        output.document({"bulletin": bulletin_show.document(session, bulletin, ())})
    output.say(
        _("Bulletin {ref} is planned. It leaves when `umsalert bulletin run-due` is run.").format(
            ref=bulletin.ref
        )
    )


async def show(session: Session, store: Store, plan: Plan, wanted: Wanted, output: Output) -> None:
    """Print who would get it now, how it leaves, and when."""
    planner = wiring.planner(session.settings, store)
    alert_preview.show(plan, await planner.others(plan), output)
    timetable, customs = wanted.timetable, wiring.customs(session.settings)
    output.line()
    output.paragraph(bulletin_show.when_words(timetable))
    dues = list(islice(timetable.after(plan.at), bulletin_show.NEXT_SHOWN))
    output.paragraph(
        _("Next runs: {times}").format(
            times=bulletin_show.next_words(session, dues, timetable.time_zone)
        )
    )
    if words := quiet_words(session, dues, timetable.time_zone):
        output.paragraph(words)
    output.paragraph(_("People and presence are those of each run; above, those of this moment."))
    if not plan.selection.contacts:
        output.paragraph(
            _("Nobody would get it at this moment. A run that finds nobody says so: exit code 3.")
        )
    length = customs.spread(plan.selection.contacts, wanted.spread_s)
    if length and dues:
        rules = customs.rules(timetable.time_zone)
        over = timetables.windows(rules.starts(dues[0]), length, rules)[-1][1]
        output.paragraph(
            _(
                "It is spread over {length}: the first run is over {time}. Any alert overtakes it."
            ).format(
                length=duration(length.total_seconds()),
                time=local(over, timetable.time_zone, seconds=False),
            )
        )


def _confirm(question: str, *, yes: bool) -> None:
    """Ask a person; a script must have said --yes. Raises UsageError or Declined."""
    if yes:
        return
    must_be_asked(_("Nothing was planned: nobody is there to confirm."))
    if not confirm(question):
        tell(_("Nothing was planned."))
        raise Declined


async def _submit(session: Session, store: Store, plan: Plan, new: NewBulletin) -> RefusedByRule:
    """Keep what was asked for; return the error that says who may approve it, and how."""
    settings = session.settings
    approval = await store.approvals.submit(
        NewApproval(
            kind=ApprovalKind.BULLETIN,
            request=new.request,
            request_hash=request_hash(new),
            by=new.by,
            at=plan.at,
            expires_at=plan.at + timedelta(seconds=settings.approval.expires_s),
        )
    )
    roles = await store.operators.roles()
    return alert_waiting.needs_second_person(approval, roles, settings.time_zone)


def _zone(name: str) -> str:
    """Return the name of a time zone. Raises UsageError when there is none."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            "zone_unknown",
            _("{name!r} is no time zone.").format(name=name),
            hint=_zones_like(name),
        ) from None
    return name


def _zones_like(name: str) -> str:
    """Return what may be meant by a time zone that there is not: a town alone, another case."""
    from zoneinfo import available_timezones

    wanted = name.strip().casefold().replace(" ", "_")
    meant = [it for it in sorted(available_timezones()) if wanted in _names_of(it)]
    if not meant:  # a letter is wrong or missing
        by_name = {part: it for it in available_timezones() for part in _names_of(it)}
        near = difflib.get_close_matches(wanted, by_name, n=3, cutoff=0.8)
        meant = list(dict.fromkeys(by_name[it] for it in near))
    if meant:
        return _("Meant is perhaps: {names}").format(names=", ".join(meant[:3]))
    return _("Such as Europe/Paris, America/Cayenne, Indian/Reunion or Pacific/Noumea.")


def _names_of(zone: str) -> tuple[str, str]:
    return zone.casefold(), zone.rpartition("/")[2].casefold()
