"""`alert close`: end an incident, stop what is queued of it, tell everyone who was alerted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from umsalert import wiring
from umsalert.cli import alert_preview, alert_send, alert_show, alert_words, report_score
from umsalert.cli.context import Session
from umsalert.cli.output import Output, ask, confirm, interactive, local
from umsalert.dispatch import left_open
from umsalert.documents import shapes
from umsalert.errors import ExitCode, NobodyMatched, RefusedByRule, UsageError
from umsalert.i18n import _, language, ngettext
from umsalert.model import Alert, Closure, FollowKind, Power
from umsalert.words.alerts import marked

if TYPE_CHECKING:
    from umsalert.messages import Template
    from umsalert.selection import Plan, Request
    from umsalert.store.store import Store


@dataclass(frozen=True, slots=True)
class Manner:
    """How to go about closing. `outcome` None: ask, or, once it is closed, that of the record."""

    outcome: str | None = None
    message: bool = True
    yes: bool = False


async def close(session: Session, ref: str, manner: Manner, output: Output) -> ExitCode:
    """Close the incident of an alert and send its closing message, in one commit."""
    async with wiring.open_store(session.settings, Power.ALERT) as store:
        alert = await store.alerts.alert(ref)
        incident = await store.alerts.incident(alert.id)
        code = await _Closing(session, store, incident, output).carry_out(manner)
        for wave in incident:
            await report_score.show_of(store, wave, output)
        return code


class _Closing:
    """The end of one incident."""

    def __init__(
        self, session: Session, store: Store, incident: Sequence[Alert], output: Output
    ) -> None:
        self._session = session
        self._store = store
        self._incident = incident
        self._first = incident[0]
        self._output = output

    async def carry_out(self, manner: Manner) -> ExitCode:
        """Close it, or go on where that was interrupted."""
        closure = self._first.closed
        template = self._template()
        if closure is not None:
            return await self._again(closure, template, manner)
        request = self._request(template, _outcome(template, manner))
        outcome = request.values["outcome"]
        if not manner.message:
            self._confirm(manner, _("Close the incident without a word to anybody"))
            code = await self._quietly(outcome)
            self._output.say(
                _("Nobody was told. To tell everyone alerted: umsalert alert close {ref}").format(
                    ref=self._first.ref
                )
            )
            return code
        plan = await self._planned(request)
        if not plan.selection.contacts:
            self._output.say(_("Nobody has it who may be written to: nobody is told."))
            self._confirm(manner, _("Close the incident"))
            return await self._quietly(outcome)
        return await self._tell(plan, manner)

    def _template(self) -> Template:
        from umsalert.messages import templates
        from umsalert.selection import CLOSING

        return templates.load(CLOSING, wiring.template_folders(self._session.settings))

    def _request(self, template: Template, outcome: str) -> Request:
        """Return the request. Raises UsageError when the outcome does not fit the template."""
        from dataclasses import replace

        from umsalert.messages import render
        from umsalert.selection import closing

        by = wiring.operator(self._session.settings)
        request = closing(self._incident, template, outcome, by)
        return replace(request, values=render.check_values(template, request.values))

    async def _planned(self, request: Request) -> Plan:
        """Plan the message, and show it with what it leaves out."""
        plan = await wiring.planner(self._session.settings, self._store).plan(request)
        output = self._output
        for line in alert_show.head(self._first):
            output.paragraph(line)
        for text in plan.texts:
            if plan.selection.deliveries.get(text.channel):
                alert_words.show_text(text, output)
        output.line()
        alert_words.show_left_out(plan.selection.left_out, output)
        alert_preview.show_findings(plan, output)
        return plan

    async def _tell(self, plan: Plan, manner: Manner) -> ExitCode:
        how = alert_send.Manner(yes=manner.yes)
        try:
            return await alert_send.carry_out(
                self._session, self._store, plan, how, self._output, self._say_closed
            )
        except NobodyMatched:  # nobody is vetted any more since it was shown
            return await self._quietly(plan.request.values["outcome"])
        except alert_send.Declined:
            if self._first.closed is None:
                self._output.say(_("Nothing was closed."))
            raise

    async def _quietly(self, outcome: str) -> ExitCode:
        """Close the incident and tell nobody."""
        by = wiring.operator(self._session.settings)
        await self._store.outbox.close(self._first.id, by, outcome)
        await self._say_closed(self._first)
        return ExitCode.OK

    async def _say_closed(self, _closing: Alert) -> None:
        first = await self._store.alerts.alert(self._first.ref)
        stopped = await self._store.outbox.stopped_by_closing(first.id)
        if self._output.as_json:
            at = wiring.clock(self._session.settings).now()
            self._output.event(
                {
                    "event": "closed",
                    "at": at,
                    "alert": first.ref,
                    "exercise": first.exercise,
                    "alerts": [alert.ref for alert in self._incident],
                    "closed": shapes.closed_document(first.closed),
                    "stopped": stopped,
                }
            )
            return
        words = _("The incident of alert {ref} is closed.").format(ref=first.ref)
        self._output.say(marked(words, exercise=first.exercise))
        if stopped:
            self._output.say(
                ngettext(
                    "{n} message was stopped before it left.",
                    "{n} messages were stopped before they left.",
                    stopped,
                ).format(n=stopped)
            )

    async def _again(self, closure: Closure, template: Template, manner: Manner) -> ExitCode:
        """Finish what was interrupted, or say who closed it. Raises RefusedByRule."""
        told = [a for a in self._incident if a.follows and a.follows.kind is FollowKind.CLOSING]
        if manner.outcome is not None and not self._is_same(template, manner.outcome, closure):
            raise self._closed(closure, _("What it says cannot be changed any more."))
        if not manner.message:
            raise self._closed(closure, _("Nothing was changed."))
        if told:
            return await self._finish(closure, told[0], manner)
        plan = await self._planned(self._request(template, closure.outcome))
        if not plan.selection.contacts:
            raise self._closed(closure, _("Nobody has it who may be written to."))
        return await self._tell(plan, manner)

    async def _finish(self, closure: Closure, told: Alert, manner: Manner) -> ExitCode:
        """Go on with a closing message that did not reach everybody, where that is wanted."""
        hint = _("Its closing message: umsalert report {ref}").format(ref=told.ref)
        if not await alert_send.interrupted(self._session, self._store, told):
            raise self._closed(closure, hint)
        left = left_open(await self._store.outbox.counts(told.id))
        self._output.say(alert_show.closed_words(closure, self._first.time_zone))
        self._output.say(
            ngettext(
                "Its closing message has not left for all: {n} is waiting.",
                "Its closing message has not left for all: {n} are waiting.",
                left,
            ).format(n=left)
        )
        if manner.yes or (interactive() and confirm(_("Send the rest"))):
            return await alert_send.go_on(
                self._session, told.ref, alert_send.Manner(), self._output
            )
        raise self._closed(
            closure, _("Send the rest with: umsalert alert resume {ref}").format(ref=told.ref)
        )

    def _is_same(self, template: Template, outcome: str, closure: Closure) -> bool:
        return self._request(template, outcome).values["outcome"] == closure.outcome

    def _closed(self, closure: Closure, hint: str) -> RefusedByRule:
        message = _("The incident of alert {ref} was closed {time} by {operator}: {outcome}")
        return RefusedByRule(
            "incident_closed",
            message.format(
                ref=self._first.ref,
                time=local(closure.at, self._first.time_zone),
                operator=closure.by,
                outcome=closure.outcome,
            ),
            hint=hint,
        )

    def _confirm(self, manner: Manner, question: str) -> None:
        """Ask a person; a script must have said --yes. Raises UsageError or typer.Abort."""
        if manner.yes:
            return
        if not interactive():
            raise UsageError(
                "not_confirmed",
                _("Nothing was closed: nobody is there to confirm."),
                hint=_("A script says --yes."),
            )
        for line in alert_show.head(self._first):
            self._output.say(line)
        agreed = False
        try:
            agreed = confirm(marked(question, exercise=self._first.exercise))
        finally:  # after Ctrl-C, too
            if not agreed:
                self._output.say(_("Nothing was closed."))
        if not agreed:
            raise typer.Abort


def _outcome(template: Template, manner: Manner) -> str:
    """Return the outcome that was typed, or ask for it. Raises UsageError: outcome_missing."""
    if manner.outcome is not None and manner.outcome.strip():
        return manner.outcome
    if manner.outcome is None and interactive():
        prompts = {variable.name: variable.prompts for variable in template.variables}
        return ask(prompts.get("outcome", {}).get(language()) or _("Outcome"))
    raise UsageError(
        "outcome_missing",
        _("How did it end? The record and the closing message say it, word for word."),
        hint=_('Give --outcome "..."'),
    )
