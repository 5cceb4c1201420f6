"""An alert above a limit waits for another account, and is then sent as any other."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import SITES
from tests.e2e.office import ALERT, PERSON, PLACE, Ended, Office, free_ports, numbers
from umsalert import resources

ANNA, BRUNO = {"SUDO_USER": "anna"}, {"SUDO_USER": "bruno"}
LIMIT = {"UMSALERT_APPROVAL_RADIUS_M": "700"}
SMS = ("--channel", "sms")
SENT = (0, 1)
"""Some telephones of this office cannot be reached, and their receipts may come at once."""


def ask(office: Office, *words: str, **environ: str) -> dict[str, Any]:
    """Have anna ask for an alert that needs a second person; return the request."""
    before = office.forget()
    ended = office.run(
        "alert", "send", *ALERT, *SMS, "--yes", "--json", *words, **ANNA, **LIMIT, **environ
    )
    assert (ended.code, ended.error["code"]) == (5, "needs_second_person"), ended.err
    waiting: dict[str, Any] = ended.events[-1]
    assert waiting["event"] == "waiting"
    found: dict[str, Any] = waiting["approval"]
    assert f"umsalert alert approve {found['ref']}" in ended.error["hint"]
    assert found["ref"] in ended.error["message"]
    assert office.sms(before) == []
    return found


def approve(office: Office, ref: str, *words: str, **environ: str) -> Ended:
    return office.run("alert", "approve", ref, "--yes", *words, **{**BRUNO, **environ})


def refs(office: Office, *words: str) -> list[str]:
    waiting = office.run("alert", "approve", "--list", "--json").document["approvals"]
    return [item["ref"] for item in waiting]


@pytest.fixture
def clean(office: Office) -> Iterator[Office]:
    """Return an office in which nothing waits, before and after."""
    for ref in refs(office):
        assert office.run("alert", "approve", ref, "--refuse", **BRUNO).code == 0
    yield office
    for ref in refs(office):
        office.run("alert", "approve", ref, "--refuse", **BRUNO)


def test_asked_by_one_sent_by_another(clean: Office) -> None:
    """Nothing is queued until somebody else approves; then all get it, and both are named."""
    office = clean
    alerts = office.run("alert", "list", "--json").document["alerts"]
    request = ask(office, "--reason", "drill", "--incident-time", "00:00")
    assert (request["submitted_by"], request["decision"]) == ("anna@Nice", None)
    assert request["request"]["above"] == ["radius_m"]
    assert office.run("alert", "list", "--json").document["alerts"] == alerts
    assert refs(office) == [request["ref"]]
    assert "1 request waits" in office.run("alert", "list").err

    own = office.run("alert", "approve", request["ref"], "--yes", "--json", **ANNA)
    assert (own.code, own.error["code"]) == (5, "own_request")

    before = office.forget()
    ended = approve(office, request["ref"][4:])
    assert ended.code in SENT, ended.err
    assert "drill" in ended.out  # the second person reads why
    assert "People, presence and texts are those of this moment." in ended.err
    assert numbers(office.sms(before)) == [f"+3363998{i:04}" for i in range(SITES)]

    alert = office.run("alert", "show", "last", "--json").document
    assert (alert["operator"], alert["approved_by"]) == ("anna@Nice", "bruno@Nice")
    assert alert["reason"] == "drill"
    assert "Approved by bruno@Nice" in office.run("report", "last").out
    again = approve(office, request["ref"], "--json")
    assert (again.code, again.error["code"]) == (5, "approval_approved")
    assert alert["ref"] in again.error["hint"]

    log = office.run("audit", "log", "--ref", alert["ref"], "--action", "alert.create", "--json")
    (created,) = log.events
    assert (created["operator"], created["detail"]["approved_by"]) == ("anna@Nice", "bruno@Nice")
    assert created["detail"]["messages"] == {"sms": SITES}
    log = office.run("audit", "log", "--ref", request["ref"], "--json")
    assert [(item["operator"], item["action"]) for item in log.events] == [
        ("bruno@Nice", "approval.approve"),
        ("anna@Nice", "approval.submit"),
    ]


def test_a_report_carries_the_head(office: Office) -> None:
    """What a report says can be held against the log later, for eyes and for programs."""
    assert office.run("alert", "send", *ALERT, *SMS, "--yes").code in SENT
    head = office.run("report", "last", "--json").document["audit_head"]
    assert head == office.run("audit", "head").out.strip()
    assert f"Audit log: {head}" in office.run("report", "last").out
    assert office.run("audit", "verify", "--head", head).code == 0


def test_the_incident_is_as_old_as_when_it_was_asked_for(clean: Office) -> None:
    """Without a time typed, the fact is the moment of asking, not that of approving."""
    request = ask(clean)
    assert approve(clean, request["ref"]).code in SENT
    alert = clean.run("alert", "show", "last", "--json").document
    assert alert["incident_at"] <= request["submitted_at"] < alert["created_at"]


def test_it_expires(clean: Office) -> None:
    """Half an hour later nobody can approve it, and nothing is sent."""
    request = ask(clean)
    before = clean.forget()
    ended = approve(clean, request["ref"], "--json", UMSALERT_SIMULATION_CLOCK_OFFSET_S="1801")
    assert (ended.code, ended.error["code"]) == (5, "approval_expired")
    assert clean.sms(before) == []


def test_one_key_is_one_request_and_one_alert(clean: Office) -> None:
    """A script that repeats gets the same request, then the alert; other arguments are refused."""
    key = ("--idempotency-key", "two-persons")
    first = ask(clean, *key)
    assert ask(clean, *key)["ref"] == first["ref"]
    other = clean.run(
        "alert", "send", *ALERT, *SMS, *key, "--exercise", "--yes", "--json", **ANNA, **LIMIT
    )
    assert (other.code, json.loads(other.err)["error"]["code"]) == (5, "idempotency_key_reused")
    assert refs(clean) == [first["ref"]]
    assert approve(clean, first["ref"]).code in SENT
    before = clean.forget()
    again = clean.run("alert", "send", *ALERT, *SMS, *key, "--yes", "--json", **ANNA, **LIMIT)
    assert again.code in SENT
    assert again.events[-1]["repeated"]
    assert clean.sms(before) == []


def test_an_exercise_stays_an_exercise(clean: Office) -> None:
    """What was asked for as an exercise says so in every message."""
    request = ask(clean, "--exercise")
    before = clean.forget()
    ended = approve(clean, request["ref"], "--exercise")
    assert ended.code == 2  # there is nothing to choose
    assert approve(clean, request["ref"]).code in SENT
    texts = [str(event["text"]) for event in clean.sms(before)]
    assert len(texts) == SITES
    assert all("EXERCICE" in text for text in texts)


def test_of_two_who_approve_at_once_one_sends(clean: Office) -> None:
    """Everybody gets it once; the other is told that it was decided."""
    request = ask(clean)
    before = clean.forget()
    words = ("alert", "approve", request["ref"], "--yes")
    both = [clean.start(*words, SUDO_USER=account) for account in ("bruno", "carla")]
    ended = sorted((clean.end(process) for process in both), key=lambda item: item.code)
    assert ended[0].code in SENT
    assert ended[1].code == 5
    assert f"Request {request['ref']} was approved by" in ended[1].err
    assert numbers(clean.sms(before)) == [f"+3363998{i:04}" for i in range(SITES)]


def test_a_refused_request_is_over(clean: Office) -> None:
    """The other account refuses, or the one who asked withdraws: nobody can approve it then."""
    for account, decision in ((BRUNO, "refused"), (ANNA, "withdrawn")):
        request = ask(clean)
        ended = clean.run("alert", "approve", "--refuse", "--json", **account)
        assert ended.document["approval"]["decision"] == decision
        ended = approve(clean, request["ref"], "--json")
        assert (ended.code, ended.error["code"]) == (5, f"approval_{decision}")
    assert approve(clean, "ask-none", "--json").error["code"] == "approval_not_found"


def test_a_polygon_and_people_count_too(clean: Office) -> None:
    """Above the number of people, and as far as a polygon reaches, with all that was typed."""
    ring = [[7.26, 43.69], [7.28, 43.69], [7.28, 43.71], [7.26, 43.71], [7.26, 43.69]]
    file = clean.home / "second.geojson"
    file.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), "utf-8")
    few = {"UMSALERT_APPROVAL_RECIPIENTS": str(SITES - 1)}
    words = ("--polygon", str(file), *PERSON, *SMS, "--yes", "--expires", "20m", "--json")
    ended = clean.run("alert", "send", *words, **ANNA, **few, **LIMIT)
    assert ended.code == 5
    request = ended.events[-1]["approval"]["request"]
    assert request["above"] == ["radius_m", "recipients"]
    assert approve(clean, refs(clean)[0], **few).code in SENT
    alert = clean.run("alert", "show", "last", "--json").document
    assert alert["polygon"]["coordinates"] == [ring]
    enough = {"UMSALERT_APPROVAL_RECIPIENTS": str(SITES)}
    assert clean.run("alert", "send", *ALERT, *SMS, "--yes", **ANNA, **enough).code in SENT


def test_a_wider_circle_waits_too_and_the_end_does_not(clean: Office) -> None:
    """Who widens above the limit needs another; a correction or a closing never waits."""
    off = {"UMSALERT_APPROVAL_RADIUS_M": "0"}
    assert clean.run("alert", "send", *ALERT, *SMS, "--yes", **ANNA, **off).code in SENT
    first = clean.run("alert", "show", "last", "--json").document["ref"]
    change = ("--radius", "900m", "--var", "direction=gare", "--yes", "--json")
    ended = clean.run("alert", "widen", first, *change, **ANNA, **LIMIT)
    assert (ended.code, ended.error["code"]) == (5, "needs_second_person")
    ended = approve(clean, refs(clean)[0])
    assert ended.code in SENT, ended.err
    assert f"Widens alert {first}" in ended.out
    wave = clean.run("alert", "show", "last", "--json").document
    assert wave["follows"] == {"alert": first, "as": "widened"}
    waits = clean.run("alert", "widen", wave["ref"], "--radius", "1km", *change[2:3],
        "direction=port", "--yes", **ANNA, **LIMIT)  # fmt: skip
    assert waits.code == 5
    ended = clean.run("alert", "close", first, "--outcome", "Fin.", "--yes", **ANNA, **LIMIT)
    assert ended.code in SENT, ended.err
    late = approve(clean, refs(clean)[0], "--json")
    assert (late.code, late.error["code"]) == (5, "incident_closed")


def test_a_template_changed_in_between_is_said(clean: Office) -> None:
    """The texts are those of now; that they are others than when it was asked for is said."""
    request, another = ask(clean), ask(clean)
    own = clean.home / "templates" / "search-person"
    shutil.copytree(resources.folder("templates") / own.name, own)
    try:
        text = (own / "sms.txt").read_text("utf-8")
        (own / "sms.txt").write_text(text.replace("{{ description }}", "{{ description }} ."))
        before = clean.forget()
        ended = approve(clean, request["ref"])
        assert ended.code in SENT, ended.err
        assert "search-person was changed since" in ended.err
        assert all("rouge ." in str(event["text"]) for event in clean.sms(before))
        events = approve(clean, another["ref"], "--json").events
        assert (events[0]["event"], events[0]["template_changed"]) == ("approving", True)
        assert events[0]["approval"]["ref"] == another["ref"]
    finally:
        shutil.rmtree(own)


def test_what_was_approved_can_be_resumed(clean: Office) -> None:
    """An approved alert whose sender could not reach its provider goes on as any other."""
    request = ask(clean)
    nowhere = {
        "UMSALERT_VONAGE_MESSAGES_URL": f"https://localhost:{free_ports(1)[0]}/v1/messages",
        "UMSALERT_ALERT_GIVE_UP_S": "1",
    }
    before = clean.forget()
    assert approve(clean, request["ref"], **nowhere).code == 75
    assert clean.sms(before) == []
    assert clean.run("alert", "resume", "last", **ANNA).code in SENT
    assert len(clean.sms(before)) == SITES


def test_a_preview_says_that_it_needs_another(office: Office) -> None:
    """Before anything is asked for, for a person and for a program."""
    shown = office.run("alert", "preview", *PLACE, *PERSON, **LIMIT)
    assert "m is more than" in shown.out
    assert "(approval.radius_m)" in shown.out
    for environ, above in ((LIMIT, ["radius_m"]), ({}, [])):
        document = office.run("alert", "preview", *ALERT, "--json", **environ).document
        assert document["needs_second_person"] == above


def test_where_nobody_is_reached_there_is_nothing_to_approve(office: Office) -> None:
    """A large area with no site: that nobody is there comes first, and no second person."""
    words = ("--departement", "33", *PERSON)
    ended = office.run("alert", "preview", *words, UMSALERT_LANG="en", **LIMIT)
    assert ended.code == 3
    assert "second person" not in ended.out
    said, texts = "NOBODY WOULD GET IT: There is no site in the area.", "── SMS"
    assert ended.out.index(said) < ended.out.index(texts)
    document = office.run("alert", "preview", *words, "--json", **LIMIT).document
    assert document["needs_second_person"] == []
    sent = office.run("alert", "send", *words, "--yes", "--json", **LIMIT)
    assert (sent.code, sent.error["code"]) == (3, "nobody_matched")
    # Whom a bulletin reaches is found anew at each run: its area needs the approval all the same.
    note = ("--departement", "33", "--template", "vigilance", "--var", "message=Fermez.")
    weekly = ("bulletin", "add", *note, "--cron", "0 8 * * 1", "--yes")
    asked = office.run(*weekly, UMSALERT_LANG="en", **ANNA, **LIMIT)
    assert asked.code == 5, asked.err
    assert "Nobody would get it at this moment." in asked.out
    waiting = re.search(r"ask-\w+", asked.err)
    assert waiting is not None
    assert office.run("alert", "approve", waiting[0], "--refuse", **BRUNO).code == 0
