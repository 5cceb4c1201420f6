"""One run of one alert: the lanes, the lease, and whoever ends it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from umsalert.dispatch.lane import LaneConfig
from umsalert.dispatch.pump import Pump
from umsalert.dispatch.run import Run
from umsalert.dispatch.tenure import Tenure
from umsalert.errors import TemporaryError
from umsalert.events import Cancelled, Counts, Event, Finished, Progress
from umsalert.model import Alert, Cancellation, ChannelKind, DeliveryState, Outcome

PROGRESS_S = 0.5
"""How often the store is asked where the alert stands, and whether somebody has cancelled it."""

RECEIPTS_S = 15.0
"""How often receipts are looked for, where another provider could step in for a silent one."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. `stopped` says which channels gave up, `cancelled` who ended the alert."""

    counts: Counts
    interrupted: bool
    stopped: Mapping[ChannelKind, Outcome] = field(default_factory=dict)
    cancelled: Cancellation | None = None


class Dispatcher:
    """Sends what is queued of one alert. One instance per run."""

    def __init__(
        self,
        run: Run,
        alert: Alert,
        lanes: Collection[LaneConfig],
        sender_id: int | None = None,
    ) -> None:
        """Send `alert` over `lanes`, as the sender that was opened for it, or as a new one."""
        self._run = run
        self._alert = alert
        self._stopping = asyncio.Event()
        self._cancelled: Cancellation | None = None
        self._tenure = Tenure(run, alert, sender_id)
        self._pump = Pump(run, alert, lanes, self._tenure)

    def stop(self) -> None:
        """Claim nothing more; what is on the wire is waited for and recorded."""
        self._stopping.set()
        for lane in self._pump.lanes:
            lane.stop()
        self._pump.wake()

    def abort(self) -> None:
        """Do not even wait for what is on the wire: it becomes `unknown`."""
        self.stop()
        self._tenure.hurry()
        for lane in self._pump.lanes:
            lane.abort()

    async def send(self) -> Result:
        """Send until nothing is queued or on the wire, or until stopped, here or elsewhere.

        Raises TemporaryError when the record could not be written for `give_up_s`.
        """
        outbox, alert, tenure = self._run.outbox, self._alert, self._tenure
        await self._heed_providers()
        await tenure.open()
        background = [
            asyncio.create_task(tenure.keep()),
            asyncio.create_task(self._report()),
            asyncio.create_task(self._look_for_receipts()),
        ]
        try:
            await self._pump.run()
            if tenure.over():
                await tenure.patiently(lambda: outbox.expire(alert.id, over=True))
        except BaseException:
            self.abort()  # nothing of it could be recorded any more
            raise
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await tenure.close()
        await self._heed_cancellation()
        counts = await outbox.counts(alert.id)
        self._emit(Finished(self._run.clock.now(), alert.ref, counts, self._stopping.is_set()))
        stopped = {lane.kind: lane.given_up for lane in self._pump.lanes if lane.given_up}
        return Result(counts, self._stopping.is_set(), stopped, self._cancelled)

    async def _report(self) -> None:
        while True:
            with contextlib.suppress(TemporaryError):
                await self._heed_cancellation()
                await self._heed_providers()
                counts = await self._run.outbox.counts(self._alert.id)
                self._emit(Progress(self._run.clock.now(), self._alert.ref, counts))
            await self._run.clock.sleep(PROGRESS_S)

    async def _look_for_receipts(self) -> None:
        while True:
            await self._run.clock.sleep(RECEIPTS_S)
            with contextlib.suppress(TemporaryError):
                for lane in self._pump.lanes:
                    for sample in lane.samples():
                        await self._run.outbox.note_receipts(sample)

    async def _heed_providers(self) -> None:
        """Learn how providers do in other processes."""
        states = await self._run.outbox.routes()
        for lane in self._pump.lanes:
            lane.heed(states)
        self._pump.wake()

    async def _heed_cancellation(self) -> None:
        """End the lanes of an alert that was cancelled; what is claimed and has not left stays."""
        if self._cancelled is not None:
            return
        self._cancelled = await self._run.outbox.cancellation(self._alert.id)
        if self._cancelled is not None:
            for lane in self._pump.lanes:
                lane.withdraw()
            self._pump.wake()
            self._emit(Cancelled(self._run.clock.now(), self._alert.ref, self._cancelled))

    def _emit(self, event: Event) -> None:
        self._run.listener(event)


def left_open(counts: Counts) -> int:
    """Return how many deliveries are queued or on the wire."""
    return sum(
        states.get(DeliveryState.QUEUED, 0) + states.get(DeliveryState.SENDING, 0)
        for states in counts.values()
    )
