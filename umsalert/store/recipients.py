"""Who has an alert, or may have it: its holders, and the people of an alert that follows it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from umsalert.model import ChannelKind, DeliveryState
from umsalert.ports import Holder
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection


def holders(connection: Connection, alert_id: int) -> Sequence[Holder]:
    """Return every message of an alert that left or may have left, nearest site first."""
    _fill_holders(connection, alert_id)
    rows = connection.execute(queries("cancel")["holders"], {"alert_id": alert_id})
    return tuple(
        Holder(
            site_ref=row["site_ref"],
            site_name=row["site_name"],
            distance_m=row["distance_m"],
            contact_ref=row["contact_ref"],
            channel=ChannelKind(row["channel"]),
            state=DeliveryState(row["state"]),
            certain=bool(row["certain"]),
            corrected=bool(row["corrected"]),
            vetted=bool(row["vetted"]),
        )
        for row in rows
    )


def fill_recipients(
    connection: Connection, alert_id: int, channels: Collection[ChannelKind]
) -> dict[str, int]:
    """Fill `temp.person` with the holders of an alert that are vetted and not corrected yet.

    Does for a following alert what `area.fill_people` does for an area: returns who is left out,
    by reason.
    """
    from umsalert.store.area import start

    _fill_holders(connection, alert_id)
    sql = queries("cancel")
    values = {"alert_id": alert_id, "channels": json.dumps(list(channels))}
    start(connection)
    connection.execute(sql["fill_in_area"], values)
    connection.execute(sql["fill_person"], values)
    row = connection.execute(sql["left_out"], values).fetchone()
    return {reason: row[reason] for reason in row.keys() if row[reason]}  # noqa: SIM118 - a Row iterates over its values


def _fill_holders(connection: Connection, alert_id: int) -> None:
    connection.execute(queries("cancel")["clear_holder"])
    connection.execute(queries("cancel")["holder"], {"alert_id": alert_id})
