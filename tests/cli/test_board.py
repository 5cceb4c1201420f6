"""What a board looks like: it fits, says the same without colour, and nobody's words steer it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from tests.workbench import CENTRE, NOON
from umsalert.board import BoardView, Facts, Look, Mark, build
from umsalert.cli.board_drawing import MARKS, Drawing, Frame
from umsalert.cli.board_screens import End, Last, screen
from umsalert.cli.output import Output
from umsalert.errors import TemporaryError
from umsalert.model import (
    Alert,
    ChannelKind,
    DeliveryState,
    ReplyKind,
    ReplySource,
    UnknownPolicy,
)
from umsalert.ports import BoardSite, Incident, IncidentAlert, Reach, ReplyRow, Tally

SMS, VOICE, EMAIL = ChannelKind
HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b2J\r\nnext \u202eline"
ALERT = Alert(
    id=1,
    ref="20260317-k7f3",
    template="search-person",
    area=CENTRE,
    channels=(SMS, VOICE, EMAIL),
    variables={},
    reason="",
    exercise=True,
    priority=10,
    unknown_policy=UnknownPolicy.HOLD,
    time_zone="Europe/Paris",
    incident_at=NOON - timedelta(minutes=8),
    created_at=NOON,
    expires_at=NOON + timedelta(hours=1),
    operator="officer@test",
    request_hash="",
)
COUNTS = {
    kind: {DeliveryState.DELIVERED: 9_000, DeliveryState.FAILED: 900, DeliveryState.UNKNOWN: 100}
    for kind in ChannelKind
}
KINDS = (*ReplyKind, None, None, None)
"""One site for each answer, and one for each reach without any."""


def reply(number: int, kind: ReplyKind, text: str = "") -> ReplyRow:
    return ReplyRow(
        id=number + 1,
        alert_ref=ALERT.ref,
        site_ref=f"S{number}",
        site_name=f"Site {number}",
        contact_ref=f"S{number}-c1",
        source=ReplySource.LINK,
        channel=SMS,
        kind=kind,
        text=text,
        direction="the station" if text else "",
        seen_at=None,
        received_at=NOON + timedelta(minutes=10),
        distance_m=100.0,
        photos=1 if text else 0,
    )


def view(*more: ReplyRow, alert: Alert = ALERT) -> BoardView:
    """Return a board with every mark once, seen 12 minutes after the alert was sent."""
    sites = tuple(
        BoardSite(n, f"S{n}", f"Site {n}", 43.6965 + n * 0.001, 7.27, 111.0 * n)
        for n in range(len(KINDS))
    )
    replies = [
        reply(n, kind, "at the bus stop" if kind is ReplyKind.SIGHTING else "")
        for n, kind in enumerate(KINDS)
        if kind
    ]
    incident = Incident(
        (
            IncidentAlert(
                1, alert.ref, alert.incident_at, alert.expires_at, stopped=False, counts=COUNTS
            ),
        ),
        Tally(len(replies), 0, 0),
    )
    reach = {5: Reach.DELIVERED, 6: Reach.ACCEPTED}
    facts = Facts(alert, incident, sites, reach, (*replies, *more))
    return build(facts, NOON + timedelta(minutes=12))


def drawn(shown: BoardView, width: int, height: int, colour: str | None = None) -> list[str]:
    """Return the lines of a board on a terminal of that size."""
    file = io.StringIO()
    console = Console(
        file=file,
        force_terminal=True,
        width=width,
        height=height,
        color_system=colour,  # type: ignore[arg-type]  # one of its names
        no_color=colour is None,
        legacy_windows=False,
    )
    console.print(Frame(Drawing(), shown))
    return file.getvalue().splitlines()


def plain(lines: list[str]) -> list[str]:
    from rich.text import Text

    return [Text.from_ansi(line).plain.rstrip() for line in lines]


@pytest.mark.parametrize("colour", [None, "standard"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (40, 12), (200, 60), (20, 5)])
def test_a_board_fits_its_terminal(width: int, height: int, colour: str | None) -> None:
    """No line is wider, and there are not more of them than the terminal has, the last one free."""
    lines = plain(drawn(view(reply(8, ReplyKind.SIGHTING, "words " * 80)), width, height, colour))
    assert len(lines) <= height - 1
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_everything_vital_is_on_the_smallest_board(width: int, height: int) -> None:
    """Exercise, alert, times, the sighting, the numbers of each channel, every mark."""
    text = "\n".join(plain(drawn(view(), width, height)))
    for vital in (
        "EXERCISE",
        "Alert 20260317-k7f3: search-person, 800 m around 43.7, 7.27",
        "fact 12:52, 20 min 00 s ago",
        "sent 13:00, 12 min 00 s ago",
        " 1 SIGHTING",
        "13:10 (+18 min) · Site 0, 0 m S · link · 1 PHOTO",
        "towards the station; at the bus stop",
        "N ^",
    ):
        assert vital in text
    for title in ("sent", "accepted", "delivered", "answered", "failed", "unknown"):
        assert title in text
    assert len([line for line in text.splitlines() if line.split()[:1] == ["SMS"]]) == 1
    for char, _style in MARKS.values():
        assert f"{char} 1 " in text


def test_marks_differ_without_colour_and_with_it() -> None:
    """Each has a character and a style of its own, and stands on the map."""
    assert len({char for char, _style in MARKS.values()}) == len(Mark) == len(MARKS)
    assert len({style for _char, style in MARKS.values()}) == len(Mark)
    lines = plain(drawn(view(), 120, 40))
    top = next(n for n, line in enumerate(lines) if "N ^" in line)
    drawing = {char for line in lines[top:] for char in line[:45]}
    assert {char for char, _style in MARKS.values()} <= drawing


def test_no_colour_is_no_colour() -> None:
    """Without it only attributes such as bold and reverse are used; the words are the same."""
    bare, coloured = ("\n".join(drawn(view(), 80, 24, c)) for c in (None, "standard"))
    codes = {code for found in re.findall("\x1b\\[([0-9;]*)m", bare) for code in found.split(";")}
    assert {int(code) for code in codes} <= {0, 1, 2, 7, 9}
    assert "\x1b[1;37;41m" in coloured
    assert plain(bare.splitlines()) == plain(coloured.splitlines())


def test_words_of_a_guard_cannot_steer_the_terminal() -> None:
    """Escapes, carriage returns and direction marks are replaced, and a line stays a line."""
    hostile = reply(7, ReplyKind.SIGHTING, HOSTILE)._replace(site_name=HOSTILE, direction=HOSTILE)
    for colour in (None, "standard"):
        text = "\n".join(drawn(view(hostile), 80, 24, colour))
        assert not {"\x07", "\x9b", "\r", "\u202e"} & set(text)
        assert "\x1b]" not in text
        assert "\x1b[31mred" not in text
        assert "�[31mred�]0;title��2J" in "\n".join(plain(text.splitlines()))


def test_what_was_taken_back_is_struck_and_said() -> None:
    """It stands below the others, in words too, and does not count."""
    back = reply(7, ReplyKind.SIGHTING, "mistake")._replace(undone_at=NOON)
    lines = drawn(view(back), 80, 30, "standard")
    (line,) = [line for line in lines if "TAKEN BACK" in line]
    assert "\x1b[1;2;9m" in line
    text = "\n".join(plain(lines))
    assert " 1 SIGHTING · 1 taken back" in text
    assert text.index("at the bus stop") < text.index("TAKEN BACK")


def test_a_sighting_without_a_word_is_shown() -> None:
    """A key or a button says no more; neither does it hide those that came before it."""
    text = "\n".join(plain(drawn(view(reply(7, ReplyKind.SIGHTING)), 80, 40)))
    assert " 2 SIGHTINGS\n" in text
    assert text.index("Site 7") < text.index("at the bus stop")


def test_a_board_uses_the_height_it_has() -> None:
    """More lines show more sightings and a larger map; what is hidden is counted."""
    shown = view(*(reply(n, ReplyKind.SIGHTING, f"number {n}") for n in range(8, 28)))
    small, large = ("\n".join(plain(drawn(shown, 120, height))) for height in (24, 60))
    assert small.count("number ") < large.count("number ")
    assert f"{21 - small.count('PHOTO')} more: umsalert reply list 20260317-k7f3" in small
    assert len(large.splitlines()) >= 55


@pytest.mark.parametrize("height", range(13, 25))
def test_the_newest_sighting_is_shown_before_all_of_the_map(height: int) -> None:
    """On however small a terminal: the map gives way."""
    shown = view(reply(8, ReplyKind.SIGHTING, "words " * 80))
    text = "\n".join(plain(drawn(shown, 80, height)))
    assert "words words" in text
    assert "e-mail 10000" in text


def test_a_live_alert_says_nothing_of_an_exercise() -> None:
    """The line is the exercise's alone, and the rim of its map."""
    assert ": the edge" in "\n".join(drawn(view(), 80, 24))
    assert ". the edge" in "\n".join(drawn(view(alert=replace(ALERT, exercise=False)), 80, 24))
    assert "EXERCISE" not in "\n".join(drawn(view(alert=replace(ALERT, exercise=False)), 80, 24))


def test_off_a_terminal_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """Sightings come at once, what is old is told once, and the last line is the end."""
    first = view()
    later = replace(first, at=first.at + timedelta(seconds=4))
    late = replace(first, at=first.at + timedelta(seconds=10))
    with screen(Output(as_json=False), bell=True) as shown:
        replies = tuple(each.reply for each in first.sightings)
        shown.look(Look(first, True, replies, (), ()))
        shown.look(Look(later, False, (), (), ()))
        shown.trouble(late.at, TemporaryError("database_busy", "Busy.", hint="Wait."))
        shown.end(Last(late, End.INTERRUPTED))
    out, err = capsys.readouterr()
    sighting, board, last = out.splitlines()
    assert sighting == (
        "EXERCISE · SIGHTING 13:10 (+18 min) · Site 0, 0 m S · link · 1 PHOTO · "
        "towards the station; at the bus stop"
    )
    assert board.startswith("EXERCISE · 13:12:00 · fact 12:52, 20 min 00 s ago · sighting: 1, ")
    assert "SMS: 10000 in all, sent: 9100, accepted: 9000, delivered: 9000, answered: 5" in board
    assert last.startswith("EXERCISE · 13:12:10")
    assert err == "Busy. Wait.\n"
