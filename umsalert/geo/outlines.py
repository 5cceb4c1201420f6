"""The administrative map of France: codes, names and outlines, from a file in the wheel.

What the file holds, whose it is and how it was made: docs/areas.md, data/LICENCE.md. The overseas
collectivities have no outline there; for them the generous boxes of `geo.territories` stand.

Outlines are LONGITUDE FIRST, degrees WGS 84, right to some 100 m.
"""

from __future__ import annotations

import math
import sqlite3
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umsalert.errors import DatabaseError, UsageError
from umsalert.geo.native import check_order
from umsalert.geo.territories import TERRITORIES, Territory
from umsalert.i18n import _
from umsalert.model import Division, DivisionKind

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

FILE = Path(__file__).parent / "data" / "france.sqlite"

MARGIN_M = 100.0
"""Outlines are simplified: what lies this near outside counts as inside. Nobody is missed."""

_COLLECTIVITIES = {
    "975": "PM",
    "977": "BL",
    "978": "MF",
    "984": "TF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
"""Codes of INSEE for what is neither a département nor a région, by ISO 3166."""

_NAMES = {
    "984": "Terres australes et antarctiques françaises",
    "987": "Polynésie française",
}

METROPOLE = ("11", "24", "27", "28", "32", "44", "52", "53", "75", "76", "84", "93", "94")
"""The régions of Europe."""

_CALLED = {
    (DivisionKind.REGION, "paca"): "93",
    (DivisionKind.REGION, "idf"): "11",
    (DivisionKind.REGION, "aura"): "84",
}
"""What everybody calls them."""

_METRES_IN_DEGREE = 111_195.0

Outlines = dict[str, "BaseGeometry"]


def divisions(kind: DivisionKind) -> Sequence[Division]:
    """Return all of a kind in order of code. Raises DatabaseError when the file is missing."""
    rows = _rows("SELECT code, name FROM division WHERE kind = ? ORDER BY code", kind)
    found = [Division(kind, *row) for row in rows]
    return found if kind is DivisionKind.COMMUNE else [*found, *_collectivities(kind)]


def communes(code: str, letters: Sequence[str]) -> Sequence[Division]:
    """Return the communes whose code begins with `code`, or whose name with one of `letters`.

    By code where there is no letter, else by name. Raises DatabaseError when the file is missing.
    """
    kind = DivisionKind.COMMUNE
    sql = "SELECT code, name FROM division WHERE kind = ? AND "
    if letters:
        sql += f"substr(name, 1, 1) IN ({','.join('?' * len(letters))}) ORDER BY name, code"
        rows = _rows(sql, kind, *letters)
    else:
        rows = _rows(sql + "code BETWEEN ? AND ? ORDER BY code", kind, code, f"{code}~")
    return [Division(kind, *row) for row in rows]


def by_code(kind: DivisionKind, code: str) -> Division | None:
    """Return what a code, or what everybody says for it, means; None where there is none."""
    code = _CALLED.get((kind, folded(code)), code)
    rows = _rows("SELECT code, name FROM division WHERE kind = ? AND code = ?", kind, _code(code))
    if kind is not DivisionKind.COMMUNE and not rows:
        return next((it for it in _collectivities(kind) if it.code == code), None)
    return Division(kind, *rows[0]) if rows else None


def heirs(code: str) -> list[Division]:
    """Return the communes of today that a former one, by its code, is a part of."""
    rows = _rows(
        "SELECT heir.code, heir.name FROM division AS former JOIN division AS heir "
        "ON heir.code = former.parent AND heir.kind = 'commune' "
        "WHERE former.kind = 'former' AND former.code = ?",
        code,
    )
    return [Division(DivisionKind.COMMUNE, *row) for row in rows]


def region_overseas(code: str) -> list[Division]:
    """Return the région of a département that is one by itself, 974 for 04."""
    rows = _rows(
        "SELECT region.code, region.name FROM division AS region JOIN division AS of "
        "ON of.parent = region.code WHERE region.kind = 'region' AND of.kind = 'departement' "
        "AND of.code = ? AND length(of.code) = 3",
        code,
    )
    return [Division(DivisionKind.REGION, *row) for row in rows]


def outlines(kind: DivisionKind, codes: Collection[str] | None = None) -> Outlines:
    """Return outlines by code, as shapely geometries; `codes` None: of all of a kind.

    What has no outline is not in the answer. Load before any spatial query: see `geo.native`.
    Raises DatabaseError when the file is missing.
    """
    wanted = None if codes is None else set(codes)
    found: Outlines = {}
    sql = "SELECT code, outline FROM division WHERE kind = ? AND outline IS NOT NULL"
    if wanted is not None:
        sql += f" AND code IN ({','.join('?' * len(wanted))})"
    for code, data in _rows(sql, kind, *(wanted or ())):
        found[code] = _decoded(data)
    if kind is not DivisionKind.COMMUNE:
        for it in _collectivities(kind):
            if wanted is None or it.code in wanted:
                found[it.code] = _box(it.code)
    return found


def drawing(kind: DivisionKind, codes: Collection[str]) -> dict[str, Any]:
    """Return outlines as one GeoJSON geometry, for drawing: borders between them are kept.

    Needs no shapely, so that it can be had after a spatial query. Raises DatabaseError as above.
    """
    sql = "SELECT outline FROM division WHERE kind = ? AND code = ?"
    found = [_rows(sql, kind, code) for code in codes]
    parts = [part for rows in found for (data,) in rows if data for part in _parts(data)]
    return {"type": "MultiPolygon", "coordinates": parts}


def communes_of(departements: Collection[str]) -> list[str]:
    """Return the codes of the communes of some départements; of a large city its districts too."""
    sql = "SELECT code FROM division WHERE kind = 'commune' AND parent = ?"
    return [code for departement in departements for (code,) in _rows(sql, departement)]


def around(named: Sequence[Division]) -> BaseGeometry:
    """Return where the sites of these divisions lie: their outlines, `MARGIN_M` wider.

    Raises UsageError when one of them has none.
    """
    import shapely

    parts = []
    for it in named:
        found = outlines(it.kind, [it.code])
        if not found:
            raise UsageError(
                "outline_missing",
                _("{name} ({code}) has no outline here.").format(name=it.name, code=it.code),
                hint=_("Give a circle around it, or its outline with --polygon FILE.geojson."),
            )
        parts.append(_wider(found[it.code]))
    return shapely.set_precision(shapely.union_all(parts), 1e-6)


def folded(name: str) -> str:
    """Return a name without accents, case, hyphens and its article."""
    plain = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "OE"))
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    words = letters.casefold().split()
    if len(words) > 1 and words[0] in ("l", "la", "le", "les"):
        words = words[1:]
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


def _code(text: str) -> str:
    """Return a code as INSEE writes it: 2A, 06 and not 6."""
    code = text.upper()
    return code.zfill(2) if len(code) == 1 and code.isdigit() else code


def _collectivities(kind: DivisionKind) -> list[Division]:
    return [
        Division(kind, code, _NAMES.get(code) or _places(region)[0].name)
        for code, region in _COLLECTIVITIES.items()
    ]


def _places(region: str) -> list[Territory]:
    return [place for place in TERRITORIES if place.region == region]


def _box(code: str) -> BaseGeometry:
    check_order("shapely")
    import shapely

    boxes = [place.box for place in _places(_COLLECTIVITIES[code])]
    return shapely.union_all([shapely.box(it.west, it.south, it.east, it.north) for it in boxes])


def _wider(shape: BaseGeometry) -> BaseGeometry:
    """Return a shape with `MARGIN_M` around it, on a plane where degrees are as long as there."""
    import shapely

    squeeze = math.cos(math.radians((shape.bounds[1] + shape.bounds[3]) / 2))
    plane = shapely.transform(shape, lambda xy: xy * [squeeze, 1])
    wide = plane.buffer(MARGIN_M / _METRES_IN_DEGREE, join_style="mitre", mitre_limit=2)
    return shapely.transform(wide, lambda xy: xy / [squeeze, 1])


def _decoded(data: bytes) -> BaseGeometry:
    """Return the geometry that hatch_outlines.py has encoded."""
    check_order("shapely")
    import shapely

    parts = [shapely.Polygon(outer, holes) for outer, *holes in _parts(data)]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _parts(data: bytes) -> Iterator[list[list[tuple[float, float]]]]:
    """Yield the rings of each polygon, closed."""
    numbers, steps = _numbers(data), _steps()
    for rings in numbers:
        yield [_closed(list(_ring(numbers, steps))) for _ring_of_part in range(rings)]


def _closed(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [*corners, corners[0]]


def _ring(numbers: Iterator[int], steps: int) -> Iterator[tuple[float, float]]:
    x = y = 0
    for _corner in range(next(numbers)):
        x, y = x + next(numbers), y + next(numbers)
        yield x / steps, y / steps


def _numbers(data: bytes) -> Iterator[int]:
    """Yield whole numbers of seven bits a byte, the lowest first; the lowest of all is the sign."""
    found = shift = 0
    for byte in data:
        found |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield -(found + 1 >> 1) if found & 1 else found >> 1
            found = shift = 0


@cache
def _steps() -> int:
    return int(_rows("SELECT value FROM fact WHERE name = 'steps'")[0][0])


def _rows(sql: str, *values: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query. Raises DatabaseError when the file cannot be read."""
    try:
        with closing(
            sqlite3.connect(f"{FILE.as_uri()}?mode=ro&immutable=1", uri=True)
        ) as connection:
            return connection.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise DatabaseError(
            "outlines_missing",
            _("The outlines of France cannot be read: {file}.").format(file=FILE),
            hint=_("Install umsalert again: the file is part of it."),
        ) from error
