"""The main job through the real commands, over TLS and SMTP to the simulated carrier."""

from __future__ import annotations

import json
from collections import Counter

from tests.e2e.conftest import SITES
from tests.e2e.office import ALERT, LINK, PERSON, PLACE, Office, numbers
from umsalert.model import TOKEN_PLACE

MARKER = "MARQUEUR-DU-MOTIF"
EVERYBODY = sorted(f"+3363998{i:04}" for i in range(SITES))


def test_every_guard_gets_every_message_once(office: Office) -> None:
    """The carrier's record and the report agree one by one; guards' answers come back."""
    before = office.forget()
    ended = office.run(
        "alert", "send", *ALERT, "--reason", MARKER, "--yes", "--follow", "8s", "--json"
    )
    assert ended.code in (0, 1), ended.err
    # What is unusual comes first: an earlier alert may still be open here.
    assert next(e["event"] for e in ended.events if e["event"] != "checked") == "planned"
    assert ended.events[-1]["event"] == "progress"
    seen = office.record()[before:]
    assert numbers([event for event in seen if event["kind"] == "sms"]) == EVERYBODY
    assert numbers([event for event in seen if event["kind"] == "call"]) == EVERYBODY
    mails = [event for event in seen if event["kind"] == "email"]
    assert sorted(mail["rcpt_to"][0] for mail in mails) == sorted(
        f"agent-{i}@example.org" for i in range(SITES)
    )
    report = office.run("report", ended.events[-1]["alert"], "--json").document
    assert Counter(row["channel"] for row in report["deliveries"]) == {
        "sms": SITES,
        "voice": SITES,
        "email": SITES,
    }
    assert report["fact_to_first_sms_s"] > 0
    for what in ("messages", "sites"):
        estimated, accepted = report["handed_over"][what].values()
        assert 0 <= estimated["50"] <= estimated["100"]
        assert 0 < accepted["50"] <= accepted["100"]
    by_channel = {channel["channel"]: channel for channel in report["channels"]}
    assert by_channel["email"]["delivered"] == 0
    assert by_channel["sms"]["acknowledged"] == 0
    assert by_channel["sms"]["delivered"] > 0
    answers = {reply["contact_ref"]: reply["kind"] for reply in report["replies"]}
    assert answers["S3-c1"] == "sighting"
    assert answers["S4-c1"] == "acknowledged"
    by_uuid = {row["client_ref"]: row["to"] for row in seen if row["kind"] == "sms"}
    assert {row["address"] for row in report["deliveries"] if row["channel"] == "sms"} == set(
        by_uuid.values()
    )


def test_the_reason_is_in_the_record_and_nowhere_else(office: Office) -> None:
    """Not one byte that left the office holds the reason; `alert show` does."""
    sent = office.run("alert", "send", *ALERT, "--reason", MARKER, "--channel", "sms", "--yes")
    assert sent.code in (0, 1), sent.err
    assert MARKER not in json.dumps(office.record(), ensure_ascii=False)
    assert MARKER not in sent.out + sent.err
    assert office.run("alert", "show", "last", "--json").document["reason"] == MARKER


def test_what_is_previewed_is_what_leaves(office: Office) -> None:
    """The SMS that arrives is the previewed one but for its reference and its guard's own link."""
    preview = office.run("alert", "preview", *ALERT, "--json").document
    assert preview["schema_version"] == 1
    assert [set(site) for site in preview["sites"][:1]] == [
        {"ref", "name", "lat", "lon", "distance_m"}
    ]
    assert preview["deliveries"] == {"sms": SITES, "voice": SITES, "email": SITES}
    assert preview["estimate"]["dense_cells"] == 1  # 24 SMS and calls, and 20 are a burst
    before = office.forget()
    office.run("alert", "send", *ALERT, "--channel", "sms", "--yes")
    texts = [event["text"] for event in office.record()[before:] if event["kind"] == "sms"]
    assert len({LINK.findall(text)[0] for text in texts}) == SITES
    (text,) = {LINK.sub(TOKEN_PLACE, text) for text in texts}
    planned = preview["texts"]["sms"]["fr"]["body"]
    assert text.splitlines()[:-1] == planned.splitlines()[:-1]
    assert "Restez sur votre site, n'intervenez pas." in text


def test_an_exercise_says_so_everywhere(office: Office) -> None:
    """Every SMS, every call, every subject and body of an exercise carries EXERCICE."""
    before = office.forget()
    office.run("alert", "send", *ALERT, "--exercise", "--yes", "--follow", "3s")
    seen = office.record()[before:]
    spoken = [event["text"] for event in seen if event["kind"] == "sms"]
    spoken += [json.dumps(event["ncco"]) for event in seen if event["kind"] == "call"]
    assert len(spoken) == 2 * SITES
    mails = [event for event in seen if event["kind"] == "email"]
    assert len(mails) == SITES
    assert all("EXERCICE" in text for text in spoken)
    assert all("EXERCICE" in mail["headers"]["Subject"] + mail["text"] for mail in mails)
    assert "EXERCISE" in office.run("alert", "show", "last").out


def test_the_same_key_sends_once(office: Office) -> None:
    """A repeated send with its key reports the first; with other arguments it is refused."""
    words = ("alert", "send", *ALERT, "--channel", "sms", "--yes", "--idempotency-key", "K1")
    first = office.run(*words)
    assert first.code in (0, 1), first.err
    before = office.forget()
    again = office.run(*words, "--json")
    assert again.code in (0, 1)
    assert again.events[-1]["repeated"] is True
    assert again.events[-1]["alert"] in first.err
    other = office.run(*words, "--exercise", "--json")
    assert (other.code, other.error["code"]) == (5, "idempotency_key_reused")
    assert [event for event in office.record()[before:] if event["kind"] == "sms"] == []


def test_nobody_is_a_stated_outcome(office: Office) -> None:
    """A circle over nobody exits 3, with a whole document from preview and no alert from send."""
    empty = ("--lat", "45.0", "--lon", "5.0", "--radius", "800m", *PERSON)
    preview = office.run("alert", "preview", *empty, "--json")
    assert preview.code == 3
    assert preview.document["sites"] == []
    assert preview.document["contacts"] == 0
    known = office.run("alert", "list", "--json").document
    send = office.run("alert", "send", *empty, "--yes", "--json")
    assert (send.code, send.error["code"]) == (3, "nobody_matched")
    assert office.run("alert", "list", "--json").document == known


def test_a_script_must_say_yes(office: Office) -> None:
    """Without a terminal and without --yes nothing is sent."""
    before = office.forget()
    ended = office.run("alert", "send", *ALERT, "--json")
    assert (ended.code, ended.error["code"]) == (2, "not_confirmed")
    since = {event["kind"] for event in office.record()[before:]}  # answers to earlier alerts too
    assert since & {"sms", "call", "email"} == set()


def test_missing_values_are_named_all_at_once(office: Office) -> None:
    """A script that forgets two values reads both names in one error."""
    ended = office.run("alert", "send", *PLACE, "--template", "search-person", "--yes", "--json")
    assert ended.code == 2
    assert {problem["column"] for problem in ended.error["problems"]} == {
        "description",
        "last_seen",
    }


def test_the_officer_reads_what_crowds_a_cell_and_how_right_the_estimate_was(
    office: Office,
) -> None:
    """The preview says that a cell is paced; the report has estimated beside accepted times."""
    words = {"UMSALERT_LANG": "en", "COLUMNS": "100"}
    preview = office.run("alert", "preview", *ALERT, **words).out
    assert "1 cell of the telephone network gets so many messages" in " ".join(preview.split())
    alone = office.run("alert", "preview", *ALERT, "--channel", "sms", **words).out
    assert "telephone network" not in alone
    sent = office.run("alert", "send", *ALERT, "--channel", "sms", "--yes", "--json").events
    report = office.run("report", sent[-1]["alert"], **words).out
    lines = {line.split()[0]: line for line in report.splitlines() if " / " in line}
    assert "Estimated 50/95/100 %" in report
    for name in ("Messages", "Sites"):
        assert lines[name].count(" / ") == 4
