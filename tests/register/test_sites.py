"""What a site's cells may hold."""

from __future__ import annotations

import pytest

from tests.register.reading import read_sites
from umsalert.errors import UsageError
from umsalert.model import NewSite
from umsalert.register import site_from

FIELDS = {"ref": "NCE-001", "name": "Galerie des Tilleuls", "lat": "43.7005", "lon": "7.2683"}


def refused(**changes: str) -> list[tuple[str | None, str]]:
    with pytest.raises(UsageError) as caught:
        site_from(FIELDS | changes)
    return [(problem.column, problem.code) for problem in caught.value.problems]


def test_a_full_site() -> None:
    """Every field arrives where it belongs, in the type of the model."""
    site = site_from(
        FIELDS
        | {
            "kind": "mall",
            "address": "80 rue de la Girouette",
            "postcode": "06000",
            "commune": "Nice",
            "agents": "3",
            "hours": "Mo-Sa 09:00-20:00",
            "time_zone": "Indian/Reunion",
        }
    )
    assert site == NewSite(
        ref="NCE-001",
        name="Galerie des Tilleuls",
        lat=43.7005,
        lon=7.2683,
        region="FR",
        time_zone="Indian/Reunion",
        kind="mall",
        address="80 rue de la Girouette",
        postcode="06000",
        commune="Nice",
        agents=3,
        hours="Mo-Sa 09:00-20:00",
    )


def test_the_territory_gives_region_and_time_zone() -> None:
    """A point in La Réunion brings its numbering region and its time."""
    site = site_from(FIELDS | {"lat": "-20.887", "lon": "55.455"})
    assert (site.region, site.time_zone) == ("RE", "Indian/Reunion")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("ref", "", "value_missing"),
        ("ref", "-x", "ref_invalid"),
        ("ref", "a b", "ref_invalid"),
        ("ref", "é", "ref_invalid"),
        ("ref", "r" * 41, "value_too_long"),
        ("name", " \t ", "value_missing"),
        ("name", "n" * 121, "value_too_long"),
        ("name", "Til\x07leuls", "control_character"),
        ("name", "Til\u202eleuls", "control_character"),
        ("lat", "43 42", "coordinate_not_a_number"),
        ("lon", "nan", "coordinate_not_a_number"),
        ("lat", "91", "coordinates_out_of_range"),
        ("lat", "-43.7", "outside_france"),
        ("postcode", "123", "postcode_invalid"),
        ("postcode", "2A004", "postcode_invalid"),
        ("postcode", "٠٦٠٠٠", "postcode_invalid"),
        ("agents", "-1", "agents_invalid"),
        ("agents", "2.5", "agents_invalid"),
        ("agents", "²", "agents_invalid"),
        ("hours", "Lu-Ve 9h-18h", "hours_invalid"),
        ("hours", "Mo-Fr 09:00-18:0", "hours_invalid"),
        ("time_zone", "Europe", "time_zone_unknown"),
        ("time_zone", "../etc/passwd", "time_zone_unknown"),
    ],
)
def test_a_wrong_value_is_named(column: str, value: str, code: str) -> None:
    """Each wrong value is one problem, at its column."""
    at = "lat" if code in ("coordinates_out_of_range", "outside_france") else column
    assert refused(**{column: value}) == [(at, code)]


def test_swapped_coordinates() -> None:
    """Latitude and longitude that have changed places are recognised."""
    assert refused(lat="7.2683", lon="43.7005") == [("lat", "coordinates_swapped")]


def test_all_problems_of_one_command_at_once() -> None:
    """A command with several wrong fields names them all, in its message too."""
    with pytest.raises(UsageError) as caught:
        site_from({"ref": "a", "lat": "x", "agents": "many"})
    assert [problem.code for problem in caught.value.problems] == [
        "value_missing",
        "coordinate_not_a_number",
        "value_missing",
        "agents_invalid",
    ]
    for column in ("name: ", "lat: ", "lon: ", "agents: "):
        assert column in caught.value.message


def test_accents_are_composed() -> None:
    """A decomposed accent, as macOS writes it, makes the same name as a composed one."""
    assert site_from(FIELDS | {"name": "The\u0301a\u0302tre"}).name == "Théâtre"


@pytest.mark.parametrize(
    ("postcode", "point", "read_as", "warnings"),
    [
        ("06000", "43.7,7.2", "06000", []),
        ("6000", "43.7,7.2", "06000", ["postcode_zero_lost"]),
        ("97400", "43.7,7.2", "97400", ["postcode_elsewhere"]),
        ("97400", "-20.9,55.5", "97400", []),
        ("98000", "43.73,7.42", "98000", []),
    ],
)
def test_doubtful_postcodes(postcode: str, point: str, read_as: str, warnings: list[str]) -> None:
    """A lost zero is put back and a postcode of elsewhere kept, each with a warning."""
    found = read_sites(f"ref,name,lat,lon,postcode\nA,x,{point},{postcode}\n".encode())
    assert found.problems == ()
    assert found.rows[0].postcode == read_as
    assert [warning.code for warning in found.warnings] == warnings


def test_long_values_are_shown_cut() -> None:
    """A problem shows the start of an overlong cell, not all of it."""
    found = read_sites(b"ref,name,lat,lon\nA," + b"n" * 5000 + b",43.7,7.2\n")
    assert found.problems[0].code == "value_too_long"
    assert found.problems[0].value == "n" * 80 + "…"
