"""docs/presence.md says what the code does."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from umsalert.cli import alert_words
from umsalert.model import OffDuty
from umsalert.ports import Schedule
from umsalert.selection.holidays import NATIONAL, REGIONAL, Holiday, easter
from umsalert.selection.presence import on_duty
from umsalert.words import alerts

PAGE = (Path(__file__).parents[2] / "docs" / "presence.md").read_text("utf-8")
ZONE = "Indian/Reunion"


def rows(title: str) -> list[list[str]]:
    """Return the cells of the table under a heading."""
    section = re.split(r"^## ", PAGE.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]
    lines = [line for line in section.split("\n") if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(("hours", "moment", "there"), rows("Hours"))
def test_the_examples_of_hours_are_true(hours: str, moment: str, there: str) -> None:
    """Each line of the table is what the program says."""
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(ZONE))
    assert on_duty(Schedule(hours, ZONE, "RE"), at) == (there == "yes")


def written(day: Holiday) -> str:
    return "Good Friday" if day.after_easter == -2 else f"{day.month:02}-{day.day:02}"


def test_the_holidays_are_those_of_the_table() -> None:
    """Every calendar with its days of today, and no other."""
    assert {row[0]: row[2] for row in rows("Public holidays")} == {
        calendar: ", ".join(written(day) for day in days if day.until == 9999) or "none"
        for calendar, days in REGIONAL.items()
    }
    (sentence,) = re.findall(r"L3133-1 of the Code du travail: (.+?)\. On top", PAGE, re.DOTALL)
    assert [f"{day.day} {date(2026, day.month, 1):%B}" for day in NATIONAL if day.month] == [
        name for name in re.split(r",\s", sentence.replace("\n", " ")) if name[0].isdigit()
    ]
    moving = [day.of(2026) - easter(2026) for day in NATIONAL if not day.month]
    assert [gap.days for gap in moving] == [1, 39, 50]  # as the sentence names them
    assert re.findall(r"(Easter Monday|Ascension Day|Whit Monday)", sentence) == [
        "Easter Monday",
        "Ascension Day",
        "Whit Monday",
    ]


def test_the_rules_and_the_reasons_are_those_of_the_program() -> None:
    """The page has each of them, and words can be found for each."""
    assert [row[0] for row in rows("Where nobody is on duty")] == list(OffDuty)
    for rule in OffDuty:
        assert alert_words.off_duty_words(rule)
    for row in rows("Left out, and why"):
        assert alerts.reason_words(row[0])
    source = Path(alerts.__file__).read_text("utf-8").split("def reason_words")[1]
    reasons = re.findall(r'^        "(\w+)": ', source, re.MULTILINE)
    assert [row[0] for row in rows("Left out, and why")] == reasons
