"""`channel test` at a terminal, and beside a running `serve`."""

from __future__ import annotations

import pytest

from tests.e2e.office import Office
from tests.e2e.test_terminal import Terminal

NUMBER = "06 39 98 00 99"


@pytest.mark.parametrize(("answer", "sent"), [("y", 1), ("n", 0), ("", 0)])
def test_the_whole_number_is_shown_and_a_yes_is_needed(
    office: Office, answer: str, sent: int
) -> None:
    """The words and the number are read before; only a yes sends, and it sends one."""
    before = office.forget()
    terminal = Terminal(office, "channel", "test", "sms", "--to", NUMBER)
    terminal.answer("to +33639980099? [y/N]", answer)
    assert terminal.ended() == (0 if sent else 130), terminal.shown
    assert "you need not do anything" in " ".join(terminal.shown.split())  # folded
    texts = [event["text"] for event in office.record()[before:] if event["kind"] == "sms"]
    assert len(texts) == sent


def test_a_test_belongs_to_no_alert(office: Office) -> None:
    """A test call and its receipts leave alerts and reports as they were; `serve` goes on."""
    known = office.run("alert", "list", "--json").document
    ended = office.run("channel", "test", "voice", "--to", NUMBER, "--yes", "--json")
    assert ended.code == 0, ended.err
    assert ended.document["reference"].startswith("TEST-")
    assert office.run("alert", "list", "--json").document == known
    assert office.run("doctor").code == 0
