"""A report of an alert to the whole country, and a summary over very many deliveries."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter

from benchmarks import records
from benchmarks.measure import Comparison, Contender, compare, once
from benchmarks.options import Options
from umsalert.model import ChannelKind
from umsalert.store.spatialite import connect

FORMATS = ("csv", "json", "geojson", "xlsx")
SUMMARY_AT_MOST = 2.0
ROUNDS = 3
EACH = 5_000
"""Deliveries of each alert of a summary."""
PER_CONTACT = 25
"""Deliveries of a summary for each contact of the alert to the whole country."""

# A child counts what its parent was before it became another program: the parent must be small.
_PEAK = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
_BARE = """
SELECT alert.template, delivery.channel, count(*), count(accepted_at), count(delivered_at)
FROM delivery JOIN alert ON alert.id = delivery.alert_id
WHERE NOT alert.exercise
GROUP BY alert.template, delivery.channel
"""


def run_report(options: Options) -> Iterator[Comparison]:
    """Compare a tenth of an alert to the whole of it: time for each delivery, and peak memory."""
    sizes = [max(3, options.contacts * 3 // part) for part in (10, 1)]
    seconds: dict[str, dict[str, float]] = {}
    peaks: dict[str, list[str]] = {}
    for size in sizes:
        environ = _home(options, alerts=1, deliveries=size, sites=-(-size // 6))
        for kind in FORMATS:
            taken, peak_kib = _reported(options.folder / f"report.{kind}", environ)
            seconds.setdefault(kind, {})[f"{size:,} deliveries"] = taken / size
            peaks.setdefault(kind, []).append(f"{peak_kib / 1024:.0f}")
    for kind, times in seconds.items():
        memory = f"peak memory {' and '.join(peaks[kind])} MB"
        title = f"report --format {kind}, for each delivery; {memory}"
        yield once(title, times)


def run_summary(options: Options) -> Iterator[Comparison]:
    """Compare the real program to the bare GROUP BY of the same deliveries."""
    alerts = max(2, options.contacts * PER_CONTACT // EACH)
    sites = min(20_000, max(1_000, options.contacts // 10))
    environ = _home(options, alerts=alerts, deliveries=EACH, sites=sites)
    words = [sys.executable, "-m", "umsalert", "report", "summary", "--json"]
    with contextlib.closing(
        connect(Path(environ["UMSALERT_HOME"]) / "umsalert.db", write=False)
    ) as connection:

        def bare(_number: int) -> float:
            start = perf_counter()
            connection.execute(_BARE).fetchall()
            return perf_counter() - start

        def ours(_number: int) -> float:
            start = perf_counter()
            subprocess.run(words, env=environ, check=True, stdout=subprocess.DEVNULL)
            return perf_counter() - start

        yield compare(
            f"summary over {alerts:,} alerts, {alerts * EACH:,} deliveries",
            [
                Contender("bare GROUP BY of template and channel", bare),
                Contender("umsalert report summary --json", ours, SUMMARY_AT_MOST),
            ],
            min(options.rounds, ROUNDS),
        )


def _home(options: Options, *, alerts: int, deliveries: int, sites: int) -> dict[str, str]:
    """Return the environment of a home whose database has these alerts."""
    home = options.folder / f"home-{alerts}-{deliveries}"
    home.mkdir(exist_ok=True)
    database = home / "umsalert.db"
    deliveries -= deliveries % len(ChannelKind)
    size = records.Size(alerts=alerts, deliveries=deliveries, sites=sites)
    records.make(database, options.folder.parent, size)
    return {**os.environ, "UMSALERT_HOME": str(home)}


def _reported(file: Path, environ: Mapping[str, str]) -> tuple[float, int]:
    """Write the report; return the seconds that took, and the peak of its memory in KiB."""
    file.unlink(missing_ok=True)
    program = [sys.executable, "-m", "umsalert", "report", "last", "--output", str(file)]
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *program],
        env={**environ},
        check=True,
        capture_output=True,
        text=True,
    )
    taken, peak_kib = done.stdout.split()
    return float(taken), int(peak_kib)
