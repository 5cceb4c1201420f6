"""`alert send` and `alert resume`: ask, record, dispatch, say how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import typer

from umsalert import wiring
from umsalert.cli import (
    alert_preview,
    alert_show,
    alert_waiting,
    alert_words,
    delivery_words,
    findings,
    progress,
    report_score,
)
from umsalert.cli.context import Session
from umsalert.cli.output import (
    Output,
    ask,
    channel_name,
    confirm,
    console,
    must_be_asked,
    tell,
)
from umsalert.dispatch import Dispatcher, LaneConfig, Result, Run, left_open, resume
from umsalert.errors import ExitCode, TemporaryError
from umsalert.events import Cancelled, Planned, Progress
from umsalert.i18n import _, ngettext
from umsalert.model import (
    Alert,
    Cancellation,
    Consent,
    DeliveryState,
    FollowKind,
    OutcomeKind,
    Power,
)
from umsalert.selection import Plan, Request, nobody
from umsalert.store.store import Store
from umsalert.words import counts
from umsalert.words.alerts import marked

_FOLLOW_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Manner:
    """How to go about sending. `consent`: that of the second person, who has seen the plan."""

    yes: bool = False
    follow: timedelta | None = None
    resend_unknown: bool = False
    consent: Consent | None = None


async def send(session: Session, request: Request, manner: Manner, output: Output) -> ExitCode:
    """Plan, show, ask, record and dispatch one alert."""
    settings = session.settings
    async with wiring.open_store(settings, Power.ALERT) as store:
        planner = wiring.planner(settings, store)
        earlier = await planner.earlier(request)
        if earlier is not None:
            return await report_earlier(session, store, earlier, output)
        plan = await planner.plan(request)
        if not output.as_json:
            alert_preview.show(plan, await planner.others(plan), output)
        if not plan.selection.contacts:
            raise nobody(plan)
        return await carry_out(session, store, plan, manner, output)


async def carry_out(
    session: Session,
    store: Store,
    plan: Plan,
    manner: Manner,
    output: Output,
    recorded: Callable[[Alert], Awaitable[None]] | None = None,
) -> ExitCode:
    """Ask, record and dispatch a plan that was shown. Raises Declined when the answer is no.

    `recorded` is told as soon as the alert stands in the record. Raises RefusedByRule, and nothing
    is queued, when it waits for a second person from now on.
    """
    settings = session.settings
    async with wiring.open_lanes(settings, tuple(plan.selection.deliveries)) as lanes:
        _confirm(plan, manner, settings.alert.confirm_typed_above)
        if output.as_json and plan.findings:
            found = findings.document(plan.findings)
            event = {"event": "checked", "at": plan.at, "exercise": plan.request.exercise}
            output.event(event | {"findings": found})
        if plan.above and manner.consent is None:
            raise await alert_waiting.submit(settings, store, plan, output)
        with _advising(_("Nothing was sent. Then give the same command again.")):
            alert = await wiring.planner(settings, store).record(plan, manner.consent)
        if alert.ref != plan.ref:
            return await report_earlier(session, store, alert, output)
        if recorded is not None:
            await recorded(alert)
        return await _Sending(session, store, alert, output).run(lanes, manner)


async def go_on(session: Session, ref: str, manner: Manner, output: Output) -> ExitCode:
    """Send what is still queued of an alert, and take over what a dead sender left."""
    settings = session.settings
    async with wiring.open_store(settings, Power.ALERT) as store:
        alert = await store.alerts.alert(ref)
        async with wiring.open_lanes(settings, alert.channels) as lanes:
            return await _Sending(session, store, alert, output).resume(lanes, manner)


class Declined(typer.Abort):
    """The person who was asked said no."""


class _Sending:
    """One run of one alert, from the first claim to the last sentence."""

    def __init__(self, session: Session, store: Store, alert: Alert, output: Output) -> None:
        self._session = session
        self._store = store
        self._alert = alert
        self._output = output

    async def run(self, lanes: list[LaneConfig], manner: Manner) -> ExitCode:
        with self._advising(), progress.view(self._output, exercise=self._alert.exercise) as view:
            run = wiring.run(
                self._session.settings, self._store, view, exercise=self._alert.exercise
            )
            counts = await run.outbox.counts(self._alert.id)
            planned = {kind: sum(states.values()) for kind, states in counts.items()}
            run.listener(Planned(run.clock.now(), self._alert.ref, planned))
            result = await self._dispatch(Dispatcher(run, self._alert, lanes), run, manner)
        return await self._end(result, manner)

    async def resume(self, lanes: list[LaneConfig], manner: Manner) -> ExitCode:
        with progress.view(self._output, exercise=self._alert.exercise) as view:
            run = wiring.run(
                self._session.settings, self._store, view, exercise=self._alert.exercise
            )
            dispatcher = await resume(run, self._alert, lanes, resend_unknown=manner.resend_unknown)
            with self._advising():
                result = await self._dispatch(dispatcher, run, manner)
        return await self._end(result, manner)

    def _advising(self) -> contextlib.AbstractContextManager[None]:
        advice = _("Nothing is lost. Then go on with: umsalert alert resume {ref}")
        return _advising(advice.format(ref=self._alert.ref))

    async def _dispatch(self, dispatcher: Dispatcher, run: Run, manner: Manner) -> Result:
        with on_interrupt(dispatcher.stop, dispatcher.abort):
            result = await dispatcher.send()
        if manner.follow is None or result.interrupted:
            return result
        cancelled = result.cancelled or await self._follow(run, manner.follow)
        counts = await run.outbox.counts(self._alert.id)
        return Result(counts, False, result.stopped, cancelled)

    async def _follow(self, run: Run, length: timedelta) -> Cancellation | None:
        """Stay for receipts and answers, until the alert is cancelled; return by whom."""
        enough = asyncio.Event()
        end_s = run.clock.steady_s() + length.total_seconds()
        with on_interrupt(enough.set, enough.set):
            while run.clock.steady_s() < end_s and not enough.is_set():
                counts = await run.outbox.counts(self._alert.id)
                run.listener(Progress(run.clock.now(), self._alert.ref, counts))
                cancelled = await run.outbox.cancellation(self._alert.id)
                if cancelled is not None:
                    run.listener(Cancelled(run.clock.now(), self._alert.ref, cancelled))
                    return cancelled
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(enough.wait(), _FOLLOW_POLL_S)
        return None

    async def _end(self, result: Result, manner: Manner) -> ExitCode:
        """Say how it ended; who stayed for the answers of an exercise sees its score."""
        alert = self._alert
        for sentence in closing_words(alert.ref, result, exercise=alert.exercise):
            self._output.say(sentence)
        if manner.follow is not None:
            await report_score.show_of(self._store, alert, self._output)
        elif alert.is_scored and not result.cancelled:
            over = _("Once the exercise is over, for its score: umsalert alert close {ref}")
            self._output.say(over.format(ref=alert.ref))
        return exit_code(result)


def closing_words(ref: str, result: Result, *, exercise: bool = False) -> Iterator[str]:
    """Yield how a run ended, and what can be done next: nothing more, once it is cancelled."""
    ended = _("Alert {ref}: {counts}").format(
        ref=ref, counts=delivery_words.counts_sentence(result.counts)
    )
    yield marked(ended, exercise=exercise)
    if spared := _total(result, DeliveryState.NOT_NEEDED):
        yield alert_words.not_needed_sentence(spared)
    for kind, outcome in result.stopped.items():
        yield _("{channel} stopped: {code}").format(
            channel=channel_name(kind), code=f"{outcome.code} {outcome.detail}".strip()
        )
    if result.stopped:
        yield _("More: umsalert doctor --online")
    if left_open(result.counts) and not result.cancelled:
        yield counts.waiting(left_open(result.counts), ref)
    expired = _total(result, DeliveryState.EXPIRED)
    if expired:
        yield ngettext(
            "{n} message was not sent in time and is not sent any more.",
            "{n} messages were not sent in time and are not sent any more.",
            expired,
        ).format(n=expired)
    unknown = _total(result, DeliveryState.UNKNOWN)
    if unknown and not (result.cancelled or expired):
        yield ngettext(
            "{n} may or may not have left. It is listed in the report; send it again "
            "with: umsalert alert resume {ref} --resend-unknown",
            "{n} may or may not have left. They are listed in the report; send them again "
            "with: umsalert alert resume {ref} --resend-unknown",
            unknown,
        ).format(n=unknown, ref=ref)
    yield _("Report: umsalert report {ref}").format(ref=ref)


def exit_code(result: Result) -> ExitCode:
    """Return the exit code of how a run ended."""
    if result.cancelled:
        return ExitCode.REFUSED
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if any(item.kind is OutcomeKind.MISCONFIGURED for item in result.stopped.values()):
        return ExitCode.INVALID
    if left_open(result.counts):
        return ExitCode.TEMPORARY
    bad = (*delivery_words.GONE_WRONG, DeliveryState.CANCELLED, DeliveryState.UNKNOWN)
    wrong = sum(_total(result, state) for state in bad)
    return ExitCode.SOME_FAILED if wrong else ExitCode.OK


def _total(result: Result, state: DeliveryState) -> int:
    return sum(states.get(state, 0) for states in result.counts.values())


async def interrupted(session: Session, store: Store, alert: Alert) -> bool:
    """Say whether an alert is not finished and nobody is sending it."""
    left = left_open(await store.outbox.counts(alert.id))
    now = wiring.clock(session.settings).now()
    return left > 0 and not any(
        sender.lease_until and sender.lease_until > now and not sender.gone
        for sender in await store.outbox.senders(alert.id)
    )


async def report_earlier(session: Session, store: Store, alert: Alert, output: Output) -> ExitCode:
    """Say what became of the alert that was sent with the same idempotency key before."""
    counts = await store.outbox.counts(alert.id)
    if output.as_json:
        at = wiring.clock(session.settings).now()
        document = {"event": "finished", "at": at, "alert": alert.ref, "repeated": True}
        document["exercise"] = alert.exercise
        output.event(
            document | {"counts": delivery_words.counts_document(counts), "interrupted": False}
        )
    words = _("Nothing was sent: this key was used for alert {ref}: {counts}").format(
        ref=alert.ref, counts=delivery_words.counts_sentence(counts)
    )
    output.say(marked(words, exercise=alert.exercise))
    for sentence in alert_show.ended_words(alert):
        output.say(sentence)
    return exit_code(Result(counts, interrupted=False, cancelled=alert.cancelled))


def _confirm(plan: Plan, manner: Manner, typed_above: int) -> None:
    """Ask a person; a script must have said --yes. Raises UsageError or Declined."""
    if manner.yes:
        return
    must_be_asked()
    people = plan.selection.contacts
    exercise = plan.request.exercise
    question = _question(plan, asks_another=bool(plan.above) and manner.consent is None)
    console(stderr=True).print(question, style="bold yellow" if exercise else "bold white on red")
    agreed = False
    try:
        if people > typed_above:
            question = _("Type the number of people to send, anything else to stop")
            agreed = ask(question, default="") == str(people)
        else:
            agreed = confirm(_("Send"))
    finally:  # after Ctrl-C, too
        if not agreed:
            tell(_("Nothing was sent."))
    if not agreed:
        raise Declined


def _question(plan: Plan, *, asks_another: bool) -> str:
    """Return what is asked; where guards are alerted, the place is named above it."""
    people, exercise = plan.selection.contacts, plan.request.exercise
    follows = plan.request.follows
    if follows and follows.kind is FollowKind.CORRECTION:
        question = (
            ngettext(
                "EXERCISE: send the correction to this person now?",
                "EXERCISE: send the correction to these {n} people now?",
                people,
            )
            if exercise
            else ngettext(
                "Send the correction to this person now?",
                "Send the correction to these {n} people now?",
                people,
            )
        )
        return question.format(n=people)
    if follows and follows.kind is FollowKind.CLOSING:
        question = (
            ngettext(
                "EXERCISE: close the incident and tell this person now?",
                "EXERCISE: close the incident and tell these {n} people now?",
                people,
            )
            if exercise
            else ngettext(
                "Close the incident and tell this person now?",
                "Close the incident and tell these {n} people now?",
                people,
            )
        )
        return question.format(n=people)
    tell(alert_preview.place_words(plan))
    whom = counts.people_at_sites(people, len(plan.selection.sites))
    if asks_another:
        question = (
            _("EXERCISE: ask a second person to send it to {whom}?")
            if exercise
            else _("Ask a second person to ALERT {whom} FOR REAL?")
        )
        return question.format(whom=whom)
    question = _("EXERCISE: send it to {whom}?") if exercise else _("ALERT {whom} FOR REAL?")
    return question.format(whom=whom)


@contextlib.contextmanager
def _advising(advice: str) -> Iterator[None]:
    """Add what to do with this alert to a temporary error of the database or its disk."""
    try:
        yield
    except TemporaryError as error:
        raise TemporaryError(
            error.code, error.message, hint=f"{error.hint} {advice}".strip()
        ) from error


@contextlib.contextmanager
def on_interrupt(first: Callable[[], None], then: Callable[[], None]) -> Iterator[None]:
    """Call `first` at the first Ctrl-C, `then` at every later one.

    SIGTERM and a terminal that is closed (SIGHUP) count like it: what is on the wire is waited for.
    """
    loop = asyncio.get_running_loop()
    calls = 0

    def handle() -> None:
        nonlocal calls
        calls += 1
        (first if calls == 1 else then)()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, handle)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
