"""The register as a GeoPackage (OGC 12-128), made by SpatiaLite's own functions."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from umsalert.errors import InvalidData
from umsalert.i18n import _
from umsalert.store.spatialite import Connection, explained, load_extension, sqlite

APPLICATION_ID = 0x47504B47  # "GPKG"
VERSION = 10_200
"""1.2: the first that has tables without a geometry."""
_BATCH = 1_000
_PLACE = ("lat", "lon")

Row = Mapping[str, Any]


def write(
    path: Path,
    sites: tuple[Sequence[str], Iterable[Row]],
    contacts: tuple[Sequence[str], Iterable[Row]] | None,
) -> tuple[int, int]:
    """Fill an empty file with the features `sites` and, where given, the attributes `contacts`.

    Each comes with its columns; `lat` and `lon` are the geometry. Return how many of each.
    """
    with explained(path), contextlib.closing(_open(path)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT gpkgCreateBaseTables()")
        if not connection.execute(
            "SELECT 1 FROM gpkg_spatial_ref_sys WHERE srs_id = 4326"
        ).fetchone():
            connection.execute("SELECT gpkgInsertEpsgSRID(4326)")
        n_sites = _features(connection, *sites)
        n_contacts = 0 if contacts is None else _attributes(connection, *contacts)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    return n_sites, n_contacts


def read(path: Path, table: str) -> Iterator[dict[str, str]]:
    """Return the rows of `sites` or `contacts`, each a text by column as in a CSV file.

    Raises InvalidData when the file is no GeoPackage or has no such table.
    """
    with _told_of(path), contextlib.closing(_open(path)) as connection:
        known = connection.execute(
            "SELECT 1 FROM sqlite_schema WHERE name = 'gpkg_contents'"
        ).fetchone() and connection.execute(
            "SELECT 1 FROM gpkg_contents WHERE table_name = ?", (table,)
        )
        if not (known and known.fetchone()):
            raise InvalidData(
                "no_such_layer",
                _("{file} is no GeoPackage with a table {table}.").format(file=path, table=table),
                hint=_("docs/data.md says what such a file looks like."),
            )
        place = ", ST_Y(GeomFromGPB(geom)) AS lat, ST_X(GeomFromGPB(geom)) AS lon"
        for row in connection.execute(
            f"SELECT *{place if table == 'sites' else ''} FROM {_quoted(table)} ORDER BY fid"  # noqa: S608 - a name of ours
        ):
            yield {
                name: _text(value)
                for name, value in zip(row.keys(), row, strict=True)
                if name not in ("fid", "geom")
            }


def _text(value: object) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)


@contextlib.contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Say of a file that is not ours what is wrong with it. Raises InvalidData."""
    try:
        yield
    except sqlite().Error as error:
        raise InvalidData(
            "geopackage_damaged",
            _("{file} cannot be read as a GeoPackage: {reason}").format(file=path, reason=error),
            hint=_("docs/data.md says what such a file looks like."),
        ) from error


def _open(path: Path) -> Connection:
    connection = sqlite().connect(str(path), isolation_level=None)
    connection.row_factory = sqlite().Row
    load_extension(connection)
    return connection


def _features(connection: Connection, columns: Sequence[str], rows: Iterable[Row]) -> int:
    names = [name for name in columns if name not in _PLACE]
    _create(connection, "sites", names)
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id)"
        " VALUES ('sites', 'features', 'sites', 4326)"
    )
    connection.execute("SELECT gpkgAddGeometryColumn('sites', 'geom', 'POINT', 0, 0, 4326)")
    n = _insert(connection, "sites", (names, "gpkgMakePoint(:lon, :lat, 4326)"), rows)
    connection.execute(
        "UPDATE gpkg_contents SET (min_x, min_y, max_x, max_y) = ("
        " SELECT min(x), min(y), max(x), max(y) FROM ("
        "  SELECT ST_X(GeomFromGPB(geom)) AS x, ST_Y(GeomFromGPB(geom)) AS y FROM sites))"
        " WHERE table_name = 'sites'"
    )
    return n


def _attributes(connection: Connection, columns: Sequence[str], rows: Iterable[Row]) -> int:
    _create(connection, "contacts", columns)
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier)"
        " VALUES ('contacts', 'attributes', 'contacts')"
    )
    return _insert(connection, "contacts", (columns, ""), rows)


def _create(connection: Connection, table: str, columns: Sequence[str]) -> None:
    integers = {"agents", "fallback"}
    fields = [f"{_quoted(name)} {'INTEGER' if name in integers else 'TEXT'}" for name in columns]
    key = "fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"
    connection.execute(f"CREATE TABLE {table} ({', '.join([key, *fields])})")


def _insert(
    connection: Connection, table: str, into: tuple[Sequence[str], str], rows: Iterable[Row]
) -> int:
    columns, geometry = into
    names = [_quoted(name) for name in columns] + (["geom"] if geometry else [])
    values = [f":{name}" for name in columns] + ([geometry] if geometry else [])
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(values)})"  # noqa: S608 - names of ours
    n, rest = 0, iter(rows)
    while batch := list(itertools.islice(rest, _BATCH)):
        connection.executemany(statement, batch)
        n += len(batch)
    return n


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
