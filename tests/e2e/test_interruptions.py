"""Ctrl-C, a kill, and two terminals at once, against the real carrier."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.e2e.office import ALERT, Ended, Office, open_office, sending

SITES = 40
SLOW = {"UMSALERT_SMS_VONAGE_RATE_PER_S": "10", "UMSALERT_SMS_VONAGE_BURST": "1"}


@pytest.fixture(scope="module")
def slow_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with forty sites, whose SMS leave ten a second."""
    with open_office(tmp_path_factory.mktemp("slow"), SITES, "--speed", "30") as opened:
        opened.environ |= SLOW
        opened.fresh = True
        yield opened


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=["Ctrl-C", "hang-up"])
def test_ctrl_c_stops_cleanly_and_resume_finishes(slow_office: Office, number: int) -> None:
    """Exit 130 says what went out and how to go on; after `resume` each guard has one SMS."""
    process, before = sending(slow_office, 5)
    process.send_signal(number)
    ended = slow_office.end(process)
    assert ended.code == 130
    assert "umsalert alert resume" in ended.err
    log = (slow_office.home / "log" / "umsalert.log").read_text("utf-8")
    assert " interrupted: sms " in log
    assert f" exit_code=130 pid={process.pid} command ended" in log
    taken = len(slow_office.sms(before))
    assert 5 <= taken < SITES
    assert "unknown" not in slow_office.states()
    assert slow_office.states()["queued"] == SITES - taken
    assert f"{SITES - taken} messages are still queued" in slow_office.run("report", "last").out
    resumed = slow_office.run("alert", "resume", "last")
    assert resumed.code in (0, 1), resumed.err  # 1: a guard whose phone is off
    assert set(Counter(event["to"] for event in slow_office.sms(before)).values()) == {1}
    assert len(slow_office.sms(before)) == SITES


def test_a_killed_sender_loses_and_repeats_nothing(slow_office: Office) -> None:
    """After SIGKILL and `resume` every guard was reached once or is listed as unknown."""
    process, before = sending(slow_office, 8)
    process.kill()
    process.communicate()
    resumed = slow_office.run("alert", "resume", "last", "--json")
    assert resumed.code in (0, 1), resumed.err
    counted = Counter(event["to"] for event in slow_office.sms(before))
    assert set(counted.values()) == {1}
    report = slow_office.run("report", "last", "--json").document
    unknown = {row["address"] for row in report["deliveries"] if row["state"] == "unknown"}
    settled = {row["address"] for row in report["deliveries"]} - unknown
    assert settled <= set(counted)
    assert len(settled) + len(unknown) == SITES
    assert len(unknown) <= 32


def at_once(office: Office, *commands: tuple[str, ...]) -> list[Ended]:
    """Start all commands at the same moment; return how they ended."""
    started = [office.start(*words, "--json") for words in commands]
    return [office.end(process) for process in started]


def keyed(key: str, *words: str) -> tuple[str, ...]:
    return ("alert", "send", *ALERT, "--channel", "sms", "--yes", "--idempotency-key", key, *words)


def test_two_terminals_with_one_key_send_once(slow_office: Office) -> None:
    """Started at the same moment with the same key, one sends and both name the one alert."""
    before, known = slow_office.forget(), len(slow_office.run("alert", "list").out.splitlines())
    both = at_once(slow_office, keyed("race"), keyed("race"))
    last = [ended.events[-1] for ended in both]
    assert sorted(event.get("repeated", False) for event in last) == [False, True]
    assert len({event["alert"] for event in last}) == 1
    # 75: the first one was still sending when the other reported it
    assert {ended.code for ended in both} <= {0, 1, 75}
    assert set(Counter(event["to"] for event in slow_office.sms(before)).values()) == {1}
    assert len(slow_office.sms(before)) == SITES
    assert len(slow_office.run("alert", "list").out.splitlines()) == known + 1
    later = slow_office.run(*keyed("race"), "--json")
    assert later.code in (0, 1)
    assert (later.events[-1]["alert"], later.events[-1]["repeated"]) == (last[0]["alert"], True)
    assert len(slow_office.sms(before)) == SITES


def test_two_terminals_with_one_key_and_two_alerts(slow_office: Office) -> None:
    """One of two different alerts under one key is sent whole, the other is refused with 5."""
    before = slow_office.forget()
    both = at_once(slow_office, keyed("clash"), keyed("clash", "--reason", "another"))
    refused = [ended for ended in both if ended.code == 5]
    (sent,) = [ended for ended in both if ended.code != 5]
    assert [ended.error["code"] for ended in refused] == ["idempotency_key_reused"]
    assert sent.code in (0, 1)
    assert sent.events[-1]["alert"] in refused[0].error["message"]
    assert set(Counter(event["to"] for event in slow_office.sms(before)).values()) == {1}
    assert len(slow_office.sms(before)) == SITES
