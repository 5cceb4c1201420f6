"""Guards write back; an officer reads it, and types what one tells by telephone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.office import ALERT, Office, open_office

WRITTEN = {
    "+33639980000": "OK bien reçu",
    "+33639980001": "=HYPERLINK(\x1b[2J\u202eje le vois devant la gare",
    "+33639980002": "STOP",
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office whose guards have written back to an alert."""
    words = [f"--answer={number}=sms:{text}" for number, text in WRITTEN.items()]
    with open_office(tmp_path_factory.mktemp("office"), 3, "--speed", "60", *words) as opened:
        ended = opened.run("alert", "send", *ALERT, "--channel", "sms", "--yes")
        assert ended.code == 0, ended.err
        until(opened, 3)
        yield opened


def until(office: Office, n: int) -> list[dict[str, Any]]:
    """Return the answers once there are `n`."""
    end = time.monotonic() + 30
    while True:
        replies: list[dict[str, Any]] = office.run("reply", "list", "--json").document["replies"]
        if len(replies) >= n or time.monotonic() > end:
            return replies
        time.sleep(0.2)


def test_an_sms_that_comes_back_is_an_answer(office: Office) -> None:
    """Each is understood and tied to its guard; words are kept as they were written."""
    replies = until(office, 3)
    found = {reply["contact_ref"]: (reply["source"], reply["kind"]) for reply in replies}
    assert found == {
        "S0-c1": ("sms", "acknowledged"),
        "S1-c1": ("sms", "sighting"),
        "S2-c1": ("sms", "wrong_person"),
    }
    assert {reply["text"] for reply in replies} == set(WRITTEN.values())
    report = office.run("report", "last", "--json").document
    assert {site["ref"]: site["acknowledged"] for site in report["sites"]} == {
        "S0": 1,
        "S1": 1,
        "S2": 0,
    }


@pytest.mark.parametrize("command", [("reply", "list"), ("report", "last")])
def test_hostile_words_steer_no_terminal(office: Office, command: tuple[str, ...]) -> None:
    """No escape sequence and no mark of direction reaches whoever reads."""
    out = office.run(*command).out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_hostile_words_are_no_formula(office: Office) -> None:
    """A spreadsheet that opens the CSV runs nothing."""
    out = office.run("report", "last", "--format", "csv").out
    assert "'=HYPERLINK" in out
    assert not [cell for line in out.splitlines() for cell in line.split(",") if cell[:1] == "="]


def test_a_guard_who_phones_in_is_recorded(office: Office) -> None:
    """By contact or by site; a sighting says where to and when."""
    words = ("--text", "à l'arrêt de bus", "--direction", "gare", "--seen", "00:01")
    ended = office.run("reply", "add", "last", "S0", "sighting", *words)
    assert ended.code == 0, ended.err
    assert "SIGHTING" in ended.out
    reply = office.run("reply", "list", "--json").document["replies"][-1]
    assert (reply["site_ref"], reply["contact_ref"], reply["source"]) == ("S0", "", "operator")
    assert (reply["text"], reply["direction"]) == ("à l'arrêt de bus", "gare")
    assert reply["entered_by"]
    assert "arrêt de bus" in office.run("reply", "list").out
    assert "SIGHTING" in office.run("report", "last").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nowhere", "sighting"), 2, "did not go to"),
        (("S0", "perhaps"), 2, "perhaps"),
        (("S0",), 2, "one of both"),
        (("S0", "sighting", "--unmatched", "1"), 2, "one of both"),
        (("S0", "--unmatched", "99"), 2, "no unmatched answer"),
        (("S0", "sighting", "--seen", "25h00"), 2, "not a time"),
        (("S0", "cannot", "--direction", "gare"), 2, "only of a sighting"),
        (("S0", "sighting", "--text", "x" * 501), 2, "501"),
    ],
)
def test_what_makes_no_answer_says_why(
    office: Office, words: tuple[str, ...], code: int, said: str
) -> None:
    """One sentence, and nothing is recorded."""
    before = len(office.run("reply", "list", "--json").document["replies"])
    ended = office.run("reply", "add", "last", *words)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert len(office.run("reply", "list", "--json").document["replies"]) == before


def test_what_may_answer_two_alerts_is_pointed_at_until_it_is_tied(office: Office) -> None:
    """The same guards are asked twice: nobody can say which of both an SMS answers."""
    assert office.run("alert", "send", *ALERT, "--channel", "sms", "--yes").code == 0
    end = time.monotonic() + 30
    while "3 answers since then are tied to no alert" not in office.run("reply", "list").err:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert "umsalert reply add ALERT REF --unmatched ID" in (
        office.run("reply", "list", "--unmatched").err
    )
    waiting = office.run("reply", "list", "--unmatched", "--json").document["replies"]
    number = str(waiting[0]["id"])
    assert office.run("reply", "add", "last", "S0-c1", "--unmatched", number).code == 0
    assert "2 answers since then" in office.run("reply", "list").err
