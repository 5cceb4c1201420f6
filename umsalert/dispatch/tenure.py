"""What a run owns of its alert, and for how long; its dealings with a record that may be locked."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from umsalert.dispatch.run import Run
from umsalert.errors import TemporaryError
from umsalert.events import RecordPaused
from umsalert.leases import LEASE_S, RENEW_S
from umsalert.model import Alert

RETRY_S = 1.0
"""How soon a record that could not be written is tried again."""

T = TypeVar("T")


class Tenure:
    """The lease of a run.

    It is asked once more right before a message leaves: what is claimed may have been taken over
    once the lease has ended, and helps nobody once the alert has expired. Both are measured by the
    steady clock, whatever is done to the machine's.
    """

    def __init__(self, run: Run, alert: Alert, sender_id: int | None = None) -> None:
        """Hold the lease of `sender_id`, None: `open` takes one."""
        clock = run.clock
        self.sender_id = sender_id or 0
        self._run = run
        self._alert = alert
        self._patient = True
        self._renewed_s = clock.steady_s()
        self._ends_s = clock.steady_s() + (alert.expires_at - clock.now()).total_seconds()

    def holds(self) -> bool:
        """Say whether nobody can have taken over what this run has claimed."""
        return self._run.clock.steady_s() - self._renewed_s < LEASE_S

    def over(self) -> bool:
        """Say whether the alert's time to live has passed."""
        clock = self._run.clock
        return clock.steady_s() >= self._ends_s or clock.now() >= self._alert.expires_at

    async def open(self) -> None:
        """Expire what is too late; say that this process sends. Raises TemporaryError."""
        outbox, alert = self._run.outbox, self._alert
        await self.patiently(lambda: outbox.expire(alert.id))
        if not self.sender_id:
            begun_s = self._run.clock.steady_s()
            self.sender_id = await self.patiently(
                lambda: outbox.open_sender(alert.id, self._run.operator)
            )
            self._renewed_s = begun_s

    async def renew(self) -> None:
        """Renew the lease. Raises TemporaryError."""
        begun_s = self._run.clock.steady_s()
        await self._run.outbox.renew(self.sender_id)
        self._renewed_s = begun_s

    async def keep(self) -> None:
        """Renew the lease again and again until cancelled."""
        while True:
            await self._run.clock.sleep(RENEW_S)
            with contextlib.suppress(TemporaryError):  # the next one comes before the lease ends
                await self.renew()

    async def close(self) -> None:
        """End the lease. Where that cannot be written the end of the process says it."""
        with contextlib.suppress(TemporaryError):
            await self._run.outbox.close_sender(self.sender_id)

    def hurry(self) -> None:
        """Wait no more for a record that cannot be written."""
        self._patient = False

    async def patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` does, tried until it can be written; say once that it cannot be.

        Raises the TemporaryError of the last try after `give_up_s`.
        """
        run, said = self._run, False
        end_s = run.clock.steady_s() + run.give_up_s
        while True:
            try:
                return await work()
            except TemporaryError as error:
                if not self._patient or run.clock.steady_s() >= end_s:
                    raise
                if not said:
                    said = True
                    run.listener(
                        RecordPaused(run.clock.now(), self._alert.ref, error.code, error.message)
                    )
            await run.clock.sleep(RETRY_S)
