"""A time-out and a process that slept."""

from __future__ import annotations

import asyncio

import pytest

from umsalert.channels.network import ASLEEP_S, answer_within


class Sleeper:
    """Puts the loop's clock forward, as a stop of the process does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._time = loop.time
        self._slept_s = 0.0
        monkeypatch.setattr(loop, "time", lambda: self._time() + self._slept_s)

    def sleep(self, seconds: float) -> None:
        self._slept_s += seconds


async def test_what_came_during_a_sleep_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asleep for longer than the time-out, with the answer waiting: it is heard."""
    sleeper, answer = Sleeper(monkeypatch), asyncio.Event()
    async with answer_within(15):
        sleeper.sleep(3600)
        await asyncio.sleep(0)  # the turn that finds the time over
        asyncio.get_running_loop().call_soon(answer.set)
        await answer.wait()
    assert answer.is_set()


async def test_an_answer_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also after a sleep the wait has an end."""
    sleeper = Sleeper(monkeypatch)

    async def wait() -> None:
        async with answer_within(15):
            sleeper.sleep(3600)
            await asyncio.sleep(0)
            sleeper.sleep(ASLEEP_S)
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await wait()
