"""Deliveries a minute with durable state, against a bare loop to the same sink."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from time import perf_counter

import aiohttp
import aiosmtplib

from benchmarks import office, register, sinks
from benchmarks.measure import Comparison, Contender, compare
from benchmarks.options import Options
from umsalert import wiring
from umsalert.channels.letter import Stationery
from umsalert.channels.network import client_context
from umsalert.channels.vonage import sms, voice
from umsalert.dispatch import Dispatcher
from umsalert.events import Event
from umsalert.model import Alert, ChannelKind, Circle, DeliveryState, Outgoing
from umsalert.ports import Pace, Want
from umsalert.settings import Settings, providers, rate
from umsalert.store.store import Store

_AROUND = Circle(*register.LARGEST, radius_m=30_000.0)
_SITES_PER_MESSAGE = 3
"""A sixth of the sites are in the circle, with two contacts each, some of them not vetted."""

_BODIES = {ChannelKind.SMS: sms.request_body, ChannelKind.VOICE: voice.request_body}


def run(options: Options) -> Iterator[Comparison]:
    """Compare channel by channel."""
    with sinks.running(options.folder) as sink:
        place = office.prepare(options.folder, sink.https_port, sink.smtp_port)
        settings = place.settings
        sites = options.messages * _SITES_PER_MESSAGE
        register.copy_of(sites, options.folder.parent, settings.database)
        for kind in ChannelKind:
            yield _of_channel(kind, settings, sink, options)


def _of_channel(
    kind: ChannelKind, settings: Settings, sink: sinks.Sinks, options: Options
) -> Comparison:
    outgoing = asyncio.run(_outgoing(kind, settings))
    bare = _bare_smtp if kind is ChannelKind.EMAIL else _bare_https
    in_flight = _in_flight(settings, kind)

    def counted(work: Callable[[], Awaitable[float]]) -> Callable[[int], float]:
        def timed(_number: int) -> float:
            sink.record.forget()
            taken = asyncio.run(_float(work))
            if sink.record.count.value != len(outgoing):
                raise AssertionError(f"{sink.record.count.value} arrived of {len(outgoing)}")
            return taken

        return timed

    return compare(
        f"deliveries a minute: {kind.value}, {len(outgoing):,} a round, {in_flight} at once",
        [
            Contender(
                "bare aiosmtplib loop" if kind is ChannelKind.EMAIL else "bare aiohttp loop",
                counted(lambda: bare(kind, settings, outgoing)),
            ),
            Contender("umsalert: Dispatcher.send", counted(lambda: _dispatched(kind, settings))),
        ],
        max(1, options.rounds // 2),
        items=len(outgoing),
    )


def _in_flight(settings: Settings, kind: ChannelKind) -> int:
    return rate(settings, kind, providers(settings, kind)[0]).in_flight


async def _float(work: Callable[[], Awaitable[float]]) -> float:
    return await work()


async def _new_alert(kind: ChannelKind, settings: Settings, store: Store) -> Alert:
    planner = wiring.planner(settings, store)
    return await planner.record(await planner.plan(office.request(_AROUND, kind)))


async def _dispatched(kind: ChannelKind, settings: Settings) -> float:
    """Send one alert; only the sending counts, from the first claim to the last commit."""
    async with wiring.open_store(settings) as store, contextlib.AsyncExitStack() as stack:
        alert = await _new_alert(kind, settings, store)
        lanes = await stack.enter_async_context(wiring.open_lanes(settings, [kind]))
        dispatcher = Dispatcher(wiring.run(settings, store, _deaf), alert, lanes)
        start = perf_counter()
        result = await dispatcher.send()
        taken = perf_counter() - start
    if set(result.counts[kind]) != {DeliveryState.ACCEPTED}:
        raise AssertionError(result.counts)
    return taken


def _deaf(_event: Event) -> None:
    """Draw nothing."""


async def _outgoing(kind: ChannelKind, settings: Settings) -> Sequence[Outgoing]:
    """Return what an alert would hand over, by claiming all of one that is never sent."""
    async with wiring.open_store(settings) as store:
        alert = await _new_alert(kind, settings, store)
        sender_id = await store.outbox.open_sender(alert.id, office.OPERATOR)
        want = Want(kind, "bench", Pace(1e9, 10**9), limit=10**9, in_flight=10**9)
        (claim,) = await store.outbox.exchange(sender_id, (), (want,))
        await store.outbox.close_sender(sender_id)
    return claim.outgoing


async def _bare_https(kind: ChannelKind, settings: Settings, outgoing: Sequence[Outgoing]) -> float:
    """Post the same bodies over as many kept connections, and forget the answers."""
    vonage = settings.vonage
    url = vonage.messages_url if kind is ChannelKind.SMS else vonage.calls_url
    now = wiring.clock(settings).now()
    bodies = iter([json.dumps(_BODIES[kind](item, vonage, now)).encode() for item in outgoing])
    in_flight = _in_flight(settings, kind)
    connector = aiohttp.TCPConnector(limit=in_flight, ssl=await client_context(vonage.ca_file))
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + "x" * 500}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def worker() -> None:
            for body in bodies:
                async with session.post(url, data=body) as response:
                    await response.read()

        start = perf_counter()
        await asyncio.gather(*(worker() for _worker in range(in_flight)))
        return perf_counter() - start


async def _bare_smtp(_kind: ChannelKind, settings: Settings, outgoing: Sequence[Outgoing]) -> float:
    """Send the same letters over as many kept connections."""
    stationery = Stationery(settings.smtp)
    now = wiring.clock(settings).now()
    letters = iter([stationery.letter(item, now) for item in outgoing])
    context = await client_context(settings.smtp.ca_file)

    async def worker() -> None:
        async with aiosmtplib.SMTP(
            hostname=settings.smtp.host, port=settings.smtp.port, use_tls=True, tls_context=context
        ) as client:
            for letter in letters:
                if letter is not None:
                    content = letter.data.removesuffix(b".\r\n")
                    await client.sendmail(letter.sender, [letter.recipient], content)

    start = perf_counter()
    await asyncio.gather(*(worker() for _worker in range(settings.email.smtp.in_flight)))
    return perf_counter() - start
