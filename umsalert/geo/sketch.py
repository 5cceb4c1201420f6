"""An area as a drawing of characters: north up, the same scale in both directions.

For looking only. Places are laid on the plane that touches the ellipsoid at the centre, with its
two radii of curvature there; over 100 km that is off by less than a character.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from umsalert.geo.reach import reach_m
from umsalert.model import Area, Circle, Everywhere, Polygon

CENTRE, CENTRE_WITH_SITES, RIM, OTHER, MANY = "+", "*", ".", "o", "#"
"""A digit counts the alerted sites that share a character; from ten on it is `#`."""

EXERCISE_RIM = ":"
"""The rim of an exercise: it is another one without colour, too."""

ASPECT = 2.0
"""A character is about twice as high as wide."""

MARGIN = 1.25
"""How far the drawing reaches, in multiples of the area's reach."""

CLOSE_MARGIN = 1.05
"""... where what lies around the area is of no interest."""

_EQUATORIAL_RADIUS_M = 6_378_137.0
_ECCENTRICITY_2 = 0.00669437999014
"""WGS 84: NIMA TR8350.2, table 3.1 and 3.3."""

Cell = tuple[int, int]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sketch:
    """Lines of characters, all `columns` wide, and how many metres one character is wide.

    `outside`: places that lie beyond the drawing.
    """

    lines: tuple[str, ...]
    metres_per_column: float
    outside: int = 0


def sketch(
    area: Area,
    alerted: Iterable[Place],
    others: Iterable[Place],
    columns: int = 45,
    behind: Mapping[str, Any] | None = None,
) -> Sketch:
    """Draw an area with its sites; places are (lat, lon): LATITUDE FIRST. `columns` is odd.

    `behind`: a polygon as GeoJSON whose edges are drawn where the area has none of its own.
    """
    canvas = _Canvas(area, columns, behind=behind)
    cells: dict[Cell, str] = dict.fromkeys(canvas.rim(), RIM)
    cells |= dict.fromkeys(filter(canvas.holds, map(canvas.cell, others)), OTHER)
    places = list(map(canvas.cell, alerted))
    counts = Counter(filter(canvas.holds, places))
    cells |= {cell: str(n) if n < 10 else MANY for cell, n in counts.items()}
    centre = canvas.cell((area.lat, area.lon))
    if not isinstance(area, Everywhere):
        cells[centre] = CENTRE_WITH_SITES if centre in counts else CENTRE
    outside = len(places) - counts.total()
    return Sketch(canvas.lines(cells), canvas.metres_per_column, outside)


def sketch_marks(area: Area, marked: Iterable[tuple[Place, str]], columns: int) -> Sketch:
    """Draw an area with a character for each place; the last of those that share one is seen.

    Places are (lat, lon): LATITUDE FIRST. `columns` is odd.
    """
    canvas = _Canvas(area, columns, CLOSE_MARGIN)
    cells: dict[Cell, str] = dict.fromkeys(canvas.rim(), RIM)
    if not isinstance(area, Everywhere):
        cells[canvas.cell((area.lat, area.lon))] = CENTRE
    outside = 0
    for place, mark in marked:
        cell = canvas.cell(place)
        if canvas.holds(cell):
            cells[cell] = mark
        else:
            outside += 1
    return Sketch(canvas.lines(cells), canvas.metres_per_column, outside)


def as_exercise(drawing: Sketch) -> Sketch:
    """Return the drawing of an exercise, which has a rim of its own."""
    return replace(drawing, lines=tuple(line.replace(RIM, EXERCISE_RIM) for line in drawing.lines))


def columns_of(rows: int) -> int:
    """Return how wide the largest drawing of at most `rows` lines is; the smallest has three."""
    return max(5, (rows - 1) // 2 * 4 + 1)


class _Canvas:
    """Where a place falls: columns count from the west, rows from the north."""

    def __init__(
        self,
        area: Area,
        columns: int,
        margin: float = MARGIN,
        behind: Mapping[str, Any] | None = None,
    ) -> None:
        self._area = area
        self._edged = area.geometry if isinstance(area, Polygon) else behind
        self.columns = columns
        self.rows = 2 * round((columns - 1) / 2 / ASPECT) + 1
        self.metres_per_column = reach_m(area) * margin / ((columns - 1) / 2)
        sine_2 = math.sin(math.radians(area.lat)) ** 2
        root = math.sqrt(1 - _ECCENTRICITY_2 * sine_2)
        self._north_m = math.radians(_EQUATORIAL_RADIUS_M * (1 - _ECCENTRICITY_2) / root**3)
        self._east_m = math.radians(_EQUATORIAL_RADIUS_M / root) * math.cos(math.radians(area.lat))

    def cell(self, place: Place) -> Cell:
        lat, lon = place
        east = ((lon - self._area.lon + 180) % 360 - 180) * self._east_m
        north = (lat - self._area.lat) * self._north_m
        return self._at(east, north)

    def holds(self, cell: Cell) -> bool:
        return 0 <= cell[0] < self.columns and 0 <= cell[1] < self.rows

    def lines(self, cells: Mapping[Cell, str]) -> tuple[str, ...]:
        return tuple(
            "".join(cells.get((column, row), " ") for column in range(self.columns))
            for row in range(self.rows)
        )

    def rim(self) -> Iterator[Cell]:
        """Yield the cells that the rim of a circle or the edges of a polygon pass through."""
        if isinstance(self._area, Circle):
            steps = 8 * self.columns
            for i in range(steps):
                angle = 2 * math.pi * i / steps
                yield self._at(
                    self._area.radius_m * math.sin(angle), self._area.radius_m * math.cos(angle)
                )
        elif self._edged:
            yield from filter(self.holds, self._edges(self._edged))

    def _edges(self, geometry: Mapping[str, Any]) -> Iterator[Cell]:
        parts = geometry["coordinates"]
        parts = [parts] if geometry["type"] == "Polygon" else parts
        for ring in (ring for part in parts for ring in part):
            for (lon_a, lat_a), (lon_b, lat_b) in pairwise(ring):
                a, b = self.cell((lat_a, lon_a)), self.cell((lat_b, lon_b))
                steps = max(abs(b[0] - a[0]), abs(b[1] - a[1]), 1)
                for i in range(steps + 1):
                    share = i / steps
                    yield self.cell(
                        (lat_a + share * (lat_b - lat_a), lon_a + share * (lon_b - lon_a))
                    )

    def _at(self, east_m: float, north_m: float) -> Cell:
        column = (self.columns - 1) / 2 + east_m / self.metres_per_column
        row = (self.rows - 1) / 2 - north_m / (ASPECT * self.metres_per_column)
        return round(column), round(row)


def scale_bar(metres_per_column: float, most_columns: int) -> tuple[int, float]:
    """Return the longest bar of 1, 2 or 5 times a power of ten metres: its columns, its metres."""
    most_m = metres_per_column * most_columns
    power = 10.0 ** math.floor(math.log10(most_m))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= most_m)
    return max(1, round(length_m / metres_per_column)), length_m
