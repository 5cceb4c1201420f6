"""From a circle to the messages it means: temporary tables on one connection, inside SQL."""

from __future__ import annotations

import json
from collections.abc import Collection

from umsalert.geo.circles import RIM_TOLERANCE_M, search_boxes
from umsalert.model import ChannelKind, Circle, Selection, SiteInArea
from umsalert.ports import Schedule
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection


def fill_area(connection: Connection, circle: Circle) -> None:
    """Fill `temp.in_area` with every site within `circle.radius_m`, rim included."""
    sql = queries("area")
    connection.execute(sql["clear"])
    connection.execute(sql["create"])
    for box in search_boxes(circle):
        connection.execute(
            sql["fill"],
            {
                "lat": circle.lat,
                "lon": circle.lon,
                "limit_m": circle.radius_m + RIM_TOLERANCE_M,
                "west": box.west,
                "south": box.south,
                "east": box.east,
                "north": box.north,
            },
        )


def schedules(connection: Connection, circle: Circle) -> tuple[Schedule, ...]:
    """Return the distinct presence hours inside the circle."""
    fill_area(connection, circle)
    rows = connection.execute(queries("area")["schedules"])
    return tuple(Schedule(row["hours"], row["time_zone"]) for row in rows)


def fill_targets(
    connection: Connection,
    circle: Circle,
    channels: Collection[ChannelKind],
    off_duty: Collection[Schedule],
) -> dict[str, int]:
    """Fill `temp.target` with one row per message; return who is left out, by reason."""
    fill_area(connection, circle)
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
