"""What the register holds of the rows that a file names, a batch at a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from umsalert.ports.imports import SiteDefaults
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection

_ADDRESS = ("address", "postcode", "commune")
_REACHED_BY = ("site_ref", "name", "phone", "email")


class SqlKnownRows:
    """`ports.KnownRows` on a connection."""

    def __init__(self, connection: Connection) -> None:
        """Ask `connection`."""
        self._connection = connection
        self._ids: dict[str, int] = {}

    def defaults(self, site_refs: Collection[str]) -> Mapping[str, SiteDefaults]:
        """Return what contacts take from each site that there is, by ref."""
        found, ids = {}, {}
        for key, ref, *taken in self._rows("defaults", site_refs):
            found[ref] = SiteDefaults(*taken)
            ids[ref] = key
        self._ids = ids
        return found

    def site_ids(self, site_refs: Collection[str]) -> Mapping[str, int]:
        """Return the id of each site that there is, by ref; the last `defaults` have found some."""
        ids = self._ids
        if not ids.keys() >= set(site_refs):
            ids = {row["ref"]: row["id"] for row in self._rows("site_ids", site_refs)}
        return ids

    def sites(self, refs: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        """Return `ref`, `name`, point and address of each site that there is, as a file has it."""
        return {
            row["ref"]: {
                "ref": row["ref"],
                "name": row["name"],
                "lat": repr(row["lat"]),
                "lon": repr(row["lon"]),
                **{name: row[name] or "" for name in _ADDRESS},
            }
            for row in self._rows("held_sites", refs)
        }

    def contacts(
        self, keys: Collection[tuple[str, ...]]
    ) -> Mapping[tuple[str, ...], Mapping[str, str]]:
        """Return `site_ref`, `name`, `phone` and `email` of each contact, as a file has them."""
        by_ref = {
            row["ref"]: _reached_by(row)
            for row in self._rows("held_by_ref", {ref for ref, _site, _name in keys if ref})
        }
        sites = {site for ref, site, _name in keys if site and not ref}
        by_name = {
            (row["site_ref"], row["name"].casefold()): _reached_by(row)
            for row in self._rows("held_by_name", sites)
        }
        found = {}
        for key in keys:
            ref, site, name = key
            held = by_ref.get(ref) if ref else by_name.get((site, name.casefold()))
            if held is not None:
                found[key] = held
        return found

    def _rows(self, query: str, refs: Collection[str]) -> Iterable[Connection]:
        if not refs:
            return ()
        values = {"refs": json.dumps(list(refs))}
        found: Iterable[Connection] = self._connection.execute(queries("imports")[query], values)
        return found


def _reached_by(row: Connection) -> dict[str, str]:
    return {name: row[name] or "" for name in _REACHED_BY}
