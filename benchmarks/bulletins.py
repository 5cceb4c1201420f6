"""What cron pays every few minutes for nothing: `bulletin run-due` while nothing is due."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter

from benchmarks import office, register
from benchmarks.measure import Comparison, Contender, compare
from benchmarks.options import Options
from umsalert.store.instants import to_text
from umsalert.store.spatialite import connect

BULLETINS = 10_000
TARGET = 1.1
"""Beside the same command without any bulletin."""
_INSERT = """
INSERT INTO bulletin (
    ref, template, request, exercise, cron, time_zone, begins_at, account, operator, created_at,
    approved_by, next_due
) VALUES (?1, 'vigilance', ?2, 0, '0 8 * * 1', 'Europe/Paris', ?3, 'bench', 'bench', ?3, '', ?4)
"""


def run(options: Options) -> Iterator[Comparison]:
    """Compare fresh interpreters: no bulletin, very many, and what any look at the file costs."""
    places = {}
    for n in (0, BULLETINS):
        folder = options.folder / f"bulletins-{n}"
        places[n] = office.prepare(folder)
        register.copy_of(50, options.folder.parent, places[n].settings.database)
        _plan(places[n], n)
    version = _timed(["--version"], places[0].environ)
    none = _timed(["bulletin", "run-due"], places[0].environ)
    many = _timed(["bulletin", "run-due"], places[BULLETINS].environ)
    yield compare(
        f"run-due while nothing is due: fresh interpreters, {BULLETINS:,} bulletins",
        [
            Contender("no bulletin", none),
            Contender(f"{BULLETINS:,} bulletins", many, at_most=TARGET),
            Contender("umsalert --version", version),
        ],
        options.rounds,
    )


def _plan(place: office.Office, n: int) -> None:
    """Plan bulletins for the next days, each with a run behind it."""
    now = datetime.now(UTC)
    with contextlib.closing(connect(place.settings.database, write=True)) as connection:
        connection.execute("BEGIN")
        for i in range(n):
            due = now + timedelta(hours=1, minutes=i)
            request = json.dumps({"values": {"message": "Signalez tout colis abandonné."}})
            values = (f"bul-{i:05}", request, to_text(now), to_text(due))
            connection.execute(_INSERT, values)
        connection.execute(
            "INSERT INTO bulletin_run (bulletin_id, due_at, last_due_at, dues, state, begun_at)"
            " SELECT id, begins_at, begins_at, 1, 'ended', begins_at FROM bulletin"
        )
        connection.execute("COMMIT")


def _timed(words: list[str], environ: Mapping[str, str]) -> Callable[[int], float]:
    def timed(_number: int) -> float:
        start = perf_counter()
        command = [sys.executable, "-m", "umsalert", *words]
        done = subprocess.run(command, check=True, capture_output=True, env=environ)
        taken = perf_counter() - start
        if "run-due" in words and (done.stdout or done.stderr):
            raise RuntimeError(f"cron would send a mail: {done.stderr!r}")
        return taken

    return timed
