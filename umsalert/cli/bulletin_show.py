"""Bulletins as people and programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from umsalert import wiring
from umsalert.cli.bulletin_words import quiet_words
from umsalert.cli.output import Output, local, utc
from umsalert.cli.tables import Column
from umsalert.documents.shapes import area_document
from umsalert.errors import UsageError
from umsalert.i18n import _, ngettext, titled
from umsalert.model import VIGIPIRATE_WORDS, Power, RunState, area_from_json
from umsalert.timetables import timetable_of
from umsalert.words.alerts import area_words

if TYPE_CHECKING:
    from datetime import datetime

    from umsalert.cli.context import Session
    from umsalert.model import Bulletin, BulletinRun, VigipirateLevel
    from umsalert.timetables import Timetable

NEXT_SHOWN = 3
LAST_SHOWN = 10


async def show_list(session: Session, output: Output, *, over: bool) -> None:
    """Print the bulletins, soonest first."""
    async with wiring.open_store(session.settings) as store:
        found = await store.bulletins.bulletins(over=over)
        newest = {item.id: await store.bulletins.runs(item.id, 1) for item in found}
        waiting = sum(item.kind == "bulletin" for item in await store.approvals.waiting())
    if output.as_json:
        output.document({"bulletins": [document(session, item, newest[item.id]) for item in found]})
        return
    if found:
        output.table(
            [
                Column(_("Bulletin"), whole=True),
                Column(_("Template")),
                Column(_("When")),
                Column(_("Next runs")),
                Column(_("Last")),
            ],
            [
                (
                    item.ref,
                    titled(_("EXERCISE"), item.template) if item.exercise else item.template,
                    when_words(timetable_of(item)),
                    _next_words(session, item),
                    run_words(newest[item.id][0], item) if newest[item.id] else "–",
                )
                for item in found
            ],
        )
        for item in found:
            if item.removed_at is None and (
                words := quiet_words(session, _next(item), item.time_zone)
            ):
                output.paragraph(titled(item.ref, words))
    else:
        output.say(_("No bulletin is planned: umsalert bulletin add"))
    if waiting:
        output.say(
            ngettext(
                "{n} bulletin waits for a second person: umsalert alert approve --list",
                "{n} bulletins wait for a second person: umsalert alert approve --list",
                waiting,
            ).format(n=waiting)
        )


async def show_one(session: Session, ref: str, output: Output) -> None:
    """Print one bulletin."""
    async with wiring.open_store(session.settings) as store:
        found = await store.bulletins.bulletin(ref)
        runs = await store.bulletins.runs(found.id, LAST_SHOWN)
    if output.as_json:
        output.document({"bulletin": document(session, found, runs)})
        return
    output.line(titled(found.ref, found.template))
    if found.exercise:
        words = _("*** EXERCISE *** every message says so; nobody is alerted for real.")
        output.paragraph(words, "  ", "    ")
    output.paragraph(area_words(area_from_json(found.request["area"])), "  ", "    ")
    output.paragraph(when_words(timetable_of(found)), "  ", "    ")
    values = found.request["values"]
    for name, value in values.items():
        output.paragraph(titled(name, value), "  ", "    ")
    planned = _("Planned by {operator}, {time}").format(
        operator=found.operator, time=local(found.created_at, found.time_zone)
    )
    output.paragraph(planned, "  ", "    ")
    if found.approved_by:
        approved = _("Approved by {operator}").format(operator=found.approved_by)
        output.paragraph(approved, "  ", "    ")
    if found.removed_at:
        removed = _("Removed by {operator}, {time}").format(
            operator=found.removed_by, time=local(found.removed_at, found.time_zone)
        )
        output.paragraph(removed, "  ", "    ")
    output.paragraph(titled(_("Next runs"), _next_words(session, found)), "  ", "    ")
    if found.removed_at is None and (words := quiet_words(session, _next(found), found.time_zone)):
        output.paragraph(words, "  ", "    ")
    for run in runs:
        output.paragraph(run_words(run, found), "  ", "    ")


async def show_level(session: Session, output: Output) -> None:
    """Print the level of Vigipirate that holds."""
    async with wiring.open_store(session.settings) as store:
        found = await store.bulletins.vigipirate()
    if output.as_json:
        body = found and {
            "level": found.level.value,
            "words": VIGIPIRATE_WORDS[found.level],
            "since": utc(found.since),
            "operator": found.by,
        }
        output.document({"vigipirate": body})
    elif found is None:
        output.say(_("Nobody has said it yet: umsalert bulletin vigipirate LEVEL"))
    else:
        output.line(
            _("Vigipirate: {level}, since {time} (by {operator})").format(
                level=VIGIPIRATE_WORDS[found.level],
                time=local(found.since, session.settings.time_zone, seconds=False),
                operator=found.by,
            )
        )


async def set_level(
    session: Session, level: VigipirateLevel, since: str | None, output: Output
) -> None:
    """Set the level of Vigipirate, and print it. Raises UsageError, RefusedByRule."""
    from umsalert.times import parse_moment

    settings = session.settings
    now = wiring.clock(settings).now()
    at = parse_moment(since, settings.time_zone) if since else now
    if at > now:  # it would be said at once
        raise UsageError(
            "time_in_future",
            _("{text} is in the future ({zone}).").format(text=since, zone=settings.time_zone),
            hint=_("Set the level when it begins to hold: every message says it from then on."),
        )
    async with wiring.open_store(settings, Power.ALERT) as store:
        await store.bulletins.set_vigipirate(level, at, wiring.operator(settings))
    await show_level(session, output)


def document(session: Session, bulletin: Bulletin, runs: Sequence[BulletinRun]) -> dict[str, Any]:
    """Return a bulletin for a JSON document."""
    request = bulletin.request
    rules = wiring.customs(session.settings).rules(bulletin.time_zone)
    return {
        "ref": bulletin.ref,
        "template": bulletin.template,
        "exercise": bulletin.exercise,
        **area_document(area_from_json(request["area"])),
        "variables": request["values"],
        "channels": request["channels"],
        "off_duty": request["off_duty"],
        "reason": request["reason"],
        "cron": bulletin.cron or None,
        "time_zone": bulletin.time_zone,
        "begins_at": utc(bulletin.begins_at),
        "ends_at": utc(bulletin.ends_at),
        "spread_s": bulletin.spread_s,
        "operator": bulletin.operator,
        "approved_by": bulletin.approved_by or None,
        "created_at": utc(bulletin.created_at),
        "state": _state(bulletin),
        "removed_at": utc(bulletin.removed_at),
        "removed_by": bulletin.removed_by or None,
        "next_runs": [
            {"due_at": utc(due), "starts_at": utc(rules.starts(due))} for due in _next(bulletin)
        ],
        "runs": [run_document(run) for run in runs],
    }


def run_document(run: BulletinRun) -> dict[str, Any]:
    """Return what came of a due time, for a JSON document."""
    return {
        "due_at": utc(run.due_at),
        "last_due_at": utc(run.last_due_at),
        "dues": run.dues,
        "state": run.state.value,
        "code": run.code,
        "alert": run.alert_ref,
        "begun_at": utc(run.begun_at),
        "ended_at": utc(run.ended_at),
    }


def when_words(timetable: Timetable) -> str:
    """Say when a bulletin is due."""
    zone = timetable.time_zone
    if timetable.once:
        at = local(timetable.begins, zone, seconds=False)
        return _("once, {time} ({zone})").format(time=at, zone=zone)
    if timetable.ends is None:
        return _("{cron} ({zone})").format(cron=timetable.cron, zone=zone)
    return _("{cron} until {time} ({zone})").format(
        cron=timetable.cron,
        time=local(timetable.ends - timedelta(milliseconds=1), zone, seconds=False),
        zone=zone,
    )


def next_words(session: Session, dues: Sequence[datetime], time_zone: str) -> str:
    """Say when a bulletin will be sent next: after the quiet, where it is due in it."""
    rules = wiring.customs(session.settings).rules(time_zone)
    moments = dict.fromkeys(rules.starts(due) for due in dues)
    return ", ".join(local(moment, time_zone, seconds=False) for moment in moments) or "–"


def run_words(run: BulletinRun, bulletin: Bulletin) -> str:
    """Say what came of a due time, or of several that are taken together."""
    due = local(run.due_at, bulletin.time_zone, seconds=False)
    if run.state is RunState.BEGUN:
        words = _("{due}: being sent") if run.alert_ref else _("{due}: not sent yet")
    elif run.state is RunState.SKIPPED:
        words = (
            _("{due}: skipped ({code})")
            if run.dues == 1
            else _("{due} to {last}: {n} skipped ({code})")
        )
    else:
        words = _("{due}: alert {alert} ({code})") if run.code else _("{due}: alert {alert}")
    return words.format(
        due=due,
        last=local(run.last_due_at, bulletin.time_zone, seconds=False),
        n=run.dues,
        code=_reason(run.code),
        alert=run.alert_ref,
    )


def _reason(code: str) -> str:
    """Say why a run was skipped, or how it ended; a code that is rare stands as it is."""
    words = {
        "late": _("too late"),
        "overtaken": _("a later one was due"),
        "nobody_matched": _("nobody was there"),
        "bulletin_removed": _("removed before"),
        "alert_cancelled": _("cancelled"),
        "alert_expired": _("expired"),
        "some_failed": _("some failed"),
        "template_changed": _("its template was changed"),
        "needs_second_person": _("it needs a second person by now"),
        "planner_without_role": _("who planned it may not alert any more"),
    }
    return words.get(code, code)


def _state(bulletin: Bulletin) -> str:
    if bulletin.removed_at is not None:
        return "removed"
    return "over" if bulletin.next_due is None else "planned"


def _next(bulletin: Bulletin) -> list[datetime]:
    first = bulletin.next_due
    if first is None:
        return []
    return [first, *islice(timetable_of(bulletin).after(first), NEXT_SHOWN - 1)]


def _next_words(session: Session, bulletin: Bulletin) -> str:
    if bulletin.removed_at is not None:
        return _("removed")
    return next_words(session, _next(bulletin), bulletin.time_zone)
