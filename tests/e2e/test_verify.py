"""A code out through the carrier and back from the guard: the address is proven."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.e2e.office import Office
from tests.e2e.test_terminal import Terminal

REF = "S7-c1"
NUMBER = "+33639980007"
CODE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")
SPOKEN = re.compile(r"(?:[0-9], ){5}[0-9]")


def _state(office: Office, kind: str) -> dict[str, Any] | None:
    states = office.run("contact", "show", REF, "--json").document["addresses"]
    return next((state for state in states if state["kind"] == kind), None)


def _code(office: Office, before: int, kind: str) -> str:
    """Return the code in what the carrier has taken since: one message, to the contact alone."""
    (event,) = [event for event in office.record()[before:] if event["kind"] == kind]
    text = json.dumps(event, ensure_ascii=False)
    if kind == "call":
        return re.sub(r"\D", "", SPOKEN.findall(text)[0])
    body = event["text"] if kind == "sms" else event.get("text", text)
    return str(CODE.findall(body)[0])


@pytest.mark.parametrize(
    ("channel", "kind", "address"),
    [("sms", "sms", "phone"), ("voice", "call", "phone"), ("email", "email", "email")],
)
def test_a_code_proves_an_address(office: Office, channel: str, kind: str, address: str) -> None:
    """What the carrier brought, typed in, proves the address: by whom and by which channel."""
    alerts = office.run("alert", "list", "--json").document
    before = office.forget()
    sent = office.run("contact", "verify", REF, "--by", channel, "--yes", "--json")
    assert sent.code == 0, sent.err
    code = _code(office, before, kind)
    assert code not in sent.out + sent.err
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refused = office.run("contact", "verify", REF, "--code", wrong, "--json")
    assert (refused.code, refused.error["code"]) == (2, "code_wrong")
    proven = office.run("contact", "verify", REF, "--code", code, "--json")
    assert proven.document["proven"] == address
    state = _state(office, address)
    assert state is not None
    assert state["proven_channel"] == channel
    assert state["proven_by"].endswith("@Nice")
    assert office.run("alert", "list", "--json").document == alerts
    log = (office.home / "log" / "umsalert.log").read_text("utf-8")
    assert code not in log
    assert NUMBER not in log


def test_a_person_sees_the_words_without_the_code(office: Office) -> None:
    """The confirmation shows the number as it will be dialled, and the code to nobody."""
    before = office.forget()
    terminal = Terminal(office, "contact", "verify", REF, "--by", "sms")
    terminal.answer(f"to {NUMBER}? [y/N]", "y")
    assert terminal.ended() == 0, terminal.shown
    assert "------" in terminal.shown
    assert _code(office, before, "sms") not in terminal.shown


def test_a_code_that_did_not_leave_is_not_expected(office: Office) -> None:
    """Where the provider cannot be reached no code is waited for."""
    ref = "S8-c1"
    nowhere = {"UMSALERT_VONAGE_MESSAGES_URL": "https://localhost:1/v1/messages"}
    ended = office.run("contact", "verify", ref, "--by", "sms", "--yes", "--json", **nowhere)
    assert ended.code == 75
    assert ended.document["expires_at"] is None
    again = office.run("contact", "verify", ref, "--code", "123456", "--json")
    assert again.error["code"] == "no_code_sent"


def test_who_is_not_certified_can_be_verified(office: Office) -> None:
    """An address is proven before CNAPS certifies: a code is no alert."""
    added = office.run(
        *("contact", "add", "--site", "S7", "--name", "Ada", "--phone", "+33639980977", "--json")
    )
    ref = added.document["contact"]["ref"]
    assert added.document["contact"]["status"] == "named"
    assert office.run("contact", "verify", ref, "--by", "sms", "--yes").code == 0
    assert office.run("contact", "revoke", ref, "--reason", "essai").code == 0
