"""The last word of a guard counts, and of a site the best one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.workbench import NOON
from umsalert import standing
from umsalert.model import ChannelKind, ReplyKind, ReplySource
from umsalert.ports import ReplyRow

SEEN, RECEIVED = ReplyKind.SIGHTING, ReplyKind.ACKNOWLEDGED
CANNOT, WRONG = ReplyKind.CANNOT, ReplyKind.WRONG_PERSON
LINK, KEY = ReplySource.LINK, ReplySource.VOICE


def reply(n: int, kind: ReplyKind, source: ReplySource = LINK, guard: str = "S0-c1") -> ReplyRow:
    at = NOON + timedelta(minutes=n)
    return ReplyRow(
        n,
        "20260317-k7f3",
        "S0",
        "Site",
        guard,
        source,
        ChannelKind.SMS,
        kind,
        "",
        "",
        None,
        at,
        0.0,
    )


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        ((RECEIVED, LINK), (SEEN, LINK), SEEN),
        ((SEEN, LINK), (RECEIVED, LINK), RECEIVED),
        ((SEEN, LINK), (RECEIVED, KEY), SEEN),
        ((ReplyKind.LOCKED_DOWN, LINK), (RECEIVED, KEY), ReplyKind.LOCKED_DOWN),
        ((SEEN, LINK), (CANNOT, KEY), CANNOT),
        ((CANNOT, LINK), (RECEIVED, KEY), RECEIVED),
    ],
)
def test_the_last_word_counts(
    first: tuple[ReplyKind, ReplySource],
    second: tuple[ReplyKind, ReplySource],
    stands: ReplyKind,
) -> None:
    """Only a bare "received" by another way takes nothing back."""
    (row,) = standing.of_guards([reply(1, *first), reply(2, *second)]).values()
    assert row.kind is stands


def test_what_was_taken_back_counts_for_nothing() -> None:
    """The answer before it stands again; with none before, there is none."""
    undone = reply(2, SEEN)._replace(undone_at=NOON)
    assert [row.kind for row in standing.of_guards([reply(1, CANNOT), undone]).values()] == [CANNOT]
    assert standing.of_sites([undone]) == {}


def test_of_a_site_the_best_answer_stands() -> None:
    """Of several guards the most important, of equals the first."""
    rows = [
        reply(1, WRONG, guard="a"),
        reply(2, RECEIVED, guard="b"),
        reply(3, RECEIVED, guard="c"),
    ]
    assert standing.of_sites(rows)["S0"].id == 2
    assert standing.of_sites([*rows, reply(4, SEEN, guard="d")])["S0"].id == 4


def test_the_link_of_an_email_speaks_for_no_site() -> None:
    """A mail scanner may have pressed it; every other way, and every other channel, does."""
    assert not standing.speaks_for_site(RECEIVED, LINK, ChannelKind.EMAIL)
    assert standing.speaks_for_site(RECEIVED, LINK, ChannelKind.SMS)
    assert standing.speaks_for_site(RECEIVED, ReplySource.EMAIL, ChannelKind.EMAIL)
    assert not standing.speaks_for_site(CANNOT, KEY, ChannelKind.VOICE)
