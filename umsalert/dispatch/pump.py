"""Outcomes into the record, the next messages out of it: one transaction after the other."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from umsalert.dispatch.lane import Lane, LaneConfig
from umsalert.dispatch.route import Hooks
from umsalert.dispatch.run import Run
from umsalert.dispatch.tenure import Tenure
from umsalert.events import HandedOver
from umsalert.model import Alert, ChannelKind, OutcomeKind
from umsalert.ports import Claim, Settled, Want

BUSY = 8
GATHER_S = 0.003
"""After a commit of so many outcomes the next ones are gathered for so long: a commit costs as much
as thirty messages, and what is claimed ahead keeps the wire busy meanwhile."""

GROUP_SIZE = 200
"""What comes in during one commit makes the next group, up to this many: docs/adr/0003."""


class Pump:
    """Runs the lanes of one alert to their end."""

    def __init__(
        self, run: Run, alert: Alert, lanes: Collection[LaneConfig], tenure: Tenure
    ) -> None:
        self._run = run
        self._alert = alert
        self._tenure = tenure
        self._wake = asyncio.Event()
        self._outcomes: deque[Settled] = deque()
        hooks = Hooks(self._done, self._may_leave)
        self.lanes = [Lane(run, alert, config, hooks) for config in lanes]

    def wake(self) -> None:
        """Look again: something has changed."""
        self._wake.set()

    async def run(self) -> None:
        """Exchange until every lane is finished. Raises TemporaryError: the record is locked."""
        while not self._finished():
            self._wake.clear()
            now = self._run.moment()
            wanted = [(lane, *pair) for lane in self.lanes for pair in lane.wants(now)]
            group = [
                self._outcomes.popleft() for _item in range(min(GROUP_SIZE, len(self._outcomes)))
            ]
            if not wanted and not group:
                await self._wait([lane.wait_s(now) for lane in self.lanes])
                continue
            if not self._tenure.holds():
                await self._tenure.patiently(self._tenure.renew)
            claims = await self._exchange(group, [want for _, _, want in wanted])
            self._committed(group)
            for (lane, route, _want), claim in zip(wanted, claims, strict=True):
                lane.take(route, claim)
            if len(group) >= BUSY:
                await self._run.clock.sleep(GATHER_S)

    def _done(self, settled: Settled) -> None:
        self._outcomes.append(settled)
        self._wake.set()

    def _finished(self) -> bool:
        if self._tenure.over():
            for lane in self.lanes:
                lane.stop()
        return all(lane.finished for lane in self.lanes) and not self._outcomes

    def _may_leave(self) -> bool:
        return self._tenure.holds() and not self._tenure.over()

    async def _exchange(self, group: Sequence[Settled], wants: Sequence[Want]) -> Sequence[Claim]:
        sender_id, outbox = self._tenure.sender_id, self._run.outbox
        return await self._tenure.patiently(lambda: outbox.exchange(sender_id, group, wants))

    def _committed(self, group: Sequence[Settled]) -> None:
        by_channel: dict[ChannelKind, list[Settled]] = defaultdict(list)
        for item in group:
            by_channel[item.outgoing.channel].append(item)
        for lane in self.lanes:
            lane.committed(by_channel[lane.kind])
        for event in _handed_over(self._alert, group):
            self._run.listener(event)

    async def _wait(self, waits_s: Collection[float | None]) -> None:
        """Wait for an outcome, a stop, or the first of some seconds."""
        seconds = min((wait_s for wait_s in waits_s if wait_s is not None), default=None)
        tasks: set[asyncio.Task[Any]] = {asyncio.create_task(self._wake.wait())}
        if seconds is not None:
            tasks.add(asyncio.create_task(self._run.clock.sleep(seconds)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()


def _handed_over(alert: Alert, group: Sequence[Settled]) -> Iterator[HandedOver]:
    """Yield one event for all that ended alike: at full speed there are thousands in a second."""
    alike: dict[tuple[ChannelKind, OutcomeKind, str], list[Settled]] = defaultdict(list)
    for item in group:
        alike[item.outgoing.channel, item.outcome.kind, item.outcome.code].append(item)
    for (channel, outcome, code), items in alike.items():
        attempts = tuple((item.outgoing.delivery_id, item.outgoing.attempt_n) for item in items)
        yield HandedOver(items[-1].at, alert.ref, channel, outcome, code, attempts)
