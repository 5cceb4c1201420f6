"""Why an alert is sent reaches nobody: no message, no page, no log, by no channel."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.office import PLACE, Office, open_office
from tests.messages.samples import TYPICAL
from umsalert.messages.gsm7 import transliterate

WORDS = ("KRANOVSKI", "ZYLBERSTEIN", "Pétunia-Œillet", "vengeance conjugale", "06 39 98 77 77")
REASON = "Motif : " + ", ".join(WORDS)
LINK = re.compile(r"http://127\.0\.0\.1:[0-9]+/r/[A-Za-z0-9_-]{22}")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office that logs all it can, and whose guards report and acknowledge."""
    answers = ("--answer=+33639980000=02", "--answer=+33639980001=sms:OK")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UMSALERT_LOG_LEVEL", "debug")
        with open_office(tmp_path_factory.mktemp("leak"), 2, "--speed", "60", *answers) as opened:
            yield opened


@pytest.fixture(scope="module")
def printed(office: Office) -> str:
    """Send every template with that reason, cancel one, and return what the commands printed."""
    found = []
    for name, values in TYPICAL.items():
        words = [f"--var={key}={text}" for key, text in values.items()]
        ended = office.run(
            *("alert", "send", *PLACE, "--template", name, *words, "--reason", REASON),
            *("--yes", "--follow", "2s"),
        )
        assert ended.code in (0, 1), ended.err
        found.append(ended.err)
    cancelled = office.run("alert", "cancel", "last", "--reason", REASON, "--correct", "--yes")
    assert cancelled.code in (0, 1), cancelled.err
    return "\n".join([*found, cancelled.err])


def leaks(text: str) -> list[str]:
    """Return the words of the reason that stand in a text, however they were written."""
    plain = text.casefold()
    spellings = {word: {word.casefold(), transliterate(word).casefold()} for word in WORDS}
    return [word for word, forms in spellings.items() if any(form in plain for form in forms)]


def test_the_words_would_be_found() -> None:
    """The search sees what it looks for, transliterated too."""
    assert leaks(f"x {REASON} y") == leaks(transliterate(REASON)) == list(WORDS)


def test_no_message_says_why(office: Office, printed: str) -> None:
    """Of all that reached the carriers, guards' answers included, by every channel."""
    record = (office.home / "carrier.ndjson").read_text("utf-8")
    kinds = {event["kind"] for event in office.record()}
    assert {"sms", "call", "email", "talk", "key", "webhook", "written"} <= kinds
    assert leaks(record) == []
    assert leaks(printed) == []


def test_no_page_says_why(office: Office, printed: str) -> None:
    """Nor the page behind any link, nor the health page."""
    links = {link for event in office.record("sms") for link in LINK.findall(event["text"])}
    assert links
    base = min(links).partition("/r/")[0]
    for url in (*links, f"{base}/health"):
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - this machine
            assert leaks(f"{response.headers}\n{response.read().decode()}") == []


def test_no_log_says_why(office: Office, printed: str) -> None:
    """At DEBUG, of the sender and of `umsalert serve`."""
    logs = list((office.home / "log").glob("*"))
    assert logs
    for file in logs:
        assert leaks(Path(file).read_text("utf-8")) == []


def test_the_record_keeps_it(office: Office, printed: str) -> None:
    """It is there for an inspector."""
    alerts = office.run("alert", "list", "--json").document["alerts"]
    refs = {alert["template"]: alert["ref"] for alert in alerts}
    shown = office.run("alert", "show", refs["vigilance"], "--json").document
    assert shown["reason"] == REASON
