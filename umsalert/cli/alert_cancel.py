"""`alert cancel`: stop an alert, say who has it, offer the correction to exactly those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer

from umsalert import cancellation, wiring
from umsalert.cancellation import Person
from umsalert.cli import alert_preview, alert_send, alert_show, alert_words, delivery_words
from umsalert.cli.context import Session
from umsalert.cli.output import Output, channel_name, confirm, interactive, local
from umsalert.cli.tables import Column
from umsalert.dispatch import left_open
from umsalert.documents import shapes
from umsalert.errors import ExitCode, NobodyMatched, RefusedByRule, UsageError
from umsalert.geo.units import format_distance
from umsalert.i18n import _, ngettext
from umsalert.model import Alert, ChannelKind, FollowKind, Power
from umsalert.ports import Stopped
from umsalert.selection import CORRECTION, correction
from umsalert.store.alerts import LAST
from umsalert.store.store import Store
from umsalert.words import counts
from umsalert.words.alerts import marked
from umsalert.words.deliveries import state_name

PEOPLE_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Manner:
    """How to go about cancelling. `correct` None means ask, where somebody can be asked."""

    reason: str = ""
    note: str = ""
    yes: bool = False
    correct: bool | None = None


async def cancel(session: Session, ref: str, manner: Manner, output: Output) -> ExitCode:
    """Cancel an alert at once; everything else comes after that commit."""
    async with wiring.open_store(session.settings, Power.ALERT) as store:
        alert = await _find(store, ref)
        await _check_not_over(store, alert)
        if not (manner.yes or alert.cancelled):
            await _confirm(store, alert, output)
        by = wiring.operator(session.settings)
        stopped = await store.outbox.cancel(alert.id, by, manner.reason)
        _say_stopped(alert, stopped, output)
        left = await _settle(session, store, alert, output)
        alert = await store.alerts.alert(alert.ref)
        people = cancellation.people(await store.record.holders(alert.id))
        if output.as_json:
            at = wiring.clock(session.settings).now()
            output.event({"event": "cancelled", "at": at} | _document(alert, stopped, left, people))
        else:
            _show_people(people, output)
        return await _Correction(session, store, alert, output).offer(people, manner)


async def _find(store: Store, ref: str) -> Alert:
    """Return the alert. `last` is never a correction: who repeats the command means the first."""
    alert = await store.alerts.alert(ref)
    if ref == LAST and alert.follows and alert.follows.kind is FollowKind.CORRECTION:
        return await store.alerts.alert(alert.follows.ref)
    return alert


async def _check_not_over(store: Store, alert: Alert) -> None:
    """Raise RefusedByRule when its incident was closed, and nothing of it could still be stopped.

    A closing message that is on its way can be.
    """
    if alert.cancelled or not alert.closed or left_open(await store.outbox.counts(alert.id)):
        return
    raise RefusedByRule(
        "incident_closed",
        marked(
            _("There is nothing to cancel: alert {ref} was closed {time} by {operator}: {outcome}"),
            exercise=alert.exercise,
        ).format(
            ref=alert.incident_ref,
            time=local(alert.closed.at, alert.time_zone),
            operator=alert.closed.by,
            outcome=alert.closed.outcome,
        ),
        hint=_(
            "If something wrong was said, say what holds now in a new alert: umsalert alert send"
        ),
    )


async def _confirm(store: Store, alert: Alert, output: Output) -> None:
    """Ask a person; a script must have said --yes. Raises UsageError or typer.Abort."""
    if not interactive():
        raise UsageError(
            "not_confirmed",
            _("Nothing was cancelled: nobody is there to confirm."),
            hint=_("A script says --yes."),
        )
    for line in alert_show.head(alert):
        output.say(line)
    output.say(delivery_words.counts_sentence(await store.outbox.counts(alert.id)))
    agreed = False
    try:
        agreed = confirm(_("Cancel this exercise") if alert.exercise else _("Cancel this alert"))
    finally:  # after Ctrl-C, too
        if not agreed:
            output.say(_("Nothing was cancelled."))
    if not agreed:
        raise typer.Abort


def _say_stopped(alert: Alert, stopped: Stopped, output: Output) -> None:
    output.say(marked(_stopped_words(alert, stopped), exercise=alert.exercise))


def _stopped_words(alert: Alert, stopped: Stopped) -> str:
    if stopped.repeated:
        return _("Alert {ref} was cancelled already: {time} by {operator}.").format(
            ref=alert.ref,
            time=local(stopped.cancellation.at, alert.time_zone),
            operator=stopped.cancellation.by,
        )
    if not stopped.messages:
        return _("Alert {ref} is cancelled; nothing of it was waiting to leave.").format(
            ref=alert.ref
        )
    return ngettext(
        "Alert {ref} is cancelled: {n} message stopped before it left.",
        "Alert {ref} is cancelled: {n} messages stopped before they left.",
        stopped.messages,
    ).format(ref=alert.ref, n=stopped.messages)


async def _settle(session: Session, store: Store, alert: Alert, output: Output) -> int:
    """Wait for what was on the wire; return how many messages still are."""
    limit_s = wiring.longest_answer_s(session.settings, alert.channels)
    waiting = cancellation.on_the_wire(await store.outbox.counts(alert.id))
    if waiting:
        output.say(
            ngettext(
                "{n} was on the wire already; waiting up to {limit} s for its answer.",
                "{n} were on the wire already; waiting up to {limit} s for their answers.",
                waiting,
            ).format(n=waiting, limit=round(limit_s))
        )
    return await cancellation.settle(
        store.outbox, wiring.clock(session.settings), alert.id, limit_s
    )


def _show_people(people: Sequence[Person], output: Output) -> None:
    certain = [person for person in people if person.certain]
    if certain:
        whom = counts.people_at_sites(len(certain), _sites(certain))
        output.paragraph(_("It has gone out to {whom}.").format(whom=whom))
    perhaps = [person for person in people if not person.certain]
    if perhaps:
        whom = counts.people_at_sites(len(perhaps), _sites(perhaps))
        output.paragraph(_("It may have gone out to {whom}: no answer was seen.").format(whom=whom))
    if not people:
        output.paragraph(_("It has gone out to nobody."))
        return
    channels = [kind for kind in ChannelKind if any(kind in p.messages for p in people)]
    output.line()
    output.table(
        [
            Column(_("Distance"), right=True),
            Column(_("Site")),
            Column(_("Contact"), whole=True),
            *(Column(channel_name(kind)) for kind in channels),
        ],
        [
            (
                format_distance(round(person.distance_m)),
                person.site_name,
                person.contact_ref,
                *(
                    state_name(person.messages[kind]) if kind in person.messages else ""
                    for kind in channels
                ),
            )
            for person in people[:PEOPLE_SHOWN]
        ],
    )
    if len(people) > PEOPLE_SHOWN:
        output.line(
            _("  … and {n} more; --json lists them all.").format(n=len(people) - PEOPLE_SHOWN)
        )


def _sites(people: Sequence[Person]) -> int:
    return len({person.site_ref for person in people})


class _Correction:
    """The message that takes a cancelled alert back."""

    def __init__(self, session: Session, store: Store, alert: Alert, output: Output) -> None:
        self._session = session
        self._store = store
        self._alert = alert
        self._output = output

    async def offer(self, people: Sequence[Person], manner: Manner) -> ExitCode:
        """Send it where it is wanted; return the exit code of the whole command."""
        if self._alert.follows and self._alert.follows.kind is FollowKind.CORRECTION:
            return self._of_correction(manner)
        waiting = [person for person in people if person.to_correct]
        if self._alert.closed:
            return self._of_closed(manner)
        if not waiting:
            return await self._done(people, manner)
        wanted = manner.correct
        if wanted is None:
            wanted = interactive() and not manner.yes
        if wanted:
            return await self._send(manner)
        self._output.say(
            ngettext(
                "{n} person can be sent the correction with: umsalert alert cancel {ref} --correct",
                "{n} people can be sent the correction with: umsalert alert cancel {ref} --correct",
                len(waiting),
            ).format(n=len(waiting), ref=self._alert.ref)
        )
        return ExitCode.OK

    async def _send(self, manner: Manner) -> ExitCode:
        from umsalert.messages import templates

        settings = self._session.settings
        template = templates.load(CORRECTION, wiring.template_folders(settings))
        request = correction(self._alert, template, manner.note, wiring.operator(settings))
        plan = await wiring.planner(settings, self._store).plan(request)
        for text in plan.texts:
            if plan.selection.deliveries.get(text.channel):
                alert_words.show_text(text, self._output)
        alert_words.show_left_out(plan.selection.left_out, self._output)
        alert_preview.show_findings(plan, self._output)
        try:
            return await alert_send.carry_out(
                self._session, self._store, plan, alert_send.Manner(yes=manner.yes), self._output
            )
        except alert_send.Declined:
            return ExitCode.OK  # the alert is cancelled all the same
        except NobodyMatched:  # another process has sent it meanwhile
            self._alert = await self._store.alerts.alert(self._alert.ref)
            people = cancellation.people(await self._store.record.holders(self._alert.id))
            return await self._done(people, manner)

    async def _done(self, people: Sequence[Person], manner: Manner) -> ExitCode:
        """Say why nobody needs the correction (any more)."""
        links = self._alert.followed_by
        refs = [link.ref for link in links if link.kind is FollowKind.CORRECTION]
        if people and refs:
            self._output.say(
                _("The correction has been sent already: alert {refs}.").format(
                    refs=", ".join(refs)
                )
            )
        elif people:
            self._output.say(_("None of them may be written to any more: not vetted."))
        for ref in refs:
            later = await self._store.alerts.alert(ref)
            if await alert_send.interrupted(self._session, self._store, later):
                self._output.say(
                    _("It has not reached everybody: umsalert alert resume {ref}").format(ref=ref)
                )
                return ExitCode.TEMPORARY if manner.correct else ExitCode.OK
        return ExitCode.OK

    def _of_closed(self, manner: Manner) -> ExitCode:
        """Say that everybody was told how it ended. Raises RefusedByRule where more is wanted."""
        if manner.correct and self._alert.closed:
            raise RefusedByRule(
                "incident_closed",
                _("The incident of alert {ref} was closed by {operator}: {outcome}").format(
                    ref=self._alert.ref,
                    operator=self._alert.closed.by,
                    outcome=self._alert.closed.outcome,
                ),
                hint=_("Say what holds now in a new alert: umsalert alert send"),
            )
        return ExitCode.OK

    def _of_correction(self, manner: Manner) -> ExitCode:
        if manner.correct:
            raise RefusedByRule(
                "correction_of_correction",
                _("Alert {ref} is a correction itself: it is cancelled, but has no other.").format(
                    ref=self._alert.ref
                ),
                hint=_("Say what holds now in a new alert: umsalert alert send"),
            )
        return ExitCode.OK


def _document(
    alert: Alert, stopped: Stopped, left: int, people: Sequence[Person]
) -> dict[str, Any]:
    return {
        "alert": alert.ref,
        "exercise": alert.exercise,
        "cancelled": shapes.cancelled_document(stopped.cancellation),
        "repeated": stopped.repeated,
        "stopped": stopped.messages,
        "on_the_wire": left,
        "people": sum(person.certain for person in people),
        "sites": _sites([person for person in people if person.certain]),
        "people_perhaps": sum(not person.certain for person in people),
        "followed_by": shapes.links_document(alert.followed_by),
        "recipients": [
            {
                "contact_ref": person.contact_ref,
                "site_ref": person.site_ref,
                "site_name": person.site_name,
                "distance_m": round(person.distance_m, 3),
                "states": {kind.value: state.value for kind, state in person.messages.items()},
                "certain": person.certain,
                "to_correct": sorted(person.to_correct),
            }
            for person in people
        ],
    }
