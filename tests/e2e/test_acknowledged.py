"""A guard answers the first call: the carrier is not asked to call the rest of his site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.office import ALERT, PLACE, Office, numbers, open_office

GUARDS = 8
FIRST = "+33639980000"
# Slow enough that the answer is in the record before the last call would be made.
SLOW = {"UMSALERT_VOICE_VONAGE_RATE_PER_S": "0.5", "UMSALERT_VOICE_VONAGE_BURST": "1"}
CALLS = ("--channel", "voice", "--yes")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with one site of eight guards, the first of whom presses 1."""
    words = [f"--answer=+3363998{n:04}={'' if n else '1'}" for n in range(GUARDS)]
    with open_office(tmp_path_factory.mktemp("site"), 1, "--speed", "60", *words) as opened:
        people = [f"S0,Agent {n},+3363998{n:04}" for n in range(1, GUARDS)]
        file = opened.home / "more.csv"
        file.write_text("\n".join(["site_ref,name,phone", *people]), "utf-8")
        assert opened.run("contact", "import", file, "--certify").code == 0
        yield opened


def test_a_site_that_has_answered_is_called_no_more(office: Office) -> None:
    """The run ends well; carrier, report, table and closing words say the same numbers."""
    assert "Once somebody at a site has answered" in office.run("alert", "preview", *ALERT).out
    before = office.forget()
    ended = office.run("alert", "send", *ALERT, *CALLS, **SLOW)
    assert ended.code == 0, ended.err
    calls = numbers([event for event in office.record()[before:] if event["kind"] == "call"])
    spared = GUARDS - len(calls)
    assert calls[0] == FIRST
    assert spared > 0
    assert f"{spared} message" in ended.err
    report = office.run("report", "last", "--json").document
    assert report["alert"]["stop_when_acknowledged"] is True
    assert report["not_needed"] == report["sites"][0]["not_needed"] == spared
    assert report["channels"][0]["states"]["not_needed"] == spared
    assert report["sites"][0]["answer"]["kind"] == "acknowledged"
    held = {row["address"] for row in report["deliveries"] if row["state"] == "not_needed"}
    assert held == {f"+3363998{n:04}" for n in range(GUARDS)} - set(calls)
    table = office.run("report", "last").out
    assert "Not needed" in table
    assert f"{spared} message" in table
    assert office.run("alert", "resume", "last", "--resend-unknown").code == 0
    assert len(office.record("call")) == len(calls)


def test_a_lockdown_calls_everybody(office: Office) -> None:
    """Its template does not stop: who has answered speaks for himself only."""
    before = office.forget()
    fast = {"UMSALERT_VOICE_VONAGE_BURST": "1", "UMSALERT_VOICE_VONAGE_RATE_PER_S": "2"}
    words = ("alert", "send", *PLACE, "--template", "lockdown", *CALLS)
    assert office.run(*words, **fast).code == 0
    calls = numbers([event for event in office.record()[before:] if event["kind"] == "call"])
    assert len(set(calls)) == len(calls) == GUARDS
    report = office.run("report", "last", "--json").document
    assert report["not_needed"] == 0
    assert report["replies"]
