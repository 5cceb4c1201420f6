"""A board that is watched while others write: at a terminal, through a pipe, for a program."""

from __future__ import annotations

import json
import os
import signal
import struct
import termios
from fcntl import ioctl

import pytest

from tests.e2e.office import ALERT, Office, free_ports
from tests.e2e.test_terminal import Terminal

OTHER_SCREEN, BACK, BELL = "\x1b[?1049h", "\x1b[?1049l", "\x07"
HOSTILE = "at the bus stop\x1b[2J\x07"


class Board(Terminal):
    """`umsalert alert watch` at a pseudo-terminal."""

    def wait(self, words: str) -> None:
        """Read until `words` are shown after what was shown before."""
        self._wait(words)

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal another size, and tell the program as a terminal does."""
        ioctl(self._end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.signal(signal.SIGWINCH)

    def closed(self) -> int:
        """Close the terminal, as a window is closed; return the exit code."""
        os.close(self._end)
        self.signal(signal.SIGHUP)  # it is not the program's controlling terminal here
        return self._process.wait(60)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)


@pytest.fixture(scope="module")
def alert(office: Office) -> str:
    """Return an exercise whose messages wait, and that nobody sends."""
    nowhere = {"UMSALERT_VONAGE_MESSAGES_URL": f"https://localhost:{free_ports(1)[0]}/v1/messages"}
    nowhere["UMSALERT_ALERT_GIVE_UP_S"] = "1"
    words = (*ALERT, "--channel", "sms", "--exercise", "--yes")
    assert office.run("alert", "send", *words, **nowhere).code == 75
    return str(office.run("alert", "list", "--json").document["alerts"][0]["ref"])


def tell(office: Office, alert: str, site: str, kind: str, *words: str) -> None:
    """Let a guard tell an operator something, in a process of its own."""
    ended = office.run("reply", "add", alert, site, kind, *words)
    assert ended.code == 0, ended.err


def test_a_sighting_is_seen_and_heard_once(office: Office, alert: str) -> None:
    """Written by another process, it rings once; Ctrl-C leaves the last board and ends with 0."""
    tell(office, alert, "S1", "acknowledged")
    board = Board(office, "alert", "watch", alert, TERM="xterm-256color")
    board.resize(80, 24)
    board.wait("EXERCISE")
    board.wait("acknowledged")
    assert OTHER_SCREEN in board.shown
    assert "No sighting yet." in board.shown
    tell(office, alert, "S2", "sighting", "--text", HOSTILE, "--direction", "the station")
    board.wait("at the bus stop")
    board.resize(120, 40)
    board.wait("towards the station")
    tell(office, alert, "S4", "locked_down")
    board.wait(" 1 ")
    board.signal(signal.SIGINT)
    assert board.ended() == 0, board.shown
    assert board.shown.count(BELL) == 1
    assert "\x1b[2J" not in board.shown
    last = board.shown.rpartition(BACK)[2]
    for vital in (alert, "EXERCISE", "1 SIGHTING", "Site 2", "at the bus stop", "SMS"):
        assert vital in last
    assert len(last.strip().splitlines()) <= 40


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_gives_the_terminal_back(
    office: Office, alert: str, number: signal.Signals
) -> None:
    """No bell where none is wanted; the screen is that of before."""
    board = Board(office, "alert", "watch", alert, "--no-bell", TERM="xterm")
    board.wait("EXERCISE")
    tell(office, alert, "S5", "sighting", "--text", f"seen before {number.name}")
    board.wait(f"seen before {number.name}")
    board.signal(number)
    assert board.ended() == 0
    assert BACK in board.shown
    assert BELL not in board.shown


def test_a_terminal_that_is_closed_ends_it(office: Office, alert: str) -> None:
    """Nobody is left to look, and nothing is left to write to: no trouble of ours."""
    board = Board(office, "alert", "watch", alert)
    board.wait("EXERCISE")
    assert board.closed() in {0, 4}


def test_a_dumb_terminal_gets_lines(office: Office, alert: str) -> None:
    """Without a way to move its cursor nothing is drawn; it rings all the same."""
    board = Board(office, "alert", "watch", alert, TERM="dumb")
    board.wait("EXERCISE · ")
    tell(office, alert, "S6", "sighting", "--text", "in the tram")
    board.wait(BELL)
    board.signal(signal.SIGINT)
    assert board.ended() == 0
    assert "in the tram" in board.shown
    assert "\x1b" not in board.shown


def test_a_program_gets_every_change(office: Office, alert: str) -> None:
    """First all of it, then what changes, in the end why; Ctrl-C ends it with 0 as well."""
    process = office.start("alert", "watch", alert, "--json")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert (first["event"], first["alert"], first["exercise"]) == ("snapshot", alert, True)
    assert len(first["sites"]) == sum(first["marks"].values())
    tell(office, alert, "S7", "cannot", "--text", "closed")
    later = [json.loads(process.stdout.readline()) for _time in range(2)]
    assert [event["event"] for event in later] == ["reply", "sites"]
    assert later[0]["reply"]["text"] == "closed"
    assert [(site["ref"], site["mark"]) for site in later[1]["sites"]] == [("S7", "cannot")]
    process.send_signal(signal.SIGINT)
    ended = office.end(process)
    assert ended.code == 0
    assert [event["because"] for event in ended.events] == ["interrupted"]


def test_it_ends_when_its_reader_does(office: Office, alert: str) -> None:
    """`umsalert alert watch | head -1` ends, as soon as nobody reads any more."""
    process = office.start("alert", "watch", alert)
    assert process.stdout is not None
    assert b"EXERCISE" in process.stdout.readline()
    process.stdout.close()
    process.stdout = None  # the office has nothing to read at its end
    assert process.wait(60) == 0


def test_it_ends_by_itself(office: Office, alert: str) -> None:
    """When its time is up, and when the alert is over; what it said last is all there was."""
    short = office.run("alert", "watch", alert, "--for", "1s", "--json")
    assert (short.code, short.events[-1]["because"]) == (0, "time")
    assert office.run("alert", "cancel", alert, "--yes", "--no-correct").code == 0
    over = office.run("alert", "watch", alert)
    assert over.code == 0
    assert "CANCELLED" in over.out
    assert over.out.splitlines()[-1] == "The alert is over and nothing waits to be sent."
    assert office.run("alert", "watch", "nowhere").code == 2
