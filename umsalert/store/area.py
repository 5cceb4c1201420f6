"""From an area to the messages it means: temporary tables on one connection, inside SQL."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection

from umsalert.geo.circles import RIM_TOLERANCE_M, search_boxes
from umsalert.geo.polygons import boxes_of
from umsalert.model import Area, ChannelKind, Circle, Selection, SiteInArea
from umsalert.ports import KnownPlace, NearestSite, Schedule
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection

AROUND = 1.25
"""A map shows a quarter of the reach around the area."""

_REACHES_M = (200.0, 2_000.0, 20_000.0, 200_000.0)
"""The nearest site is looked for in growing circles."""


class AreaSearch:
    """The sites of an area, for questions that follow each other on one reading connection.

    They are measured anew when the area is another one or somebody has written to the file.
    """

    def __init__(self) -> None:
        self._key: tuple[Area, int] | None = None

    def schedules(self, connection: Connection, area: Area) -> tuple[Schedule, ...]:
        """Return the distinct presence hours inside the area."""
        self._fill(connection, area)
        rows = connection.execute(queries("area")["schedules"])
        return tuple(Schedule(row["hours"], row["time_zone"]) for row in rows)

    def selection(
        self,
        connection: Connection,
        area: Area,
        channels: Collection[ChannelKind],
        off_duty: Collection[Schedule],
    ) -> Selection:
        """Return who would be reached, and who is left out."""
        self._fill(connection, area)
        return selection(connection, fill_people(connection, channels, off_duty))

    def forget(self) -> None:
        """Measure anew next time: another question puts its own sites in the same place."""
        self._key = None

    def _fill(self, connection: Connection, area: Area) -> None:
        # Asked before the sites are read: whoever writes meanwhile makes the next question refill.
        key = (area, connection.execute("PRAGMA data_version").fetchone()[0])
        if key != self._key:
            self.forget()  # a fill that fails leaves a part of another area
            fill_area(connection, area)
            self._key = key


def fill_area(connection: Connection, area: Area) -> None:
    """Fill `temp.in_area` with every site of the area, rim included."""
    sql = queries("area")
    connection.execute(sql["clear"])
    connection.execute(sql["create"])
    if isinstance(area, Circle):
        boxes, fill = search_boxes(area), sql["fill_circle"]
        values: dict[str, object] = {"limit_m": area.radius_m + RIM_TOLERANCE_M}
    else:
        boxes, fill = boxes_of(area.geometry), sql["fill_polygon"]
        values = {"polygon": json.dumps(area.geometry)}
    values |= {"lat": area.lat, "lon": area.lon}
    for box in boxes:
        connection.execute(fill, values | dataclasses.asdict(box))


def nearest(connection: Connection, area: Area) -> NearestSite | None:
    """Return the known site nearest to the area's centre, None when there is none for 200 km."""
    sql = queries("area")["nearest"]
    centre = {"lat": area.lat, "lon": area.lon}
    for reach_m in _REACHES_M:
        boxes = search_boxes(Circle(area.lat, area.lon, reach_m))
        found = [connection.execute(sql, centre | dataclasses.asdict(box)) for box in boxes]
        rows = [row for cursor in found for row in cursor if row["distance_m"] <= reach_m]
        if rows:
            return NearestSite(*min(rows, key=lambda row: row["distance_m"]))
    return None


def around(connection: Connection, area: Area) -> tuple[KnownPlace, ...]:
    """Return the known sites within `AROUND` times the area's reach, and in the corners of it."""
    reach = Circle(area.lat, area.lon, area.radius_m * AROUND)
    return tuple(
        KnownPlace(*row)
        for box in search_boxes(reach)
        for row in connection.execute(queries("area")["around"], dataclasses.asdict(box))
    )


def fill_people(
    connection: Connection, channels: Collection[ChannelKind], off_duty: Collection[Schedule]
) -> dict[str, int]:
    """Fill `temp.person` from `temp.in_area`, one row per contact; return who is left out, and why.

    Its columns `sms`, `voice` and `email` hold an address for every message that leaves: vetted, on
    duty, a wanted channel; an address once, for its nearest site.
    """
    sql = queries("area")
    absent = {"off_duty": json.dumps([[item.hours, item.time_zone] for item in off_duty])}
    wanted = {kind.value: kind in channels for kind in ChannelKind}
    connection.execute(sql["clear_person"])
    connection.execute(sql["person"], absent | wanted)
    row = connection.execute(sql["left_out"], absent).fetchone()
    left_out = {reason: row[reason] for reason in row.keys()}  # noqa: SIM118 - a Row iterates over its values
    left_out["address_used_twice"] = _drop_repeated(connection)
    return {reason: n for reason, n in left_out.items() if n}


def _drop_repeated(connection: Connection) -> int:
    """Take the messages to an address that a nearer site has too out of `temp.person`; count."""
    sql = queries("area")
    shared = [row["address"] for row in connection.execute(sql["shared_addresses"])]
    if not shared:
        return 0
    connection.execute(sql["clear_repeated"])
    connection.execute(sql["repeated"], {"shared": json.dumps(shared)})
    connection.execute(sql["drop_repeated"])
    return int(connection.execute(sql["repeated_count"]).fetchone()["n"])


def selection(connection: Connection, left_out: dict[str, int]) -> Selection:
    """Read what stands in `temp.person` and `temp.in_area`."""
    sql = queries("area")
    counts = connection.execute(sql["person_counts"]).fetchone()
    return Selection(
        sites=tuple(SiteInArea(*row) for row in connection.execute(sql["person_sites"])),
        contacts=counts["contacts"],
        deliveries={kind: counts[kind] for kind in ChannelKind if counts[kind]},
        languages=frozenset(json.loads(counts["languages"])),
        left_out=left_out,
    )
