"""After a sighting: the next waves of an alert, and how the incident ends, up to the carrier."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest

from tests.e2e.office import (
    ALERT,
    FACT_COLUMNS,
    FACTS,
    LINK,
    PERSON,
    PLACE,
    Ended,
    Office,
    free_ports,
    open_office,
)
from tests.e2e.test_terminal import Terminal
from umsalert.cli import main
from umsalert.model import TOKEN_PLACE

SITES, NORTH = 16, 3
IN_FLIGHT = 2
SMS = ("--channel", "sms")
# The first at once, then so slowly that the next command comes in time on the busiest machine.
PACE = {"RATE_PER_S": "0.3", "BURST": "3", "IN_FLIGHT": str(IN_FLIGHT)}
SLOW = {f"UMSALERT_SMS_VONAGE_{key}": value for key, value in PACE.items()}
NEAR = [f"+3363998{i:04}" for i in range(SITES)]
FAR = [f"+3363998{500 + i:04}" for i in range(NORTH)]
OUTCOME = "La personne a été retrouvée."


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with sites in 800 m and three 1.3 km north; receipts go nowhere."""
    with open_office(tmp_path_factory.mktemp("waves"), SITES, "--speed", "30") as opened:
        nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
        opened.environ["UMSALERT_VONAGE_WEBHOOK_URL"] = nowhere
        opened.environ["UMSALERT_SMS_VONAGE_RATE_PER_S"] = "200"
        for noun, flag, head, line in (
            (
                "site",
                "--approve",
                f"ref,name,lat,lon,{FACT_COLUMNS}",
                "N{i},Nord {i},{lat:.5f},7.2683," + FACTS,
            ),
            ("contact", "--certify", "site_ref,name,phone", "N{i},Agent {i},{phone}"),
        ):
            rows = [
                line.format(i=i, lat=43.7125 + i * 1e-5, phone=phone) for i, phone in enumerate(FAR)
            ]
            file = opened.home / f"north-{noun}.csv"
            file.write_text("\n".join([head, *rows]), "utf-8")
            assert opened.run(noun, "import", file, flag).code == 0
        yield opened


Here = Callable[..., Ended]
"""Runs the program in this process, against the office: quickly, where nothing is sent."""


@pytest.fixture
def here(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    for name, value in {**office.environ, "UMSALERT_HOME": str(office.home)}.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Ended:
        with pytest.raises(SystemExit) as end:
            main.run(words)
        out, err = capsys.readouterr()
        return Ended(int(end.value.code or 0), out, err)

    return run


@pytest.fixture(scope="module")
def an_alert(office: Office) -> str:
    """Return an alert that nothing follows."""
    return send(office)


def send(office: Office, *words: str) -> str:
    """Alert the sites in 800 m by SMS; return the reference."""
    ended = office.run("alert", "send", *ALERT, *SMS, "--yes", "--json", *words)
    assert ended.code == 0, ended.err
    ref: str = ended.events[-1]["alert"]
    return ref


def told(office: Office, before: int) -> list[str]:
    return sorted(event["to"] for event in office.sms(before))


def texts(office: Office, before: int) -> set[str]:
    """Return the words of SMS without what is each guard's own."""
    return {LINK.sub(TOKEN_PLACE, event["text"]) for event in office.sms(before)}


def sending(office: Office, enough: int, *words: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a command that sends slowly; return it once the carrier has taken `enough` SMS."""
    before = office.forget()
    process = office.start(*words, "--yes", **SLOW)
    while len(office.sms(before)) < enough:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process, before


def close(office: Office, ref: str, *words: str) -> Ended:
    return office.run("alert", "close", ref, "--yes", "--json", *words)


def test_a_wider_circle_tells_those_newly_inside(office: Office) -> None:
    """Only them, in the words of the first alert, about the same fact; the report tells it all."""
    ref, before = send(office, "--incident-time", "18:07"), office.forget()
    ended = office.run("alert", "widen", ref, "--radius", "3km", "--yes", "--json")
    assert ended.code == 0, ended.err
    later = ended.events[-1]["alert"]
    assert told(office, before) == FAR
    (text,) = texts(office, before)
    assert "blouson rouge" in text
    assert "18h07" in text
    first, second = (office.run("report", one, "--json").document for one in (ref, later))
    assert first["incident"] == second["incident"]
    assert second["alert"]["follows"] == {"alert": ref, "as": "widened"}
    assert [wave["people"] for wave in first["incident"]["alerts"]] == [SITES, NORTH]
    assert second["alert"]["incident"] == ref
    assert second["sites_alerted"] == NORTH


def test_the_same_words_at_another_place_reach_nobody_twice(office: Office) -> None:
    """Around a site: exit 3 where all inside have them; with another value all get it."""
    ref = send(office)
    before = office.forget()
    assert office.run("alert", "recenter", ref, "--site", "S1", "--yes").code == 3
    assert told(office, before) == []
    words = ("--lat", "43.7125", "--lon", "7.2683", "--radius", "300m")
    assert office.run("alert", "recenter", ref, *words, "--yes").code == 0
    assert told(office, before) == FAR
    before = office.forget()
    words = ("--site", "N1", "--radius", "300m", "--var", "direction=la gare")
    assert office.run("alert", "recenter", ref, *words, "--yes").code == 0
    assert told(office, before) == FAR
    assert all("vers la gare" in text for text in texts(office, before))


def test_a_reminder_goes_to_who_has_not_answered(office: Office) -> None:
    """Two have answered; of what was seen the report shows the words."""
    ref = send(office)
    office.run("reply", "add", ref, "S3-c1", "acknowledged")
    office.run("reply", "add", ref, "S4-c1", "sighting", "--text", "à l'arrêt de bus")
    reminder = ("alert", "follow-up", ref, "--template", "search-person")
    before = office.forget()
    ended = office.run(
        *reminder, "--to", "unanswered", "--var", "direction=la gare", "--yes", "--json"
    )
    assert ended.code == 0, ended.err
    assert told(office, before) == [number for i, number in enumerate(NEAR) if i not in (3, 4)]
    before = office.forget()
    office.run(*reminder, "--to", "sighting", "--var", "direction=le port", "--yes")
    assert told(office, before) == [NEAR[4]]
    printed = office.run("report", ref).out
    assert "à l'arrêt de bus" in printed
    assert "to those who have not answered" in printed
    link = {"alert": ref, "as": "follow_up", "to": "unanswered"}
    shown = office.run("alert", "show", ended.events[-1]["alert"], "--json").document
    assert shown["follows"] == link


def test_what_follows_an_exercise_is_one(office: Office) -> None:
    """Its waves and its end say EXERCICE, and no option says otherwise."""
    ref, before = send(office, "--exercise"), office.forget()
    assert office.run("alert", "widen", ref, "--radius", "3km", "--yes").code == 0
    assert close(office, ref, "--outcome", OUTCOME).code == 0
    assert len(office.sms(before)) == NORTH + SITES + NORTH
    assert all(text.startswith("EXERCICE") for text in texts(office, before))


def test_a_key_sends_a_wave_once(office: Office) -> None:
    """The same command again, about `last`, reports the first; another audience is refused."""
    send(office)
    words = ("--template", "search-person", "--var", "direction=x", "--idempotency-key", "wave")
    again = ("alert", "follow-up", "last", *words, "--yes", "--json", "--to")
    first = office.run(*again, "all")
    before = office.forget()
    second = office.run(*again, "all")
    assert (first.code, second.code) == (0, 0)
    assert second.events[-1]["repeated"]
    assert second.events[-1]["alert"] == first.events[-1]["alert"]
    assert office.run(*again, "unanswered").error["code"] == "idempotency_key_reused"
    assert told(office, before) == []


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("widen", "--radius", "800m"), 2, "not_wider"),
        (("follow-up", "--to", "all", "--template", "all-clear"), 5, "template_of_an_end"),
        (("widen", "--radius", "3"), 2, "distance_without_unit"),
        (("widen", "--radius", "900km"), 2, "radius_out_of_range"),
        (("recenter",), 2, "centre_unclear"),
        (("recenter", "--lat", "43.7"), 2, "centre_unclear"),
        (("recenter", "--site", "S1", "--lat", "43.7", "--lon", "7.2"), 2, "centre_unclear"),
        (("recenter", "--site", "nowhere"), 2, "site_not_found"),
        (("recenter", "--lat", "7.2", "--lon", "43.7"), 2, "coordinates_swapped"),
        (("widen", "--radius", "3km", "--template", "none"), 2, "unknown_template"),
        (("widen", "--radius", "3km", "--var", "x=y"), 2, "variables_invalid"),
        (("follow-up", "--to", "all", "--template", "search-vehicle"), 2, "variables_invalid"),
        (("follow-up", "--to", "sighting", "--template", "search-person"), 3, "nobody_matched"),
        (("widen", "--radius", "3km", "--template", ""), 2, "unknown_template"),
        (("widen", "--radius", "3km", "--expires", ""), 2, "duration_invalid"),
        (("widen", "--radius", "3km", "--follow", ""), 2, "duration_invalid"),
        (("widen", "--radius", "3km", "--idempotency-key", ""), 2, "value_empty"),
        (("recenter", "--site", "S1", "--radius", ""), 2, "distance_not_a_number"),
        (("close",), 2, "outcome_missing"),
        (("close", "--outcome", " "), 2, "outcome_missing"),
        (("close", "--outcome", "x" * 121), 2, "variables_invalid"),
    ],
)
def test_wrong_input_is_refused_before_anything_leaves(
    here: Here, an_alert: str, words: Sequence[str], code: int, problem: str
) -> None:
    """With what is wrong, where, and what to do; nothing is recorded."""
    command, *options = words
    before = here("alert", "list", "--json")
    ended = here("alert", command, an_alert, *options, "--yes", "--json")
    assert ended.code == code, ended.err
    assert ended.error["code"] == problem
    assert ended.error["hint"]
    assert here("alert", "list", "--json") == before


def test_an_empty_key_hides_no_alert(here: Here, an_alert: str) -> None:
    """A variable that is not set is no key: else all its alerts but the first would not leave."""
    before = here("alert", "list", "--json")
    ended = here("alert", "send", *ALERT, "--idempotency-key", "", "--yes", "--json")
    assert (ended.code, ended.error["code"]) == (2, "value_empty")
    assert here("alert", "list", "--json") == before


def test_a_polygon_is_not_widened(office: Office) -> None:
    """It has no radius; the hint gives the circle that can be alerted."""
    file = office.home / "area.geojson"
    ring = [[7.26, 43.69], [7.28, 43.69], [7.28, 43.71], [7.26, 43.71], [7.26, 43.69]]
    file.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), "utf-8")
    words = ("--polygon", str(file), *PERSON, *SMS, "--yes", "--json")
    ref = office.run("alert", "send", *words).events[-1]["alert"]
    ended = office.run("alert", "widen", ref, "--radius", "30km", "--yes", "--json")
    assert (ended.code, ended.error["code"]) == (2, "not_a_circle")
    assert f"umsalert alert recenter {ref}" in ended.error["hint"]
    ended = office.run("alert", "recenter", ref, "--site", "N1", "--yes", "--json")
    assert (ended.code, ended.error["code"]) == (2, "radius_missing")


@pytest.mark.parametrize("command", ["close", "widen"])
def test_a_script_must_say_yes(here: Here, an_alert: str, command: str) -> None:
    """Without a terminal and without --yes nothing is closed and nothing is sent."""
    words = {"close": ("--outcome", OUTCOME), "widen": ("--radius", "3km")}[command]
    before = here("alert", "list", "--json")
    ended = here("alert", command, an_alert, *words, "--json")
    assert (ended.code, ended.error["code"]) == (2, "not_confirmed")
    assert here("alert", "list", "--json") == before


def test_closing_stops_who_sends_and_tells_who_has_it(office: Office) -> None:
    """The sending process ends with 5 at once; those who have it hear the outcome, once each."""
    process, before = sending(office, 3, "alert", "send", *ALERT, *SMS)
    ended = close(office, "last", "--outcome", OUTCOME)
    sender = office.end(process)
    assert ended.code == 0, ended.err
    assert sender.code == 5, sender.err
    assert "was closed by" in sender.err
    closed = ended.events[0]
    assert closed["event"] == "closed"
    assert closed["stopped"] > 0
    at = datetime.fromisoformat(closed["closed"]["at"])
    by_text: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for event in office.sms(before):
        by_text[OUTCOME in event["text"]].append(event)
    late = [event for event in by_text[False] if datetime.fromisoformat(event["at"]) > at]
    assert len(late) <= IN_FLIGHT
    alerted = Counter(event["to"] for event in by_text[False])
    ends = Counter(event["to"] for event in by_text[True])
    assert set(alerted) <= set(ends)
    assert len(set(ends) - set(alerted)) <= IN_FLIGHT  # on the wire when it was closed
    assert set(ends.values()) == {1}
    assert len(ends) < SITES
    states = office.run("alert", "show", closed["alert"], "--json").document["counts"]["sms"]
    assert states["cancelled"] >= closed["stopped"]


def test_of_two_who_close_at_once_one_tells_everybody(office: Office) -> None:
    """One closes; the other is refused, or finds it closed; nobody hears it twice."""
    ref, before = send(office), office.forget()
    words = ("alert", "close", ref, "--outcome", OUTCOME, "--yes", "--json")
    both = [office.end(process) for process in [office.start(*words) for _number in range(2)]]
    assert sorted(ended.code for ended in both) in ([0, 5], [0, 75]), both
    assert told(office, before) == NEAR
    assert len(office.run("report", ref, "--json").document["incident"]["alerts"]) == 2


def test_a_closed_incident_takes_nothing_more(office: Office, here: Here) -> None:
    """Neither waves nor another end, with exit 5 and who closed it; lists and reports show it."""
    ref = send(office)
    message = close(office, ref, "--outcome", OUTCOME).events[-1]["alert"]
    before = office.forget()
    for named in (ref, message):
        for words in (
            ("follow-up", named, "--to", "all", *PERSON),
            ("widen", named, "--radius", "3km"),
            ("recenter", named, "--site", "N1"),
            ("close", named, "--outcome", OUTCOME),
            ("close", named, "--outcome", "Autre chose."),
            ("close", named),
            ("cancel", named),
            ("cancel", named, "--correct"),
        ):
            ended = here("alert", *words, "--yes", "--json")
            assert (ended.code, ended.error["code"]) == (5, "incident_closed"), ended.err
            assert OUTCOME in ended.error["message"]
    assert here("alert", "resume", ref, "--json").code == 5
    assert told(office, before) == []
    for shown in (("alert", "list"), ("alert", "show", ref), ("report", ref)):
        assert OUTCOME in here(*shown).out
        assert "CANCELLED" not in here(*shown).out


def test_a_closing_message_can_be_cancelled_on_its_way(office: Office) -> None:
    """It is cancelled then, and said to be just that; its incident stays closed."""
    ref = send(office)
    process, _before = sending(office, 3, "alert", "close", ref, "--outcome", OUTCOME)
    ended = office.run("alert", "cancel", "last", "--yes", "--no-correct")
    assert ended.code == 0, ended.err
    assert office.end(process).code == 5
    shown = office.run("alert", "show", "last", UMSALERT_LANG="en").out
    assert "CANCELLED" in shown
    assert "CLOSED" not in shown
    assert "CLOSED" in office.run("alert", "show", ref, UMSALERT_LANG="en").out


def test_a_closing_that_was_killed_is_finished(office: Office) -> None:
    """`alert close` once more goes on where the killed one stopped: nobody hears it twice."""
    ref = send(office)
    process, before = sending(office, 3, "alert", "close", ref, "--outcome", OUTCOME)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    ended = close(office, ref)
    assert ended.code in (0, 1), ended.err  # 1: what was on the wire is unknown, and held
    unknown = ended.events[-1]["counts"]["sms"].get("unknown", 0)
    numbers = told(office, before)
    assert len(set(numbers)) == len(numbers)
    assert len(numbers) >= SITES - unknown
    assert unknown <= IN_FLIGHT


def test_closed_without_a_message_it_can_still_be_told(office: Office) -> None:
    """--no-message tells nobody; closing once more with no other outcome sends the message."""
    ref, before = send(office), office.forget()
    ended = close(office, ref, "--outcome", OUTCOME, "--no-message")
    assert ended.code == 0
    assert [event["event"] for event in ended.events] == ["closed"]
    assert told(office, before) == []
    assert close(office, ref, "--no-message").code == 5
    assert close(office, ref).code == 0
    assert told(office, before) == NEAR


def test_at_a_terminal_the_end_is_asked_for_and_confirmed(office: Office) -> None:
    """The outcome is asked for; after a no nothing is closed, and a yes says how many hear it."""
    ref, before = send(office), office.forget()
    screen = Terminal(office, "alert", "close", ref)
    screen.answer("Outcome", OUTCOME)
    screen.answer("Send", "n")
    assert screen.ended() == 130
    assert "Nothing was closed." in screen.shown
    assert told(office, before) == []
    screen = Terminal(office, "alert", "close", ref, "--outcome", OUTCOME)
    screen.answer("Send", "y")
    assert screen.ended() == 0
    assert f"tell these {SITES} people" in screen.shown
    assert told(office, before) == NEAR


def test_an_open_incident_here_is_named_with_what_continues_it(office: Office) -> None:
    """A second alert here is probably the same incident: the hint says which commands go on."""
    send(office)
    found = office.run("alert", "preview", *PLACE, *PERSON, "--json").document["findings"]
    hints = [item["hint"] for item in found if item["code"] == "alert_open_here"]
    assert hints
    assert all("umsalert alert recenter" in hint and "follow-up" in hint for hint in hints)
