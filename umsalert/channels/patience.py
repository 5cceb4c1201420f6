"""How long answers are waited for: one timer for all that a channel has on the wire."""

from __future__ import annotations

import asyncio
from types import TracebackType

ASLEEP_S = 1.0
"""A timer as late as this tells of a process that slept; so long it then has to read what came."""


class Patience:
    """Ends waits after `timeout_s`, as `asyncio.timeout` does, but not right after a sleep.

    A process that was stopped or starved finds the answer waiting and its time over in the same
    turn of the loop; cancelled then, it would never know what it was told. Made inside a running
    loop. One timer, since one for each request would cost a fifth of an SMS's processor time.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._waits: dict[Wait, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def wait(self) -> Wait:
        """Return a context that raises TimeoutError when its time is over."""
        return Wait(self)

    def begin(self, wait: Wait) -> None:
        """Look after a wait of the running task."""
        wait.due_s = self._loop.time() + self._timeout_s
        self._waits[wait] = None
        if self._timer is None:
            self._timer = self._loop.call_at(wait.due_s, self._look, wait.due_s)

    def end(self, wait: Wait) -> None:
        """Forget a wait."""
        self._waits.pop(wait, None)

    def _look(self, due_s: float) -> None:
        """End what is due, a second later after a sleep; look again when the next one is."""
        now_s = self._loop.time()
        asleep = now_s - due_s > ASLEEP_S
        for wait in [wait for wait in self._waits if wait.due_s <= now_s]:
            if asleep:
                wait.due_s = now_s + ASLEEP_S
            else:
                self.end(wait)
                wait.expire()
        next_s = min((wait.due_s for wait in self._waits), default=None)
        self._timer = None
        if next_s is not None:
            self._timer = self._loop.call_at(next_s, self._look, next_s)


class Wait:
    """One wait, of the task that enters it."""

    __slots__ = ("_cancelling", "_expired", "_patience", "_task", "due_s")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._expired = False
        self.due_s = 0.0

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("nothing but a task waits")
        self._task = task
        self._cancelling = task.cancelling()
        self._patience.begin(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._patience.end(self)
        if self._expired:
            cancelled = self._task.uncancel() > self._cancelling  # by somebody else, too
            if kind is asyncio.CancelledError and not cancelled:
                raise TimeoutError from error

    def expire(self) -> None:
        """Interrupt the task: its time is over."""
        self._expired = True
        self._task.cancel()
