"""docs/simulator.md says what the code does."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from tests.simulator.actors import Start
from umsalert.simulator import record
from umsalert.simulator.correspondents import Habit
from umsalert.simulator.faults import (
    GREYLISTED,
    HTTP_FAULTS,
    SMTP_FAULTS,
    THROTTLED,
    Fault,
    Receipts,
    Taken,
    Traffic,
)
from umsalert.simulator.people import DOCUMENTED, WORDS
from umsalert.simulator.scenario import Scenario, parse, shipped

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "simulator.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
TAKEN = {"never": Taken.NEVER, "no": Taken.NO, "yes": Taken.YES}


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def first_cells(title: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)`", section(title), re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "faults"),
    [
        ("Faults of SMS and calls", [*HTTP_FAULTS.values(), THROTTLED]),
        ("Faults of e-mail", [*SMTP_FAULTS.values(), GREYLISTED]),
    ],
)
def test_faults_are_documented(title: str, faults: list[Fault]) -> None:
    """The tables hold every fault, its code and what the carrier takes, and no other."""
    rows = re.findall(r"^\| `([\w-]+)` \| ([^|]*) \| (\w+) \|", section(title), re.MULTILINE)
    assert [(name, TAKEN[taken]) for name, _seen, taken in rows] == [
        (fault.name, fault.taken) for fault in faults
    ]
    for fault, (_name, seen, _taken) in zip(faults, rows, strict=True):
        assert not fault.code or str(fault.code) in seen or fault.name == "cut-off"


def test_numbers_and_words_are_documented() -> None:
    """The tables hold each number with what it does, and each word, and no other."""
    rows = re.findall(r"^\| (06[ 0-9]+) \| `([^`]+)`", section("Numbers"), re.MULTILINE)
    assert {f"+33{number.replace(' ', '')[1:]}": word for number, word in rows} == DOCUMENTED
    assert set(first_cells("Numbers")) == set(WORDS)


def test_answers_are_documented() -> None:
    """Every habit of a mailbox is in the table, and no other."""
    assert first_cells("Answers by e-mail") == list(Habit)


def test_no_fixture_has_a_documented_number() -> None:
    """The register that ships behaves by chance only."""
    people = (ROOT / "fixtures" / "contacts.csv").read_text("utf-8")
    assert "06 39 98 99" not in people
    assert "06 39 98 00 01" in people


def test_keys_are_documented() -> None:
    """Every key of a scenario stands in a table, with those of receipts apart."""
    wanted = {field.name for field in dataclasses.fields(Traffic)}
    names = {field.name for field in dataclasses.fields(Scenario)}
    tables = {f"[{name}]" for name in ("receipts", "numbers", "mailboxes")}
    keys = set(re.findall(r"^\| `([^`]+)` \| [^|]*\| ", section("Scenarios"), re.MULTILINE))
    assert keys - set(shipped()) == wanted | tables | {"seed"}
    assert names == {"sms", "voice", "ovh", "gateway", "email", "seed"} | {
        table.strip("[]") for table in tables
    }
    receipts = {field.name for field in dataclasses.fields(Receipts)}
    assert set(first_cells("Receipts")) == receipts


def test_the_record_is_documented() -> None:
    """Every kind of entry is in the table, and no other."""
    kinds = {item.kind for item in record.Entry.__subclasses__()}
    assert set(first_cells("The record")) == kinds


def test_shipped_scenarios_are_documented() -> None:
    """The names in the table are the files in fixtures/."""
    assert set(re.findall(r"^\| `([\w-]+)` \| [^|]*\|$", section("Scenarios"), re.MULTILINE)) == (
        set(shipped())
    )


@pytest.mark.parametrize("example", EXAMPLES)
async def test_the_examples_run(start: Start, example: str) -> None:
    """The page's own scenarios are valid, do something, and a simulator starts with them."""
    scenario = parse(example, "docs/simulator.md")
    assert scenario != Scenario()
    customer = await start(scenario=scenario)
    async with customer.http.get(customer.simulator.health_url) as response:
        assert response.status == 200
