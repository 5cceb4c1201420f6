"""docs/register.md holds every status, every move and every fact, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from umsalert.model import CONTACT_MOVES, FACTS, SITE_MOVES, ContactStatus, SiteStatus
from umsalert.settings import RegisterSettings

PAGE = (Path(__file__).parents[2] / "docs" / "register.md").read_text("utf-8")
SITE, CONTACT = PAGE.partition("\n## A contact\n")[::2]


@pytest.mark.parametrize(
    ("text", "moves", "statuses"),
    [(SITE, SITE_MOVES, SiteStatus), (CONTACT, CONTACT_MOVES, ContactStatus)],
    ids=["site", "contact"],
)
def test_every_move_is_documented(
    text: str, moves: dict[str, frozenset[str]], statuses: type[SiteStatus] | type[ContactStatus]
) -> None:
    """The tables name each status once, and each move that the model allows."""
    assert re.findall(r"^\| `(\w+)` \| [^`]", text, re.MULTILINE) == [it.value for it in statuses]
    found = re.findall(r"^\| `(\w+)` \| `(\w+)` \| \S", text, re.MULTILINE)
    assert len(found) == len(set(found))
    assert set(found) == {(before, after) for before, ends in moves.items() for after in ends}


def test_every_fact_is_documented() -> None:
    """The page lists what an approval takes, in its order, and the number of the setting."""
    part = PAGE.partition("### What an approval takes\n")[2].partition("```")[0]
    named = [name for name in re.findall(r"`(\w+)`", part) if name in FACTS]
    assert tuple(dict.fromkeys(named)) == FACTS
    assert f"`register.doubtful_after` ({RegisterSettings().doubtful_after})" in PAGE
