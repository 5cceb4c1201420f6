"""Waiting for a record that others hold: nobody sits there who could type the command again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from umsalert.errors import UmsalertError

if TYPE_CHECKING:
    from umsalert.ports import Clock

T = TypeVar("T")

RETRY_S = 1.0
"""Between two tries; SQLite waits within each of them."""
OF_THE_RECORD = ("database_busy", "disk_full", "disk_failed")
"""What ends by itself, or by who frees the disk; another temporary error is not waited for here."""


class Patience:
    """How long one process waits for the record, from the first try that fails."""

    def __init__(self, clock: Clock, give_up_s: float) -> None:
        """Give up `give_up_s` after the first failure."""
        self._clock = clock
        self._give_up_s = give_up_s
        self._since_s: float | None = None
        self._ended = False

    def over(self) -> None:
        """The record can be had again."""
        self._since_s = None

    def end(self) -> None:
        """Wait no more: the process is asked to stop."""
        self._ended = True

    async def wait(self, error: UmsalertError) -> None:
        """Wait until the next try. Raises the error when it is no use, or for too long."""
        now_s = self._clock.steady_s()
        self._since_s = now_s if self._since_s is None else self._since_s
        too_long = now_s - self._since_s >= self._give_up_s
        if error.code not in OF_THE_RECORD or self._ended or too_long:
            raise error
        await self._clock.sleep(RETRY_S)

    async def of(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` does, tried until it can be done. Raises as `wait`."""
        while True:
            try:
                found = await work()
            except UmsalertError as error:
                await self.wait(error)
            else:
                self.over()
                return found
