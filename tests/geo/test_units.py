"""Distances as they are typed and shown."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.typed import typed
from umsalert import i18n
from umsalert.errors import UsageError
from umsalert.geo.units import check_radius, format_away, format_distance, parse_distance


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("800m", 800.0),
        ("800 m", 800.0),
        (" 3KM ", 3000.0),
        ("1,5 km", 1500.0),
        ("2.5km", 2500.0),
        ("2.3 km", 2300.0),
        ("1.234 km", 1234.0),
        ("0.5 m", 0.5),
        ("+10 km", 10_000.0),
        ("1 500 m", 1500.0),
        ("1\N{NARROW NO-BREAK SPACE}500\N{NO-BREAK SPACE}m", 1500.0),
        ("３\N{SQUARE KM}", 3000.0),
    ],
)
def test_distance_is_read_in_metres(text: str, metres: float) -> None:
    """A number and its unit are metres, to the last digit, whatever the spaces and the comma."""
    assert parse_distance(text) == metres


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "distance_not_a_number"),
        ("km", "distance_not_a_number"),
        ("nan m", "distance_not_a_number"),
        ("inf km", "distance_not_a_number"),
        ("1e3 m", "distance_not_a_number"),
        ("1,500,000 m", "distance_not_a_number"),
        ("1 50 m", "distance_not_a_number"),
        ("1.km", "distance_not_a_number"),
        ("3km3", "distance_not_a_number"),
        ("800", "distance_without_unit"),
        ("1,5", "distance_without_unit"),
        ("3 miles", "distance_unit_unknown"),
        ("3 m²", "distance_not_a_number"),
        ("1.500 m", "distance_ambiguous"),
        ("1,500m", "distance_ambiguous"),
        ("0 m", "distance_not_positive"),
        ("0,0 km", "distance_not_positive"),
        ("-3km", "distance_not_positive"),
        ("\N{MINUS SIGN}3 km", "distance_not_positive"),
        ("9" * 400 + " km", "distance_not_positive"),
    ],
)
def test_doubtful_distance_is_refused(text: str, code: str) -> None:
    """What is no positive number with a known unit is refused with its own code and a hint."""
    with pytest.raises(UsageError) as caught:
        parse_distance(text)
    assert caught.value.code == code
    assert "800m" in caught.value.hint


@given(typed("0123456789.,+- \u202f\u2212kmKMeE"))
def test_any_text_is_a_distance_or_a_usage_error(text: str) -> None:
    """Nothing that can be typed breaks the reading or gives a distance that is not one."""
    try:
        metres = parse_distance(text)
    except UsageError:
        return
    assert 0 < metres < math.inf


@given(st.integers(1, 40_000_000), st.sampled_from(["en", "fr"]))
def test_shown_distance_reads_back(metres: int, language: str) -> None:
    """A distance shown to a person means the same metres when typed again, in both languages."""
    i18n.activate(language)
    assert parse_distance(format_distance(metres)) == metres


@given(st.floats(0.6, 4e7), st.sampled_from(["en", "fr"]))
def test_shown_distance_is_right_to_the_metre(metres: float, language: str) -> None:
    """What a person reads, typed again, is at most half a metre off, in both languages."""
    i18n.activate(language)
    assert abs(parse_distance(format_distance(metres)) - metres) <= 0.5


@given(
    st.integers(1000, 99_999_999),
    st.sampled_from(" \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}"),
    st.sampled_from(["m", " m", "km", "\N{NO-BREAK SPACE}km", "KM"]),
    st.sampled_from(["", ",5", ".25"]),
)
def test_thousands_apart_mean_the_same(number: int, space: str, unit: str, decimals: str) -> None:
    """Thousands apart by any space of French typography are the number without it."""
    grouped = f"{number:,}".replace(",", space)
    assert parse_distance(grouped + decimals + unit) == parse_distance(f"{number}{decimals}{unit}")


@given(st.integers(1000, 99_999_999), st.sampled_from(",.'_"), st.sampled_from(["m", "km"]))
def test_thousands_apart_by_a_sign_are_never_misread(number: int, sign: str, unit: str) -> None:
    """`12,000 m` is refused, or else read with a decimal sign as kilometres; never as 12,000 m."""
    text = f"{number:,}{unit}".replace(",", sign)
    try:
        metres = parse_distance(text)
    except UsageError:
        return
    assert unit == "km"
    assert number < 1_000_000
    assert metres == number


@given(st.decimals(min_value="0.01", max_value="1000", places=2))
def test_comma_and_dot_mean_the_same(number: object) -> None:
    """The decimal comma and the decimal dot give the same metres."""
    assert parse_distance(f"{number} km") == parse_distance(f"{number}km".replace(".", ","))


@pytest.mark.parametrize(
    ("metres", "text"),
    [(0.2, "0 m"), (800, "800 m"), (999.6, "1 km"), (1500, "1.5 km"), (30_000, "30 km")],
)
def test_distance_is_shown_to_the_metre(metres: float, text: str) -> None:
    """Below one kilometre metres are shown, above it kilometres without idle zeros."""
    assert format_distance(metres) == text


def test_french_read_a_decimal_comma() -> None:
    """In French the decimal sign is a comma."""
    i18n.activate("fr")
    assert format_distance(1500) == "1,5 km"


@pytest.mark.parametrize("radius_m", [100_000.1, 0.0, -1.0, math.nan, math.inf])
def test_radius_beyond_the_limit_is_refused(radius_m: float) -> None:
    """A radius above the limit, or none at all, is refused; the setting is named."""
    with pytest.raises(UsageError) as caught:
        check_radius(radius_m, 100_000.0)
    assert caught.value.code == "radius_out_of_range"
    assert "alert.max_radius_m" in caught.value.hint


def test_radius_at_the_limit_is_allowed() -> None:
    """The limit itself is allowed."""
    check_radius(100_000.0, 100_000.0)


@pytest.mark.parametrize(
    ("metres", "text"),
    [
        (0.0, "0 m"),
        (999.4, "999 m"),
        (1081.0, "1.08 km"),
        (9999.0, "10 km"),
        (25_347.2, "25.3 km"),
        (8_716_404.9, "8716 km"),
    ],
)
def test_how_far_away_is_as_exact_as_it_is_of_use(metres: float, text: str) -> None:
    """A report of the whole country tells kilometres, not metres."""
    assert format_away(metres) == text
