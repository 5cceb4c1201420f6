"""Circles on the WGS 84 ellipsoid: the boxes to search, the exact distance, the outline to draw.

A point is inside when its geodesic distance from the centre is at most the radius.
`search_boxes` is pure mathematics, since it stands on the way from Enter to the first message.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from umsalert.geo.boxes import Box
from umsalert.geo.native import check_order
from umsalert.model import Circle, Polygon

if TYPE_CHECKING:
    from pyproj import Geod
    from shapely import Polygon as Ring

RIM_TOLERANCE_M = 1e-6
"""Allowance for rounding: points put exactly on the rim came out up to 3 nm beyond it."""

_BOX_MARGIN_M = 0.01
"""Widens every box: four orders above the rim's tolerance, nothing to a search."""

_POLAR_RADIUS_M = 6_356_752.314245
_FLATTENING = 1 / 298.257223563
_LEAST_CURVATURE_M = _POLAR_RADIUS_M * (1 - _FLATTENING)
"""Of a meridian at the equator: a (1-e²), which is c (1-f)."""


@dataclass(frozen=True, slots=True)
class KnownDistance:
    """Two points, degrees WGS 84, and the geodesic distance between them."""

    a_lat: float
    a_lon: float
    b_lat: float
    b_lon: float
    distance_m: float


KNOWN_DISTANCE = KnownDistance(43.6973, 7.2709, 48.8534, 2.3488, 686_989.6748475935)
"""From Place Masséna in Nice to the parvis of Notre-Dame in Paris.

Computed by GeographicLib: `echo 43.6973 7.2709 48.8534 2.3488 | GeodSolve -i -p 10`.
"""


def search_boxes(circle: Circle) -> tuple[Box, ...]:
    """Return boxes that hold every point of the circle, rim included; two at the antimeridian.

    With the parametric latitude b (tan b = (1-f) tan lat) the metric of the ellipsoid is
    (a² sin² b + c² cos² b) db² + a² cos² b dlon², nowhere below c² (db² + cos² b dlon²), where
    c is the polar radius. So the circle lies within the spherical circle of angle radius/c in
    (b, lon), whose box is known exactly: half-heights radius/c, half-width
    asin(sin(radius/c) / cos b), every longitude when a pole is inside. In France a box reaches at
    most 0.4 % of the radius, plus 2 cm, beyond the circle.
    """
    angle = (circle.radius_m + _BOX_MARGIN_M) / _POLAR_RADIUS_M
    centre = math.atan((1 - _FLATTENING) * math.tan(math.radians(circle.lat)))
    south, north = _latitude(centre - angle), _latitude(centre + angle)
    if abs(centre) + angle >= math.pi / 2:
        return (Box(-180.0, south, 180.0, north),)
    half_width = math.degrees(math.asin(math.sin(angle) / math.cos(centre)))
    west, east = circle.lon - half_width, circle.lon + half_width
    if west <= -180:
        return Box(west + 360, south, 180.0, north), Box(-180.0, south, east, north)
    if east >= 180:
        return Box(west, south, 180.0, north), Box(-180.0, south, east - 360, north)
    return (Box(west, south, east, north),)


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Metres that a degree has at least: from (`lat`, `near_lon`) to any point of one box."""

    near_lon: float
    lat_m: float
    lon_m: float


def yardstick(circle: Circle, box: Box) -> Yardstick:
    """Return a measure that spares the exact one for the corners of a search box.

    The geodesic distance is nowhere below hypot(lat_m * dlat, lon_m * dlon). Both radii of
    curvature are at least R = a (1-e²), so it is at least that of a sphere of R, which is at least
    the chord 2 R sqrt(sin²(dlat/2) + cos lat cos lat' sin²(dlon/2)); within the box cos lat' is at
    least that of one edge, and sin(x/2) / (x/2) at least what it is for the largest x. `near_lon`
    is the centre's longitude as the box counts it: beyond 180 from across the antimeridian.
    """
    turns = round(((box.west + box.east) / 2 - circle.lon) / 360)
    near_lon = circle.lon + 360 * turns
    degree_m = math.radians(_LEAST_CURVATURE_M)
    lat_reach = max(box.north - circle.lat, circle.lat - box.south)
    lon_reach = max(box.east - near_lon, near_lon - box.west)
    edge = max(abs(box.south), abs(box.north))
    cosines = math.cos(math.radians(circle.lat)) * math.cos(math.radians(edge))
    return Yardstick(
        near_lon,
        degree_m * _chord_share(lat_reach),
        degree_m * _chord_share(lon_reach) * math.sqrt(max(0.0, cosines)),
    )


def _chord_share(degrees: float) -> float:
    half = math.radians(degrees) / 2
    return max(0.0, math.sin(half) / half) if half else 1.0


def _latitude(parametric: float) -> float:
    """Return the latitude in degrees of a parametric one in radians, held at the poles."""
    if abs(parametric) >= math.pi / 2:
        return math.copysign(90.0, parametric)
    return math.degrees(math.atan(math.tan(parametric) / (1 - _FLATTENING)))


def distance_m(a_lat: float, a_lon: float, b_lat: float, b_lon: float) -> float:
    """Return the geodesic distance of two points in metres (Karney 2013, by PROJ)."""
    return float(_geod().inv(a_lon, a_lat, b_lon, b_lat)[2])


def outline(area: Circle | Polygon, vertices: int = 72) -> dict[str, Any]:
    """Return a polygon as it is, or a circle as a GeoJSON geometry (RFC 7946).

    LONGITUDE FIRST, counter-clockwise. The vertices (an even number) lie on the rim, rounded to
    7 decimals, 1 cm. A circle across the antimeridian is cut in two; one around a pole is closed
    along the pole. For drawing only: between its vertices the polygon runs inside the circle (72:
    by 0.1 % of the radius).
    """
    if isinstance(area, Polygon):
        return dict(area.geometry)
    check_order("shapely")
    import shapely
    from shapely.affinity import translate

    ring, world = _ring(area, vertices), shapely.box(-180, -90, 180, 90)
    turns = [translate(ring, turn).intersection(world) for turn in (-360, 0, 360)]
    parts = [part for part in shapely.get_parts(turns) if part.area > 0]
    shape = shapely.union_all(shapely.set_precision(parts, 1e-7))
    return dict(shapely.geometry.mapping(shapely.orient_polygons(shape)))


def _ring(circle: Circle, vertices: int) -> Ring:
    """Return the rim as a polygon whose longitudes run on past the antimeridian."""
    import shapely

    lons, lats, _back = _geod().fwd(
        [circle.lon] * vertices,
        [circle.lat] * vertices,
        [360 * i / vertices for i in range(vertices)],
        [circle.radius_m] * vertices,
    )
    turned = [circle.lon + (lon - circle.lon + 180) % 360 - 180 for lon in lons]
    points = list(zip(turned, lats, strict=True))
    pole = math.copysign(90.0, circle.lat)
    if distance_m(circle.lat, circle.lon, pole, circle.lon) <= circle.radius_m:
        over_pole = lats[0] if pole > 0 else lats[vertices // 2]
        west, east = circle.lon - 180, circle.lon + 180
        inner = sorted(point for point in points if west < point[0] < east)
        points = [(west, pole), (west, over_pole), *inner, (east, over_pole), (east, pole)]
    return shapely.Polygon(points)


@cache
def _geod() -> Geod:
    check_order("pyproj")
    from pyproj import Geod

    return Geod(ellps="WGS84")
