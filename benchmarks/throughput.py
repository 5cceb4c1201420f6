"""Deliveries a minute of each channel alone, durable state on, against a bare loop to its sink."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from time import perf_counter
from typing import Any

import uvloop

from benchmarks import bare, office, register, sinks
from benchmarks.bare import Load, in_flight
from benchmarks.measure import Comparison, Contender, compare
from benchmarks.options import Options
from umsalert import wiring
from umsalert.cli.busy import collect_rarely
from umsalert.dispatch import Dispatcher
from umsalert.events import Event
from umsalert.logs import Log, config_of
from umsalert.model import ChannelKind, Circle, DeliveryState, OutcomeKind
from umsalert.settings import Settings

AROUND = Circle(*register.LARGEST, radius_m=30_000.0)
TARGET = 1 / 0.6
"""Of the bare loop's time: 0.6 of its speed."""

SITES_PER_MESSAGE = 3
"""A sixth of the sites are in the circle, with two contacts each, some of them not vetted."""

Work = Callable[[], Coroutine[Any, Any, float]]


LOOPS = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}
"""Commands that send run on the first where it exists."""


def run(options: Options) -> Iterator[Comparison]:
    """Compare channel by channel, on either event loop."""
    collect_rarely()  # as a command that sends does; the bare loops have it as well
    with sinks.running(options.folder) as sink:
        place = office.at_full_speed(options.folder, sink.https_port, sink.smtp_port)
        sites = options.messages * SITES_PER_MESSAGE
        register.copy_of(sites, options.folder.parent, place.settings.database)
        for kind in ChannelKind:
            work = asyncio.run(bare.load(kind, place.settings, AROUND))
            for loop in LOOPS:
                yield _of_channel(work, loop, place.settings, sink, options)


def _of_channel(
    work: Load, loop: str, settings: Settings, sink: sinks.Sinks, options: Options
) -> Comparison:
    def counted(coroutine: Work) -> Callable[[int], float]:
        def timed(_number: int) -> float:
            sink.record.forget()
            with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
                taken = runner.run(coroutine())
            sink.record.expect(work.count)
            return taken

        return timed

    library = "aiosmtplib" if work.kind is ChannelKind.EMAIL else "aiohttp"
    places = in_flight(settings, work.kind)
    return compare(
        f"deliveries a minute on {loop}: {work.kind.value}, {work.count:,} a round, "
        f"{places} at once",
        [
            Contender(f"bare {library} loop", counted(lambda: bare.send(work, settings))),
            Contender("umsalert: Channel.send", counted(lambda: handed_over(work, settings))),
            Contender(
                "umsalert: Dispatcher.send", counted(lambda: _dispatched(work, settings)), TARGET
            ),
        ],
        max(1, options.rounds // 2),
        items=work.count,
    )


async def handed_over(work: Load, settings: Settings) -> float:
    """Hand over by as many workers as may be on the wire, and record nothing."""
    queue = iter(work.outgoing)
    async with wiring.open_lanes(settings, [work.kind]) as lanes:
        channel = lanes[0].routes[0].channel

        async def worker() -> None:
            for outgoing in queue:
                outcome = await channel.send(outgoing)
                if outcome.kind is not OutcomeKind.ACCEPTED:
                    raise AssertionError(outcome)

        start = perf_counter()
        await asyncio.gather(*(worker() for _worker in range(in_flight(settings, work.kind))))
        return perf_counter() - start


async def _dispatched(work: Load, settings: Settings) -> float:
    """Send one alert as a command does, from the first claim to the last commit."""
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(Log(config_of(settings)).stop)
        store = await stack.enter_async_context(wiring.open_store(settings))
        planner = wiring.planner(settings, store)
        alert = await planner.record(await planner.plan(office.request(AROUND, work.kind)))
        lanes = await stack.enter_async_context(wiring.open_lanes(settings, [work.kind]))
        dispatcher = Dispatcher(wiring.run(settings, store, deaf), alert, lanes)
        start = perf_counter()
        result = await dispatcher.send()
        taken = perf_counter() - start
    if set(result.counts[work.kind]) != {DeliveryState.ACCEPTED}:
        raise AssertionError(result.counts)
    return taken


def deaf(_event: Event) -> None:
    """Draw nothing."""
