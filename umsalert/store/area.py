"""From an area to the messages it means: temporary tables on one connection, inside SQL."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Collection, Sequence

from umsalert.geo.circles import RIM_TOLERANCE_M, search_boxes, yardstick
from umsalert.geo.polygons import boxes_of
from umsalert.model import (
    Area,
    ChannelKind,
    Circle,
    DivisionKind,
    Everywhere,
    OffDuty,
    Only,
    Polygon,
    Selection,
    SiteInArea,
)
from umsalert.ports import KnownPlace, NamedSites, NearestSite, OnDuty, Schedule
from umsalert.store.cells import loads
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection

AROUND = 1.25
"""A map shows a quarter of the reach around the area."""

_REACHES_M = (200.0, 2_000.0, 20_000.0, 200_000.0)
"""The nearest site is looked for in growing circles."""


def start(connection: Connection) -> None:
    """Make `temp.in_area`, `temp.person` and what lies between them, all empty."""
    sql = queries("area")
    for name in ("in_area", "own_hours", "absent", "person"):
        connection.execute(sql[name])
        connection.execute(sql[f"clear_{name}"])


def fill_area(connection: Connection, area: Area) -> None:
    """Fill `temp.in_area` with every site of the area, rim included."""
    sql = queries("area")
    start(connection)
    centre: dict[str, object] = {"lat": area.lat, "lon": area.lon}
    if isinstance(area, Circle):
        limit = centre | {"limit_m": area.radius_m + RIM_TOLERANCE_M}
        for box in search_boxes(area):
            measure = dataclasses.asdict(yardstick(area, box))
            connection.execute(sql["fill_circle"], limit | measure | dataclasses.asdict(box))
        connection.execute(sql["outside"], limit)
    elif isinstance(area, Polygon):
        shape = centre | {"polygon": json.dumps(area.geometry)}
        for box in boxes_of(area.geometry):
            connection.execute(sql["fill_polygon"], shape | dataclasses.asdict(box))
    elif area.only.refs:
        connection.execute(sql["fill_listed"], centre | {"refs": json.dumps(area.only.refs)})
    else:
        connection.execute(sql["fill_everywhere"], centre)
    _narrow(connection, area.only)


def _narrow(connection: Connection, only: Only) -> None:
    """Take out of `temp.in_area` what the alert is not for."""
    sql = queries("area")
    if only.refs:
        connection.execute(sql["other_refs"], {"refs": json.dumps(only.refs)})
    if only.kinds:
        connection.execute(sql["other_kinds"], {"kinds": json.dumps(only.kinds)})


def named_sites(connection: Connection, area: Area) -> NamedSites:
    """Return what the register knows of the kinds and the refs that an area names."""
    sql = queries("area")
    refs = {"refs": json.dumps(area.only.refs)}
    spots: list[tuple[float, float]] = []
    if isinstance(area, Everywhere):
        meant = refs | {"kinds": json.dumps(area.only.kinds)}
        spots = [tuple(row) for row in connection.execute(sql["spots"], meant)]
    return NamedSites(
        kinds=tuple(row["kind"] for row in connection.execute(sql["kinds"])),
        unknown=tuple(row["ref"] for row in connection.execute(sql["unknown_refs"], refs)),
        spots=tuple(spots),
    )


def unvetted(connection: Connection, only: Only) -> tuple[str, ...]:
    """Return which sites of a list are not approved."""
    refs = {"refs": json.dumps(only.refs)}
    return tuple(row["ref"] for row in connection.execute(queries("area")["unvetted_refs"], refs))


def postcodes(connection: Connection, area: Area) -> dict[str, tuple[str, ...]]:
    """Return of which other communes the INSEE codes of an area are a postcode."""
    named = {
        it.code: it.name.casefold()
        for it in (area.divisions if isinstance(area, Polygon) else ())
        if it.kind is DivisionKind.COMMUNE
    }
    if not named:
        return {}
    found: dict[str, list[str]] = {}
    sql = queries("area")["postcodes"]
    for row in connection.execute(sql, {"codes": json.dumps(list(named))}):
        if row["commune"].casefold() != named[row["postcode"]]:
            found.setdefault(row["postcode"], []).append(row["commune"])
    return {code: tuple(communes) for code, communes in found.items()}


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
    connection: Connection,
    channels: Collection[ChannelKind],
    on_duty: OnDuty,
    off_duty: OffDuty,
) -> dict[str, int]:
    """Fill `temp.person` from `temp.in_area`, one row per contact; return who is left out, and why.

    Its columns `sms`, `voice` and `email` hold an address for every message that leaves: vetted, on
    duty or taken by the rule for sites where nobody is, a wanted channel; an address once, for its
    nearest site.
    """
    left_out = fill_present(connection, channels, on_duty, off_duty)
    left_out["address_used_twice"] = drop_repeated(connection)
    return {reason: n for reason, n in left_out.items() if n}


def fill_present(
    connection: Connection,
    channels: Collection[ChannelKind],
    on_duty: OnDuty,
    off_duty: OffDuty,
) -> dict[str, int]:
    """Do what `fill_people` does, but leave an address to every site that has it."""
    sql = queries("area")
    _judge(connection, on_duty, off_duty)
    wanted = {kind.value: kind in channels for kind in ChannelKind}
    connection.execute(sql["fill_person"], {"rule": off_duty} | wanted)
    row = connection.execute(sql["left_out"], {"rule": off_duty}).fetchone()
    return {reason: row[reason] for reason in row.keys()}  # noqa: SIM118 - a Row iterates over its values


def _judge(connection: Connection, on_duty: OnDuty, rule: OffDuty) -> None:
    """Note in `temp.in_area` where somebody is on duty, and in `temp.absent` who there is not."""
    sql = queries("area")
    own_hours = connection.execute(sql["fill_own_hours"]).rowcount
    schedules = [Schedule(*row) for row in connection.execute(sql["schedules"])]
    closed = [[it.hours, it.time_zone, it.calendar] for it in schedules if not on_duty(it)]
    off_duty = {"off_duty": json.dumps(closed)}
    connection.execute(sql["off_duty"], off_duty)
    if own_hours:
        connection.execute(sql["fill_absent"], off_duty)
        connection.execute(sql["on_duty"])
        connection.execute(sql["judge_sites"])
    if rule is OffDuty.FALLBACK_CONTACT:
        connection.execute(sql["fallback_only"])


def drop_repeated(connection: Connection) -> int:
    """Take the messages to an address that a nearer site has too out of `temp.person`; count."""
    sql = queries("area")
    everybody = connection.execute(sql["addresses"]).fetchone()
    shared = [address for text in everybody for address in _repeated(json.loads(text))]
    if not shared:
        return 0
    connection.execute(sql["clear_repeated"])
    connection.execute(sql["repeated"], {"shared": json.dumps(shared)})
    connection.execute(sql["drop_repeated"])
    return int(connection.execute(sql["repeated_count"]).fetchone()["n"])


def _repeated(addresses: Sequence[str]) -> Sequence[str]:
    if len(set(addresses)) == len(addresses):  # few registers have any
        return ()
    return [address for address, n in Counter(addresses).items() if n > 1]


def selection(connection: Connection, left_out: dict[str, int], cell_burst: int) -> Selection:
    """Read what stands in `temp.person` and `temp.in_area`."""
    sparse, dense = loads(connection, cell_burst)
    sql = queries("area")
    counts = connection.execute(sql["person_counts"]).fetchone()
    return Selection(
        sites=tuple(map(SiteInArea._make, connection.execute(sql["person_sites"]))),
        contacts=counts["contacts"],
        deliveries={kind: counts[kind] for kind in ChannelKind if counts[kind]},
        languages=frozenset(json.loads(counts["languages"])),
        left_out=left_out,
        sparse=sparse,
        dense=dense,
        off_duty=tuple(map(SiteInArea._make, connection.execute(sql["off_duty_sites"]))),
    )
