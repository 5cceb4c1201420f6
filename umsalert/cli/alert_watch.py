"""Watching an alert until it is over, time is up, or nobody looks any more."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from umsalert import wiring
from umsalert.board import BoardView
from umsalert.cli.board_screens import End, Last, screen
from umsalert.cli.context import Session
from umsalert.cli.output import Output
from umsalert.errors import TemporaryError
from umsalert.ports import Clock

LOOK_EVERY_S = 1.0
IDLE_SHARE = 4.0
"""... and after a look that takes long, of a very large alert, not before so many times as long."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to watch: with a bell for each new sighting or not, and for how long."""

    bell: bool = True
    length: timedelta | None = None


async def watch(this: Session, ref: str, manner: Manner, output: Output) -> None:
    """Show an alert while it runs."""
    clock = wiring.clock(this.settings)
    async with wiring.open_store(this.settings) as store:
        watcher = wiring.watcher(store, await store.alerts.alert(ref))
        look = await watcher.look(clock)
        with _attention(clock, manner) as attention, screen(output, bell=manner.bell) as shown:
            shown.look(look)
            taken_s = 0.0
            while not (end := attention.end(look.view)):
                await attention.pause(max(LOOK_EVERY_S, IDLE_SHARE * taken_s))
                start_s = clock.steady_s()
                try:
                    look = await watcher.look(clock)
                except TemporaryError as error:  # said, and tried again: nothing is lost
                    shown.trouble(clock.now(), error)
                else:
                    shown.look(look)
                taken_s = clock.steady_s() - start_s
            shown.end(Last(look.view, end))


class _Attention:
    """Whether anybody still looks, and for how long."""

    def __init__(self, clock: Clock, manner: Manner, reader: select.poll | None) -> None:
        self._clock = clock
        self._until_s = (
            None if manner.length is None else clock.steady_s() + manner.length.total_seconds()
        )
        self._reader = reader
        self._interrupted = False
        self._wake = asyncio.Event()

    def interrupt(self) -> None:
        self._interrupted = True
        self._wake.set()

    def wake(self) -> None:
        """Look again at once: the terminal has another size."""
        self._wake.set()

    def end(self, view: BoardView) -> End | None:
        """Return why to end, or None."""
        if self._interrupted or (self._reader and self._reader.poll(0)):
            return End.INTERRUPTED
        if view.over:
            return End.OVER
        late = self._until_s is not None and self._clock.steady_s() >= self._until_s
        return End.TIME if late else None

    async def pause(self, seconds: float) -> None:
        """Wait for that long in real time, or until something has happened here."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
        self._wake.clear()


@contextlib.contextmanager
def _attention(clock: Clock, manner: Manner) -> Iterator[_Attention]:
    """Let Ctrl-C, SIGTERM and a closed terminal end the board, not the program."""
    loop = asyncio.get_running_loop()
    with _reader() as reader:
        attention = _Attention(clock, manner, reader)
        handlers = dict.fromkeys(
            (signal.SIGINT, signal.SIGTERM, signal.SIGHUP), attention.interrupt
        ) | {signal.SIGWINCH: attention.wake}
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            yield attention
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)


@contextlib.contextmanager
def _reader() -> Iterator[select.poll | None]:
    """Return what tells that the program which reads a pipe from us has ended."""
    if sys.stdout is None or sys.stdout.isatty():
        yield None
        return
    try:
        held = os.dup(sys.stdout.fileno())  # what is written to may become the null device
    except (OSError, ValueError):
        yield None
        return
    reader = select.poll()
    reader.register(held, 0)  # only errors: POLLERR, POLLHUP
    try:
        yield reader
    finally:
        os.close(held)
