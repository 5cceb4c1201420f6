"""Ten thousand guards open their link and answer within a minute, while another alert goes out."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter

import aiohttp
import uvloop

from benchmarks import bare, office, register, sinks
from benchmarks.measure import Comparison, once
from benchmarks.options import Options
from benchmarks.startup import order
from umsalert.cli.busy import collect_rarely
from umsalert.model import ChannelKind, Circle
from umsalert.store.spatialite import connect

GUARDS = 10_000
WITHIN_S = 60.0
LOOKS_S = 2.0
"""From reading the page to pressing a button; the page takes nobody for a person who is faster."""
WARM_UP, UNLOADED = 20, 200
"""Views of the page with nobody else there: not counted, and counted."""
SITES_PER_GUARD = 1.2
"""A register has two contacts a site, of whom some are not vetted or not on duty."""
EVERYBODY = Circle(46.6, 2.5, radius_m=1_000_000.0)
SENT_RADIUS_M = 15_000.0
"""About 1,500 people: at a provider's pace their SMS take as long as the answers come."""
SMS_PER_S = 28
PAGE_AIM, SENDER_AIM = 10.0, 1.2
_STAMP = re.compile(r'name="stamp" value="([^"]+)"')


@dataclass
class Seen:
    """Seconds that each request took, and how many guards were told that they were heard."""

    views_s: list[float] = field(default_factory=list)
    answers_s: list[float] = field(default_factory=list)
    heard: int = 0


def run(options: Options) -> Iterator[Comparison]:
    """Compare the page under load to itself unloaded, and the sender beside it to it alone."""
    collect_rarely()  # a guard's telephone has no garbage of ten thousand others
    with sinks.running(options.folder) as sink:
        place = office.prepare(options.folder, sink.https_port, sink.smtp_port)
        guards = min(options.contacts, GUARDS)
        sites = round(guards * SITES_PER_GUARD)
        register.copy_of(sites, options.folder.parent, place.settings.database)
        place.environ.update(
            {
                "UMSALERT_ALERT_MAX_RADIUS_M": "1000000",
                "UMSALERT_APPROVAL_RADIUS_M": "0",
                "UMSALERT_APPROVAL_RECIPIENTS": "0",
                "UMSALERT_SMS_VONAGE_RATE_PER_S": str(SMS_PER_S),
                "UMSALERT_SMS_VONAGE_BURST": "2",
            }
        )
        work = asyncio.run(bare.load(ChannelKind.SMS, place.settings, EVERYBODY))
        tokens = [outgoing.token for outgoing in work.outgoing][:guards]
        alone_s = _sent(place)
        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        with _serving(place) as url, runner:
            unloaded = runner.run(_look_one_by_one(url, tokens))
            seen, beside_s = runner.run(_all_at_once(place, url, tokens))
        heard = _kept(place)
    yield _pages(unloaded, seen)
    sender = once(
        f"the sender, at {SMS_PER_S} SMS a second, to its last commit",
        {"alone": alone_s, "while guards answer": beside_s},
    )
    lost = f"{len(tokens):,} guards answered, {seen.heard:,} were told so, {heard:,} are kept"
    ratio = beside_s / alone_s
    yield Comparison(
        sender.title,
        sender.lines,
        notes=(
            f"aim below {SENDER_AIM}: {'met' if ratio < SENDER_AIM else 'MISSED'}",
            f"{lost}: {'met' if heard == seen.heard == len(tokens) else 'MISSED'}",
        ),
    )


def _pages(unloaded: Sequence[float], seen: Seen) -> Comparison:
    found = once(
        f"the page, {len(seen.views_s):,} guards within {_within_s(len(seen.views_s)):.0f} s",
        {
            "view, nobody else there: median": median(unloaded),
            "view under load: median": median(seen.views_s),
            "view under load: p99": quantiles(seen.views_s, n=100)[98],
            "answer under load: median": median(seen.answers_s),
            "answer under load: p99": quantiles(seen.answers_s, n=100)[98],
        },
    )
    ratio = quantiles(seen.views_s, n=100)[98] / median(unloaded)
    verdict = "met" if ratio < PAGE_AIM else "MISSED"
    return Comparison(
        found.title, found.lines, notes=(f"p99 of views, aim below {PAGE_AIM:.0f}: {verdict}",)
    )


async def _all_at_once(place: office.Office, url: str, tokens: Sequence[str]) -> tuple[Seen, float]:
    seen = Seen()
    answering = asyncio.create_task(_answer_all(url, tokens, seen))
    beside_s = await asyncio.to_thread(_sent, place)
    await answering
    return seen, beside_s


async def _look_one_by_one(url: str, tokens: Sequence[str]) -> list[float]:
    """View pages one after the other, each on a connection of its own as a telephone does."""
    taken = []
    for token in itertools.islice(tokens, WARM_UP + UNLOADED):
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector) as browser:
            start = perf_counter()
            await _view(browser, f"{url}/r/{token}")
            taken.append(perf_counter() - start)
    return taken[WARM_UP:]


async def _answer_all(url: str, tokens: Sequence[str], seen: Seen) -> None:
    chance = random.Random(len(tokens))
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as browser:

        async def guard(token: str) -> None:
            await asyncio.sleep(chance.uniform(0, _within_s(len(tokens))))
            page = f"{url}/r/{token}"
            start = perf_counter()
            stamp = await _view(browser, page)
            seen.views_s.append(perf_counter() - start)
            await asyncio.sleep(LOOKS_S)
            fields = {"stamp": stamp, "answer": "acknowledged"}
            start = perf_counter()
            async with browser.post(page, data=fields, allow_redirects=False) as response:
                await response.read()
                seen.heard += response.status == 303
            seen.answers_s.append(perf_counter() - start)

        await asyncio.gather(*map(guard, tokens))


def _within_s(guards: int) -> float:
    """Return the time in which so many answer: as often as ten thousand in a minute."""
    return WITHIN_S * guards / GUARDS


async def _view(browser: aiohttp.ClientSession, page: str) -> str:
    async with browser.get(page) as response:
        found = _STAMP.search(await response.text())
    if found is None:
        raise AssertionError(f"status {response.status}: no form on the page")
    return found[1]


def _sent(place: office.Office) -> float:
    """Send an alert by SMS to its end, by the real program; return the seconds."""
    circle = Circle(*register.LARGEST, radius_m=SENT_RADIUS_M)
    words = ["alert", "send", *order(circle), "--channel", "sms", "--yes", "--json"]
    start = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "umsalert", *words],
        check=True,
        stdout=subprocess.DEVNULL,
        env=place.environ,
    )
    return time.monotonic() - start


@contextlib.contextmanager
def _serving(place: office.Office) -> Iterator[str]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    environ = place.environ | {"UMSALERT_SERVE_PORT": str(port)}
    words = [sys.executable, "-m", "umsalert", "serve"]
    process = subprocess.Popen(
        words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _kept(place: office.Office) -> int:
    with contextlib.closing(connect(place.settings.database, write=False)) as connection:
        row = connection.execute(
            "SELECT count(DISTINCT contact_id) FROM reply WHERE source = 'link'"
        ).fetchone()
        return int(row[0])
