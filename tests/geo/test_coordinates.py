"""Points as they are typed, and the checks that catch a swapped or mistyped one."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.typed import typed
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
        ("43°42'00\"N", 43.7),
        ("43° 42' 18,5\" N", 43 + 42 / 60 + 18.5 / 3600),
        ("7°16′05.9″E", 7 + 16 / 60 + 5.9 / 3600),
        ("61°32’00’’O", -(61 + 32 / 60)),
        ("61º32´ W", -(61 + 32 / 60)),
        ("-20°53'36\"", -(20 + 53 / 60 + 36 / 3600)),
        ("20°53,6'S", -(20 + 53.6 / 60)),
        ("43,7005°", 43.7005),
        ("43.7005° n", 43.7005),
        ("0°00'30\"O", -30 / 3600),
    ],
)
def test_coordinate_is_read_in_degrees(text: str, degrees: float) -> None:
    """One decimal number is degrees, as spreadsheets write it; so are degrees and minutes."""
    assert parse_coordinate(text) == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nan",
        "inf",
        "4 3°42'",
        "43.7005, 7.2683",
        "43 42",
        "43.7N",
        "1e999",
        "9" * 400,
        "4,3.7",
        "43°60'",
        "43°42'60\"",
        "43.5°42'",
        "43°42.5'30\"",
        "-43°42'N",
        "43°42'N 7°16'E",
        "°",
        "43°42",
        "43°42'00\"X",
        "N43°42'",
    ],
)
def test_what_is_not_one_number_is_refused(text: str) -> None:
    """Pairs, minutes, NaN and words are refused, and the sentence repeats what was typed."""
    with pytest.raises(UsageError) as caught:
        parse_coordinate(text)
    assert caught.value.code == "coordinate_not_a_number"
    assert repr(text) in caught.value.message


@given(st.floats(-180, 180))
def test_every_coordinate_reads_back(degrees: float) -> None:
    """Degrees to the seventh decimal, a centimetre, are read back as they were written."""
    assert parse_coordinate(f"{degrees:.7f}") == round(degrees, 7)


@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 5999), st.sampled_from("NSEWO"))
def test_minutes_and_seconds_read_back(
    degrees: int, minutes: int, hundredths: int, at: str
) -> None:
    """Every degree, minute and second is read, to a hundred-thousandth of a second."""
    text = f"{degrees}°{minutes:02}'{hundredths / 100:05.2f}\"{at}"
    seconds = degrees * 3600 + minutes * 60 + hundredths / 100
    expected = seconds if at in "NE" else -seconds
    assert parse_coordinate(text) * 3600 == pytest.approx(expected, abs=1e-5)


@given(typed("0123456789.,+- \u202f\u2212kmKMeE°'\"NSWO"))
def test_any_text_is_a_coordinate_or_a_usage_error(text: str) -> None:
    """Nothing that can be typed breaks the reading or gives degrees that are not finite."""
    try:
        degrees = parse_coordinate(text)
    except UsageError:
        return
    assert math.isfinite(degrees)


@given(st.sampled_from(TERRITORIES), st.floats(0, 1), st.floats(0, 1))
def test_swapped_point_is_recognised_everywhere(
    territory: Territory, north: float, east: float
) -> None:
    """Any point of any territory is accepted; swapped it is refused, and the hint is right."""
    box = territory.box
    lat = min(box.south + north * (box.north - box.south), box.north)
    lon = min(box.west + east * (box.east - box.west), box.east)
    assert check_point(lat, lon).box.contains(lat, lon)
    with pytest.raises(UsageError) as caught:
        check_point(lon, lat)
    assert caught.value.code == "coordinates_swapped"
    hint = re.fullmatch(r".* --lat (\S+) --lon (\S+)", caught.value.hint)
    assert hint
    assert (parse_coordinate(hint[1]), parse_coordinate(hint[2])) == (lat, lon)


@given(st.floats(), st.floats())
def test_any_two_numbers_are_a_point_in_france_or_a_usage_error(lat: float, lon: float) -> None:
    """Infinity, NaN, tiny and huge numbers are refused as any other point outside France."""
    if any(territory.box.contains(lat, lon) for territory in TERRITORIES):
        assert check_point(lat, lon).box.contains(lat, lon)
    else:
        with pytest.raises(UsageError):
            check_point(lat, lon)


@given(st.floats(), st.sampled_from([",", "."]))
def test_any_number_typed_plainly_reads_back(number: float, sign: str) -> None:
    """Whatever Python writes of a number is that number or, where it is not finite, refused."""
    text = repr(number).replace(".", sign)
    if math.isfinite(number):
        assert parse_coordinate(text) == number
    else:
        with pytest.raises(UsageError):
            parse_coordinate(text)


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
