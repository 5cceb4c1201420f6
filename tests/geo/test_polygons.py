"""Polygons from files: what is taken, where it lies, and a sentence for whatever is refused."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from umsalert.errors import UsageError
from umsalert.geo.circles import distance_m
from umsalert.geo.polygons import boxes_of, parse_polygon

SQUARE = [[7.26, 43.69], [7.28, 43.69], [7.28, 43.71], [7.26, 43.71], [7.26, 43.69]]
HOLE = [[7.265, 43.695], [7.265, 43.705], [7.275, 43.705], [7.275, 43.695], [7.265, 43.695]]
FAR = [[2.34, 48.85], [2.36, 48.85], [2.36, 48.86], [2.34, 48.85]]


def geometry(*rings: Any, kind: str = "Polygon") -> dict[str, Any]:
    return {"type": kind, "coordinates": list(rings)}


@pytest.mark.parametrize(
    "document",
    [
        geometry(SQUARE),
        {"type": "Feature", "properties": {}, "geometry": geometry(SQUARE)},
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": geometry(SQUARE)}],
        },
        geometry([[*point, 12.5] for point in SQUARE]),
        geometry([[*point, 10**400] for point in SQUARE]),
        geometry(SQUARE[::-1]),
    ],
    ids=["geometry", "feature", "collection", "heights", "huge heights", "clockwise"],
)
def test_every_wrapping_of_one_polygon_is_the_same_area(document: dict[str, Any]) -> None:
    """A geometry, a feature, a collection of one, heights and either winding mean the same."""
    polygon = parse_polygon(json.dumps(document))
    assert shapely.geometry.shape(polygon.geometry).equals(shapely.Polygon(SQUARE))
    assert (polygon.lat, polygon.lon) == (43.70, 7.27)
    assert polygon.radius_m == max(distance_m(43.70, 7.27, y, x) for x, y in SQUARE)


def test_the_centre_lies_inside_even_where_there_is_a_hole() -> None:
    """Distances are measured from a point of the area, not from the middle of its hole."""
    polygon = parse_polygon(json.dumps(geometry(SQUARE, HOLE)))
    assert shapely.Polygon(SQUARE, [HOLE]).covers(shapely.Point(polygon.lon, polygon.lat))


def test_each_part_has_its_own_box() -> None:
    """Two parts far apart are searched each in its own box, not in one around both."""
    boxes = boxes_of(
        parse_polygon(json.dumps(geometry([SQUARE], [FAR], kind="MultiPolygon"))).geometry
    )
    assert sorted((box.west, box.south, box.east, box.north) for box in boxes) == [
        (2.34, 48.85, 2.36, 48.86),
        (7.26, 43.69, 7.28, 43.71),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["Polygon", "MultiPolygon"])
def test_a_hole_without_corners_is_no_hole(kind: str) -> None:
    """SpatiaLite finds nobody in a polygon that has one."""
    rings = [SQUARE, []]
    document = geometry(*(rings if kind == "Polygon" else [rings]), kind=kind)
    whole = geometry(*([SQUARE] if kind == "Polygon" else [[SQUARE]]), kind=kind)
    assert parse_polygon(json.dumps(document)).geometry == whole


BOW_TIE = [[7.26, 43.69], [7.28, 43.71], [7.28, 43.69], [7.26, 43.71], [7.26, 43.69]]
REFUSED: dict[str, tuple[object, str]] = {
    "no object": ([], "polygon_unreadable"),
    "line": ({"type": "LineString", "coordinates": SQUARE}, "polygon_wrong_type"),
    "no geometry": ({"type": "Feature", "geometry": None}, "polygon_wrong_type"),
    "two features": ({"type": "FeatureCollection", "features": [1, 2]}, "polygon_several"),
    "no feature": ({"type": "FeatureCollection", "features": []}, "polygon_several"),
    "no coordinates": ({"type": "Polygon"}, "polygon_unreadable"),
    "text": (geometry([["7.26", "43.69"]]), "polygon_unreadable"),
    "one number": (geometry([[7.26]]), "polygon_unreadable"),
    "empty": (geometry(), "polygon_invalid"),
    "two corners": (geometry(SQUARE[:2]), "polygon_invalid"),
    "crossing itself": (geometry(BOW_TIE), "polygon_invalid"),
    "flat": (geometry([SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[0]]), "polygon_invalid"),
    "wrong nesting": (geometry(*SQUARE), "polygon_invalid"),
    "out of range": (geometry([[x + 200, y] for x, y in SQUARE]), "polygon_out_of_range"),
    "swapped": (geometry([[y, x] for x, y in SQUARE]), "polygon_swapped"),
    "elsewhere": (geometry([[x + 90, y] for x, y in SQUARE]), "outside_france"),
    "Lambert 93": (
        geometry(SQUARE) | {"crs": {"type": "name", "properties": {"name": "EPSG:2154"}}},
        "polygon_wrong_crs",
    ),
    "crs without a name": (geometry(SQUARE) | {"crs": {"properties": None}}, "polygon_wrong_crs"),
    "crs with a list": (geometry(SQUARE) | {"crs": {"properties": [1]}}, "polygon_wrong_crs"),
    "huge number": (geometry([[10**400, y] for _x, y in SQUARE]), "polygon_out_of_range"),
    "deep": (
        json.loads('{"type": "Polygon", "coordinates": %s}' % ("[" * 90 + "]" * 90)),
        "polygon_unreadable",
    ),
    "part without a ring": (geometry([[]], [SQUARE], kind="MultiPolygon"), "polygon_invalid"),
    "too many corners": (geometry(SQUARE * 5000), "polygon_too_detailed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_area_is_refused_with_its_reason(case: str) -> None:
    """Each wrong document has its own code, a sentence and what to do next."""
    document, code = REFUSED[case]
    with pytest.raises(UsageError) as refused:
        parse_polygon(json.dumps(document))
    assert refused.value.code == code
    assert refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", '{"type": "Polygon", "coordinates": NaN}', "[" * 100_000]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    """A truncated file, NaN and a bomb of brackets end as one sentence."""
    with pytest.raises(UsageError) as refused:
        parse_polygon(text)
    assert refused.value.code == "polygon_unreadable"
    assert "Expecting" not in refused.value.message  # a library's English in a French sentence


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(-200, 200) | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(kind=st.sampled_from(["Polygon", "MultiPolygon", "Feature"]), value=_JSON)
def test_no_document_raises_anything_else(kind: str, value: object) -> None:
    """Whatever JSON stands in the file, it is a polygon or a UsageError."""
    document = {"type": kind, "coordinates": value, "geometry": value, "crs": None}
    with contextlib.suppress(UsageError):
        parse_polygon(json.dumps(document))
