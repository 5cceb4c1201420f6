"""Numbers with their nouns, in each language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from umsalert import i18n
from umsalert.words import counts


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    i18n.activate("en")


@pytest.mark.parametrize(
    ("people", "sites", "words"),
    [
        (1, 1, "1 person at 1 site"),
        (2, 1, "2 people at 1 site"),
        (1, 2, "1 person at 2 sites"),
        (0, 0, "0 people at 0 sites"),
    ],
)
def test_each_number_has_its_form(people: int, sites: int, words: str) -> None:
    assert counts.people_at_sites(people, sites) == words


def test_french_has_its_own_forms() -> None:
    """Nought is one of them, not many."""
    i18n.activate("fr")
    assert counts.people(0) == "0 personne"
    assert counts.sites(2) == "2 sites"
