"""Records of alerts that were sent, of any size, straight into the tables by SQL."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from benchmarks import register
from umsalert.store.spatialite import Connection, connect

_ALERTS = """
INSERT INTO alert (
    id, ref, template, lat, lon, radius_m, channels, variables, reason, exercise, priority,
    unknown_policy, time_zone, incident_at, created_at, expires_at, operator, left_out,
    request_hash
)
SELECT
    value, printf('20260101-%06d', value), iif(value % 3, 'search-person', 'vigilance'),
    43.7, 7.27, 30000.0, '["sms", "voice", "email"]', '{}', '', value % 50 = 0, 10, 'hold',
    'Europe/Paris', strftime('%Y-%m-%dT%H:%M:%f', at, '-7 minutes') || 'Z',
    strftime('%Y-%m-%dT%H:%M:%f', at) || 'Z', strftime('%Y-%m-%dT%H:%M:%f', at, '+4 hours') || 'Z',
    printf('officer%d@Nice', value % 40), '{}', ''
FROM (
    SELECT value, datetime('2026-01-01', printf('+%d hours', value * 7)) AS at
    FROM generated WHERE value BETWEEN 1 AND :alerts
)
"""
# An alert goes to a run of contacts by all channels, 200 messages a second; a tenth is never
# accepted, nor is anything at one site in a hundred. It begins at a full hour and ends within it.
_DELIVERIES = """
INSERT INTO delivery (
    alert_id, site_id, contact_id, channel, address, language, state, code, attempts,
    next_attempt_at, queued_at, first_sent_at, accepted_at, delivered_at, ended_at
)
SELECT
    id, site_id, contact_id, channel, address, 'fr', state, iif(state = 'failed', '4.2.1', state),
    1, created_at, created_at, sent_at, iif(state <> 'failed', sent_at, NULL),
    iif(state = 'delivered', sent_at, NULL), iif(state <> 'accepted', sent_at, NULL)
FROM (
    SELECT
        alert.id, contact.site_id, contact.id AS contact_id, way.value AS channel,
        iif(way.value = 'email', contact.email, contact.phone) AS address, alert.created_at,
        CASE
            WHEN contact.site_id % 100 = alert.id % 7 THEN 'failed'
            WHEN (contact.id * 7 + alert.id) % 10 = 0 THEN 'failed'
            WHEN way.value = 'email' THEN 'accepted'
            ELSE 'delivered'
        END AS state,
        substr(alert.created_at, 1, 14) || printf(
            '%02d:%06.3fZ', (place.value * 3 + way.key) / 12000,
            (place.value * 3 + way.key) % 12000 / 200.0
        ) AS sent_at
    FROM alert
    CROSS JOIN generated AS place ON place.value BETWEEN 0 AND :people - 1
    CROSS JOIN json_each('["sms", "voice", "email"]') AS way
    CROSS JOIN contact ON contact.id = 1 + (alert.id * 37 + place.value) % :contacts
    WHERE alert.id BETWEEN :first AND :last
)
"""
_MOST = 3600 * 200


@dataclass(frozen=True, slots=True)
class Size:
    """How many alerts, how many deliveries each of them has, and the sites of the register."""

    alerts: int
    deliveries: int
    sites: int


def make(path: Path, cache: Path, size: Size) -> None:
    """Make a database of this size; `cache` keeps its register for the next one."""
    register.copy_of(size.sites, cache, path)
    people = size.deliveries // 3
    contacts = size.sites * register.CONTACTS_PER_SITE
    if people > contacts or size.deliveries > _MOST:
        raise AssertionError(f"{size}: nobody gets an alert twice, and an hour is enough")
    values = {"alerts": size.alerts, "people": people, "contacts": contacts}
    with contextlib.closing(connect(path, write=True)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN IMMEDIATE")
        triggers = _without_triggers(connection)
        connection.execute("CREATE TEMP TABLE generated (value INTEGER PRIMARY KEY)")
        connection.execute(
            "WITH RECURSIVE n (value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n LIMIT ?)"
            " INSERT INTO temp.generated SELECT value FROM n",
            [max(size.alerts, people) + 1],
        )
        connection.execute(_ALERTS, values)
        for first in range(1, size.alerts + 1, 50):
            connection.execute(_DELIVERIES, values | {"first": first, "last": first + 49})
        _fill_the_rest(connection)
        for sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _without_triggers(connection: Connection) -> list[str]:
    """Take the triggers of deliveries away, which would take minutes; return how to make them."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_schema"
        " WHERE type = 'trigger' AND tbl_name IN ('alert', 'alert_site', 'delivery')"
    ).fetchall()
    for name, _sql in found:
        connection.execute(f"DROP TRIGGER {name}")
    return [sql for _name, sql in found]


def _fill_the_rest(connection: Connection) -> None:
    """Count the deliveries and keep their sites, as the triggers and an alert would have done."""
    connection.execute(
        "INSERT INTO delivery_count (alert_id, channel, state, n)"
        " SELECT alert_id, channel, state, count(*) FROM delivery GROUP BY 1, 2, 3"
    )
    connection.execute(
        "INSERT INTO alert_site (alert_id, site_id, ref, name, lat, lon, distance_m)"
        " SELECT alert_id, site_id, ref, name, lat, lon, site_id * 1.5"
        " FROM (SELECT DISTINCT alert_id, site_id FROM delivery) JOIN site ON site.id = site_id"
    )
