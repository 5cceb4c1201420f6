"""The map of a report: outlines, area and sites on a plane, as shapes that a page draws.

The plane is the azimuthal equidistant projection (Snyder 1987, p. 191) of WGS 84 around the
middle: distances from there are true, so a circle is drawn as one. North is up; y grows down.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from umsalert.documents.page.standings import Standing, standing_of
from umsalert.geo.native import check_order
from umsalert.geo.territories import TERRITORIES, Territory
from umsalert.geo.units import format_distance
from umsalert.model import Area, Circle, Polygon

if TYPE_CHECKING:
    from umsalert.reports import SiteReport

SIZE = 640
"""Width and height of a map, in units of its drawing."""
MARKS_APART = 1_000
"""From so many sites on, those of a small square share a mark, as large as they are many."""
_CELL = 12
"""The side of such a square."""
_MARGIN = 1.12
_COMMUNES_BELOW_M = 40_000.0
"""Half the width of a map that shows communes; beyond it they would be a grey spot."""
_PANELS_ABOVE_M = 300_000.0
"""From such a reach on each territory has a map of its own."""
_LEAST_HALF_M = 200.0


@dataclass(frozen=True, slots=True)
class Mark:
    """Sites at one spot that stand alike."""

    x: float
    y: float
    standing: Standing
    sites: int
    title: str

    @property
    def scale(self) -> float:
        """How large the mark is drawn: its surface grows with the sites."""
        return round(min(3.0, math.sqrt(1 + math.log2(self.sites))), 2)


@dataclass(frozen=True, slots=True)
class Panel:
    """One map: paths as SVG writes them, marks the best last, so that it is seen."""

    title: str
    communes: Sequence[str]
    departements: Sequence[str]
    area: str
    circle_radius: float | None
    marks: Sequence[Mark]
    bar: float
    bar_words: str


def panels(area: Area, sites: Callable[[], Iterable[SiteReport]]) -> list[Panel]:
    """Return the maps of an area with its sites: one, or one for each territory of a large area.

    `sites` is asked twice: there may be too many of them to hold.
    """
    extents = _extents(sites())
    apart = sum(extent.sites for extent in extents.values()) < MARKS_APART
    if isinstance(area, Circle) or area.radius_m <= _PANELS_ABOVE_M:
        only = _Sheet("", (area.lat, area.lon), area.radius_m, apart=apart)
        sheets = dict.fromkeys(extents, only) or {"": only}
    else:
        sheets = {name: _sheet_of(name, extent, apart=apart) for name, extent in extents.items()}
    for site in sites():
        sheets[_territory(site)].add(site)
    largest_first = sorted(set(sheets.values()), key=lambda sheet: -sheet.sites)
    return [sheet.panel(area) for sheet in largest_first]


def _territory(site: SiteReport) -> str:
    holds: Iterator[Territory] = (
        it
        for it in TERRITORIES
        if it.box.south <= site.lat <= it.box.north and it.box.west <= site.lon <= it.box.east
    )
    found = next(holds, None)
    if found is None:
        return ""
    return TERRITORIES[0].name if found.region == TERRITORIES[0].region else found.name


@dataclass(slots=True)
class _Extent:
    """How many sites a territory has, and the box that they lie in."""

    south: float
    west: float
    north: float
    east: float
    sites: int = 0


def _extents(sites: Iterable[SiteReport]) -> dict[str, _Extent]:
    found: dict[str, _Extent] = {}
    for site in sites:
        name = _territory(site)
        box = found.setdefault(name, _Extent(site.lat, site.lon, site.lat, site.lon))
        box.south, box.north = min(box.south, site.lat), max(box.north, site.lat)
        box.west, box.east = min(box.west, site.lon), max(box.east, site.lon)
        box.sites += 1
    return found


def _sheet_of(name: str, extent: _Extent, *, apart: bool) -> _Sheet:
    middle = ((extent.south + extent.north) / 2, (extent.west + extent.east) / 2)
    corners = itertools.product((extent.west, extent.east), (extent.south, extent.north))
    flat = _Sheet(name, middle, 0.0, apart=apart)
    reach_m = max(math.hypot(*flat.metres(*corner)) for corner in corners)
    return _Sheet(name, middle, reach_m, apart=apart)


class _Sheet:
    """A plane around a middle, which reaches some metres from it in every direction."""

    def __init__(
        self, title: str, middle: tuple[float, float], reach_m: float, *, apart: bool
    ) -> None:
        check_order("pyproj")
        check_order("shapely")
        import pyproj

        lat, lon = middle
        self.sites = 0
        self._title, self._apart = title, apart
        self._half_m = max(reach_m * _MARGIN, _LEAST_HALF_M)
        self._plane = pyproj.Proj(proj="aeqd", lat_0=lat, lon_0=lon, ellps="WGS84")
        self._marks: dict[tuple[float, float, Standing, str], int] = {}

    def metres(self, lon: float, lat: float) -> tuple[float, float]:
        """Return how far east and north of the middle a point lies. LONGITUDE FIRST."""
        x, y = self._plane(lon, lat)
        return x, y

    def add(self, site: SiteReport) -> None:
        """Put a site on the map."""
        x, y = self._spot(site.lon, site.lat)
        if not self._apart:
            x, y = ((math.floor(at / _CELL) + 0.5) * _CELL for at in (x, y))
        mark = (x, y, standing_of(site), site.name if self._apart else "")
        self._marks[mark] = self._marks.get(mark, 0) + 1
        self.sites += 1

    def panel(self, area: Area) -> Panel:
        """Draw the map."""
        bar_m = _round_length(self._half_m / 2)
        is_circle = isinstance(area, Circle)
        return Panel(
            title=self._title,
            communes=list(self._outlines("commune")) if self._half_m < _COMMUNES_BELOW_M else [],
            departements=list(self._outlines("departement")),
            area=self._path(area.geometry) if isinstance(area, Polygon) else "",
            circle_radius=round(area.radius_m * self._scale, 1) if is_circle else None,
            marks=sorted(
                (
                    Mark(x, y, standing, n, name)
                    for (x, y, standing, name), n in self._marks.items()
                ),
                key=lambda mark: -list(Standing).index(mark.standing),
            ),
            bar=round(bar_m * self._scale, 1),
            bar_words=format_distance(bar_m),
        )

    @property
    def _scale(self) -> float:
        """Units of the drawing for a metre."""
        return SIZE / (2 * self._half_m)

    def _spot(self, lon: float, lat: float) -> tuple[float, float]:
        x, y = self.metres(lon, lat)
        return round(SIZE / 2 + x * self._scale, 1), round(SIZE / 2 - y * self._scale, 1)

    def _outlines(self, kind: str) -> Iterator[str]:
        """Yield the outlines that cross the map."""
        import shapely

        from umsalert.geo.outlines import communes_of, outlines
        from umsalert.model import DivisionKind

        window = shapely.box(*self._window())
        wanted = None
        if kind == "commune":
            near = outlines(DivisionKind.DEPARTEMENT)
            codes = [code for code, shape in near.items() if shape.intersects(window)]
            wanted = communes_of(codes)
        for shape in outlines(DivisionKind(kind), wanted).values():
            if shape.intersects(window):
                part = shapely.clip_by_rect(shape.boundary, *window.bounds)
                yield self._path(shapely.geometry.mapping(part))

    def _window(self) -> tuple[float, float, float, float]:
        """Return a box that holds the map: west, south, east, north, degrees."""
        corners = [
            self._plane(x, y, inverse=True)
            for x in (-self._half_m, 0, self._half_m)
            for y in (-self._half_m, 0, self._half_m)
        ]
        lons, lats = zip(*corners, strict=True)
        return min(lons), min(lats), max(lons), max(lats)

    def _path(self, geometry: dict[str, Any] | Any) -> str:  # noqa: ANN401
        return " ".join(
            "M" + "L".join(f"{x:g} {y:g}" for x, y in (self._spot(*at[:2]) for at in line))
            for line in _lines(geometry)
        )


def _lines(geometry: Any) -> Iterator[Any]:  # noqa: ANN401 - GeoJSON
    """Yield the lines of a GeoJSON geometry (RFC 7946): its rings, its strings."""
    kind = geometry["type"]
    if kind == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from _lines(part)
    elif kind == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon
    elif kind in ("Polygon", "MultiLineString"):
        yield from geometry["coordinates"]
    elif kind == "LineString":
        yield geometry["coordinates"]


def _round_length(metres: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at most `metres`."""
    power = 10.0 ** math.floor(math.log10(metres))
    return max(step * power for step in (1, 2, 5) if step * power <= metres)
