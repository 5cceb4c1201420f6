"""What a board that is watched costs the database, look after look, at 10,000 recipients."""

from __future__ import annotations

import asyncio
import contextlib
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

from rich.console import Console

from benchmarks import office, register
from benchmarks.measure import Comparison, Contender, compare
from benchmarks.national import COUNTRY
from benchmarks.options import Options
from umsalert.board import BoardView, Watcher
from umsalert.cli.board_drawing import Drawing, Frame
from umsalert.model import Alert
from umsalert.selection import Planner, Prices, Station
from umsalert.settings import Settings
from umsalert.store.spatialite import Connection, connect
from umsalert.store.store import Store
from umsalert.wiring import cell_pace, paces, watcher

RECIPIENTS = 10_000
SITES_PER_RECIPIENT = 0.61
"""Two contacts a site; some are not vetted, some sites are empty at noon."""

LOOKS = 20
"""A round, so that what is short is long enough for the clock."""

_DELIVERED = "UPDATE delivery SET state = 'delivered' WHERE id % 4"
_ANSWERS = """
INSERT INTO reply (alert_id, site_id, contact_id, delivery_id, source, kind, raw, received_at)
SELECT alert_id, site_id, contact_id, id, 'link',
    CASE WHEN id % 100 THEN 'acknowledged' ELSE 'sighting' END, '', queued_at
FROM delivery WHERE channel = 'sms' AND id % 5 < 2
"""
_ELSEWHERE = "UPDATE site SET name = name || '.' WHERE id = 1"
_CHANGES = {
    "message": """
        UPDATE delivery SET state = 'delivered'
        WHERE id = (SELECT id FROM delivery WHERE state = 'accepted' LIMIT 1)
    """,
    "answer": """
        INSERT INTO reply (alert_id, site_id, contact_id, delivery_id, source, kind, raw,
            received_at)
        SELECT alert_id, site_id, contact_id, delivery_id, 'link', 'acknowledged', '', received_at
        FROM reply ORDER BY id DESC LIMIT 1
    """,
    "taken back": """
        UPDATE reply SET undone_at = received_at
        WHERE id = (SELECT max(id) FROM reply WHERE undone_at IS NULL)
    """,
}


def run(options: Options) -> Iterator[Comparison]:
    """Compare a look with the barest question that can be put to the same file."""
    recipients = min(options.contacts, RECIPIENTS)
    settings = office.prepare(options.folder / "watch").settings
    sites = max(5, round(recipients * SITES_PER_RECIPIENT))
    register.copy_of(sites, options.folder.parent, settings.database)
    with (
        asyncio.Runner() as runner,
        contextlib.closing(connect(settings.database, write=True)) as writer,
    ):
        store = Store(settings.database, office.NoonClock())
        alert = runner.run(_alert(settings, store))
        title = f"{_played(writer)}, {LOOKS} looks"
        bench = _Bench(runner, writer, watcher(store, alert), store, alert)
        looks = [
            Contender("umsalert: nothing has changed", bench.looks()),
            Contender("umsalert: somebody wrote something else", bench.looks("something else")),
            Contender("umsalert: a message was delivered", bench.looks("message")),
            Contender("umsalert: a guard has answered", bench.looks("answer")),
            Contender("umsalert: an answer was taken back", bench.looks("taken back")),
            Contender("  of the last two: what the database is asked", bench.asking),
            Contender("  how far each site is (at most every 5 s)", bench.reaching),
            Contender("  the board drawn at 80 x 24", bench.drawing),
        ]
        bare = [
            Contender(words, bench.bare(words)) for words in ("SELECT 1", "PRAGMA data_version")
        ]
        yield compare(f"watch: {title}", [*bare, *looks], options.rounds)
        runner.run(store.__aexit__(None, None, None))


class _Clock(office.NoonClock):
    """Noon; but seconds go on, since how often something is read depends on them."""

    def steady_s(self) -> float:
        """Return the machine's seconds."""
        return time.monotonic()


async def _alert(settings: Settings, store: Store) -> Alert:
    station = Station("bench", "04 65 71 00 17", paces(settings), Prices(), cell_pace(settings))
    planner = Planner(store.alerts, office.NoonClock(), station)
    return await planner.record(await planner.plan(office.request(COUNTRY)))


def _played(writer: Connection) -> str:
    """Let three messages of four be delivered and two guards of five answer; return how many."""
    for change in ("UPDATE delivery SET state = 'accepted'", _DELIVERED, _ANSWERS):
        writer.execute(change)
    counts = "SELECT count(DISTINCT contact_id), count(*), (SELECT count(*) FROM reply)"
    people, messages, answers = writer.execute(f"{counts} FROM delivery").fetchone()
    return f"{people:,} recipients, {messages:,} messages, {answers:,} answers"


@dataclass
class _Bench:
    """Times looks from outside their loop; what changes before them is not in it."""

    runner: asyncio.Runner
    writer: Connection
    watcher: Watcher
    store: Store
    alert: Alert

    def bare(self, statement: str) -> Callable[[int], float]:
        """Ask a question on a connection that is open already, without a thread."""

        def seconds(_number: int) -> float:
            start = perf_counter()
            for _time in range(LOOKS):
                self.writer.execute(statement).fetchone()
            return perf_counter() - start

        return seconds

    def looks(self, change: str = "") -> Callable[[int], float]:
        """Look, after each time something of this kind was committed on another connection."""

        async def work() -> float:
            await self.watcher.look(_Clock())
            taken = 0.0
            for _time in range(LOOKS):
                if change:
                    self.writer.execute(_CHANGES.get(change, _ELSEWHERE))
                start = perf_counter()
                await self.watcher.look(_Clock())
                taken += perf_counter() - start
            return taken

        return lambda _number: self.runner.run(work())

    def asking(self, _number: int) -> float:
        """Put the three questions of a look that finds an answer."""

        async def work() -> float:
            newest = self.writer.execute("SELECT max(id) FROM reply").fetchone()[0]
            start = perf_counter()
            for _time in range(LOOKS):
                await self.store.board.version()
                await self.store.board.incident(self.alert.id)
                await self.store.answers.of_alert(self.alert.id, newest - 1)
            return perf_counter() - start

        return self.runner.run(work())

    def reaching(self, _number: int) -> float:
        """Read how far each site is."""

        async def work() -> float:
            start = perf_counter()
            for _time in range(LOOKS):
                await self.store.board.reach(self.alert.id)
            return perf_counter() - start

        return self.runner.run(work())

    def drawing(self, _number: int) -> float:
        """Draw, the map anew each time."""
        view: BoardView = self.runner.run(self.watcher.look(_Clock())).view
        console = Console(file=io.StringIO(), force_terminal=True, width=80, height=24)
        start = perf_counter()
        for _time in range(LOOKS):
            console.print(Frame(Drawing(), view))
        return perf_counter() - start
