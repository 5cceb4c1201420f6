"""Whom the next wave of an incident goes to, and how an incident ends."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from umsalert import standing
from umsalert.errors import RefusedByRule
from umsalert.i18n import _
from umsalert.model import (
    NEW_AREA,
    READ_BY_SITE,
    Audience,
    ChannelKind,
    Deed,
    FollowKind,
    ReplyKind,
)
from umsalert.store import audit
from umsalert.store.database import queries
from umsalert.store.instants import to_text
from umsalert.store.reply_rows import reply_of_row
from umsalert.store.spatialite import Connection

if TYPE_CHECKING:
    from umsalert.model import Closure, Wave
    from umsalert.ports import OnDuty

AUDIENCES: Mapping[ReplyKind, Audience] = {
    ReplyKind.SIGHTING: Audience.SIGHTING,
    ReplyKind.LOCKED_DOWN: Audience.ACKNOWLEDGED,
    ReplyKind.ACKNOWLEDGED: Audience.ACKNOWLEDGED,
}
"""Which follow-up a guard gets for the answer that counts; the other answers: none of these."""


def fill_wave(
    connection: Connection, wave: Wave, channels: Collection[ChannelKind], on_duty: OnDuty
) -> dict[str, int]:
    """Fill `temp.in_area` and `temp.person` for a wave; return who is left out, by reason.

    Nobody gets words that they have, may have or are about to get: their template with the same
    values. A correction is no wave: `recipients.fill_recipients` knows its people. Raises
    RefusedByRule when the incident is closed and this is not its closing.
    """
    from umsalert.store.area import drop_repeated, fill_area, fill_present

    kind = wave.following.kind
    place = incident_of(connection, wave.following.alert_id)
    if kind is not FollowKind.CLOSING:
        _check_open(connection, place)
    same = [] if kind is FollowKind.CLOSING else _same_words(connection, wave, place)
    connection.execute(queries("waves")["clear_told"])
    connection.execute(queries("waves")["told"], place | {"same": json.dumps(same)})
    if kind in NEW_AREA:
        fill_area(connection, wave.area)
        left_out = fill_present(connection, channels, on_duty, wave.off_duty)
    else:
        wanted = {item.value: int(item in channels) for item in ChannelKind}
        left_out = _fill_incident(connection, wave, wanted | place)
    left_out["has_these_words"] = _drop_told(connection)
    left_out["address_used_twice"] = drop_repeated(connection)
    return {reason: n for reason, n in left_out.items() if n}


def incident_of(connection: Connection, alert_id: int) -> dict[str, int]:
    """Return the incident of an alert as statements take it."""
    row = connection.execute(queries("waves")["incident"], {"alert_id": alert_id}).fetchone()
    return {"incident_id": row["incident_id"]}


def end_incident(connection: Connection, alert_id: int, closure: Closure) -> None:
    """Close an incident and stop what is queued of all its alerts.

    One that was closed with the same outcome stays as it is as long as nobody was told. Raises
    RefusedByRule when it was closed otherwise.
    """
    sql, place = queries("waves"), incident_of(connection, alert_id)
    alerts = connection.execute(sql["of_incident"], place).fetchall()
    first = alerts[0]
    if first["closed_at"] is not None:
        told = any(row["follows_as"] == FollowKind.CLOSING for row in alerts)
        if told or first["outcome"] != closure.outcome:
            raise _closed(first)
        return
    values = {"now": to_text(closure.at), "operator": closure.by, "outcome": closure.outcome}
    stopped = 0
    for row in alerts:
        values["alert_id"] = row["id"]
        connection.execute(queries("outbox")["expire"], values | {"over": 0})
        stopped += connection.execute(queries("cancel")["cancel_queued"], values).rowcount
    connection.execute(sql["close"], values | place)
    detail = {"alerts": len(alerts), "stopped": stopped}
    deed = Deed("alert.close", "alert", first["ref"], detail)
    audit.append(connection, closure.by, closure.at, [deed])


def stopped_by_closing(connection: Connection, alert_id: int) -> int:
    """Return how many messages the closing of an alert's incident has stopped."""
    place = incident_of(connection, alert_id)
    return int(connection.execute(queries("waves")["stopped"], place).fetchone()["n"])


def _check_open(connection: Connection, place: dict[str, int]) -> None:
    first = connection.execute(queries("waves")["of_incident"], place).fetchone()
    if first["closed_at"] is not None:
        raise _closed(first)


def _closed(first: Connection) -> RefusedByRule:
    return RefusedByRule(
        "incident_closed",
        _("The incident was closed by {operator} already: {outcome}").format(
            operator=first["closed_by"], outcome=first["outcome"]
        ),
        hint=_("Nothing was changed."),
    )


def _same_words(connection: Connection, wave: Wave, place: dict[str, int]) -> list[int]:
    """Return the alerts of the incident that say what the wave says."""
    return [
        row["id"]
        for row in connection.execute(queries("waves")["of_incident"], place)
        if row["template"] == wave.template and json.loads(row["variables"]) == dict(wave.values)
    ]


def _fill_incident(
    connection: Connection, wave: Wave, values: Mapping[str, object]
) -> dict[str, int]:
    """Fill `temp.in_area` and `temp.person` with people of the incident; return who is left out."""
    from umsalert.store.area import start

    sql = queries("waves")
    start(connection)
    connection.execute(sql["fill_in_area"], {"lat": wave.area.lat, "lon": wave.area.lon})
    if wave.following.kind is FollowKind.CLOSING:
        connection.execute(sql["fill_closing"], values)
    else:
        connection.execute(sql["clear_guard"])
        connection.execute(sql["guard"])
        answers = json.dumps(_answers(connection, values))
        connection.execute(sql["clear_said"])
        connection.execute(sql["said"])
        connection.execute(sql["fill_said"], {"answers": answers})
        audience = wave.following.to or Audience.ALL
        connection.execute(sql["fill_follow_up"], {**values, "audience": audience})
    row = connection.execute(sql["left_out"]).fetchone()
    return {reason: row[reason] for reason in row.keys()}  # noqa: SIM118 - a Row iterates over its values


def _answers(
    connection: Connection, values: Mapping[str, object]
) -> Sequence[tuple[str, str, str, bool]]:
    """Return the answers that count: site, contact, whose follow-up, enough for all of the site."""
    sql = queries("waves")
    enough = {
        row["ref"]
        for row in connection.execute(sql["of_incident"], values)
        if row["stop_when_acknowledged"]
    }
    replies = map(reply_of_row, connection.execute(sql["replies"], values))
    return [
        (
            site_ref,
            contact_ref,
            AUDIENCES.get(reply.kind, ""),
            reply.kind in READ_BY_SITE and reply.alert_ref in enough,
        )
        for (site_ref, contact_ref), reply in standing.of_guards(replies).items()
    ]


def _drop_told(connection: Connection) -> int:
    """Take whoever has the same words out of `temp.person`; return how many would have got them."""
    before = _people(connection)
    connection.execute(queries("waves")["drop_people"])
    connection.execute(queries("waves")["drop_addresses"])
    return before - _people(connection)


def _people(connection: Connection) -> int:
    return int(connection.execute(queries("area")["person_counts"]).fetchone()["contacts"])
