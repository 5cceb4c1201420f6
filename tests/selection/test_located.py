"""From the names in an area to the sites that the register has."""

from __future__ import annotations

import pytest

from umsalert.errors import UsageError
from umsalert.geo.circles import distance_m
from umsalert.model import (
    Circle,
    Division,
    DivisionKind,
    Everywhere,
    Only,
    Polygon,
    area_from_json,
    area_to_json,
)
from umsalert.ports import NamedSites
from umsalert.selection.located import LISTED, listed, located

NICE = Circle(43.7, 7.27, 800.0)
SQUARE = {"type": "Polygon", "coordinates": [[[7, 43], [8, 43], [8, 44], [7, 43]]]}


def known(*kinds: str, unknown: tuple[str, ...] = ()) -> NamedSites:
    return NamedSites(kinds=kinds, unknown=unknown, spots=())


def test_a_kind_is_found_in_every_spelling_of_the_register() -> None:
    """Case and blanks do not count, and no spelling of the register is missed."""
    area = Circle(43.7, 7.27, 800.0, Only(kinds=("MALL", " gare  routière")))
    found = located(area, known("mall", "Mall", "Gare routière", "hotel"), typed=True)
    assert found.only.kinds == ("mall", "Mall", "Gare routière")


def test_an_unknown_kind_lists_the_known_ones() -> None:
    """Nothing is planned for a kind that no site has."""
    area = Everywhere(only=Only(kinds=("mall", "zoo", "circus")))
    with pytest.raises(UsageError) as raised:
        located(area, known("mall", "hotel"), typed=True)
    assert raised.value.code == "site_kind_unknown"
    assert "zoo, circus" in raised.value.message
    assert "mall, hotel" in raised.value.hint


def test_all_unknown_refs_are_named_at_once() -> None:
    """Up to as many as can be read, and then counted."""
    refs = tuple(f"R{i}" for i in range(LISTED + 7))
    with pytest.raises(UsageError) as raised:
        located(Everywhere(only=Only(refs=refs)), known(unknown=refs), typed=True)
    assert raised.value.code == "sites_unknown"
    assert f"R{LISTED - 1} and 7 more" in raised.value.message
    assert listed(refs[:2]) == "R0, R1"


def test_what_was_typed_long_ago_may_be_gone() -> None:
    """A request that waited, a next wave: a ref or a kind that is no more stops nobody."""
    area = Circle(43.7, 7.27, 800.0, Only(("zoo",), ("R1",)))
    assert located(area, known(unknown=("R1",)), typed=False) == area


def test_everywhere_is_a_circle_around_the_sites() -> None:
    """No site lies outside; the middle is among most of them, not in the sea between."""
    spots = ((43.70, 7.27), (43.71, 7.26), (48.85, 2.35), (-20.88, 55.45), (14.6, -61.07))
    named = NamedSites((), (), spots)
    found = located(Everywhere(), named, typed=True)
    assert (found.lat, found.lon) == (43.7, 7.26)
    assert all(distance_m(found.lat, found.lon, *spot) <= found.radius_m for spot in spots)
    assert located(NICE, named, typed=True) == NICE
    one = located(Everywhere(), NamedSites((), (), spots[:1]), typed=True)
    assert (one.lat, one.lon, one.radius_m) == (43.7, 7.27, 1.0)


@pytest.mark.parametrize(
    "area",
    [
        NICE,
        Circle(43.7, 7.27, 800.0, Only(("mall",), ("A", "B"))),
        Polygon(43.5, 7.5, 9e4, SQUARE),
        Polygon(
            43.5, 7.5, 9e4, SQUARE, Only(), (Division(DivisionKind.DEPARTEMENT, "06", "Alpes"),)
        ),
        Everywhere(),
        Everywhere(1.0, 2.0, 3.0, Only(refs=("A",))),
    ],
)
def test_an_area_is_read_as_it_was_written(area: Circle | Polygon | Everywhere) -> None:
    """What waits for a second person keeps everything; a bare circle looks as it always did."""
    assert area_from_json(area_to_json(area)) == area
    assert set(area_to_json(NICE)) == {"lat", "lon", "radius_m"}


def test_what_lies_beyond_a_quarter_of_the_globe_is_within_the_circle_too() -> None:
    """There the corners of the box around all sites may lie nearer than a site between them."""
    spots = ((-13.28, -176.18), (14.6, -61.0), (-14.3, -178.1), (-9.0, -140.0), (-22.27, 166.44))
    found = located(Everywhere(), NamedSites((), (), spots), typed=True)
    assert all(distance_m(found.lat, found.lon, *spot) <= found.radius_m for spot in spots)


def test_neighbours_across_the_date_line_are_neighbours() -> None:
    """Wallis and Nouméa: the middle is between them, and not on the other side of the world."""
    spots = ((-13.28, -176.18), (-22.27, 166.44))
    found = located(Everywhere(), NamedSites((), (), spots), typed=True)
    assert (found.lat, found.lon) == (-17.775, 175.13)
    assert found.radius_m < 1_200_000
    assert all(distance_m(found.lat, found.lon, *spot) <= found.radius_m for spot in spots)
    nearer = located(Everywhere(), NamedSites((), (), ((-13, -176), spots[1])), typed=True)
    assert nearer.lon == 175.22
    west = located(Everywhere(), NamedSites((), (), (spots[0], (-14.3, -178.1))), typed=True)
    assert (west.lon, west.radius_m < 150_000) == (-177.14, True)
