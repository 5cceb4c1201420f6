"""Single fields of a site or a contact that are put right: what differs is written, and named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from umsalert.geo.cells import cell_of
from umsalert.model import Contact, NewContact, NewSite, Site
from umsalert.store.instants import optional_text
from umsalert.store.spatialite import Connection
from umsalert.store.time_zones import EDITED, move_ends

_KEYS = {"ref", "site_ref"}
"""What others name it by never changes."""


def write_site(connection: Connection, old: Site, new: NewSite) -> Sequence[str]:
    """Write the fields in which `new` differs; return their names.

    A point takes its cell with it, a time zone the ends of cards and terms: days are counted there.
    """
    changed = _difference(old, new)
    extra: dict[str, object] = {}
    if changed.keys() & {"lat", "lon"}:
        extra["cell"] = cell_of(new.lat, new.lon)
    if "time_zone" in changed:
        move_ends(connection, EDITED, {"id": old.id, "time_zone": new.time_zone})
    _update(connection, "site", old.id, changed | extra)
    return tuple(changed)


def write_contact(connection: Connection, old: Contact, new: NewContact) -> Sequence[str]:
    """Write the fields in which `new` differs; return their names."""
    changed = _difference(old, new)
    if "card_valid_until" in changed:
        changed["card_valid_until"] = optional_text(new.card_valid_until)
    _update(connection, "contact", old.id, changed)
    return tuple(changed)


def _difference(old: Site | Contact, new: NewSite | NewContact) -> dict[str, object]:
    return {
        name: value
        for name, value in zip(new._fields, new, strict=True)
        if name not in _KEYS and value != getattr(old, name)
    }


def _update(connection: Connection, table: str, key: int, changed: Mapping[str, object]) -> None:
    if changed:  # the names are those of our own fields
        columns = ", ".join(f"{name} = :{name}" for name in changed)
        connection.execute(
            f"UPDATE {table} SET {columns} WHERE id = :id",  # noqa: S608
            {**changed, "id": key},
        )
