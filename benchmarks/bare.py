"""What the sending is held against: a library's loop that sends the same bytes and forgets them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter

import aiohttp
import aiosmtplib

from benchmarks import office
from umsalert import wiring
from umsalert.channels.letter import Letter, Stationery
from umsalert.channels.network import client_context
from umsalert.channels.vonage import sms, voice
from umsalert.model import ChannelKind, Circle, Outgoing
from umsalert.ports import Pace, Want
from umsalert.settings import Settings, providers, rate

_BODIES = {ChannelKind.SMS: sms.request_body, ChannelKind.VOICE: voice.request_body}
_TOKEN = "x" * 500
"""As long as a signed one."""


@dataclass(frozen=True, slots=True)
class Load:
    """What an alert hands over by one channel. `count` may be more: then it begins anew."""

    kind: ChannelKind
    outgoing: Sequence[Outgoing]
    count: int


def in_flight(settings: Settings, kind: ChannelKind) -> int:
    """Return how many hand-overs the first provider may have on the wire."""
    return rate(settings, kind, providers(settings, kind)[0]).in_flight


async def load(kind: ChannelKind, settings: Settings, circle: Circle) -> Load:
    """Return what an alert would hand over, by claiming all of one that is never sent."""
    async with wiring.open_store(settings) as store:
        planner = wiring.planner(settings, store)
        alert = await planner.record(await planner.plan(office.request(circle, kind)))
        sender_id = await store.outbox.open_sender(alert.id, office.OPERATOR)
        want = Want(kind, "bench", Pace(1e9, 10**9), limit=10**9, in_flight=10**9)
        (claim,) = await store.outbox.exchange(sender_id, (), (want,))
        await store.outbox.close_sender(sender_id)
    return Load(kind, claim.outgoing, len(claim.outgoing))


async def send(work: Load, settings: Settings) -> float:
    """Send by the library of the channel, over as many kept connections; return the seconds."""
    sender = _send_letters if work.kind is ChannelKind.EMAIL else _post
    return await sender(work, settings)


async def _post(work: Load, settings: Settings) -> float:
    vonage = settings.vonage
    url = vonage.messages_url if work.kind is ChannelKind.SMS else vonage.calls_url
    bodies = islice(cycle(_bodies(work, settings)), work.count)
    places = in_flight(settings, work.kind)
    connector = aiohttp.TCPConnector(limit=places, ssl=await client_context(vonage.ca_file))
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_TOKEN}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def worker() -> None:
            for body in bodies:
                async with session.post(url, data=body) as response:
                    await response.read()

        start = perf_counter()
        await asyncio.gather(*(worker() for _worker in range(places)))
        return perf_counter() - start


async def _send_letters(work: Load, settings: Settings) -> float:
    smtp = settings.smtp
    letters = islice(cycle(_letters(work, settings)), work.count)
    context = await client_context(smtp.ca_file)

    async def worker() -> None:
        async with aiosmtplib.SMTP(
            hostname=smtp.host, port=smtp.port, use_tls=True, tls_context=context
        ) as client:
            for letter in letters:
                content = letter.data.removesuffix(b".\r\n")
                await client.sendmail(letter.sender, [letter.recipient], content)

    start = perf_counter()
    await asyncio.gather(*(worker() for _worker in range(in_flight(settings, work.kind))))
    return perf_counter() - start


def written(work: Load, settings: Settings) -> Sequence[object]:
    """Return what leaves, all of it written."""
    if work.kind is ChannelKind.EMAIL:
        return _letters(work, settings)
    return _bodies(work, settings)


def _bodies(work: Load, settings: Settings) -> Sequence[bytes]:
    now = wiring.clock(settings).now()
    body = _BODIES[work.kind]
    return [json.dumps(body(item, settings.vonage, now)).encode() for item in work.outgoing]


def _letters(work: Load, settings: Settings) -> Sequence[Letter]:
    stationery = Stationery(settings.smtp)
    now = wiring.clock(settings).now()
    written = (stationery.letter(item, now) for item in work.outgoing)
    return [letter for letter in written if letter is not None]
