"""The register as files that can be imported again: CSV for spreadsheets, GeoJSON for maps."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TextIO

from umsalert.register import contacts, sites
from umsalert.register.headers import STATUS
from umsalert.spreadsheets import neutralise

Row = Mapping[str, Any]
"""A site or a contact, by the name of the column."""

_NUMBERS = frozenset({"lat", "lon", "agents"})


def site_columns(row: Iterable[str]) -> list[str]:
    """Return the columns of a file of sites, of those that a row has."""
    return _columns((column.name for column in sites.COLUMNS), row)


def contact_columns(row: Iterable[str]) -> list[str]:
    """Return the columns of a file of contacts, of those that a row has."""
    return _columns((column.name for column in contacts.COLUMNS), row)


def write_csv(file: TextIO, columns: list[str], rows: Iterable[Row]) -> int:
    """Write rows as a French spreadsheet opens them; return how many.

    Semicolons, decimal commas and a byte order mark; no cell is a formula.
    """
    file.write("\ufeff")
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    n = 0
    for row in rows:
        writer.writerow([_cell(name, row[name]) for name in columns])
        n += 1
    return n


def write_geojson(file: TextIO, columns: list[str], rows: Iterable[Row]) -> int:
    """Write sites as a FeatureCollection (RFC 7946), a feature each line; return how many."""
    properties = [name for name in columns if name not in ("lat", "lon")]
    file.write('{"type":"FeatureCollection","features":[')
    n = 0
    for n, row in enumerate(rows, 1):
        feature = {
            "type": "Feature",
            "id": row["ref"],
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {name: row[name] for name in properties if row[name] is not None},
        }
        file.write(",\n" if n > 1 else "\n")
        file.write(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    file.write("\n]}\n")
    return n


def _columns(known: Iterable[str], row: Iterable[str]) -> list[str]:
    there = set(row)
    return [*(name for name in known if name in there), STATUS]


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in _NUMBERS:
        # every digit, and no exponent
        number = f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)
        return number.replace(".", ",")
    if name == "fallback":
        return "yes" if value else ""
    return neutralise(str(value))
