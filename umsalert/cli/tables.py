"""Tables: folded to a terminal's width, or plain lines for a pipe."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from umsalert.cli.folding import fold, tied

if TYPE_CHECKING:
    from rich.table import Table


GAP = 2
"""Blanks between two columns where there is room for them."""


class Column(NamedTuple):
    """One column of a table. `right` aligns numbers; `whole` is what is copied, and never cut."""

    title: str
    right: bool = False
    whole: bool = False


def rich_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table for a terminal; its cells are text, never markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold", box=SIMPLE_HEAD, show_edge=False)
    gap, widths = _folded_widths(columns, rows, shutil.get_terminal_size().columns)
    table.padding = (0, gap - 1, 0, 0)  # narrow: a terminal may have 80 columns
    for column, width in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, overflow="fold", width=width)
    for row in rows:
        table.add_row(
            *(Text(_folded(cell, width)) for cell, width in zip(row, widths, strict=True))
        )
    return table


def _folded_widths(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], total: int
) -> tuple[int, list[int]]:
    """Return the gap between columns and how wide each is, so that few words are cut.

    Numbers stay on one line while there is room for it.
    """
    down = [[column.title, *(row[place] for row in rows)] for place, column in enumerate(columns)]
    wanted = [max(map(_width_of, texts)) for texts in down]
    if sum(wanted) <= _room(columns, total, GAP):
        return GAP, wanted
    words = [[word for text in texts for word in tied(text).split()] for texts in down]
    least = [max(map(_width_of, found), default=0) for found in words]
    whole = [
        max(map(_width_of, [*tied(texts[0]).split(), *texts[1:]]), default=0)
        if column.right
        else width
        for column, texts, width in zip(columns, down, least, strict=True)
    ]
    gap = GAP if sum(whole) <= _room(columns, total, GAP) else 1
    if sum(whole) <= _room(columns, total, gap):
        least = whole
    return gap, _shared(columns, least, wanted, _room(columns, total, gap) - sum(least))


def _room(columns: Sequence[Column], total: int, gap: int) -> int:
    """Return what is left for the cells."""
    return total - gap * len(columns) + 1


def _shared(
    columns: Sequence[Column], least: list[int], wanted: Sequence[int], spare: int
) -> list[int]:
    """Return the least widths with what is to spare shared out, or cut where it is missing."""
    while spare < 0:
        cut = [0 if column.whole else width for column, width in zip(columns, least, strict=True)]
        if max(cut) <= 1:
            return least
        least[cut.index(max(cut))] -= 1
        spare += 1
    wishes = max(1, sum(wanted) - sum(least))
    return [
        width + spare * (wish - width) // wishes for width, wish in zip(least, wanted, strict=True)
    ]


def _folded(cell: str, width: int) -> str:
    if _width_of(cell) <= width:
        return cell
    return "\n".join(fold(line, width, cut=True) for line in cell.split("\n"))


def plain_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table for a pipe or a file: one for each row, however long."""
    lines = [
        [column.title for column in columns],
        *([" ".join(c.split()) for c in r] for r in rows),
    ]
    widths = [max(map(_width_of, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        padded = []
        for text, width, column in zip(line, widths, columns, strict=True):
            space = " " * (width - _width_of(text))
            padded.append(space + text if column.right else text + space)
        yield "  ".join(padded).rstrip()
        if not number:
            yield "  ".join("─" * width for width in widths)


def _width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))
