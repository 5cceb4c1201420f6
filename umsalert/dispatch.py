"""Pace, claim, send, record: every channel side by side, every hand-over written before it leaves.

One lane per channel claims no more than the wire takes at once; outcomes are committed in groups.
Nothing here knows a provider or a database: only ports.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from umsalert.errors import RefusedByRule, TemporaryError
from umsalert.events import (
    Cancelled,
    ChannelPaused,
    Claimed,
    Counts,
    Event,
    Finished,
    HandedOver,
    Progress,
)
from umsalert.i18n import _
from umsalert.model import (
    Alert,
    Cancellation,
    ChannelKind,
    DeliveryState,
    Operator,
    Outcome,
    OutcomeKind,
    Outgoing,
    UnknownPolicy,
)
from umsalert.ports import Channel, Clock, Listener, Outbox, Pace, Settled
from umsalert.retry import GIVE_UP_S, Pause, retry_at

RENEW_S = 5.0
"""How often the lease is renewed; a third of its length, so that one slow commit is survived."""

GROUP_SIZE = 200
"""What comes in during one commit makes the next group, up to this many: docs/adr/0003."""

PROGRESS_S = 0.5
"""How often the store is asked where the alert stands, and whether somebody has cancelled it."""

COMMIT_TRIES = 5
COMMIT_RETRY_S = 1.0

Callback = Callable[[], None]


@dataclass(frozen=True, slots=True)
class LaneConfig:
    """One channel with its pace and the hand-overs it may have on the wire at once."""

    channel: Channel
    pace: Pace
    in_flight: int


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. `stopped` says which channels gave up, `cancelled` who ended the alert."""

    counts: Counts
    interrupted: bool
    stopped: Mapping[ChannelKind, Outcome] = field(default_factory=dict)
    cancelled: Cancellation | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What one run works with."""

    outbox: Outbox
    clock: Clock
    listener: Listener
    operator: Operator
    give_up_s: float = GIVE_UP_S


class Dispatcher:
    """Sends what is queued of one alert. One instance per run."""

    def __init__(self, run: Run, alert: Alert, lanes: Collection[LaneConfig]) -> None:
        """Send `alert` over `lanes`."""
        self._run = run
        self._alert = alert
        self._stopping = asyncio.Event()
        self._cancelled: Cancellation | None = None
        self._recorder = _Recorder(run, alert)
        self._lanes = [_Lane(run, alert, config, self._recorder) for config in lanes]

    def stop(self) -> None:
        """Claim nothing more; what is on the wire is waited for and recorded."""
        self._stopping.set()
        for lane in self._lanes:
            lane.stop()

    def abort(self) -> None:
        """Do not even wait for what is on the wire: it becomes `unknown`."""
        self.stop()
        for lane in self._lanes:
            lane.abort()

    async def send(self) -> Result:
        """Send until nothing is queued or on the wire, or until stopped, here or elsewhere."""
        outbox, alert = self._run.outbox, self._alert
        await outbox.expire(alert.id)
        sender_id = await outbox.open_sender(alert.id, self._run.operator)
        background = [
            asyncio.create_task(self._renew(sender_id)),
            asyncio.create_task(self._report()),
        ]
        recording = asyncio.create_task(self._recorder.run())
        try:
            await _first_error([lane.run(sender_id) for lane in self._lanes], recording)
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self._recorder.close(recording)
            await outbox.close_sender(sender_id)
        await self._heed_cancellation()
        counts = await outbox.counts(alert.id)
        self._emit(Finished(self._run.clock.now(), alert.ref, counts, self._stopping.is_set()))
        stopped = {lane.kind: lane.given_up for lane in self._lanes if lane.given_up}
        return Result(counts, self._stopping.is_set(), stopped, self._cancelled)

    async def _renew(self, sender_id: int) -> None:
        while True:
            await self._run.clock.sleep(RENEW_S)
            with contextlib.suppress(
                TemporaryError
            ):  # the next renewal comes before the lease ends
                await self._run.outbox.renew(sender_id)

    async def _report(self) -> None:
        while True:
            with contextlib.suppress(TemporaryError):
                await self._heed_cancellation()
                counts = await self._run.outbox.counts(self._alert.id)
                self._emit(Progress(self._run.clock.now(), self._alert.ref, counts))
            await self._run.clock.sleep(PROGRESS_S)

    async def _heed_cancellation(self) -> None:
        """End the lanes of an alert that was cancelled; what is claimed and has not left stays."""
        if self._cancelled is not None:
            return
        self._cancelled = await self._run.outbox.cancellation(self._alert.id)
        if self._cancelled is not None:
            for lane in self._lanes:
                lane.withdraw()
            self._emit(Cancelled(self._run.clock.now(), self._alert.ref, self._cancelled))

    def _emit(self, event: Event) -> None:
        self._run.listener(event)


class _Lane:
    """One channel's loop."""

    def __init__(self, run: Run, alert: Alert, config: LaneConfig, recorder: _Recorder) -> None:
        self.kind = config.channel.kind
        self.given_up: Outcome | None = None
        self._run = run
        self._alert = alert
        self._config = config
        self._recorder = recorder
        self._stopping = False
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = 0  # claimed and not committed yet
        self._pause = Pause(run.give_up_s)

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def withdraw(self) -> None:
        self.stop()
        self._config.channel.withdraw()

    def abort(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def run(self, sender_id: int) -> None:
        while not (self._stopping or self.given_up):
            self._wake.clear()
            room = 1 if self._pause.probing else self._config.in_flight
            wait_s: float | None
            if self._open >= room:
                wait_s = None
            elif (wait_s := self._pause.remaining_s(self._run.clock.now())) == 0:
                claim = await self._run.outbox.claim(
                    sender_id, self.kind, self._config.pace, room - self._open
                )
                self._start(claim.outgoing)
                wait_s = claim.wait_s
                if wait_s is None and not self._open:
                    break
            if wait_s != 0:
                await self._wait(wait_s)
        while self._open:
            self._wake.clear()
            await self._wake.wait()

    async def _wait(self, wait_s: float | None) -> None:
        """Wait for time to pass or for a commit, whichever comes first."""
        tasks: set[asyncio.Task[Any]] = {asyncio.create_task(self._wake.wait())}
        if wait_s is not None:
            tasks.add(asyncio.create_task(self._run.clock.sleep(wait_s)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    def _start(self, claimed: tuple[Outgoing, ...]) -> None:
        if not claimed:
            return
        self._open += len(claimed)
        self._run.listener(Claimed(self._run.clock.now(), self._alert.ref, self.kind, len(claimed)))
        for outgoing in claimed:
            task = asyncio.create_task(self._hand_over(outgoing))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _hand_over(self, outgoing: Outgoing) -> None:
        try:
            outcome = await self._config.channel.send(outgoing)
        except asyncio.CancelledError:
            outcome = Outcome(OutcomeKind.UNKNOWN, "interrupted")
        except Exception as error:  # noqa: BLE001 - a fault in an adapter must not lose the record of what may have left
            outcome = Outcome(OutcomeKind.UNKNOWN, "channel_fault", type(error).__name__)
        now = self._run.clock.now()
        self._note(outcome, now)
        settled = Settled(
            outgoing,
            outcome,
            self._config.channel.provider,
            now,
            retry_at(outgoing, outcome, self._alert, now),
        )
        self._recorder.put(settled, self._committed)

    def _committed(self) -> None:
        self._open -= 1
        self._wake.set()

    def _note(self, outcome: Outcome, now: datetime) -> None:
        """Slow down, wait for the provider, or give up; say so once."""
        paused_s = self._pause.after(outcome, now)
        if outcome.kind is OutcomeKind.MISCONFIGURED or self._pause.exhausted(now):
            first, self.given_up = self.given_up is None, self.given_up or outcome
            paused_s = None
        else:
            first = paused_s is not None
        if first:
            self._run.listener(
                ChannelPaused(
                    now, self._alert.ref, self.kind, outcome.code, outcome.detail, paused_s
                )
            )


class _Recorder:
    """Commits outcomes in groups, then tells the lanes and the listener."""

    def __init__(self, run: Run, alert: Alert) -> None:
        self._run = run
        self._alert = alert
        self._queue: asyncio.Queue[tuple[Settled, Callback] | None] = asyncio.Queue()

    def put(self, settled: Settled, committed: Callback) -> None:
        self._queue.put_nowait((settled, committed))

    async def close(self, recording: asyncio.Task[None]) -> None:
        """Commit what is left and end."""
        self._queue.put_nowait(None)
        await recording

    async def run(self) -> None:
        while (group := await self._group()) is not None:
            await self._commit([settled for settled, _committed in group])
            for settled, committed in group:
                committed()
                self._run.listener(self._event(settled))

    async def _group(self) -> list[tuple[Settled, Callback]] | None:
        """Return what has come in since the last commit; wait only where that is nothing."""
        first = await self._queue.get()
        if first is None:
            return None
        group = [first]
        while len(group) < GROUP_SIZE and not self._queue.empty():
            item = self._queue.get_nowait()
            if item is None:
                self._queue.put_nowait(None)
                break
            group.append(item)
        return group

    async def _commit(self, group: list[Settled]) -> None:
        for tries_left in reversed(range(COMMIT_TRIES)):
            try:
                await self._run.outbox.settle(group)
            except TemporaryError:
                if not tries_left:
                    raise
                await self._run.clock.sleep(COMMIT_RETRY_S)
            else:
                break

    def _event(self, settled: Settled) -> HandedOver:
        return HandedOver(
            settled.at,
            self._alert.ref,
            settled.outgoing.channel,
            settled.outgoing.delivery_id,
            settled.outgoing.attempt_n,
            settled.outcome.kind,
            settled.outcome.code,
        )


async def resume(
    run: Run, alert: Alert, lanes: Collection[LaneConfig], *, resend_unknown: bool = False
) -> Dispatcher:
    """Take over what dead senders left and return the dispatcher that goes on.

    Waits until the lease of a sender that died has ended. What may have left is queued again only
    by the template's rule or by `resend_unknown`. Raises TemporaryError while another process is
    alive and sending, RefusedByRule when the alert was cancelled.
    """
    cancelled = await run.outbox.cancellation(alert.id)
    if cancelled is not None:
        await run.outbox.recover(alert.id)
        raise RefusedByRule(
            "alert_cancelled",
            _("Alert {ref} was cancelled by {operator}: nothing more of it is sent.").format(
                ref=alert.ref, operator=cancelled.by
            ),
            hint=_("Who has it: umsalert report {ref}").format(ref=alert.ref),
        )
    before_s = float("inf")
    while (remaining_s := await run.outbox.lease_remaining_s(alert.id)) > 0:
        if remaining_s > before_s:
            raise TemporaryError(
                "still_sending",
                _("Another process is sending alert {ref} right now.").format(ref=alert.ref),
                hint=_("Watch it with: umsalert alert show {ref}").format(ref=alert.ref),
            )
        before_s = remaining_s
        await run.clock.sleep(min(remaining_s, 1.0))
    await run.outbox.recover(alert.id)
    if resend_unknown or alert.unknown_policy is UnknownPolicy.RESEND:
        await run.outbox.requeue_unknown(alert.id)
    return Dispatcher(run, alert, lanes)


def left_open(counts: Counts) -> int:
    """Return how many deliveries are queued or on the wire."""
    return sum(
        states.get(DeliveryState.QUEUED, 0) + states.get(DeliveryState.SENDING, 0)
        for states in counts.values()
    )


async def _first_error(
    lanes: Collection[Coroutine[Any, Any, None]], recording: asyncio.Task[None]
) -> None:
    """Run the lanes to their end; a recorder that dies ends them at once."""
    tasks = [asyncio.create_task(lane) for lane in lanes]
    try:
        waiting = set(tasks)
        while waiting:
            done, _pending = await asyncio.wait(
                [*waiting, recording], return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
            waiting -= done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
