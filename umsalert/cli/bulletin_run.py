"""`bulletin run-due`: begin what is due, send it, and say only what is not as it should be."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from umsalert import locks, wiring
from umsalert.bulletins import Round, Runner, Started, Told
from umsalert.cli import bulletin_look
from umsalert.cli.alert_send import exit_code, interrupted, on_interrupt
from umsalert.cli.bulletin_words import line
from umsalert.cli.context import Session
from umsalert.cli.delivery_words import counts_document, counts_sentence
from umsalert.cli.output import Output, channel_name, utc
from umsalert.cli.patience import Patience
from umsalert.dispatch import Dispatcher, Result, left_open, resume
from umsalert.errors import DatabaseError, ExitCode, UmsalertError
from umsalert.events import Counts, Event
from umsalert.i18n import _, sentences
from umsalert.model import Bulletin, DeliveryState, Power
from umsalert.store.store import Store

LOOK_S = 20.0
"""How often a process that sends looks for what has become due: a timer of systemd starts no other
while it runs."""

_WORST = (
    ExitCode.BUG,
    ExitCode.INTERRUPTED,
    ExitCode.TEMPORARY,
    ExitCode.INVALID,
    ExitCode.REFUSED,
    ExitCode.SOME_FAILED,
    ExitCode.NOBODY_MATCHED,
)
"""Of several exit codes, the first of these."""

_log = logging.getLogger(__name__)


class Running:
    """One run of `run-due`, which ends when nothing is due and all that it sends has ended."""

    def __init__(self, session: Session, output: Output) -> None:
        """Say to `output` what is not as it should be."""
        self._session = session
        self._output = output
        self._codes: set[ExitCode] = set()
        self._said: set[tuple[str, str]] = set()
        self._documents: list[dict[str, Any]] = []
        self._seen: set[int] = set()
        self._dispatchers: list[Dispatcher] = []
        self._stopping = False
        settings = session.settings
        self._patience = Patience(wiring.clock(settings), settings.alert.give_up_s)

    async def run(self) -> ExitCode:
        """Send what is due; return how it ended. A second one at once is silent, and does nothing.

        What is begun is sent by its own process, whoever locks: a lock is held only to begin.
        """
        settings = self._session.settings
        if self._session.log_format == "json" and not self._session.debug:
            self._session.journal.show_warnings("json")
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(on_interrupt(self._stop, self._abort))
            store = await self._patience.of(
                lambda: stack.enter_async_context(wiring.open_store(settings, Power.ALERT))
            )
            locked = await self._look_and_send(store)
        if self._output.as_json:
            self._output.document({"locked": locked, "runs": self._documents})
        return next((code for code in _WORST if code in self._codes), ExitCode.OK)

    async def _look_and_send(self, store: Store) -> bool:
        """Begin what is due as long as something is sent; say whether another process begins."""
        runner = wiring.bulletins(self._session.settings, store)
        tasks: set[asyncio.Task[None]] = set()
        locked = False
        while not self._stopping or tasks:
            found = Round()
            trouble: UmsalertError | None = None
            try:
                locked = not await self._begin(runner, found)
            except UmsalertError as error:
                trouble = error
            for told in found.told:
                self._tell(told)
            for started in found.started:
                self._seen.add(started.run.id)
                tasks.add(asyncio.create_task(self._send(store, runner, started)))
            if tasks:  # whatever else is not well: what is being sent goes on
                done, tasks = await asyncio.wait(
                    tasks, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
            elif trouble is None:
                break
            else:
                await self._patience.wait(trouble)
        return locked

    async def _begin(self, runner: Runner, found: Round) -> bool:
        """Begin what is due; False when another process is just doing so."""
        if self._stopping:
            return True
        database = self._session.settings.database
        shared = database.stat().st_mode & 0o060
        with locks.alone(bulletin_look.lock_of(database), 0o660 if shared else 0o600) as alone:
            if alone:
                await runner.begin(self._seen, found)
                self._patience.over()
            return alone

    def _stop(self) -> None:
        self._stopping = True
        self._patience.end()
        for dispatcher in self._dispatchers:
            dispatcher.stop()

    def _abort(self) -> None:
        self._stopping = True
        for dispatcher in self._dispatchers:
            dispatcher.abort()

    async def _send(self, store: Store, runner: Runner, started: Started) -> None:
        """Send one alert to its end, unless another process does; say what went wrong."""
        try:
            result = await self._sent(store, runner, started)
        except DatabaseError:
            raise
        except UmsalertError as error:
            if error.code == "still_sending":
                return
            message = sentences(error.message, error.hint)
            told = _of(started, error.code, message, error.exit_code)
            refused = error.code
            if error.exit_code is ExitCode.REFUSED:  # cancelled, closed or expired meanwhile
                await self._patience.of(lambda: runner.end(started, refused))
            self._tell(told)
            return
        code = exit_code(result)
        if result.cancelled or not left_open(result.counts):
            await self._patience.of(lambda: runner.end(started, _word(result, code)))
        self._report(started, result, code)

    async def _sent(self, store: Store, runner: Runner, started: Started) -> Result:
        settings, alert = self._session.settings, started.alert
        counts = await self._patience.of(lambda: store.outbox.counts(alert.id))
        if not left_open(counts):
            return Result(counts, interrupted=False, cancelled=alert.cancelled)
        if is_untouched(counts):
            await self._patience.of(lambda: self._check_fresh(store, runner, started))
        run = wiring.run(settings, store, _deaf)
        async with wiring.open_lanes(settings, alert.channels) as lanes:
            dispatcher = await self._patience.of(lambda: resume(run, alert, lanes))
            self._dispatchers.append(dispatcher)
            if self._stopping:
                dispatcher.stop()
            return await dispatcher.send()

    async def _check_fresh(self, store: Store, runner: Runner, started: Started) -> None:
        """Cancel what nobody has got and nobody sends, once it is late. Raises RefusedByRule."""
        alert, settings = started.alert, self._session.settings
        error = await runner.stale(started)
        if error is not None and await interrupted(self._session, store, alert):
            await store.outbox.cancel(alert.id, wiring.operator(settings), error.message)
            raise error

    def _report(self, started: Started, result: Result, code: ExitCode) -> None:
        document = _document(started.bulletin, started.alert.ref, code)
        document |= {"due_at": utc(started.run.due_at), "dues": 1, "message": ""}
        document["tried_until"] = None
        document["code"] = _word(result, code)
        document["counts"] = counts_document(result.counts)
        if code is not ExitCode.OK:
            words = [counts_sentence(result.counts)]
            for kind, outcome in result.stopped.items():
                words.append(
                    _("{channel} stopped: {code}").format(
                        channel=channel_name(kind), code=f"{outcome.code} {outcome.detail}".strip()
                    )
                )
            if result.interrupted:
                words.append(_("interrupted: the next run-due goes on with it"))
            message = _("alert {ref}: {words}. Report: umsalert report {ref}").format(
                ref=started.alert.ref, words=_("; ").join(words)
            )
            if result.stopped:
                message = sentences(message, _("More: umsalert doctor --online"))
            document["message"] = message
            self._line(_of(started, _word(result, code), message, code))
        self._documents.append(document)

    def _tell(self, told: Told) -> None:
        """Say something once, however often this process meets it."""
        key = (f"{told.bulletin.ref} {told.due_at}", told.code)
        if key in self._said:
            return
        self._said.add(key)
        document = _document(told.bulletin, told.alert_ref or None, told.exit_code)
        document |= {"due_at": utc(told.due_at), "dues": told.dues, "message": told.message}
        document |= {"code": told.code, "counts": {}, "tried_until": utc(told.tried_until)}
        self._documents.append(document)
        self._line(told)

    def _line(self, told: Told) -> None:
        self._codes.add(told.exit_code)
        fields = {"code": told.code, "exit_code": int(told.exit_code)}
        fields |= {"bulletin": told.bulletin.ref, "due_at": utc(told.due_at)}
        if told.alert_ref:
            fields["alert"] = told.alert_ref
        _log.warning("bulletin: %s", told.code, extra=fields)
        if self._session.log_format != "json":
            self._output.say(line(self._session, told))


def _word(result: Result, code: ExitCode) -> str:
    """Return how an alert ended, as a code; empty where all is well."""
    if result.cancelled:
        return "alert_cancelled"
    return "" if code is ExitCode.OK else code.name.lower()


def _of(started: Started, code: str, message: str, exit_code: ExitCode) -> Told:
    return Told(started.bulletin, started.run.due_at, code, message, exit_code, started.alert.ref)


def _document(bulletin: Bulletin, alert: str | None, code: ExitCode) -> dict[str, Any]:
    return {"bulletin": bulletin.ref, "alert": alert, "code": "", "exit_code": int(code)}


def is_untouched(counts: Counts) -> bool:
    """Say whether nothing of an alert has left, nor may have."""
    states = {state for found in counts.values() for state, n in found.items() if n}
    return states == {DeliveryState.QUEUED}


def _deaf(_event: Event, /) -> None:
    """Cron reads no progress; the log has it."""
