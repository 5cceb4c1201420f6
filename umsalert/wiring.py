"""The composition root: settings become a clock, a store, channels and services."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from umsalert import resources
from umsalert.model import Power
from umsalert.settings import (
    CallRateSettings,
    RateSettings,
    Settings,
    account,
    is_several_peoples,
    own_account,
    providers,
    rate,
)
from umsalert.store.store import Store

if TYPE_CHECKING:  # a command imports the services it uses, and waits for no other
    from umsalert.board import Watcher
    from umsalert.bulletins import Runner
    from umsalert.dispatch import LaneConfig, Run
    from umsalert.model import Alert, CellPace, ChannelKind, Operator, Process
    from umsalert.ports import Geocoder, Listener, Pace
    from umsalert.register import Locating
    from umsalert.replies import Collector, Receiver
    from umsalert.selection import Planner
    from umsalert.timetables import Customs

LONGEST_CALL_S = 345.0
"""A line whose end nobody tells is free again after ringing (45 s) and the longest call (300 s)."""


# Python's own monotonic clock stands still while a laptop sleeps, on Linux and on macOS.
_STEADY = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


class SystemClock:
    """The machine's clock; moved by a fixed offset in training, where settings allow it."""

    def __init__(self, offset_s: float = 0.0) -> None:
        """Add `offset_s` seconds to the machine's time."""
        self._offset = timedelta(seconds=offset_s)

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC) + self._offset

    def steady_s(self) -> float:
        """Return seconds that no setting of the clock changes, those of a suspend included."""
        return time.monotonic() if _STEADY is None else time.clock_gettime(_STEADY)

    async def sleep(self, seconds: float) -> None:
        """Wait in real seconds."""
        import asyncio

        await asyncio.sleep(seconds)


def clock(settings: Settings) -> SystemClock:
    """Return the clock of this process."""
    return SystemClock(settings.simulation.clock_offset_s)


@contextlib.asynccontextmanager
async def open_store(settings: Settings, power: Power = Power.READ) -> AsyncIterator[Store]:
    """Open the store of `settings.database` for what takes `power`.

    Raises RefusedByRule when this account may not do that; the audit log says so.
    """
    async with Store(settings.database, clock(settings)) as store:
        if power is not Power.READ:
            await store.operators.require(power, operator(settings))
        yield store


def operator(settings: Settings) -> Operator:
    """Return the account that runs the command, seen through sudo, at its station."""
    from umsalert.model import Operator

    return Operator(account(), settings.station)


def process() -> Process:
    """Return the account that the command runs in; `operator` may stand behind sudo."""
    from umsalert.model import Process

    return Process(own_account(), is_several_peoples())


def template_folders(settings: Settings) -> tuple[Path, ...]:
    """Return where templates are looked for: the operator's own folder first."""
    return (settings.home / "templates", resources.folder("templates"))


def paces(settings: Settings) -> dict[ChannelKind, Pace]:
    """Return the configured pace of each channel: that of its first choice."""
    from umsalert.model import ChannelKind

    return {kind: _pace(_rates(settings, kind)[0]) for kind in ChannelKind}


def cell_pace(settings: Settings) -> CellPace:
    """Return the configured pace of a cell of the telephone network."""
    from umsalert.model import CellPace

    return CellPace(settings.pace.cell_rate_per_s, settings.pace.cell_burst)


def link(settings: Settings) -> str:
    """Return where a guard answers, with TOKEN_PLACE in it; empty where no address is set."""
    from umsalert.model import TOKEN_PLACE

    url = settings.serve.public_url.rstrip("/")
    return f"{url}/r/{TOKEN_PLACE}" if url else ""


def longest_answer_s(settings: Settings, kinds: Collection[ChannelKind]) -> float:
    """Return after how long nothing of `kinds` is on the wire any more, whoever sent it.

    A living process gives up after its time-out, what a dead one held is known after its lease.
    """
    from umsalert.leases import LEASE_S

    timeouts = (pace.timeout_s for kind in kinds for pace in _rates(settings, kind))
    return max(LEASE_S, *timeouts) + 1


def planner(settings: Settings, store: Store) -> Planner:
    """Return the service that makes plans and alerts."""
    from umsalert.selection import Limits, Planner, Prices, Station

    price = settings.price
    station = Station(
        settings.station,
        settings.alert.callback_number,
        paces(settings),
        Prices(price.sms_part_eur, price.voice_minute_eur, price.email_eur),
        cell_pace(settings),
        link(settings),
        Limits(settings.approval.radius_m, settings.approval.recipients),
    )
    return Planner(store.alerts, clock(settings), station)


def customs(settings: Settings) -> Customs:
    """Return what the settings say of all bulletins."""
    from datetime import time

    from umsalert.timetables import Customs, Quiet

    chosen = settings.bulletin
    ends = (chosen.quiet_begin or "00:00", chosen.quiet_end or "00:00")
    quiet = Quiet(*map(time.fromisoformat, ends))
    return Customs(timedelta(seconds=chosen.grace_s), quiet, chosen.people_per_hour)


def bulletins(settings: Settings, store: Store) -> Runner:
    """Return the service that begins what is due."""
    from umsalert.bulletins import House, Runner
    from umsalert.channels.registry import check
    from umsalert.messages import templates

    folders = template_folders(settings)
    house = House(
        book=store.bulletins,
        alerts=store.alerts,
        operators=store.operators,
        planner=planner(settings, store),
        clock=clock(settings),
        template=lambda name: templates.load(name, folders),
        ready=lambda kinds: check(kinds, settings),
        customs=customs(settings),
        by=operator(settings),
    )
    return Runner(house)


def run(settings: Settings, store: Store, listener: Listener, *, exercise: bool = False) -> Run:
    """Return what a dispatcher works with; its events go to `listener` and to the log."""
    from umsalert.dispatch import Run
    from umsalert.logs.events import fan_out, logger_of

    heard = fan_out(logger_of(exercise=exercise), listener)
    return Run(store.outbox, clock(settings), heard, operator(settings), settings.alert.give_up_s)


@contextlib.asynccontextmanager
async def open_lanes(
    settings: Settings, kinds: Collection[ChannelKind]
) -> AsyncIterator[list[LaneConfig]]:
    """Open every provider of the channels of `kinds`; close them all at the end.

    Raises ConfigurationError when a setting that a channel needs is missing.
    """
    from umsalert.channels.registry import check, open_channels
    from umsalert.dispatch import LaneConfig, RouteConfig
    from umsalert.model import ChannelKind

    async with contextlib.AsyncExitStack() as stack:
        lanes = []
        check(kinds, settings)
        for kind in sorted(kinds, key=list(ChannelKind).index):  # SMS first, where cells are shared
            routes = []
            for channel in await open_channels(kind, settings, clock(settings)):
                stack.push_async_callback(channel.close)
                pace = rate(settings, kind, channel.provider)
                routes.append(RouteConfig(channel, _pace(pace), pace.in_flight))
            lanes.append(LaneConfig(kind, tuple(routes)))
        yield lanes


def receiver(settings: Settings, store: Store) -> Receiver:
    """Return the service that takes webhooks in, for every provider that is set up.

    Raises ConfigurationError when none is, no mailbox and no link that leads guards to their page.
    """
    from umsalert.channels.registry import WEBHOOKS, missing_settings, readers, webhook_source
    from umsalert.replies import Receiver

    ready = [name for name, item in WEBHOOKS.items() if not missing_settings(item, settings)]
    enough = ready or settings.imap.host or settings.serve.public_url
    wanted = ready if enough else WEBHOOKS
    sources = {name: webhook_source(name, settings) for name in wanted}
    return Receiver(store.inbox, sources, clock(settings), readers(settings))


def collector(settings: Settings, store: Store) -> Collector | None:
    """Return the service that takes e-mails in, None where no mailbox is set.

    Raises ConfigurationError when a setting of the mailbox is missing.
    """
    if not settings.imap.host:
        return None
    from umsalert.channels.registry import mailbox
    from umsalert.replies import Collector

    return Collector(store.inbox, mailbox(settings), clock(settings), settings.imap.poll_s)


@contextlib.asynccontextmanager
async def open_geocoder(settings: Settings) -> AsyncIterator[Geocoder]:
    """Open the geocoder of `settings.geocode`, which remembers what it was told.

    To be opened before the first spatial query of the process: pyproj measures its answers. Raises
    ConfigurationError when its cache or its authority's certificate cannot be used.
    """
    from umsalert.geo import projections
    from umsalert.geocoding import BanGeocoder, Cache, CachedGeocoder, Pace

    projections.load()
    chosen = settings.geocode
    now = clock(settings)
    file = chosen.cache_file or settings.home / "geocode.db"
    with contextlib.closing(Cache(file, chosen.endpoint)) as cache:
        async with await BanGeocoder.open(chosen, Pace(now, chosen.rate_per_s)) as geocoder:
            yield CachedGeocoder(geocoder, cache, now)


@contextlib.asynccontextmanager
async def open_locating(settings: Settings, *, geocode: bool) -> AsyncIterator[Locating]:
    """Open what finds the sites of a file that have no degrees: projections, a geocoder.

    To be opened before the first spatial query of the process, as `open_geocoder`; raises likewise.
    """
    from umsalert.geo import projections
    from umsalert.register import Locating

    projections.load()
    if not geocode:
        yield Locating(projections.typed_to_wgs84)
        return
    import asyncio

    from umsalert.register.geocoding import Lookup

    async with open_geocoder(settings) as geocoder:
        loop = asyncio.get_running_loop()
        lookup = Lookup(geocoder, settings.geocode.min_score, loop)
        yield Locating(projections.typed_to_wgs84, lookup)


def watcher(store: Store, alert: Alert) -> Watcher:
    """Return the service that looks at an alert while it runs."""
    from umsalert.board import Watcher

    return Watcher(alert, store.alerts, store.board, store.answers)


def _rates(settings: Settings, kind: ChannelKind) -> tuple[RateSettings, ...]:
    return tuple(rate(settings, kind, provider) for provider in providers(settings, kind))


def _pace(configured: RateSettings) -> Pace:
    from umsalert.ports import Pace

    if isinstance(configured, CallRateSettings) and configured.calls:
        return Pace(configured.rate_per_s, configured.burst, configured.calls, LONGEST_CALL_S)
    return Pace(configured.rate_per_s, configured.burst)
