"""A time-out and a process that slept."""

from __future__ import annotations

import asyncio

import pytest

from umsalert.channels.patience import ASLEEP_S, Patience, Wait


class Sleeper:
    """Puts the loop's clock forward, as a stop of the process does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._time = loop.time
        self._slept_s = 0.0
        monkeypatch.setattr(loop, "time", lambda: self._time() + self._slept_s)

    def sleep(self, seconds: float) -> None:
        self._slept_s += seconds


async def _expires(patience: Patience) -> float:
    """Wait for what never comes; return after how long that was given up."""
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    with pytest.raises(TimeoutError), patience.wait():
        await asyncio.Event().wait()
    return loop.time() - start_s


async def test_each_wait_has_its_own_end() -> None:
    """One timer for all: none ends early, none is forgotten."""
    patience = Patience(0.1)
    first = asyncio.create_task(_expires(patience))
    await asyncio.sleep(0.05)
    with patience.wait():
        await asyncio.sleep(0)
    second = asyncio.create_task(_expires(patience))
    assert await first >= 0.1
    assert not second.done()
    assert await second >= 0.1
    assert await _expires(patience) >= 0.1


async def test_an_answer_in_time_is_not_disturbed() -> None:
    """The time of a wait that has ended says nothing about what the task does next."""
    with Patience(0.01).wait():
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)


async def test_a_cancelled_wait_is_not_called_late() -> None:
    """Who is cancelled by somebody else hears that, before its time and in the very turn of it."""
    for time_is_over in (False, True):
        waiting = Patience(15).wait()

        async def wait(waiting: Wait) -> None:
            with waiting:
                await asyncio.Event().wait()

        task = asyncio.create_task(wait(waiting))
        await asyncio.sleep(0)
        if time_is_over:
            waiting.expire()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_came_during_a_sleep_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asleep for longer than the time-out, with the answer waiting: it is heard."""
    sleeper, answer = Sleeper(monkeypatch), asyncio.Event()
    with Patience(15).wait():
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
        with Patience(15).wait():
            sleeper.sleep(3600)
            await asyncio.sleep(0)
            sleeper.sleep(ASLEEP_S)
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await wait()
