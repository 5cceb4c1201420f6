"""The simulated world's time, and everything in it that takes time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta


class _Stopped(Exception):
    """The simulator stops."""


class Timeline:
    """Runs what happens later. At `speed` 60, a simulated minute lasts one second."""

    def __init__(self, speed: float = 1.0, clock_offset_s: float = 0.0) -> None:
        self.speed = speed
        self._offset = timedelta(seconds=clock_offset_s)
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._bugs: list[Exception] = []

    def now(self) -> datetime:
        """Return the present in UTC, moved by the configured offset."""
        return datetime.now(UTC) + self._offset

    async def sleep(self, simulated_s: float) -> None:
        """Wait; inside `spawn` only, since it ends the task when the simulator stops."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(simulated_s / self.speed):
                await self._stopping.wait()
        if self._stopping.is_set():
            raise _Stopped

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Let `work` go on in the background until it ends or the simulator stops."""
        task = asyncio.create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except _Stopped:
            pass
        except Exception as bug:  # noqa: BLE001  # raised again by stop: nobody awaits the task
            self._bugs.append(bug)

    async def stop(self, grace_s: float) -> None:
        """End what sleeps; give the rest `grace_s` real seconds, then drop it.

        Raises ExceptionGroup with what went wrong in the background, if anything did.
        """
        self._stopping.set()
        tasks = set(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._bugs:
            raise ExceptionGroup("in the background of the simulator", self._bugs)
