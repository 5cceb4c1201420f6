"""The French territories: places, numbers and clocks."""

from __future__ import annotations

import importlib.resources
import re
from zoneinfo import ZoneInfo

import pytest

from umsalert.geo.territories import TERRITORIES, region_of_postcode, territory_at


@pytest.mark.parametrize(
    ("lat", "lon", "region", "time_zone"),
    [
        (43.6973, 7.2709, "FR", "Europe/Paris"),  # Nice
        (48.458, -5.096, "FR", "Europe/Paris"),  # Ouessant
        (51.07, 2.53, "FR", "Europe/Paris"),  # Bray-Dunes
        (41.387, 9.159, "FR", "Europe/Paris"),  # Bonifacio
        (43.7384, 7.4246, "FR", "Europe/Paris"),  # Monaco: at the border, it may fall in
        (15.995, -61.729, "GP", "America/Guadeloupe"),  # Basse-Terre
        (14.604, -61.067, "MQ", "America/Martinique"),  # Fort-de-France
        (3.893, -51.802, "GF", "America/Cayenne"),  # Saint-Georges
        (-21.3393, 55.4781, "RE", "Indian/Reunion"),  # Saint-Pierre
        (-12.7806, 45.2279, "YT", "Indian/Mayotte"),  # Mamoudzou
        (46.7811, -56.1764, "PM", "America/Miquelon"),  # Saint-Pierre
        (17.896, -62.8498, "BL", "America/St_Barthelemy"),  # Gustavia
        (18.0676, -63.0825, "MF", "America/Marigot"),  # Marigot
        (-14.295, -178.158, "WF", "Pacific/Wallis"),  # Futuna
        (-17.5516, -149.5585, "PF", "Pacific/Tahiti"),  # Papeete
        (-8.9111, -140.0997, "PF", "Pacific/Marquesas"),  # Taiohae
        (-23.1203, -134.9692, "PF", "Pacific/Gambier"),  # Rikitea
        (-22.2758, 166.458, "NC", "Pacific/Noumea"),  # Nouméa
        (-20.9167, 167.2667, "NC", "Pacific/Noumea"),  # Lifou
        (-49.3517, 70.2197, "TF", "Indian/Kerguelen"),  # Port-aux-Français
    ],
)
def test_places_lie_in_their_territory(lat: float, lon: float, region: str, time_zone: str) -> None:
    """Named places of every territory have its ISO region and their own time zone."""
    territory = territory_at(lat, lon)
    assert territory is not None
    assert (territory.region, territory.time_zone) == (region, time_zone)


def test_time_zones_are_those_of_the_iana_database() -> None:
    """Each French zone of `zone.tab` is found at its own principal place."""
    table = importlib.resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8")
    regions = {territory.region for territory in TERRITORIES}
    found = 0
    for line in table.splitlines():
        region, place, zone = [*line.split("\t"), "", ""][:3]
        if region in regions:
            signs = re.fullmatch(r"([+-]\d+)([+-]\d+)", place)
            assert signs
            territory = territory_at(_degrees(signs[1], 2), _degrees(signs[2], 3))
            assert territory
            assert (territory.region, territory.time_zone) == (region, zone)
            found += 1
    assert found == 15


def _degrees(iso6709: str, digits: int) -> float:
    """Return the degrees of ±DDMM[SS] or ±DDDMM[SS]."""
    degrees, minutes, seconds = (
        iso6709[1 : 1 + digits],
        iso6709[1 + digits :][:2],
        iso6709[3 + digits :],
    )
    value = int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -value if iso6709[0] == "-" else value


def test_every_time_zone_can_be_loaded() -> None:
    """No territory names a time zone that does not exist."""
    for territory in TERRITORIES:
        assert ZoneInfo(territory.time_zone).key == territory.time_zone


def test_boxes_are_boxes() -> None:
    """Every box is the right way round: west to east, south to north."""
    for territory in TERRITORIES:
        box = territory.box
        assert -180 <= box.west < box.east <= 180
        assert -90 <= box.south < box.north <= 90


@pytest.mark.parametrize(
    ("postcode", "region"),
    [
        ("06000", "FR"),
        ("01000", "FR"),
        ("20200", "FR"),
        ("95000", "FR"),
        ("97110", "GP"),
        ("97133", "BL"),
        ("97150", "MF"),
        ("97200", "MQ"),
        ("97300", "GF"),
        ("97400", "RE"),
        ("97500", "PM"),
        ("97600", "YT"),
        ("98600", "WF"),
        ("98714", "PF"),
        ("98800", "NC"),
        ("98413", "TF"),
        ("98000", None),
        ("00100", None),
        ("96000", None),
        ("6000", None),
        ("", None),
        ("2A004", None),
        ("٠٦٠٠٠", None),
    ],
)
def test_postcode_tells_the_region(postcode: str, region: str | None) -> None:
    """A French postcode gives its ISO region; Monaco, army posts and other texts give none."""
    assert region_of_postcode(postcode) == region
