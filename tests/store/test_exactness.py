"""The heart: a site is inside when its geodesic distance is at most the radius."""

from __future__ import annotations

import asyncio
import itertools
import threading
from pathlib import Path

import pyproj
import pytest

from tests.geo.pairs import circle_and_points
from tests.workbench import CENTRE, OPERATOR, FixedClock, all_on_duty
from umsalert.geo.circles import RIM_TOLERANCE_M
from umsalert.model import ChannelKind, Circle, NewContact, NewSite
from umsalert.store.store import Store

PAIRS = 20_000


async def test_no_site_is_wrongly_in_and_none_wrongly_out(store: Store) -> None:
    """Of 20,000 circle and site pairs, rims moved by 1 mm included, SQL and Karney agree on all."""
    pairs = list(circle_and_points(seed=1, n=PAIRS))
    sites = [
        NewSite(f"S{i}", "Site", lat, lon, "FR", "Europe/Paris")
        for i, (_circle, lat, lon, _true_m) in enumerate(pairs)
    ]
    await store.register.add_sites(sites, OPERATOR, approve=True)
    await store.register.add_contacts(
        [NewContact(site.ref, "Agent", email=f"{site.ref}@example.org") for site in sites],
        OPERATOR,
        certify=True,
    )
    wrong = []
    for circle, group in itertools.groupby(enumerate(pairs), key=lambda item: item[1][0]):
        selection = await store.alerts.select(circle, (ChannelKind.EMAIL,), all_on_duty)
        found = {site.ref: site.distance_m for site in selection.sites}
        for i, (_circle, _lat, _lon, true_m) in group:
            inside = true_m <= circle.radius_m + RIM_TOLERANCE_M
            if inside != (f"S{i}" in found):
                wrong.append((circle, true_m, inside))
            elif inside and abs(found[f"S{i}"] - true_m) > 1e-6:
                wrong.append((circle, true_m, found[f"S{i}"]))
    assert wrong == []


async def test_a_site_on_the_rim_is_inside(store: Store) -> None:
    """A radius equal to the distance itself includes the site, 1 mm less does not."""
    await store.register.add_sites(
        [NewSite("N", "Nice", 43.7, 7.28, "FR", "Europe/Paris")], OPERATOR, approve=True
    )
    await store.register.add_contacts(
        [NewContact("N", "Agent", email="n@example.org")], OPERATOR, certify=True
    )
    exact_m = pyproj.Geod(ellps="WGS84").inv(7.27, 43.7, 7.28, 43.7)[2]
    for radius_m, inside in ((exact_m, 1), (exact_m - 0.001, 0), (exact_m + 0.001, 1)):
        selection = await store.alerts.select(
            Circle(43.7, 7.27, radius_m), (ChannelKind.EMAIL,), all_on_duty
        )
        assert len(selection.sites) == inside


@pytest.mark.parametrize("spatial", [True, False])
async def test_many_stores_close_at_once(database: Path, clock: FixedClock, spatial: bool) -> None:
    """Closing spatial connections in several threads at the same moment harms nobody."""

    def work() -> None:
        async def use() -> None:
            async with Store(database, clock) as store:
                if spatial:
                    await store.alerts.select(CENTRE, (), all_on_duty)
                else:
                    await store.alerts.alerts(limit=1)

        asyncio.run(use())

    threads = [threading.Thread(target=work) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    async with Store(database, clock) as store:
        assert await store.alerts.alerts(limit=1) == ()
