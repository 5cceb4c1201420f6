"""What a board reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from umsalert.ports import Amendment, BoardSite, Incident, IncidentAlert, Reach, Tally
from umsalert.store.alerts import counts
from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, optional_time
from umsalert.store.spatialite import Connection


class SqlBoard:
    """`ports.Board` on the database."""

    def __init__(self, database: Database) -> None:
        """Use an open database."""
        self._database = database

    async def version(self) -> int:
        """Return a number that is another one once anybody else has written anything."""
        return await self._database.read(_version)

    async def incident(self, alert_id: int) -> Incident:
        """Return the alerts of an incident with their counts."""
        return await self._database.read(lambda c: _incident(c, alert_id))

    async def amendments(self, alert_id: int) -> Mapping[int, Amendment]:
        """Return what came to answers to an incident after they were given, by their ids."""
        return await self._database.read(lambda c: _amendments(c, alert_id))

    async def sites(self, alert_id: int) -> Sequence[BoardSite]:
        """Return the sites of an incident, each once, those of the alert that is watched first."""
        return await self._database.read(lambda c: tuple(_sites(c, alert_id)))

    async def reach(self, alert_id: int) -> Mapping[int, Reach]:
        """Return by the id of a site how far its best message has come."""
        return await self._database.read(lambda c: _reach(c, alert_id))


def _version(connection: Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _alerts(connection: Connection, alert_id: int) -> list[Connection]:
    rows = connection.execute(queries("board")["incident"], {"alert_id": alert_id})
    return list(rows)


def _incident(connection: Connection, alert_id: int) -> Incident:
    rows = _alerts(connection, alert_id)
    tallies = [
        connection.execute(queries("board")["tally"], {"alert_id": row["id"]}).fetchone()
        for row in rows
    ]
    return Incident(
        tuple(
            IncidentAlert(
                id=row["id"],
                ref=row["ref"],
                incident_at=from_text(row["incident_at"]),
                expires_at=from_text(row["expires_at"]),
                stopped=bool(row["stopped"]),
                counts=counts(connection, row["id"]),
            )
            for row in rows
        ),
        Tally(
            replies=sum(row["replies"] for row in tallies),
            taken_back=sum(row["taken_back"] for row in tallies),
            last_photo_id=max(row["last_photo_id"] for row in tallies),
        ),
    )


def _amendments(connection: Connection, alert_id: int) -> dict[int, Amendment]:
    return {
        row["id"]: Amendment(optional_time(row["undone_at"]), row["photos"])
        for alert in _alerts(connection, alert_id)
        for row in connection.execute(queries("board")["amended"], {"alert_id": alert["id"]})
    }


def _sites(connection: Connection, alert_id: int) -> Iterator[BoardSite]:
    known: set[int] = set()
    ids = [row["id"] for row in _alerts(connection, alert_id)]
    for each in sorted(ids, key=lambda each: each != alert_id):  # the one that is watched first
        for row in connection.execute(queries("board")["sites"], {"alert_id": each}):
            if row["site_id"] not in known:
                known.add(row["site_id"])
                yield BoardSite(
                    id=row["site_id"],
                    ref=row["ref"],
                    name=row["name"],
                    lat=row["lat"],
                    lon=row["lon"],
                    distance_m=row["distance_m"] if each == alert_id else None,
                )


def _reach(connection: Connection, alert_id: int) -> dict[int, Reach]:
    best: dict[int, Reach] = {}
    for alert in _alerts(connection, alert_id):
        for site_id, reach in connection.execute(
            queries("board")["reach"], {"alert_id": alert["id"]}
        ):
            best[site_id] = max(Reach(reach), best.get(site_id, Reach.NOWHERE))
    return best
