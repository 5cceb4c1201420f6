"""Days that end with a site's clock, when the site comes to another time zone: cards and terms."""

from __future__ import annotations

from collections.abc import Mapping

from umsalert.store.database import queries
from umsalert.store.instants import from_text, to_text
from umsalert.store.spatialite import Connection
from umsalert.times import end_of_day, last_day

_ENDS = ("move_card_ends", "move_terms")
STAGED = "staged_zones"
EDITED = "edited_zone"


def move_ends(
    connection: Connection, zones: str, values: Mapping[str, object] | None = None
) -> None:
    """Keep the last days of the sites that a query of `queries("time_zones")` names.

    It is given `values`, and finds ids with the new time zone; the site still has the old one.
    """
    connection.create_function("moved_end", 3, _moved_end, deterministic=True)
    sql = queries("time_zones")
    for name in _ENDS:
        connection.execute(sql[name].format(zones=sql[zones]), values or {})


def _moved_end(end: str | None, old: str, new: str) -> str | None:
    if end is None:
        return None
    return to_text(end_of_day(last_day(from_text(end), old), new))
