"""The map of a preview: the area and its sites in characters, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from umsalert.cli.output import Output
from umsalert.geo.sketch import (
    CENTRE,
    CENTRE_WITH_SITES,
    EXERCISE_RIM,
    MANY,
    OTHER,
    RIM,
    as_exercise,
    scale_bar,
    sketch,
)
from umsalert.geo.units import format_distance
from umsalert.i18n import _

if TYPE_CHECKING:
    from umsalert.ports import KnownPlace
    from umsalert.selection import Plan

COLUMNS = 45
"""Leaves 32 of a terminal's 80 columns for the legend."""

_BAR_COLUMNS = 15
_STYLES = {CENTRE: "bold red", CENTRE_WITH_SITES: "bold red", RIM: "cyan", OTHER: "dim"} | {
    EXERCISE_RIM: "bold yellow"
}


def show(plan: Plan, others: Sequence[KnownPlace], output: Output) -> None:
    """Print the map of a plan on stdout, with colour on a terminal that has it."""
    if output.as_json:
        return
    from rich.text import Text

    area = plan.request.area
    drawing = sketch(
        area,
        ((site.lat, site.lon) for site in plan.selection.sites),
        ((place.lat, place.lon) for place in others),
        COLUMNS,
    )
    exercise = plan.request.exercise
    if exercise:
        drawing = as_exercise(drawing)
    output.line()
    legend = _legend(drawing.metres_per_column)
    if exercise:
        legend = [
            line.replace(RIM, EXERCISE_RIM, 1) if line[:1] == RIM else line for line in legend
        ]
    lines = "\n".join(drawing.lines).rstrip().split("\n")
    word = Text(f"*** {_('EXERCISE')} ***".center(COLUMNS).rstrip(), "bold reverse yellow")
    drawn = [word] if exercise else []
    for line, words in zip_longest(lines, legend, fillvalue=""):
        text = Text()
        for char in line.ljust(COLUMNS):
            text.append(char, _STYLES.get(char, "bold green"))
        text.append(f"  {words}")
        text.rstrip()
        drawn.append(text)
    if exercise:
        drawn.append(word)
    output.drawn(*drawn)


def _legend(metres_per_column: float) -> list[str]:
    columns, length_m = scale_bar(metres_per_column, _BAR_COLUMNS)
    return [
        _("N  north is up"),
        "^",
        f"|{'-' * max(0, columns - 1)}| {format_distance(length_m)}",
        "",
        f"{CENTRE}    " + _("the centre"),
        f"{CENTRE_WITH_SITES}    " + _("the centre, with sites"),
        "1-9  " + _("sites to alert"),
        f"{MANY}    " + _("ten sites or more"),
        f"{OTHER}    " + _("known, not to alert"),
        f"{RIM}    " + _("the edge"),
    ]
