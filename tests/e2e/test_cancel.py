"""A slip is undone: one process sends, another cancels, the carrier says who was written to."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.e2e.office import ALERT, Ended, Office, free_ports, open_office

SITES = 150
IN_FLIGHT = 4
TWO = ("--channel", "sms", "--channel", "email")
PACE = {"RATE_PER_S": "20", "BURST": "1", "IN_FLIGHT": str(IN_FLIGHT)}
ROUTES = ("SMS_VONAGE", "EMAIL_SMTP")
SLOW = {f"UMSALERT_{route}_{key}": value for route in ROUTES for key, value in PACE.items()}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with many sites whose receipts go nowhere: accepted stays accepted."""
    with open_office(tmp_path_factory.mktemp("slips"), SITES, "--speed", "30") as opened:
        nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
        opened.environ["UMSALERT_VONAGE_WEBHOOK_URL"] = nowhere
        yield opened


def taken(office: Office, before: int) -> list[tuple[str, str]]:
    """Return the channel and the address of every message that the carrier has taken since."""
    return [key for event in office.record()[before:] if (key := address(event))]


def address(event: dict[str, Any]) -> tuple[str, str] | None:
    match event["kind"]:
        case "sms":
            return "sms", event["to"]
        case "email":
            return "email", event["rcpt_to"][0]
        case _:
            return None


def sending(office: Office, enough: int, *words: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a slow alert by two channels; return it once the carrier has taken `enough`."""
    before = office.forget()
    process = office.start("alert", "send", *ALERT, *TWO, "--yes", *words, **SLOW)
    while len(taken(office, before)) < enough:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process, before


def cancel(office: Office, *words: str) -> Ended:
    return office.run("alert", "cancel", *words, "--yes", "--json")


def held(recipients: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return the channel and the address of every message that `alert cancel` lists."""
    found = set()
    for row in recipients:
        i = int(row["contact_ref"].removeprefix("S").removesuffix("-c1"))
        to = {"sms": f"+3363998{i:04}", "email": f"agent-{i}@example.org"}
        found |= {(channel, to[channel]) for channel in row["states"]}
    return found


def report(office: Office, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = office.run("report", ref, "--json").document
    return found


@pytest.fixture(scope="module")
def slip(office: Office) -> tuple[Ended, Ended, int]:
    """Cancel an alert that another process is sending; return how both ended, and since when."""
    process, before = sending(office, 30)
    cancelled = cancel(office, "last", "--reason", "wrong place")
    return office.end(process), cancelled, before


def test_the_sender_stops_and_says_who_stopped_it(slip: tuple[Ended, Ended, int]) -> None:
    """The sending process ends with exit 5 and the name of whoever cancelled; cancelling is 0."""
    sender, cancelled, _before = slip
    assert cancelled.code == 0, cancelled.err
    assert sender.code == 5, sender.err
    by = cancelled.document["cancelled"]["by"]
    assert f"was cancelled by {by}" in sender.err
    assert "umsalert alert resume" not in sender.err


def test_after_the_commit_only_what_was_on_the_wire_arrives(
    office: Office, slip: tuple[Ended, Ended, int]
) -> None:
    """By the carrier's clock no channel takes more than its messages in flight after the commit."""
    _sender, cancelled, before = slip
    at = datetime.fromisoformat(cancelled.document["cancelled"]["at"])
    late = Counter(
        key[0]
        for event in office.record()[before:]
        if (key := address(event)) and datetime.fromisoformat(event["at"]) > at
    )
    assert all(count <= IN_FLIGHT for count in late.values()), late


def test_record_and_database_agree_one_by_one(
    office: Office, slip: tuple[Ended, Ended, int]
) -> None:
    """Whom the carrier took a message for is who has it, and everybody else is cancelled."""
    _sender, cancelled, before = slip
    document = cancelled.document
    carried = taken(office, before)
    assert len(carried) == len(set(carried))
    assert held(document["recipients"]) == set(carried)
    assert document["on_the_wire"] == 0
    rows = report(office, document["alert"])["deliveries"]
    by_state = Counter(row["state"] for row in rows)
    assert by_state == {"accepted": len(carried), "cancelled": 2 * SITES - len(carried)}
    assert by_state["cancelled"] >= document["stopped"] > 0
    assert {(row["channel"], row["address"]) for row in rows if row["state"] == "accepted"} == set(
        carried
    )


def test_list_and_report_show_it(office: Office, slip: tuple[Ended, Ended, int]) -> None:
    """Who cancelled, when and why stands in the report and in the list, for eyes and programs."""
    _sender, cancelled, _before = slip
    ref, how = cancelled.document["alert"], cancelled.document["cancelled"]
    assert how["reason"] == "wrong place"
    assert report(office, ref)["alert"]["cancelled"] == how
    listed = {
        line["ref"]: line for line in office.run("alert", "list", "--json").document["alerts"]
    }
    assert listed[ref]["cancelled"] == how
    for words in (("alert", "list"), ("alert", "show", ref), ("report", ref)):
        assert "CANCELLED" in office.run(*words).out
    assert "Cancelled" in office.run("report", ref).out


def test_a_cancelled_alert_is_not_resumed(office: Office, slip: tuple[Ended, Ended, int]) -> None:
    """`resume` says so with exit 5, even for what may have left, and nothing is sent."""
    ref, before = slip[1].document["alert"], office.forget()
    ended = office.run("alert", "resume", ref, "--resend-unknown", "--json")
    assert (ended.code, ended.error["code"]) == (5, "alert_cancelled")
    assert taken(office, before) == []


@dataclass(frozen=True)
class Corrected:
    """The slip, corrected by two processes at once, then cancelled as `last` once more."""

    both: list[Ended]
    again: Ended
    carried: list[dict[str, Any]]


@pytest.fixture(scope="module")
def corrected(office: Office, slip: tuple[Ended, Ended, int]) -> Corrected:
    """Correct the slip; return how it went and what the carrier took of it all."""
    before = office.forget()
    words = ("alert", "cancel", slip[1].document["alert"], "--yes", "--correct", "--json")
    started = [office.start(*words, "--note", "Pardon") for _number in range(2)]
    both = [office.end(process) for process in started]
    again = cancel(office, "last", "--correct")
    return Corrected(both, again, office.record()[before:])


def test_two_corrections_at_once_reach_exactly_those_once(
    slip: tuple[Ended, Ended, int], corrected: Corrected
) -> None:
    """Cancelled again by two processes that both correct: once to each who has it, nobody else."""
    first = slip[1].document
    codes = [ended.code for ended in corrected.both]
    assert set(codes) <= {0, 75}, corrected.both  # 75: seen before the other's first SMS
    assert 0 in codes
    for ended in corrected.both:
        assert ended.events[0]["cancelled"] == first["cancelled"]
        assert (ended.events[0]["repeated"], ended.events[0]["stopped"]) == (True, 0)
    carried = [key for event in corrected.carried if (key := address(event))]
    assert sorted(carried) == sorted(held(first["recipients"]))
    texts = [event["text"] for event in corrected.carried if event["kind"] == "sms"]
    assert all(f"réf. {first['alert']}" in text and "Pardon" in text for text in texts)
    assert all("place" not in text for text in texts)


def test_an_alert_and_its_correction_name_each_other(
    office: Office, slip: tuple[Ended, Ended, int], corrected: Corrected
) -> None:
    """Reports of both say which alert corrects which."""
    first = slip[1].document["alert"]
    (link,) = corrected.again.document["followed_by"]
    assert report(office, first)["alert"]["followed_by"] == [link]
    back = {"alert": first, "as": "correction"}
    assert report(office, link["alert"])["alert"]["follows"] == back
    assert f"Corrected by alert {link['alert']}" in office.run("report", first).out
    assert f"Corrects alert {first}" in office.run("alert", "show", link["alert"]).out


def test_cancelling_last_again_leaves_the_correction_alone(
    office: Office, slip: tuple[Ended, Ended, int], corrected: Corrected
) -> None:
    """After the correction, `last` still means the alert that it corrects, and sends nothing."""
    again = corrected.again
    assert again.code == 0, again.err
    assert again.document["repeated"]
    assert again.document["alert"] == slip[1].document["alert"]
    assert all(row["to_correct"] == [] for row in again.document["recipients"])
    correction = again.document["followed_by"][0]["alert"]
    assert report(office, correction)["alert"]["cancelled"] is None


def test_an_alert_that_has_left_can_still_be_taken_back(office: Office) -> None:
    """Nothing is stopped, those still vetted are corrected, and for an exercise by an exercise."""
    before = office.forget()
    sent = office.run("alert", "send", *ALERT, "--channel", "sms", "--exercise", "--yes")
    assert sent.code == 0, sent.err
    assert len(taken(office, before)) == SITES
    office.run("site", "suspend", "S7", "--reason", "audit")
    before = office.forget()
    ended = cancel(office, "last", "--correct")
    assert ended.code == 0, ended.err
    assert ended.events[0]["stopped"] == 0
    everybody = {("sms", f"+3363998{i:04}") for i in range(SITES)}
    assert set(taken(office, before)) == everybody - {("sms", "+33639980007")}
    texts = [event["text"] for event in office.record()[before:] if event["kind"] == "sms"]
    assert all(text.startswith("EXERCICE") and text.endswith("EXERCICE") for text in texts)
    office.run("site", "approve", "S7")


def test_a_cancelled_correction_has_no_correction(office: Office) -> None:
    """A correction can be cancelled by its reference; correcting it is refused with exit 5."""
    office.run("alert", "send", *ALERT, "--channel", "sms", "--yes")
    sent = cancel(office, "last", "--correct").events[-1]
    ended = cancel(office, sent["alert"], "--correct")
    assert (ended.code, ended.error["code"]) == (5, "correction_of_correction")
    assert ended.document["alert"] == sent["alert"]
    assert ended.document["cancelled"]["by"]


def test_a_script_must_say_yes(office: Office) -> None:
    """Without a terminal and without --yes nothing is cancelled."""
    office.run("alert", "send", *ALERT, "--channel", "sms", "--yes")
    ended = office.run("alert", "cancel", "last", "--json")
    assert (ended.code, ended.error["code"]) == (2, "not_confirmed")
    assert office.run("alert", "show", "last", "--json").document["cancelled"] is None


def test_a_key_of_a_cancelled_alert_sends_nothing(office: Office) -> None:
    """The same command once more, after its alert was cancelled, says so and exits 5."""
    words = ("alert", "send", *ALERT, "--channel", "sms", "--yes", "--idempotency-key", "slip")
    office.run(*words)
    cancel(office, "last")
    before = office.forget()
    again = office.run(*words)
    assert again.code == 5
    assert "CANCELLED" in again.err
    assert taken(office, before) == []


def test_a_program_reads_who_cancelled(office: Office) -> None:
    """The stream of the process that sends tells it once, before the end, with the final counts."""
    process, _before = sending(office, 10, "--json")
    cancel(office, "last", "--reason", "slip")
    ended = office.end(process)
    told = [event for event in ended.events if event["event"] in {"cancelled", "finished"}]
    assert [event["event"] for event in told] == ["cancelled", "finished"]
    assert told[0]["reason"] == "slip"
    assert told[1]["counts"]["sms"]["cancelled"] > 0
    assert "queued" not in told[1]["counts"]["sms"]


def test_whoever_follows_an_alert_hears_of_it(office: Office) -> None:
    """All has left and the officer waits for answers: cancelled elsewhere, the wait ends with 5."""
    before = office.forget()
    words = ("alert", "send", *ALERT, "--channel", "sms", "--yes", "--follow", "10m")
    process = office.start(*words)
    while len(taken(office, before)) < SITES:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    assert cancel(office, "last").code == 0
    ended = office.end(process)
    assert ended.code == 5
    assert "was cancelled by" in ended.err
