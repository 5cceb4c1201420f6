"""What an officer or a clerk types wrongly: one clear sentence and the documented exit code."""

from __future__ import annotations

import pytest

from tests.e2e.office import ALERT, PERSON, Office


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"--radius": "800"}, "distance_without_unit"),
        ({"--radius": "-800m"}, "distance_not_positive"),
        ({"--radius": "0km"}, "distance_not_positive"),
        ({"--radius": "nan"}, "distance_not_a_number"),
        ({"--radius": "101km"}, "radius_out_of_range"),
        ({"--radius": "800 miles"}, "distance_unit_unknown"),
        ({"--lat": "7.2683", "--lon": "43.7005"}, "coordinates_swapped"),
        ({"--lat": "nan"}, "coordinate_not_a_number"),
        ({"--lat": "91"}, "coordinates_out_of_range"),
        ({"--lat": "52.52", "--lon": "13.40"}, "outside_france"),
        ({"--template": "search-persn"}, "unknown_template"),
        ({"--template": "../../etc"}, "unknown_template"),
        ({"--channel": "fax"}, "usage"),
        ({"--expires": "tomorrow"}, "duration_invalid"),
        ({"--incident-time": "25:99"}, "time_invalid"),
        ({"--incident-time": "2999-01-01T00:00"}, "time_in_future"),
        ({"--var": "description"}, "value_without_name"),
        ({"--var": "descripton=x"}, "variables_invalid"),
        ({"--nonsense": "1"}, "usage"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(
    office: Office, changed: dict[str, str], code: str
) -> None:
    """Exit code 2, a stable code, a message and, for a person, no word of Python."""
    words = list(ALERT)
    for option, value in changed.items():
        if option in words and option != "--var":
            words[words.index(option) + 1] = value
        else:
            words += [option, value]
    ended = office.run("alert", "preview", *words, "--json")
    assert (ended.code, ended.error["code"]) == (2, code)
    person = office.run("alert", "preview", *words)
    assert person.code == 2
    assert person.err.startswith("Error: ")
    assert person.out == ""


def test_an_unknown_alert_is_named(office: Office) -> None:
    """`report` of a reference that does not exist says where references are listed."""
    ended = office.run("report", "nothing-here")
    assert ended.code == 2
    assert "umsalert alert list" in ended.err


def test_a_circle_in_french_decimals_is_understood(office: Office) -> None:
    """Decimal commas, as French people type them, are no error."""
    words = ("--lat", "43,7005", "--lon", "7,2683", "--radius", "0,8km", *PERSON)
    assert office.run("alert", "preview", *words, "--json").code == 0
