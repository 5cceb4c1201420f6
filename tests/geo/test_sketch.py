"""The drawing of an area: north is up, nothing is mirrored, every site is where it lies."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from umsalert.geo.polygons import parse_polygon
from umsalert.geo.sketch import (
    ASPECT,
    CENTRE,
    CENTRE_WITH_SITES,
    EXERCISE_RIM,
    MARGIN,
    RIM,
    as_exercise,
    columns_of,
    scale_bar,
    sketch,
    sketch_marks,
)
from umsalert.model import Circle, Everywhere

GEOD = Geod(ellps="WGS84")
NICE = Circle(43.7005, 7.2683, 800.0)
TRIANGLE = """{"type": "Polygon", "coordinates":
    [[[7.26, 43.69], [7.28, 43.69], [7.27, 43.71], [7.26, 43.69]]]}"""


def _at(circle: Circle, bearing: float, distance_m: float) -> tuple[float, float]:
    lon, lat, _back = GEOD.fwd(circle.lon, circle.lat, bearing, distance_m)
    return lat, lon


@given(
    lat=st.floats(-50, 51),
    lon=st.floats(-180, 180),
    radius_m=st.floats(100, 100_000),
    bearing=st.floats(0, 360),
    share=st.floats(0.2, 1.0),
)
def test_a_site_is_drawn_in_its_direction_at_its_distance(
    lat: float, lon: float, radius_m: float, bearing: float, share: float
) -> None:
    """By Karney's direct solution, no site is drawn more than a character off, anywhere."""
    circle = Circle(lat, lon, radius_m)
    drawing = sketch(circle, [_at(circle, bearing, share * radius_m)], [])
    ((column, row),) = [
        (x, y) for y, line in enumerate(drawing.lines) for x, char in enumerate(line) if char == "1"
    ]
    middle = len(drawing.lines[0]) // 2, len(drawing.lines) // 2
    east = share * radius_m * math.sin(math.radians(bearing)) / drawing.metres_per_column
    north = share * radius_m * math.cos(math.radians(bearing)) / drawing.metres_per_column / ASPECT
    assert abs(column - middle[0] - east) < 1.2
    assert abs(middle[1] - row - north) < 1.2


def test_the_rim_is_round_and_the_centre_in_its_middle() -> None:
    """The circle is as wide as it is high, the same mirrored, and a margin is left around it."""
    lines = sketch(NICE, [], []).lines
    assert lines == lines[::-1]
    assert [line[::-1] for line in lines] == list(lines)
    assert lines[len(lines) // 2][len(lines[0]) // 2] == CENTRE
    columns = [x for line in lines for x, char in enumerate(line) if char == RIM]
    rows = [y for y, line in enumerate(lines) if RIM in line]
    wide, high = max(columns) - min(columns), ASPECT * (max(rows) - min(rows))
    assert abs(wide - high) <= 2
    assert wide == pytest.approx((len(lines[0]) - 1) / MARGIN, abs=1)


def test_many_sites_in_one_character_are_counted() -> None:
    """Nine sites in one place are a 9, ten are a hash; what gets nothing never hides them."""
    place = _at(NICE, 45, 500)
    assert "9" in "".join(sketch(NICE, [place] * 9, [place]).lines)
    drawing = "".join(sketch(NICE, [place] * 10, [place]).lines)
    assert "#" in drawing
    assert "o" not in drawing


def test_sites_at_the_centre_are_not_hidden_by_it() -> None:
    """The mark of the centre says whether sites are to be alerted right there."""
    assert CENTRE_WITH_SITES in "".join(sketch(NICE, [(NICE.lat, NICE.lon)], []).lines)
    assert CENTRE_WITH_SITES not in "".join(sketch(NICE, [], [(NICE.lat, NICE.lon)]).lines)


def test_what_lies_far_away_is_left_out() -> None:
    """A site beyond the margin is not drawn at the edge of the map, on either side."""
    far = [_at(NICE, bearing, 5_000) for bearing in range(0, 360, 30)]
    assert "o" not in "".join(sketch(NICE, [], far).lines)


def test_a_list_of_one_site_is_drawn_with_the_street_before_it() -> None:
    """A scale of nought metres tells nobody where the site is."""
    place = (43.7005, 7.2683)
    one = Everywhere(*place, 1.0)
    assert sketch(one, [place], []).metres_per_column * 22 == pytest.approx(100 * MARGIN)
    far = Everywhere(*place, 5000.0)
    assert sketch(far, [place], []).metres_per_column * 22 == pytest.approx(5000 * MARGIN)
    small = Circle(*place, 20.0)
    assert sketch(small, [place], []).metres_per_column * 22 == pytest.approx(20 * MARGIN)


def test_a_polygon_is_drawn_by_its_edges() -> None:
    """A triangle that points north has a narrow top and a wide bottom."""
    lines = [line for line in sketch(parse_polygon(TRIANGLE), [], []).lines if RIM in line]
    top, bottom = lines[0], lines[-1]
    assert top.count(RIM) < 4
    assert bottom.count(RIM) > 15


@given(metres_per_column=st.floats(0.1, 10_000))
def test_the_scale_bar_is_round_and_true(metres_per_column: float) -> None:
    """The bar says 1, 2 or 5 times a power of ten and is as long as it says."""
    columns, length_m = scale_bar(metres_per_column, 15)
    assert float(f"{length_m:.0e}"[0]) in (1, 2, 5)
    assert columns <= 15
    assert abs(columns * metres_per_column - length_m) <= metres_per_column / 2 + 1e-6


def test_the_last_mark_of_a_character_is_seen() -> None:
    """Also in the centre; what lies beyond the drawing is counted, not drawn."""
    far = _at(NICE, 90, 5_000)
    marked = [((NICE.lat, NICE.lon), "a"), (_at(NICE, 0, 1), "b"), (far, "c")]
    drawing = sketch_marks(NICE, marked, 21)
    middle = drawing.lines[len(drawing.lines) // 2]
    assert middle[10] == "b"
    assert drawing.outside == 1
    assert not {"a", "c", CENTRE} & set("".join(drawing.lines))
    assert sketch_marks(NICE, [], 21).lines[5][10] == CENTRE


@pytest.mark.parametrize("rows", range(3, 60))
def test_a_drawing_is_no_higher_than_asked_for(rows: int) -> None:
    """It has as many lines as fit, an odd number."""
    lines = sketch_marks(NICE, [], columns_of(rows)).lines
    assert rows - 1 <= len(lines) <= rows


def test_the_rim_of_an_exercise_is_another_one() -> None:
    """Where the rim was, and nothing else is changed."""
    live = sketch(NICE, [(NICE.lat, NICE.lon)], [_at(NICE, 90, 950)])
    drill = as_exercise(live)
    assert RIM in "".join(live.lines)
    assert RIM not in "".join(drill.lines)
    assert [line.replace(EXERCISE_RIM, RIM) for line in drill.lines] == list(live.lines)


def test_everywhere_has_no_centre() -> None:
    """A cross between Nice and Wallis would look like a place that somebody chose."""
    area = Everywhere(43.7, 7.27, 800.0)
    assert CENTRE not in "".join(sketch_marks(area, [], 21).lines)
    assert CENTRE not in "".join(sketch(area, [], [], 21).lines)
