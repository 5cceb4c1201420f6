"""Tables at a terminal: numbers stay on a line, words are cut last of all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.console import Console

from umsalert.cli import tables
from umsalert.cli.tables import Column, rich_table


@pytest.fixture(autouse=True)
def _eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def drawn(columns: Sequence[Column], *rows: Sequence[str]) -> list[str]:
    """Return the lines of a table at 80 columns."""
    console = Console(width=80, no_color=True)
    with console.capture() as printed:
        console.print(rich_table(columns, rows))
    lines = [line.rstrip() for line in printed.get().splitlines()]
    assert max(map(len, lines)) <= 80
    return lines


def test_titles_fold_before_numbers_do() -> None:
    """A time is read at once, not gathered from two lines."""
    long = ("3 h 05 min", "12 min 49 s", "12 min 49 s / 12 min 56 s / 13 min 01 s")
    titles = ("Fact to first SMS, median", "95 % within", "Accepted 50/95/100 %, median")
    columns = [Column("Template"), *(Column(title, right=True) for title in titles)]
    lines = drawn(columns, ("search-person", *long))
    (row,) = [line for line in lines if "search-person" in line]
    assert all(cell in row for cell in long)


def test_the_gap_gives_way_before_a_word_is_cut() -> None:
    """Seven columns of words that fit 80 only when they stand close."""
    words = ("1,2 km", "Coquelicots", "NCE-025-c1", "undelivered", "undelivered", "accepted", "")
    titles = ("Distance", "Site", "Contact", "SMS", "voice", "e-mail", "acknowledged")
    lines = drawn([Column(title) for title in titles], words)
    assert [word for word in (*titles, *words) if word not in "\n".join(lines)] == []
    assert tables.GAP == 2


def test_a_table_with_room_keeps_its_gap() -> None:
    assert drawn([Column("A"), Column("B")], ("1", "2"))[-1] == "1  2"
