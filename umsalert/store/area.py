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


def schedules(connection: Connection, area: Area) -> tuple[Schedule, ...]:
    """Return the distinct presence hours inside the area."""
    fill_area(connection, area)
    rows = connection.execute(queries("area")["schedules"])
    return tuple(Schedule(row["hours"], row["time_zone"]) for row in rows)


def fill_targets(
    connection: Connection,
    area: Area,
    channels: Collection[ChannelKind],
    off_duty: Collection[Schedule],
) -> dict[str, int]:
    """Fill `temp.target` with one row per message; return who is left out, by reason."""
    fill_area(connection, area)
    absent = {"off_duty": json.dumps([[item.hours, item.time_zone] for item in off_duty])}
    wanted = {kind.value: kind in channels for kind in ChannelKind}
    connection.execute(queries("area")["clear_target"])
    connection.execute(queries("area")["target"], absent | wanted)
    row = connection.execute(queries("area")["left_out"], absent).fetchone()
    return {reason: row[reason] for reason in row.keys() if row[reason]}  # noqa: SIM118 - a Row iterates over its values


def selection(connection: Connection, left_out: dict[str, int]) -> Selection:
    """Read what `fill_targets` found."""
    sql = queries("area")
    return Selection(
        sites=tuple(SiteInArea(*row) for row in connection.execute(sql["target_sites"])),
        contacts=connection.execute(sql["target_people"]).fetchone()["contacts"],
        deliveries={
            ChannelKind(row["channel"]): row["n"]
            for row in connection.execute(sql["target_counts"])
        },
        languages=frozenset(row["language"] for row in connection.execute(sql["target_languages"])),
        left_out=left_out,
    )
