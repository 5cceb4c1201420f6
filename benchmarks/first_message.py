"""From Enter to the first message on the wire: the real program, a register of full size."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks import office, register, sinks
from benchmarks.measure import Comparison, Contender, compare
from benchmarks.options import Options
from benchmarks.startup import FLOOR, order
from umsalert.model import ChannelKind

RADIUS_M = 800.0
_EVERY_CHANNEL = f"{FLOOR}, jinja2, pysqlite3"
FLOORS = {
    ChannelKind.SMS: f"{_EVERY_CHANNEL}, aiohttp, jwt, cryptography",
    ChannelKind.EMAIL: f"{_EVERY_CHANNEL}, aiosmtplib",
}
"""What each channel cannot do without: command line, texts, database, provider."""


def run(options: Options) -> Iterator[Comparison]:
    """Compare by SMS and by e-mail; a call leaves by the same way as an SMS."""
    sites = options.sites[0]
    with sinks.running(options.folder) as sink:
        place = office.prepare(options.folder, sink.https_port, sink.smtp_port)
        register.copy_of(sites, options.folder.parent, place.settings.database)
        for kind, floor in FLOORS.items():
            yield compare(
                f"Enter to the first message: {kind.value}, {sites:,} sites, {RADIUS_M:.0f} m",
                [
                    Contender("interpreter and imports", _ended(["-c", floor], place)),
                    Contender("umsalert alert send", _arrived(kind, place, sink.record)),
                ],
                options.rounds,
                notes=(f"imports: {floor.removeprefix('import ')}",),
            )


def _ended(words: Sequence[str], place: office.Office) -> Callable[[int], float]:
    def timed(_number: int) -> float:
        start = time.monotonic()
        subprocess.run([sys.executable, *words], check=True, env=place.environ)
        return time.monotonic() - start

    return timed


def _arrived(
    kind: ChannelKind, place: office.Office, record: sinks.Record
) -> Callable[[int], float]:
    def timed(number: int) -> float:
        record.forget()
        words = ["alert", "send", *order(register.circle(RADIUS_M, number)), "--yes", "--json"]
        start = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "umsalert", *words, "--channel", kind.value],
            check=True,
            stdout=subprocess.DEVNULL,
            env=place.environ,
        )
        return float(record.first_s.value) - start

    return timed
