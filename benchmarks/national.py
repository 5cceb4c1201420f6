"""An alert to the whole country by three channels at once, sent by the real program and killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import uvloop

from benchmarks import bare, office, register, sinks
from benchmarks.bare import Load
from benchmarks.measure import Comparison, once
from benchmarks.options import Options
from benchmarks.startup import order
from umsalert.model import ChannelKind, Circle
from umsalert.settings import Settings
from umsalert.store.spatialite import connect

CONTACTS_PER_SITE = 1.8
"""Of a register's two: who is vetted, at a site that is vetted. At noon none of them is empty."""
COUNTRY = Circle(46.6, 2.5, radius_m=1_000_000.0)
AIM_PER_MINUTE = 200_000
MEMORY_AIM_MB = 400
SIZES = (1_000, 10_000, 100_000)
"""Deliveries, beside those of all contacts."""
KILLED_CONTACTS = 10_000
SEED = 1807


def run(options: Options) -> Iterator[Comparison]:
    """Compare a whole alert to bare loops, then alerts of growing size, and kill some."""
    with sinks.running(options.folder) as sink:
        country = _Country(options, sink)
        sent = country.sent(options.contacts)
        yield _beside_bare_loops(country, sent)
        yield _growing(country, sent)
        yield _killed(country, min(options.contacts, KILLED_CONTACTS), options.rounds)


@dataclass(frozen=True, slots=True)
class Sent:
    """What one run of the program came to. Without Linux's /proc, `peak_bytes` is 0."""

    deliveries: int
    seconds: float
    peak_bytes: int


class _Country:
    """Registers of any size, each with the real program beside it."""

    def __init__(self, options: Options, sink: sinks.Sinks) -> None:
        self._options = options
        self.sink = sink

    def place(self, contacts: int) -> office.Office:
        """Return a home whose register has about so many contacts to alert, at noon."""
        place = office.at_full_speed(
            self._options.folder, self.sink.https_port, self.sink.smtp_port
        )
        away_s = (office.NOON - datetime.now(UTC)).total_seconds()
        place.environ["UMSALERT_SIMULATION_CLOCK_OFFSET_S"] = str(away_s)
        place.environ["UMSALERT_ALERT_MAX_RADIUS_M"] = str(COUNTRY.radius_m)
        for limit in ("RADIUS_M", "RECIPIENTS"):  # nobody is there to approve it
            place.environ[f"UMSALERT_APPROVAL_{limit}"] = "0"
        database = place.settings.database
        for old in database.parent.glob(f"{database.name}*"):
            old.unlink()
        sites = max(1, round(contacts / CONTACTS_PER_SITE))
        register.copy_of(sites, self._options.folder.parent, database)
        return place

    def sent(self, contacts: int) -> Sent:
        """Alert all of a register by every channel; raise where one message did not arrive once."""
        with _Sending(self.place(contacts)) as sending:
            self.sink.record.forget()
            done = sending.to_the_end()
        self.sink.record.expect(done.deliveries)
        return done

    def killed(self, contacts: int, share: float) -> int:
        """Kill the program after a share of the messages; return how many are then in doubt."""
        place = self.place(contacts)
        with _Sending(place) as sending:
            self.sink.record.forget()
            total = sending.planned()
            while self.sink.record.count.value < share * total:
                time.sleep(0.001)
            sending.kill()
        found = _states(place.settings.database)
        accepted, doubtful = found.get("accepted", 0), found.get("sending", 0)
        arrived = self.sink.record.count.value
        if not accepted <= arrived <= accepted + doubtful:
            raise AssertionError(f"{arrived} arrived, {found}")
        return doubtful


class _Sending:
    """`umsalert alert send` in a process of its own."""

    def __init__(self, place: office.Office) -> None:
        words = ["alert", "send", *order(COUNTRY), "--yes", "--json"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "umsalert", *words],
            stdout=subprocess.PIPE,
            env=place.environ,
            text=True,
        )

    def __enter__(self) -> _Sending:
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def planned(self) -> int:
        """Wait for the first message; return how many there will be."""
        deliveries: Mapping[str, int] = self._until("planned")["deliveries"]
        return sum(deliveries.values())

    def to_the_end(self) -> Sent:
        """Wait for the last commit. The time counts from the first claim."""
        deliveries = self.planned()
        start = perf_counter()
        self._until("finished")
        seconds = perf_counter() - start
        peak = self._peak_bytes()
        if self._process.wait():
            raise AssertionError(f"exit code {self._process.returncode}")
        return Sent(deliveries, seconds, peak)

    def _until(self, name: str) -> Mapping[str, Any]:
        for line in self._process.stdout or ():
            event: Mapping[str, Any] = json.loads(line)
            if event["event"] == name:
                return event
        raise AssertionError(f"ended before: {name}")

    def _peak_bytes(self) -> int:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return 0


def _beside_bare_loops(country: _Country, sent: Sent) -> Comparison:
    """Send as many messages by three bare loops at once."""
    place = country.place(2_000)
    each, left = divmod(sent.deliveries, len(ChannelKind))
    work = [
        Load(kind, asyncio.run(bare.load(kind, place.settings, COUNTRY)).outgoing, each + extra)
        for kind, extra in zip(ChannelKind, (left, 0, 0), strict=True)
    ]

    country.sink.record.forget()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        bare_s = runner.run(_all_at_once(work, place.settings))
    country.sink.record.expect(sent.deliveries)
    compared = once(
        f"three channels at once: {sent.deliveries:,} deliveries",
        {
            "bare loops of aiohttp and aiosmtplib, on uvloop": bare_s,
            "umsalert alert send": sent.seconds,
        },
        items=sent.deliveries,
    )
    per_minute = 60 * sent.deliveries / sent.seconds
    notes = (
        f"aim {AIM_PER_MINUTE:,} a minute: {_verdict(per_minute >= AIM_PER_MINUTE)}",
        f"peak memory of the sending process {sent.peak_bytes / 1e6:.0f} MB, "
        f"aim below {MEMORY_AIM_MB}: {_verdict(sent.peak_bytes < MEMORY_AIM_MB * 1e6)}",
    )
    return Comparison(compared.title, compared.lines, compared.items, notes)


async def _all_at_once(work: list[Load], settings: Settings) -> float:
    start = perf_counter()
    await asyncio.gather(*(bare.send(load, settings) for load in work))
    return perf_counter() - start


def _growing(country: _Country, largest: Sent) -> Comparison:
    """Compare the time of one delivery, in alerts of growing size."""
    sizes = [size for size in SIZES if size < largest.deliveries]
    sent = [*(country.sent(size // len(ChannelKind)) for size in sizes), largest]
    seconds = {f"{item.deliveries:,} deliveries": item.seconds / item.deliveries for item in sent}
    return once("one delivery, in an alert of", seconds, items=1)


def _killed(country: _Country, contacts: int, times: int) -> Comparison:
    """Kill the program at random moments and count what it leaves in doubt."""
    chance = random.Random(SEED)
    doubtful = [country.killed(contacts, chance.uniform(0.05, 0.95)) for _time in range(times)]
    low, high = min(doubtful), max(doubtful)
    found = f"{median(doubtful):.0f} messages in doubt ({low}-{high}) of {contacts * 3:,}"
    return Comparison(f"killed at a random moment, {times} times: {found}", ())


def _states(database: Path) -> Mapping[str, int]:
    with contextlib.closing(connect(database, write=False)) as connection:
        rows = connection.execute("SELECT state, count(*) FROM delivery GROUP BY state")
        return {row[0]: row[1] for row in rows}


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"
