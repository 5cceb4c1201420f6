"""The record file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.simulator.actors import Receiver, Start
from umsalert.errors import ConfigurationError
from umsalert.simulator import Simulator, SimulatorConfig


async def test_the_file_tells_everything(start: Start, receiver: Receiver, tmp_path: Path) -> None:
    """Each line is one JSON object with its kind and its time in UTC, readable at once."""
    file = tmp_path / "record.ndjson"
    customer = await start(record_path=file, answers={"+33639980001": "1"})
    await customer.sms(webhook_url=receiver.url, text="Évacuez\nle parvis")
    await customer.call(
        {"action": "talk", "text": "Bonjour"},
        {"action": "input", "type": ["dtmf"], "eventUrl": [receiver.url]},
    )
    await customer.sms(to="x")
    await customer.until(lambda record: sum(post.status == 200 for post in record.webhooks) == 3)
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]  # not closed yet
    assert {line["kind"] for line in lines} == {"sms", "call", "talk", "key", "webhook", "refused"}
    assert all(datetime.fromisoformat(line["at"]).tzinfo == UTC for line in lines)
    sms = next(line for line in lines if line["kind"] == "sms")
    assert (sms["to"], sms["text"]) == ("+33639980001", "Évacuez\nle parvis")
    webhook = next(line for line in lines if line["kind"] == "webhook")
    assert (webhook["url"], webhook["status"]) == (receiver.url, 200)
    refused = next(line for line in lines if line["kind"] == "refused")
    assert refused["parameters"] == ["to"]


async def test_only_its_owner_can_read_the_file(start: Start, tmp_path: Path) -> None:
    """A new file and an older, wider one are both 0600, and the older one is continued."""
    new, older = tmp_path / "new.ndjson", tmp_path / "older.ndjson"
    older.write_text("{}\n")
    older.chmod(0o644)
    for file in (new, older):
        customer = await start(record_path=file)
        await customer.sms()
        assert file.stat().st_mode & 0o777 == 0o600
    assert len(new.read_text().splitlines()) == 1
    assert len(older.read_text().splitlines()) == 2


async def test_a_record_that_cannot_be_written_is_named(home: Path, tmp_path: Path) -> None:
    """Nothing starts when what it sees could not be kept."""
    simulator = Simulator(SimulatorConfig(home, record_path=tmp_path / "missing" / "file"))
    with pytest.raises(ConfigurationError) as caught:
        await simulator.start()
    assert caught.value.code == "record_unwritable"
