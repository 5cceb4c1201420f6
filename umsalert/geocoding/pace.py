"""One pace for everything that is asked. geopy's own limiter knows no common pause."""

from __future__ import annotations

from umsalert.ports import Clock

_ON_TIME_S = 0.001
"""Clocks round: who comes this early has waited."""


class Pace:
    """Lets one question go every so often, and none while the geocoder wants a rest."""

    def __init__(self, clock: Clock, rate_per_s: float) -> None:
        """Begin with a turn that is free."""
        self._clock = clock
        self._interval_s = 1 / rate_per_s
        self._next_s = clock.steady_s()

    async def turn(self) -> None:
        """Return when a question may leave."""
        while (wait_s := self._next_s - self._clock.steady_s()) > _ON_TIME_S:
            await self._clock.sleep(wait_s)
        self._next_s = self._clock.steady_s() + self._interval_s

    def rest(self, seconds: float) -> None:
        """Let nothing leave for so long."""
        self._next_s = max(self._next_s, self._clock.steady_s() + seconds)
