"""The simulators of all runs in one thread, and the kill that strikes when one has read."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, Self, TypeVar

from umsalert.simulator import Simulator, SimulatorConfig
from umsalert.simulator.record import Call, Email, Entry, Record, Sms

TAKEN = (Sms, Call, Email)
T = TypeVar("T")


class WatchedRecord(Record):
    """A record that kills a process when the carrier has taken a message, before it answers."""

    def __init__(self) -> None:
        """Kill nobody yet."""
        super().__init__()
        self.taken = 0
        self._armed: tuple[subprocess.Popen[bytes], int] | None = None
        self._lock = threading.Lock()

    def arm(self, process: subprocess.Popen[bytes], turn: int) -> None:
        """Kill `process` at the `turn`-th message from now on."""
        with self._lock:
            self._armed = (process, self.taken + turn)

    def disarm(self) -> bool:
        """Kill nobody any more; say whether the kill was still to come."""
        with self._lock:
            waiting, self._armed = self._armed is not None, None
        return waiting

    def add(self, entry: Entry) -> None:
        """Keep an entry; the carrier answers after that."""
        super().add(entry)
        if not isinstance(entry, TAKEN):
            return
        with self._lock:
            self.taken += 1
            if self._armed is None or self.taken < self._armed[1]:
                return
            process, self._armed = self._armed[0], None
        process.send_signal(signal.SIGKILL)


class Carriers:
    """Runs simulators in a thread of their own, for `with`."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextlib.contextmanager
    def open(self, config: SimulatorConfig) -> Iterator[tuple[Simulator, WatchedRecord]]:
        """Run one simulator."""
        simulator, record = Simulator(config), WatchedRecord()
        simulator.record = record
        self._call(simulator.start())
        try:
            yield simulator, record
        finally:
            self._call(simulator.stop())

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)
