"""What a shell completes of the map is read back as what it was offered for."""

from __future__ import annotations

import re

import pytest

from umsalert.errors import UsageError
from umsalert.geo import offers
from umsalert.geo.divisions import division
from umsalert.geo.outlines import divisions, folded
from umsalert.geo.territories import TERRITORIES
from umsalert.model import DivisionKind

COMMUNE, DEPARTEMENT, REGION = DivisionKind
SOME = 701
"""Each so many of the communes: 50 of them, of every part of the country."""


def test_a_name_that_is_begun_leads_to_its_division() -> None:
    """A name or a code but its last letter offers a word that means just this division."""
    communes = divisions(COMMUNE)[::SOME]
    for it in [*divisions(REGION), *divisions(DEPARTEMENT), *communes]:
        for typed in (it.name[:-1], it.name[:-1].casefold(), it.code[:-1], it.code.casefold()):
            words = [word for word, _about in offers.divisions(it.kind, typed)]
            assert it in [division(it.kind, word) for word in words], (it, typed)
            assert all(word.startswith(typed) for word in words)


def test_a_name_without_its_accents_and_article_is_known() -> None:
    """Nobody looks for accents in the worst minute; what is typed stays as it is."""
    assert offers.divisions(REGION, "ile") == [("ile-de-France", "11")]
    assert offers.divisions(REGION, "reun") == [("reunion", "04")]
    assert offers.divisions(COMMUNE, "Havre-") == [("Havre-76351", "Le Havre")]
    assert offers.divisions(COMMUNE, "erquy") == [("erquy-22054", "Erquy")]
    assert ("epernay-51230", "Épernay") in offers.divisions(COMMUNE, "eperna")


def test_no_shell_takes_a_word_apart() -> None:
    """Words have neither blanks nor what a shell reads, whatever the name has."""
    found = {
        word
        for kind in DivisionKind
        for letter in "abcdefghijklmnopqrstuvwxyz"
        for word, _about in offers.divisions(kind, letter)
    }
    assert len(found) > 1000
    assert [word for word in found if not re.fullmatch(r"[\w’-]+", word)] == []


def test_more_than_a_screen_is_no_help() -> None:
    """Of thousands of names the first are offered."""
    assert len(offers.divisions(COMMUNE, "saint")) == offers.MOST


@pytest.mark.parametrize("typed", ["Nice-06089", "Nicee-06088", "Nice", "-06088", "06088-Nice"])
def test_a_name_and_a_code_that_differ_mean_nothing(typed: str) -> None:
    """A slip in either is told: it could be the wrong town."""
    with pytest.raises(UsageError, match="INSEE"):
        division(COMMUNE, typed)


@pytest.mark.parametrize("typed", ["Nice-06088", "NICE 06088", "nice-06088", "ajaccio-2a004"])
def test_a_name_may_stand_before_the_code(typed: str) -> None:
    """As a shell completes it, or as somebody types it."""
    found = division(COMMUNE, typed)
    assert folded(typed) == folded(f"{found.name} {found.code}")


def test_the_clocks_of_france_are_offered() -> None:
    """Each zone once, with the place that it is of."""
    zones = offers.time_zones("")
    assert {zone for zone, _name in zones} == {place.time_zone for place in TERRITORIES}
    assert len(zones) == len(dict(zones))
    assert offers.time_zones("Indian/Re") == [("Indian/Reunion", "La Réunion")]
    assert offers.time_zones("Mars/") == []
