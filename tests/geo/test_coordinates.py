"""Points as they are typed, and the checks that catch a swapped or mistyped one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.errors import UsageError
from umsalert.geo.coordinates import check_point, parse_coordinate
from umsalert.geo.territories import TERRITORIES, Territory


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("43.7005", 43.7005),
        ("43,7005", 43.7005),
        (" -61.5 ", -61.5),
        ("\N{MINUS SIGN}61,5", -61.5),
        ("+7", 7.0),
        (".5", 0.5),
        ("4.5E-05", 0.000045),
    ],
)
def test_coordinate_is_read_in_degrees(text: str, degrees: float) -> None:
    """One decimal number is degrees, with a dot or a comma, as spreadsheets write it."""
    assert parse_coordinate(text) == degrees


@pytest.mark.parametrize(
    "text",
    ["", "nan", "inf", "43.7005, 7.2683", "43°42'", "43 42", "43.7N", "1e999", "9" * 400, "4,3.7"],
)
def test_what_is_not_one_number_is_refused(text: str) -> None:
    """Pairs, minutes, NaN and words are refused, and the sentence repeats what was typed."""
    with pytest.raises(UsageError) as caught:
        parse_coordinate(text)
    assert caught.value.code == "coordinate_not_a_number"
    assert repr(text) in caught.value.message


@given(st.floats(-180, 180))
def test_every_coordinate_reads_back(degrees: float) -> None:
    """Any degrees that Python writes are read back to the last bit, with a comma too."""
    assert parse_coordinate(repr(degrees)) == degrees
    assert parse_coordinate(f"{degrees:.7f}".replace(".", ",")) == round(degrees, 7)


@given(st.text() | st.text(alphabet="0123456789.,+- \u202f\u2212kmKMeE"))
def test_any_text_is_a_coordinate_or_a_usage_error(text: str) -> None:
    """Nothing that can be typed breaks the reading or gives degrees that are not finite."""
    try:
        degrees = parse_coordinate(text)
    except UsageError:
        return
    assert math.isfinite(degrees)


@pytest.mark.parametrize("territory", TERRITORIES, ids=lambda territory: territory.name)
def test_swapped_point_is_recognised_everywhere(territory: Territory) -> None:
    """In every territory a point is accepted, and its swapped twin refused with the right flags."""
    box = territory.box
    lat, lon = (box.south + box.north) / 2, (box.west + box.east) / 2
    assert check_point(lat, lon).region == territory.region
    with pytest.raises(UsageError) as caught:
        check_point(lon, lat)
    assert caught.value.code == "coordinates_swapped"
    assert caught.value.hint.endswith(f"--lat {lat} --lon {lon}")


@pytest.mark.parametrize(
    ("lat", "lon", "code"),
    [
        (math.nan, 7.0, "coordinates_out_of_range"),
        (43.0, math.inf, "coordinates_out_of_range"),
        (90.1, 7.0, "coordinates_out_of_range"),
        (43.7, 187.0, "coordinates_out_of_range"),
        (0.0, 0.0, "outside_france"),
        (52.52, 13.4, "outside_france"),
        (43.7, -7.27, "outside_france"),
        (21.1, 55.5, "outside_france"),
    ],
)
def test_point_outside_france_is_refused(lat: float, lon: float, code: str) -> None:
    """No point on Earth, a foreign city and a lost sign are each refused with their code."""
    with pytest.raises(UsageError) as caught:
        check_point(lat, lon)
    assert caught.value.code == code
    assert caught.value.hint
