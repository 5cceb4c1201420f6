"""A live board as lines of a terminal: as many as it has, none wider than it is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from umsalert.board import BoardView, Mark, Sighting
from umsalert.cli import board_words
from umsalert.cli.output import channel_name
from umsalert.geo.sketch import (
    CENTRE,
    EXERCISE_RIM,
    RIM,
    Sketch,
    as_exercise,
    columns_of,
    scale_bar,
    sketch_marks,
)
from umsalert.geo.units import format_distance
from umsalert.i18n import _, ngettext
from umsalert.model import Everywhere
from umsalert.words.alerts import area_words

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

MARKS: Mapping[Mark, tuple[str, str]] = {
    Mark.SIGHTING: ("!", "bold white on red"),
    Mark.LOCKED_DOWN: ("=", "bold magenta"),
    Mark.ACKNOWLEDGED: ("v", "bold green"),
    Mark.CANNOT: ("x", "bold yellow"),
    Mark.WRONG_PERSON: ("?", "yellow"),
    Mark.DELIVERED: ("o", "bold cyan"),
    Mark.ACCEPTED: ("~", "bold blue"),
    Mark.UNREACHED: ("-", "bold red"),
}
"""How a mark looks: its character tells it alone, its colour helps."""

_STYLES = dict(MARKS.values()) | {CENTRE: "reverse", RIM: "dim", EXERCISE_RIM: "yellow"}
_LEGEND_WIDTH = 32
_LEGEND_HEIGHT = len(MARKS) + 3
_BAR_COLUMNS = 12
_WORDS_LINES = 2
"""Of what a guard has said; `umsalert reply list` has the rest."""


class Drawing:
    """Draws one board after the other; the map anew only where it is another."""

    def __init__(self) -> None:
        self._map_of: tuple[object, int] | None = None
        self._map = Sketch((), 0.0)

    def lines(self, view: BoardView, width: int, height: int) -> list[Text]:
        """Return at most `height` lines of at most `width` columns."""
        head = list(_head(view, width))
        channels = _channels(view, width)
        spare = height - len(head) - len(channels) - 1
        room = spare - _LEGEND_HEIGHT if spare < 2 * _LEGEND_HEIGHT else spare // 2
        room = max(room, min(spare, 1 + _WORDS_LINES))  # the newest sighting goes before the map
        sightings = _sightings(view, width, room)
        rest = height - len(head) - len(channels) - len(sightings)
        found = [*head, *sightings, *channels, *self._lower(view, width, rest)][:height]
        for line in found:
            line.no_wrap = True
            line.truncate(width, overflow="ellipsis")
        return found

    def _lower(self, view: BoardView, width: int, height: int) -> Iterator[Text]:
        from rich.text import Text

        columns = min(columns_of(height), columns_of((width - _LEGEND_WIDTH + 3) // 2))
        drawing = self._sketch(view, columns)
        legend = _legend(view, drawing)
        for line, words in zip_longest(drawing.lines, legend, fillvalue=None):
            text = Text()
            for char, run in groupby((line or "").ljust(columns)):
                text.append("".join(run), _STYLES.get(char, ""))
            yield text.append("  ").append_text(words or Text())

    def _sketch(self, view: BoardView, columns: int) -> Sketch:
        if self._map_of is None or self._map_of[0] is not view.sites or self._map_of[1] != columns:
            order = list(Mark)
            marked = sorted(view.sites, key=lambda each: -order.index(each.mark))
            places = (((each.site.lat, each.site.lon), MARKS[each.mark][0]) for each in marked)
            drawing = sketch_marks(view.alert.area, places, columns)
            self._map = as_exercise(drawing) if view.alert.exercise else drawing
            self._map_of = view.sites, columns
        return self._map


class Frame:
    """A board that fills whatever it is printed on."""

    def __init__(self, drawing: Drawing, view: BoardView, trouble: str = "") -> None:
        """Draw `view`; `trouble` says why it may be old."""
        self._drawing = drawing
        self._view = view
        self._trouble = trouble

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield a line after the other, as wide and as high as there is room."""
        from rich.text import Text

        width, height = options.max_width, options.height or console.height - 1
        if self._trouble:
            line = Text(board_words.one_line(self._trouble), "bold reverse red", no_wrap=True)
            line.truncate(width, overflow="ellipsis")
            yield line
            height -= 1
        yield from self._drawing.lines(self._view, width, height)


def _head(view: BoardView, width: int) -> Iterator[Text]:
    from rich.text import Text

    if view.alert.exercise:
        word = f"  {_('EXERCISE')}  "
        yield Text((word * (width // len(word))).center(width), "bold reverse yellow")
    yield Text(
        _("Alert {ref}: {template}, {area}").format(
            ref=view.alert.ref, template=view.alert.template, area=area_words(view.alert.area)
        ),
        "bold",
    )
    times = board_words.times(view)
    while len(" · ".join(times)) > width and len(times) > 1:
        times.pop()
    yield Text(" · ".join(times))
    for note in board_words.notes(view):
        yield Text(board_words.one_line(note), "bold yellow")


def _sightings(view: BoardView, width: int, room: int) -> list[Text]:
    """Return the newest sightings that find room, under a line that counts them all."""
    from rich.text import Text

    if not view.sightings:
        return [Text(_("No sighting yet."), "dim")]
    standing = sum(not each.taken_back for each in view.sightings)
    found: list[Text] = []
    shown = 0
    for sighting in view.sightings:
        block, left = _block(sighting, view, width), max(0, room - len(found))
        if left < min(2, len(block)):  # the head alone where words follow helps nobody
            break
        found += block[:left]
        shown += 1
    style = "bold white on red" if standing else "bold"
    return [Text(f" {_sightings_title(view, standing, shown)} ", style), *found]


def _sightings_title(view: BoardView, standing: int, shown: int) -> str:
    parts = [ngettext("{n} SIGHTING", "{n} SIGHTINGS", standing).format(n=standing)]
    if back := len(view.sightings) - standing:
        parts.append(ngettext("{n} taken back", "{n} taken back", back).format(n=back))
    if (hidden := standing - shown) > 0:
        more = ngettext("{n} more: {command}", "{n} more: {command}", hidden)
        parts.append(more.format(n=hidden, command=f"umsalert reply list {view.alert.ref}"))
    return " · ".join(parts)


def _block(sighting: Sighting, view: BoardView, width: int) -> list[Text]:
    from rich.text import Text

    struck = " strike dim" if sighting.taken_back else ""
    head = Text(board_words.sighting_head(sighting, view), f"bold{struck}")
    words = textwrap.wrap(
        board_words.sighting_words(sighting),
        max(20, width - 2),
        max_lines=1 if sighting.taken_back else _WORDS_LINES,
        placeholder="…",
    )
    return [head, *(Text(f"  {line}", struck.strip()) for line in words)]


def _channels(view: BoardView, width: int) -> list[Text]:
    """Return the table of channels, with as much of the last minute as there is room for."""
    names = tuple(board_words.number_names())
    for rated in (names, names[:4], ("accepted", "answered"), ()):
        lines = _table(view, rated)
        if max(line.cell_len for line in lines) <= width:
            break
    return lines


def _table(view: BoardView, rated: Sequence[str]) -> list[Text]:
    from rich.cells import cell_len
    from rich.text import Text

    titles = board_words.number_names()
    names = [channel_name(line.channel) for line in view.channels]
    first = max([*map(cell_len, names), len(_("+/min"))])
    total = max([len(_("all")), *(len(str(line.messages)) for line in view.channels)])
    note = _("+/min") if rated else ""
    head = Text.assemble((note.ljust(first), "dim"), (f" {_('all'):>{total}}", "bold"))
    rows = [
        Text.assemble((name.ljust(first), "bold"), f" {line.messages:{total}d}")
        for name, line in zip(names, view.channels, strict=True)
    ]
    for name, title in titles.items():
        numbers = [str(asdict(line.numbers)[name]) for line in view.channels]
        extra = _GROWTH_WIDTH if name in rated else 0
        digits = max([0, cell_len(title) - extra, *map(len, numbers)])
        over = title.rjust(digits).ljust(
            digits + extra
        )  # begins above the numbers, where it is long
        head.append(f"  {over}", "bold")
        for row, line, number in zip(rows, view.channels, numbers, strict=True):
            row.append(f"  {number:>{digits}}", _NUMBER_STYLES[name] if number != "0" else "dim")
            if extra:
                row.append(_growth(asdict(line.last_min)[name]).ljust(extra), "dim")
    return [head, *rows]


_GROWTH_WIDTH = 6
_NUMBER_STYLES = {
    "sent": "",
    "accepted": "cyan",
    "delivered": "green",
    "answered": "bold green",
    "failed": "bold red",
    "unknown": "bold magenta",
}


def _growth(n: int) -> str:
    if not n:
        return ""
    return f" +{n}" if n < 10_000 else f" +{n // 1000}k"


def _legend(view: BoardView, drawing: Sketch) -> list[Text]:
    from rich.text import Text

    bar, length_m = scale_bar(drawing.metres_per_column, _BAR_COLUMNS)
    lines = [Text(f"N ^  |{'-' * max(0, bar - 1)}| {format_distance(length_m)}")]
    width = max(len(str(n)) for n in view.marks.values())
    for mark, n in view.marks.items():
        char, style = MARKS[mark]
        number, name = f" {n:{width}d} ", board_words.mark_name(mark)
        lines.append(
            Text.assemble(
                (char, style), (number, "bold" if n else "dim"), (name, "" if n else "dim")
            )
        )
    centre, edge = f" {_('the centre')}  ", f" {_('the edge')}"
    rim = EXERCISE_RIM if view.alert.exercise else RIM
    if not isinstance(view.alert.area, Everywhere):
        lines.append(Text.assemble((CENTRE, "reverse"), centre, (rim, _STYLES[rim]), edge))
    if drawing.outside:
        words = ngettext(
            "{n} site lies beyond the map", "{n} sites lie beyond the map", drawing.outside
        )
        lines.append(Text(words.format(n=drawing.outside), "yellow"))
    return lines
