"""Polygons as files hold them: GeoJSON (RFC 7946), LONGITUDE FIRST, degrees WGS 84.

An edge is the straight line between its ends in longitude and latitude, as RFC 7946 §3.1.1 has it:
which sites are inside is a question of the plane, and needs no ellipsoid.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from umsalert.errors import UsageError
from umsalert.geo.boxes import Box
from umsalert.geo.circles import distance_m
from umsalert.geo.native import check_order
from umsalert.geo.territories import territory_at
from umsalert.i18n import _
from umsalert.model import Division, Polygon

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MAX_CORNERS = 20_000
"""A département's outline has some thousands; more corners only cost time before the alert."""

MAX_DEPTH = 4
"""Polygons of rings of positions of numbers."""

_WGS84 = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326")
"""What older programs write into `crs`, which RFC 7946 §4 has taken away."""


def parse_polygon(text: str) -> Polygon:
    """Return the polygon of a GeoJSON document: a geometry, a feature, or a collection of one.

    Heights are dropped. Load before any spatial query: see `geo.native`.

    Raises:
        UsageError: polygon_unreadable, polygon_several, polygon_wrong_type, polygon_wrong_crs,
            polygon_out_of_range, polygon_too_detailed, polygon_invalid, polygon_swapped,
            outside_france.
    """
    geometry = _geometry(_document(text))
    _check_corners(list(_corners(geometry.get("coordinates"))))
    polygon = polygon_of(_shape(geometry))
    _check_territory(polygon.lat, polygon.lon)
    return polygon


def polygon_of(shape: BaseGeometry, divisions: tuple[Division, ...] = ()) -> Polygon:
    """Return the polygon of a valid shapely geometry."""
    import shapely

    inside = shape.centroid if shape.covers(shape.centroid) else shape.representative_point()
    lon, lat = round(inside.x, 7), round(inside.y, 7)
    corners = shapely.get_coordinates(shape).tolist()
    return Polygon(
        lat=lat,
        lon=lon,
        radius_m=max(distance_m(lat, lon, y, x) for x, y in corners),
        geometry=_mapping(shape),
        divisions=divisions,
    )


def boxes_of(geometry: Mapping[str, Any]) -> tuple[Box, ...]:
    """Return a box around each part of a Polygon or MultiPolygon."""
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    return tuple(_box(outer) for outer, *_holes in polygons)


def _box(ring: Sequence[Sequence[float]]) -> Box:
    lons, lats = [point[0] for point in ring], [point[1] for point in ring]
    return Box(min(lons), min(lats), max(lons), max(lats))


def _document(text: str) -> dict[str, Any]:
    try:
        # A height may be any number: a whole one too large for a float would stop its reader.
        found = json.loads(text, parse_constant=_no_constant, parse_int=float)
    except json.JSONDecodeError as error:
        sentence = _("It is no JSON: the mistake is in line {line}, column {column}.")
        raise _refused(
            "polygon_unreadable", sentence.format(line=error.lineno, column=error.colno)
        ) from error
    except (ValueError, RecursionError) as error:
        raise _refused(
            "polygon_unreadable", _("It is no JSON: {reason}.").format(reason=error)
        ) from error
    if not isinstance(found, dict):
        raise _refused("polygon_unreadable", _("It is JSON, but no GeoJSON object."))
    crs = found.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if crs is not None and name not in _WGS84:
        raise _refused(
            "polygon_wrong_crs",
            _("Its coordinates are not longitude and latitude WGS 84, but {crs}.").format(
                crs=str(name)[:60]
            ),
            _("Export it again as EPSG:4326."),
        )
    return found


def _no_constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _geometry(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the one Polygon or MultiPolygon of a document."""
    kind = found.get("type")
    if kind == "FeatureCollection":
        features = found.get("features")
        if not isinstance(features, list) or len(features) != 1:
            n = len(features) if isinstance(features, list) else 0
            raise _refused(
                "polygon_several", _("It holds {n} features, not one.").format(n=n),
                _("Keep the one to alert; several parts can be one MultiPolygon."),
            )  # fmt: skip
        found = features[0] if isinstance(features[0], dict) else {}
        kind = found.get("type")
    if kind == "Feature":
        geometry = found.get("geometry")
        found = geometry if isinstance(geometry, dict) else {}
        kind = found.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise _refused(
            "polygon_wrong_type",
            _("It holds a {kind}, not a Polygon or a MultiPolygon.").format(
                kind=str(kind or "?")[:40]
            ),
        )
    return found


def _corners(value: object, depth: int = MAX_DEPTH) -> Iterator[tuple[float, float]]:
    """Yield every position (longitude, latitude) of nested coordinates."""
    if not isinstance(value, list) or not depth:
        raise _refused("polygon_unreadable", _("Its coordinates are no lists of numbers."))
    if value and all(isinstance(x, float) for x in value):
        if len(value) < 2:
            raise _refused("polygon_unreadable", _("A position of it has only one number."))
        yield value[0], value[1]
        return
    for item in value:
        yield from _corners(item, depth - 1)


def _check_corners(corners: Sequence[tuple[float, float]]) -> None:
    if not corners:
        raise _refused("polygon_invalid", _("It is empty."))
    if len(corners) > MAX_CORNERS:
        raise _refused(
            "polygon_too_detailed",
            _("It has {n} corners; at most {most} are taken.").format(
                n=len(corners), most=MAX_CORNERS
            ),
            _("Simplify the outline and export it again."),
        )
    for lon, lat in corners:
        if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
            raise _refused(
                "polygon_out_of_range",
                _("Longitude {lon}, latitude {lat} is no point on Earth.").format(lon=lon, lat=lat),
                _("Longitude comes first. Cut an area at 180 degrees into two parts."),
            )


def _shape(geometry: Mapping[str, Any]) -> BaseGeometry:
    check_order("shapely")
    import shapely
    from shapely.geometry import shape as read

    try:
        found = shapely.force_2d(read(geometry))
    except (ValueError, TypeError, IndexError, shapely.errors.ShapelyError) as error:
        raise _refused(
            "polygon_invalid", _("Its rings are no rings: {reason}.").format(reason=error)
        ) from error
    if not found.is_valid:
        raise _refused(
            "polygon_invalid",
            _("It is no valid area: {reason}.").format(reason=shapely.is_valid_reason(found)),
        )
    if found.area == 0 or any(part.is_empty for part in shapely.get_parts(found)):
        raise _refused("polygon_invalid", _("It is empty."))
    return found


def _mapping(shape: BaseGeometry) -> dict[str, Any]:
    """Return the geometry as RFC 7946 wants it: outer rings counter-clockwise, plain lists.

    A hole without a corner is left out: SpatiaLite makes NULL of a polygon that has one, and no
    site lies in NULL.
    """
    import shapely

    found = dict(json.loads(shapely.to_geojson(shapely.orient_polygons(shape))))
    found["coordinates"] = [
        [ring for ring in part if ring] if found["type"] == "MultiPolygon" else part
        for part in found["coordinates"]
        if part
    ]
    return found


def _check_territory(lat: float, lon: float) -> None:
    if territory_at(lat, lon):
        return
    if territory_at(lon, lat):
        raise _refused(
            "polygon_swapped",
            _("Its coordinates seem swapped: they say longitude {lon}, latitude {lat}.").format(
                lon=lon, lat=lat
            ),
            _("GeoJSON positions are [longitude, latitude]."),
        )
    raise _refused(
        "outside_france",
        _("Latitude {lat}, longitude {lon} is in no French territory.").format(lat=lat, lon=lon),
    )


def _refused(code: str, reason: str, hint: str = "") -> UsageError:
    return UsageError(
        code,
        _("The polygon cannot be used. {reason}").format(reason=reason),
        hint=hint or _("Give one Polygon or MultiPolygon as GeoJSON (RFC 7946)."),
    )
