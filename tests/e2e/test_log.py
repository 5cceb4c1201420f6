"""The log of an alert: every attempt can be followed in it, and nobody can be found in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.office import ALERT, PLACE, Office, open_office
from umsalert.store.spatialite import connect

SITES = 12
TYPED = {
    "description": "homme au blouson rouge",
    "last_seen": "place du Marché",
    "direction": "gare routière",
}
REASON = "vol avec violence"
KEY = "cle-de-la-relance"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office that has sent one alert, and taken what came back, with a log in JSON."""
    home = tmp_path_factory.mktemp("told")
    with open_office(home, SITES, "--speed", "30", "--answer", "+33639980003=02") as office:
        values = [word for name, text in TYPED.items() for word in ("--var", f"{name}={text}")]
        ended = office.run(
            *("alert", "send", *PLACE, "--template", "search-person", *values),
            *("--reason", REASON, "--idempotency-key", KEY, "--yes", "--follow", "8s"),
            *("--log-format", "json"),
        )
        assert ended.code in (0, 1), ended.err
        yield office


def written(office: Office) -> str:
    return (office.home / "log" / "umsalert.log").read_text("utf-8")


def records(office: Office) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(office).splitlines() if line.startswith("{")]


def test_every_attempt_of_the_database_is_in_the_log(told: Office) -> None:
    """Alert, delivery, attempt, channel and outcome of each hand-over agree one by one."""
    with closing(connect(told.database, write=False)) as connection:
        rows = connection.execute(
            "SELECT alert.ref, attempt.delivery_id, attempt.n, delivery.channel FROM attempt "
            "JOIN delivery ON delivery.id = attempt.delivery_id "
            "JOIN alert ON alert.id = delivery.alert_id"
        ).fetchall()
    logged = [
        (line["alert"], delivery, line["attempt"], line["channel"])
        for line in records(told)
        if line["message"].startswith("handed over: ")
        for delivery in line.get("deliveries", [line.get("delivery")])
    ]
    assert len(rows) >= 3 * SITES
    assert Counter(logged) == Counter(tuple(row) for row in rows)


def test_the_run_is_in_the_log_from_start_to_end(told: Office) -> None:
    """The command with its operator and version, the plan, and how both ended."""
    (start,) = (line for line in records(told) if line["message"] == "command started")
    assert start["command"] == "umsalert alert send"
    assert start["operator"]
    assert start["version"]
    messages = [line["message"] for line in records(told)]
    assert messages.index(f"planned: {3 * SITES} deliveries") == 1
    assert any(message.startswith("finished: ") for message in messages)
    assert messages[-1] == "command ended"
    assert records(told)[-1]["exit_code"] in (0, 1)
    assert len({line["pid"] for line in records(told)}) == 1


def test_what_came_back_is_in_the_log(told: Office) -> None:
    """`serve` says which hand-over each receipt and each answer was about, in its own format."""
    lines = [line for line in written(told).splitlines() if "applied: sighting" in line]
    (line,) = lines
    assert re.search(r" INFO alert=\S+ delivery=\d+ attempt=1 provider=vonage ", line)
    assert "applied: delivered" in written(told)
    assert "webhook taken" in written(told)


def everything_typed(office: Office) -> Iterator[str]:
    """Yield numbers, addresses, names, texts and values, from the record and as they were given."""
    yield from (*TYPED.values(), REASON, KEY, "43.7005", "7.2683")
    for number in range(SITES):
        yield from (f"63998{number:04}", f"agent-{number}@", f"Agent {number}", f"Site {number}")
    texts = office.run("alert", "show", "last", "--json").document["texts"]
    sentences = re.split(r"[\n.!?]", json.dumps(texts, ensure_ascii=False).replace("\\n", "\n"))
    yield from (text.strip() for text in sentences if len(text.strip()) > 15)


def test_nobody_and_nothing_said_is_in_the_log(told: Office) -> None:
    """No number, address, name, reason, value or sentence of the alert stands in any log file."""
    told.run("--debug", "report", "last")
    told.run("contact", "list")
    files = list((told.home / "log").iterdir())
    text = "".join(file.read_text("utf-8") for file in files)
    assert "umsalert report" in text
    needles = list(everything_typed(told))
    assert len(needles) > 60
    assert [needle for needle in needles if needle.casefold() in text.casefold()] == []


def test_only_the_owner_reads_it(told: Office) -> None:
    """The folder is 0700, each file in it 0600."""
    folder: Path = told.home / "log"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_an_alert_leaves_without_its_log(told: Office) -> None:
    """Where no log can be written every message leaves all the same, and one line says so."""
    before = told.forget()
    ended = told.run(
        *("alert", "send", *ALERT, "--channel", "sms", "--yes"),
        UMSALERT_LOG_FILE=str(told.database / "a-file-is-no-folder.log"),
    )
    assert ended.code in (0, 1), ended.err
    assert len([event for event in told.record()[before:] if event["kind"] == "sms"]) == SITES
    assert ended.err.count("Warning: the log") == 1
