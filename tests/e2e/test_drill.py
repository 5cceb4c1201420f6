"""A drill from its preview to its score sheet, as people and programs see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.office import ALERT, Office, open_office

SITES = 4
SMS = ("--channel", "sms")
DRILL = (*ALERT, *SMS, "--exercise")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with guards of whom one cannot be reached."""
    words = ["--speed", "60", "--answer=+33639980001=unreachable"]
    with open_office(tmp_path_factory.mktemp("drill"), SITES, *words) as opened:
        yield opened


@pytest.fixture(scope="module")
def drill(office: Office) -> str:
    """Return an exercise that was sent, and of which a site has told by telephone."""
    ended = office.run("alert", "send", *DRILL, "--yes", "--json")
    ref: str = ended.events[-1]["alert"]
    assert {event["exercise"] for event in ended.events} == {True}
    told = office.run("reply", "add", ref, "S0", "acknowledged")
    assert told.code == 0, told.err
    assert told.out.startswith("EXERCISE · Recorded")
    return ref


def test_a_preview_is_unlike_a_live_one_without_colour(office: Office) -> None:
    """The word above all, above and below the map, and another rim."""
    drill = office.run("alert", "preview", *DRILL).out
    live = office.run("alert", "preview", *ALERT, *SMS).out
    assert drill.count("*** EXERCISE ***") == 3
    assert ":    the edge" in drill
    assert ".    the edge" in live
    assert "EXERCISE" not in live
    assert drill.count("EXERCICE - ") == drill.count(" - EXERCICE") == 1  # the SMS


def test_where_a_drill_is_listed_it_is_one(office: Office, drill: str) -> None:
    """The list, its answers, its log."""
    assert "(exercise)" in office.run("alert", "list").out
    assert office.run("reply", "list", drill).out.startswith("EXERCISE: ")
    assert office.run("reply", "list", drill, "--json").document["exercise"] is True
    log = (office.home / "log" / "umsalert.log").read_text("utf-8")
    handed = [line for line in log.splitlines() if "handed over" in line and drill in line]
    assert handed
    assert all("exercise=True" in line for line in handed)


def test_a_report_begins_with_the_score(office: Office, drill: str) -> None:
    """Reach, times, who is silent, each in words."""
    out = office.run("report", drill).out
    assert f"SCORE OF THE EXERCISE {drill}" in out
    assert f"Sites: {SITES} alerted, {SITES} with a message accepted (100 %), 1 ackn" in out
    assert "3 sites have not acknowledged, the worst first:" in out
    score = office.run("report", drill, "--json").document["score"]
    assert score["sites"] == {"alerted": SITES, "reached": SITES, "acknowledged": 1}


def test_a_real_alert_is_told_of_the_drill(office: Office, drill: str) -> None:
    """And is not taken for a part of it."""
    out = office.run("alert", "preview", *ALERT, *SMS).out
    assert f"An EXERCISE is open here: {drill}" in out.replace("\n", " ")


def test_who_follows_and_who_closes_sees_the_score(office: Office, drill: str) -> None:
    """At the end of each, with the drill before it; a live alert has none."""
    ended = office.run("alert", "send", *DRILL, "--yes", "--json", "--follow", "1s")
    assert ended.code in (0, 1), ended.err  # a receipt of the one who cannot be reached
    event = ended.events[-1]
    assert (event["event"], event["exercise"]) == ("score", True)
    assert event["score"]["sites"]["alerted"] == SITES
    assert event["score"]["earlier"]["alert"] == drill
    over = ("--outcome", "Fin de l'exercice.", "--yes")
    closed = office.run("alert", "close", event["alert"], *over)
    assert f"SCORE OF THE EXERCISE {event['alert']}" in closed.out
    assert f"The exercise here before it: {drill}" in closed.out
    last = office.run("report", "last").out  # by now the closing message, which has no score
    assert f"The score of the exercise: umsalert report {event['alert']}" in last
    live = office.run("alert", "send", *ALERT, *SMS, "--yes", "--follow", "1s")
    assert "SCORE" not in live.out


def test_statistics_leave_drills_out(office: Office, drill: str) -> None:
    """They are listed apart."""
    found = office.run("report", "summary", "--json").document
    assert drill in [item["ref"] for item in found["exercises"]]
    alerts = office.run("alert", "list", "--json").document["alerts"]
    assert found["total"]["alerts"] == sum(not alert["exercise"] for alert in alerts)
