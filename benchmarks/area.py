"""From a circle to the contacts to alert, against the same answer found by barer means."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import perf_counter

from benchmarks import office, postgis, register
from benchmarks.measure import Comparison, Contender, compare
from benchmarks.options import Options
from benchmarks.references import BareQuery, BruteForce, Contacts, Reference
from umsalert.model import ChannelKind, Circle, Selection
from umsalert.selection import Plan, Planner, Prices, Station
from umsalert.selection.presence import on_duty
from umsalert.settings import Settings
from umsalert.store.spatialite import connect
from umsalert.store.store import Store
from umsalert.wiring import cell_pace, paces

RADII_M = (800.0, 3_000.0, 30_000.0)
TARGET = 1.5
TARGET_SITES = 100_000
"""The size of a national register in daily use: the target of the preview is set for it."""


def run(options: Options) -> Iterator[Comparison]:
    """Compare at every size and radius."""
    for sites in options.sites:
        yield from _of_size(sites, options)


def _of_size(sites: int, options: Options) -> Iterator[Comparison]:
    place = options.folder / f"area-{sites}"
    settings = office.prepare(place).settings
    register.copy_of(sites, options.folder.parent, settings.database)
    with (
        contextlib.closing(BareQuery(settings.database)) as bare,
        postgis.running(settings.database) as server,
        _Ours(settings) as ours,
    ):
        references = [bare, BruteForce(settings.database), *([server] if server else [])]
        notes = [] if server else ["PostGIS: not installed"]
        for radius_m in RADII_M:
            found = _agreement(register.circle(radius_m, 0), references, ours)
            title = f"{sites:,} sites, {radius_m:,.0f} m, {found:,} contacts"
            contenders = [
                Contender(item.name, _timed(item.seconds, radius_m)) for item in references
            ]
            target = TARGET if sites == TARGET_SITES else None
            plan = Contender("umsalert: Planner.plan", _timed(ours.planning, radius_m), target)
            part = Contender("  of it: AlertBook.select", _timed(ours.selecting, radius_m))
            preview = [*contenders, plan, part]
            yield compare(f"preview: {title}", preview, options.rounds, notes=notes)
            record = Contender("umsalert: Planner.record", _timed(ours.recording, radius_m))
            yield compare(f"record: {title}", [contenders[0], record], max(1, options.rounds // 3))


def _timed(seconds: Callable[[Circle], float], radius_m: float) -> Callable[[int], float]:
    return lambda number: seconds(register.circle(radius_m, number))


def _agreement(circle: Circle, references: Sequence[Reference], ours: _Ours) -> int:
    """Return how many contacts there are; everybody must find the same ones."""
    plan = ours.plan(circle)
    people = ours.recorded(plan)
    for item in references:
        found = item.contacts(circle)
        if found != people:
            raise AssertionError(f"{item.name}: {len(found)} contacts, recorded: {len(people)}")
    if plan.selection.contacts != len(people):
        raise AssertionError("the preview and the record do not find the same people")
    return len(people)


class _Ours:
    """The planner on an open store, driven from outside its loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runner = asyncio.Runner()

    def __enter__(self) -> _Ours:
        self._store = Store(self._settings.database, office.NoonClock())
        station = Station(
            "bench",
            "04 65 71 00 17",
            paces(self._settings),
            Prices(),
            cell_pace(self._settings),
        )
        self._planner = Planner(self._store.alerts, office.NoonClock(), station)
        return self

    def __exit__(self, *_error: object) -> None:
        self._runner.run(self._store.__aexit__(None, None, None))
        self._runner.close()

    def plan(self, circle: Circle) -> Plan:
        """Do all that `alert preview` does before it prints."""
        found: list[Plan] = []

        async def keep() -> None:  # as umsalert.cli.context.run_async does, and for its reason
            found.append(await self._planner.plan(office.request(circle)))

        self._runner.run(keep())
        return found[0]

    def record(self, plan: Plan) -> int:
        """Do what `alert send` does between the answer yes and the first claim; return the id."""
        return self._runner.run(self._planner.record(plan)).id

    def planning(self, circle: Circle) -> float:
        """Return the seconds of a plan."""
        start = perf_counter()
        self.plan(circle)
        return perf_counter() - start

    def selecting(self, circle: Circle) -> float:
        """Return the seconds of the part that depends on the sites: hours, duty, contacts."""

        async def work() -> None:
            present = partial(on_duty, at=office.NOON)
            burst = cell_pace(self._settings).burst
            channels = tuple(ChannelKind)
            found.append(await self._store.alerts.select(circle, channels, present, burst))

        found: list[Selection] = []
        start = perf_counter()
        self._runner.run(work())
        return perf_counter() - start

    def recording(self, circle: Circle) -> float:
        """Make a plan and return the seconds of recording it."""
        plan = self.plan(circle)
        start = perf_counter()
        self.record(plan)
        return perf_counter() - start

    def recorded(self, plan: Plan) -> Contacts:
        """Record an alert and return whose deliveries it has."""
        alert_id = self.record(plan)
        with contextlib.closing(connect(self._settings.database, write=False)) as connection:
            rows = connection.execute(
                "SELECT DISTINCT contact_id FROM delivery WHERE alert_id = ?", (alert_id,)
            )
            return {row[0] for row in rows}
