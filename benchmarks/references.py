"""What the planner is held against: the contacts of a circle, found without any of its services.

Everybody is told which presence hours are closed at noon; nobody but umsalert works that out.
"""

from __future__ import annotations

import contextlib
import json
from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from pyproj import Geod

from benchmarks.office import NOON
from umsalert.geo.circles import RIM_TOLERANCE_M, search_boxes
from umsalert.model import Circle
from umsalert.ports import Schedule
from umsalert.selection.presence import on_duty
from umsalert.store.spatialite import connect, load_extension

Contacts = set[int]
_BARE = """
WITH inside AS MATERIALIZED (  -- or SQLite would measure each distance again for every contact
    SELECT site.id AS site_id,
        ST_Distance(site.geom, MakePoint(:lon, :lat, 4326), 1) AS distance_m
    FROM idx_site_geom AS box
    JOIN site ON site.id = box.pkid
    WHERE box.xmin <= :east AND box.xmax >= :west AND box.ymin <= :north AND box.ymax >= :south
        AND site.status = 'approved'
        AND (site.hours IS NULL OR site.hours NOT IN (SELECT value FROM json_each(:closed)))
)
SELECT contact.id, contact.phone, contact.phone_kind, contact.email, contact.language,
    inside.site_id, inside.distance_m
FROM inside
JOIN contact ON contact.site_id = inside.site_id
WHERE inside.distance_m <= :limit_m AND contact.status = 'certified'
"""
_EVERYBODY = """
SELECT contact.id, site.lat, site.lon,
    site.status = 'approved' AND contact.status = 'certified'
    AND (site.hours IS NULL OR site.hours NOT IN (SELECT value FROM json_each(?)))
FROM contact JOIN site ON site.id = contact.site_id ORDER BY contact.id
"""


class Reference(ABC):
    """One way from a circle to its contacts."""

    name: str

    @abstractmethod
    def contacts(self, circle: Circle) -> Contacts:
        """Return the ids of whom an alert would reach."""

    def seconds(self, circle: Circle) -> float:
        """Return how long it takes."""
        start = perf_counter()
        self.contacts(circle)
        return perf_counter() - start


class BareQuery(Reference):
    """Box, exact distance and contacts in one statement on an open connection; all fetched."""

    name = "R*Tree query, contacts fetched"

    def __init__(self, database: Path) -> None:
        """Open the database."""
        self._connection = connect(database, write=False)
        self._connection.row_factory = None
        load_extension(self._connection)
        self._closed = json.dumps(closed_hours(database))

    def contacts(self, circle: Circle) -> Contacts:
        """Return the ids of whom an alert would reach; what a message needs is fetched too."""
        (box,) = search_boxes(circle)
        values = {
            "lat": circle.lat,
            "lon": circle.lon,
            "limit_m": circle.radius_m + RIM_TOLERANCE_M,
            "west": box.west,
            "south": box.south,
            "east": box.east,
            "north": box.north,
            "closed": self._closed,
        }
        return {row[0] for row in self._connection.execute(_BARE, values).fetchall()}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class BruteForce(Reference):
    """Every distance on the ellipsoid by PROJ, over arrays that are in memory already."""

    name = "pyproj.Geod over all sites, in memory"

    def __init__(self, database: Path) -> None:
        """Read everybody into memory; that time is not counted."""
        with contextlib.closing(connect(database, write=False)) as connection:
            connection.row_factory = None
            rows = connection.execute(_EVERYBODY, (json.dumps(closed_hours(database)),)).fetchall()
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        self._ids, lats, lons, self._vetted = columns
        points, self._site_of = np.unique(np.stack([lats, lons]), axis=1, return_inverse=True)
        self._lats, self._lons = points
        self._geod = Geod(ellps="WGS84")

    def contacts(self, circle: Circle) -> Contacts:
        """Return whom an alert would reach."""
        count = len(self._lats)
        own_lats, own_lons = np.full(count, circle.lat), np.full(count, circle.lon)
        distances: Any = self._geod.inv(own_lons, own_lats, self._lons, self._lats)[2]
        inside = distances <= circle.radius_m + RIM_TOLERANCE_M
        return set(self._ids[inside[self._site_of] & (self._vetted == 1)].tolist())


@cache
def closed_hours(database: Path) -> list[str]:
    """Return the presence hours of the register that mean nobody is there at noon."""
    with contextlib.closing(connect(database, write=False)) as connection:
        rows = connection.execute(
            "SELECT DISTINCT hours, time_zone FROM site WHERE hours IS NOT NULL"
        ).fetchall()
    return [
        row["hours"] for row in rows if not on_duty(Schedule(row["hours"], row["time_zone"]), NOON)
    ]
