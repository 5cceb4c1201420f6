"""The map of a preview: the area and its sites in characters, readable without colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from umsalert.cli.output import Output
from umsalert.geo.sketch import (
    CENTRE,
    CENTRE_WITH_SITES,
    EXERCISE_RIM,
    MANY,
    OTHER,
    RIM,
    Sketch,
    as_exercise,
    scale_bar,
    sketch,
)
from umsalert.geo.units import format_distance
from umsalert.i18n import _, ngettext
from umsalert.model import Area, DivisionKind, Everywhere

if TYPE_CHECKING:
    from umsalert.ports import KnownPlace
    from umsalert.selection import Plan

COLUMNS = 45
"""Leaves 32 of a terminal's 80 columns for the legend."""

_BAR_COLUMNS = 15
_COUNTRY = Everywhere(radius_m=480_000.0)
_STYLES = {CENTRE: "bold red", CENTRE_WITH_SITES: "bold red", RIM: "cyan", OTHER: "dim"} | {
    EXERCISE_RIM: "bold yellow"
}


def show(plan: Plan, others: Sequence[KnownPlace], output: Output) -> None:
    """Print the map of a plan on stdout, with colour on a terminal that has it."""
    if output.as_json:
        return
    from rich.text import Text

    area, behind = _frame(plan.request.area)
    drawing = sketch(
        area,
        ((site.lat, site.lon) for site in plan.selection.sites),
        ((place.lat, place.lon) for place in others),
        COLUMNS,
        behind,
    )
    exercise = plan.request.exercise
    if exercise:
        drawing = as_exercise(drawing)
    output.line()
    legend = _legend(drawing, centre=not isinstance(area, Everywhere))
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


def _frame(area: Area) -> tuple[Area, Mapping[str, Any] | None]:
    """Return what is drawn: of sites all over the country, those in Europe on its map."""
    if not (isinstance(area, Everywhere) and area.radius_m > _COUNTRY.radius_m):
        return area, None
    from umsalert.geo.outlines import METROPOLE, drawing

    return _COUNTRY, drawing(DivisionKind.REGION, METROPOLE)


def _legend(drawing: Sketch, *, centre: bool) -> list[str]:
    columns, length_m = scale_bar(drawing.metres_per_column, _BAR_COLUMNS)
    marks = [
        (CENTRE, _("the centre")),
        (CENTRE_WITH_SITES, _("the centre, with sites")),
        ("1-9", _("sites to alert")),
        (MANY, _("ten sites or more")),
        (OTHER, _("known, not to alert")),
        (RIM, _("the edge")),
    ]
    lines = [
        _("N  north is up"),
        "^",
        f"|{'-' * max(0, columns - 1)}| {format_distance(length_m)}",
        "",
        *(f"{mark:<3}  {words}" for mark, words in (marks if centre else marks[2:])),
    ]
    if drawing.outside:
        beyond = ngettext(
            "{n} site beyond the map", "{n} sites beyond the map", drawing.outside
        ).format(n=drawing.outside)
        lines += ["", beyond]
    return lines
