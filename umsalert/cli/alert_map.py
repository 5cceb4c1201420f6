"""The map of a preview: the area and its sites in characters, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from umsalert.cli.output import Output
from umsalert.geo.sketch import CENTRE, CENTRE_WITH_SITES, MANY, OTHER, RIM, scale_bar, sketch
from umsalert.geo.units import format_distance
from umsalert.i18n import _

if TYPE_CHECKING:
    from umsalert.ports import KnownPlace
    from umsalert.selection import Plan

COLUMNS = 45
"""Leaves 32 of a terminal's 80 columns for the legend."""

_BAR_COLUMNS = 15
_STYLES = {CENTRE: "bold red", CENTRE_WITH_SITES: "bold red", RIM: "cyan", OTHER: "dim"}


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
    output.line()
    legend = _legend(drawing.metres_per_column)
    lines = "\n".join(drawing.lines).rstrip().split("\n")
    drawn = []
    for line, words in zip_longest(lines, legend, fillvalue=""):
        text = Text()
        for char in line.ljust(COLUMNS):
            text.append(char, _STYLES.get(char, "bold green"))
        text.append(f"  {words}")
        text.rstrip()
        drawn.append(text)
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
