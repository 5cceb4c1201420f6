"""Where the time of a delivery goes: parts of the way, and the processor time of each thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from benchmarks import bare, office, register, sinks
from benchmarks.bare import Load, in_flight
from benchmarks.measure import Comparison, Contender, compare
from benchmarks.options import Options
from benchmarks.throughput import AROUND, LOOPS, SITES_PER_MESSAGE, deaf, handed_over
from umsalert import wiring
from umsalert.cli.busy import collect_rarely
from umsalert.dispatch import Dispatcher, LaneConfig, RouteConfig
from umsalert.logs import Log, config_of
from umsalert.model import ChannelKind, Outcome, OutcomeKind, Outgoing
from umsalert.ports import Pace
from umsalert.settings import Settings

THREADS = {"MainThread": "loop", "write": "record", "read": "counts", "Thread": "log"}
"""By the first part of the thread's name; `loop` has the network and TLS."""


def run(options: Options) -> Iterator[Comparison]:
    """Compare channel by channel."""
    collect_rarely()
    with sinks.running(options.folder) as sink:
        place = office.at_full_speed(options.folder, sink.https_port, sink.smtp_port)
        sites = options.messages * SITES_PER_MESSAGE
        register.copy_of(sites, options.folder.parent, place.settings.database)
        for kind in ChannelKind:
            work = asyncio.run(bare.load(kind, place.settings, AROUND))
            yield _of_channel(work, place.settings, max(1, options.rounds // 2))


def _of_channel(work: Load, settings: Settings, rounds: int) -> Comparison:
    parts = {
        "all of it": _Part(lambda part: _dispatched(work, settings, part, log=True)),
        "all of it, on asyncio": _Part(
            lambda part: _dispatched(work, settings, part, log=True), loop="asyncio"
        ),
        "without the log": _Part(lambda part: _dispatched(work, settings, part)),
        "without log and network": _Part(lambda part: _dispatched(work, settings, part, bare=True)),
        "network alone": _Part(lambda part: _on_the_wire(work, settings, part)),
        "text alone": _Part(lambda part: _text(work, settings, part)),
    }
    contenders = [Contender(name, part.run) for name, part in parts.items()]
    title = f"stages: {work.kind.value}, {work.count:,} a round"
    compared = compare(title, contenders, rounds, items=work.count)
    notes = [f"{name}: {part.words(work.count)}" for name, part in parts.items()]
    return Comparison(
        compared.title,
        compared.lines,
        compared.items,
        ("processor time in us a delivery:", *notes),
    )


@dataclass
class _Part:
    """One part of the way, with the processor seconds of its threads in the best of all rounds."""

    work: Callable[[_Part], Coroutine[Any, Any, float]]
    loop: str = "uvloop"
    best: Mapping[str, float] = field(default_factory=dict)
    _start: Mapping[str, float] = field(default_factory=dict)

    def run(self, _number: int) -> float:
        with asyncio.Runner(loop_factory=LOOPS[self.loop]) as runner:
            return runner.run(self.work(self))

    def begin(self) -> float:
        self._start = _processor_s()
        return perf_counter()

    def end(self, start: float) -> float:
        taken = perf_counter() - start
        used = {name: s - self._start.get(name, 0.0) for name, s in _processor_s().items()}
        if not self.best or sum(used.values()) < sum(self.best.values()):
            self.best = used
        return taken

    def words(self, count: int) -> str:
        us = {name: 1e6 * seconds / count for name, seconds in self.best.items()}
        shares = ", ".join(f"{name} {value:.0f}" for name, value in us.items() if value >= 0.5)
        return f"{sum(us.values()):.0f} ({shares})"


def _processor_s() -> Mapping[str, float]:
    """Return the processor seconds of this process by what the thread is for."""
    found = Counter[str]()
    for thread in threading.enumerate():
        if thread.ident is not None:
            clock = time.pthread_getcpuclockid(thread.ident)
            name = thread.name.partition("_")[0].partition("-")[0]
            found[THREADS.get(name, "others")] += time.clock_gettime(clock)  # type: ignore[assignment]
    return found


async def _dispatched(
    work: Load, settings: Settings, part: _Part, *, log: bool = False, bare: bool = False
) -> float:
    async with contextlib.AsyncExitStack() as stack:
        if log:
            stack.callback(Log(config_of(settings)).stop)
        store = await stack.enter_async_context(wiring.open_store(settings))
        planner = wiring.planner(settings, store)
        alert = await planner.record(await planner.plan(office.request(AROUND, work.kind)))
        lanes = await stack.enter_async_context(wiring.open_lanes(settings, [work.kind]))
        if bare:
            route = RouteConfig(
                _Nowhere(work.kind), Pace(1e9, 10**9), in_flight(settings, work.kind)
            )
            lanes = [LaneConfig(work.kind, (route,))]
        dispatcher = Dispatcher(wiring.run(settings, store, deaf), alert, lanes)
        start = part.begin()
        await dispatcher.send()
        return part.end(start)


async def _on_the_wire(work: Load, settings: Settings, part: _Part) -> float:
    start = part.begin()
    await handed_over(work, settings)
    return part.end(start)


async def _text(work: Load, settings: Settings, part: _Part) -> float:
    start = part.begin()
    bare.written(work, settings)
    return part.end(start)


class _Nowhere:
    """A channel that accepts in the loop's next turn."""

    provider = "nowhere"

    def __init__(self, kind: ChannelKind) -> None:
        self.kind = kind

    async def send(self, _outgoing: Outgoing) -> Outcome:
        await asyncio.sleep(0)
        return Outcome(OutcomeKind.ACCEPTED, provider_id="nowhere")

    def withdraw(self) -> None:
        """Hold nothing back."""

    async def close(self) -> None:
        """Close nothing."""
