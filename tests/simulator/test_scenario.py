"""A scenario file: read whole or refused with all its problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from umsalert.errors import InvalidData
from umsalert.simulator.faults import Receipts, Traffic
from umsalert.simulator.scenario import Scenario, load, parse, shipped

WHOLE = """
seed = 3
[sms]
delay_s = [0.5, 4]
retry_after_s = 5
shares = { rate-limit = 0.3, http-500 = 0.1 }
taken = { http-500 = true, drop-after-read = false }
[voice]
delay_s = 2
[email]
greylist = 0.5
shares.smtp-451 = 1
[receipts]
delay_s = [0, 300]
lost = 0.1
twice = 0.2
out_of_order = 0.3
forged = 0.4
tampered = 0.5
[numbers]
"06 39 98 00 01" = "busy"
"+33639980002" = "http-500"
"0639980003" = "02"
"0639980004" = ""
[mailboxes]
"Plein@Site.example" = "smtp-552"
"""
BROKEN = """
sed = 3
seed = -1
sms = 4
[voice]
delay_s = [4, 0.5]
retry_after_s = "soon"
greylist = 0.5
[voice.shares]
rate-limit = 0.7
http-502 = 0.6
http-501 = 0.1
http-500 = nan
[voice.taken]
rate-limit = true
http-500 = 1
[receipts]
lost = 1.5
late = 3
[numbers]
"06 39 98" = "busy"
"06 39 98 00 01" = "drop-before-read"
"06 39 98 00 02" = 2
[mailboxes]
"nobody" = "smtp-550"
"a@site.example" = "busy"
"""


def test_a_whole_scenario_is_read() -> None:
    """Every key ends in its place; numbers become E.164, mailboxes lower case."""
    assert parse(WHOLE, "x.toml") == Scenario(
        seed=3,
        sms=Traffic(
            shares={"rate-limit": 0.3, "http-500": 0.1},
            taken={"http-500": True, "drop-after-read": False},
            delay_s=(0.5, 4.0),
            retry_after_s=5,
        ),
        voice=Traffic(delay_s=(2.0, 2.0)),
        email=Traffic(shares={"smtp-451": 1.0}, greylist=0.5),
        receipts=Receipts((0.0, 300.0), 0.1, 0.2, 0.3, 0.4, 0.5),
        numbers={
            "+33639980001": "busy",
            "+33639980002": "http-500",
            "+33639980003": "02",
            "+33639980004": "",
        },
        mailboxes={"plein@site.example": "smtp-552"},
    )


def test_all_problems_are_told_at_once() -> None:
    """Each wrong key, value, share and name is in one message, by its place in the file."""
    with pytest.raises(InvalidData) as caught:
        parse(BROKEN, "x.toml")
    found = {(problem.column, problem.code) for problem in caught.value.problems}
    assert found == {
        ("sed", "unknown_key"),
        ("seed", "bad_value"),
        ("sms", "not_a_table"),
        ("voice.delay_s", "bad_value"),
        ("voice.retry_after_s", "bad_value"),
        ("voice.greylist", "unknown_key"),
        ("voice.shares", "shares_above_1"),
        ("voice.shares.http-501", "fault_unknown"),
        ("voice.shares.http-500", "bad_value"),
        ("voice.taken.rate-limit", "refusal_takes_nothing"),
        ("voice.taken.http-500", "bad_value"),
        ("receipts.lost", "bad_value"),
        ("receipts.late", "unknown_key"),
        ("numbers.06 39 98", "phone_invalid"),
        ("numbers.06 39 98 00 01", "outcome_unknown"),
        ("numbers.06 39 98 00 02", "outcome_unknown"),
        ("mailboxes.nobody", "address_invalid"),
        ("mailboxes.a@site.example", "outcome_unknown"),
    }
    assert all(f"  {column}: " in caught.value.message for column, _code in found)


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "scenario_unreadable"), (b"\xff", "scenario_unreadable"), (b"=", "scenario_not_toml")],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes | None, code: str) -> None:
    """Missing, no text, no TOML: what is wrong, and the shipped ones to take instead."""
    file = tmp_path / "x.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidData) as caught:
        load(str(file))
    assert caught.value.code == code
    assert str(file) in caught.value.message
    assert "bad-evening" in caught.value.hint or "docs/simulator.md" in caught.value.hint


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_scenario_is_valid(name: str) -> None:
    """It is found by its name, and does something."""
    assert load(name) != Scenario()
