"""How long an officer waits before a command even begins."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

from benchmarks import office, register
from benchmarks.measure import Comparison, Contender, compare
from benchmarks.options import Options
from umsalert import wiring
from umsalert.geo.units import format_distance
from umsalert.model import Circle

FLOOR = "import typer, rich"
TARGET = 1.5
SITES = 50
"""Few rows: this is about the way to a command, not about what it lists."""

_CENTRE = Circle(*register.LARGEST, radius_m=10_000.0)


def run(options: Options) -> Iterator[Comparison]:
    """Compare fresh interpreters."""
    place = office.prepare(options.folder)
    register.copy_of(SITES, options.folder.parent, place.settings.database)
    asyncio.run(_one_alert(place))
    commands: list[tuple[Sequence[str], float | None]] = [
        (["--version"], TARGET),
        (["--help"], TARGET),
        (["site", "list"], None),
        (["report", "last"], None),
        (["alert", "preview", *order()], None),
    ]
    yield compare(
        f"start-up: fresh interpreters, {SITES} sites",
        [
            Contender(f"python -c '{FLOOR}'", _timed(["-c", FLOOR], place)),
            *(
                Contender(
                    f"umsalert {' '.join(words[:2])}",
                    _timed(["-m", "umsalert", *words], place),
                    at_most=at_most,
                )
                for words, at_most in commands
            ),
        ],
        options.rounds,
    )


def order(circle: Circle = _CENTRE) -> list[str]:
    """Return the arguments of `alert preview` and `alert send` for a circle."""
    place = ["--lat", str(circle.lat), "--lon", str(circle.lon)]
    place += ["--radius", format_distance(circle.radius_m).replace(" ", "")]
    values = [f"--var={name}={value}" for name, value in office.VALUES.items()]
    return [*place, "--template", office.template().name, *values]


async def _one_alert(place: office.Office) -> None:
    async with wiring.open_store(place.settings) as store:
        planner = wiring.planner(place.settings, store)
        await planner.record(await planner.plan(office.request(_CENTRE)))


def _timed(words: Sequence[str], place: office.Office) -> Callable[[int], float]:
    def timed(_number: int) -> float:
        start = perf_counter()
        subprocess.run([sys.executable, *words], check=True, capture_output=True, env=place.environ)
        return perf_counter() - start

    return timed
