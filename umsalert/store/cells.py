"""Which messages of a new alert meet in one cell of the telephone network."""

from __future__ import annotations

from umsalert.geo.cells import cell_of
from umsalert.model import CellPace
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection


def fill_dense(connection: Connection, alert_id: int, pace: CellPace) -> None:
    """Fill `temp.dense` with the people of `temp.person` whose cell gets more than its burst.

    The cells themselves become the alert's. Nobody is in it where nothing is paced.
    """
    sql = queries("cells")
    connection.execute(sql["clear_dense"])
    connection.execute(sql["create_dense"])
    if not pace.burst or connection.execute(sql["telephones"]).fetchone()["n"] <= pace.burst:
        return
    connection.create_function("cell_of", 2, cell_of, deterministic=True)
    values = {"alert_id": alert_id, "burst": pace.burst}
    connection.execute(sql["clear_place"])
    connection.execute(sql["place"])
    connection.execute(sql["dense_cells"], values)
    connection.execute(sql["dense"], values)
