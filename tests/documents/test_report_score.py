"""An exercise in every form of its report: it says so, and it has its score."""

from __future__ import annotations

import csv
import json

import openpyxl
import pytest

from tests.documents.conftest import Desk
from umsalert.documents import report_csv, report_geojson, report_json, report_xlsx, timeline
from umsalert.documents.material import material_of
from umsalert.ports import AlertRows


@pytest.mark.parametrize("exercise", [True, False])
async def test_every_row_says_whether_it_is_of_an_exercise(desk: Desk, *, exercise: bool) -> None:
    """Rows of several files end in one table: each row of CSV, each feature of GeoJSON."""
    alert = await desk.first(exercise=exercise)
    path = await desk.written(alert, "report.csv", report_csv.write)
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert {row["exercise"] for row in rows} == {"yes" if exercise else "no"}
    path = await desk.written(alert, "report.geojson", report_geojson.write)
    features = json.loads(path.read_text("utf-8"))["features"]
    assert {feature["properties"]["exercise"] for feature in features} == {exercise}


async def test_every_sheet_of_an_exercise_says_so(desk: Desk) -> None:
    """On its tab and on paper; a live alert has neither the word nor the score."""
    drill = await desk.first(exercise=True)
    book = openpyxl.load_workbook(await desk.written(drill, "drill.xlsx", report_xlsx.write))
    assert all(name.startswith("EXERCISE ") for name in book.sheetnames)
    assert all(sheet.oddHeader.center.text == "EXERCISE" for sheet in book)
    rows = list(book["EXERCISE Score"].iter_rows(min_row=2, values_only=True))
    assert ("Alerted", "Sites", 3, None) in rows
    assert ("Acknowledged", "Sites", 1, None) in rows
    assert ("Not acknowledged", "S2", "Site 2", "no message was accepted") in rows
    live = await desk.first("20260317-live")
    book = openpyxl.load_workbook(await desk.written(live, "live.xlsx", report_xlsx.write))
    assert not any("EXERCISE" in name or name == "Score" for name in book.sheetnames)


async def test_json_has_the_score_of_an_exercise(desk: Desk) -> None:
    """Whole, though the lists of the table end; null for a live alert."""
    drill = await desk.first(exercise=True)
    path = await desk.written(drill, "drill.json", report_json.write)
    score = json.loads(path.read_text("utf-8"))["score"]
    assert score["sites"] == {"alerted": 3, "reached": 2, "acknowledged": 1}
    assert [site["site_ref"] for site in score["silent"]] == ["S2", "S1"]
    assert score["to_mend"] == []
    live = await desk.first("20260317-live")
    path = await desk.written(live, "live.json", report_json.write)
    assert json.loads(path.read_text("utf-8"))["score"] is None


async def test_the_timeline_of_an_exercise_says_so(desk: Desk) -> None:
    """The fact was none, and each wave is an exercise."""
    drill = await desk.first(exercise=True)

    def sentences(rows: AlertRows) -> list[str]:
        incident = material_of(rows, drill).incident
        return [timeline.sentence(moment, incident) for moment in incident.moments()]

    told = await desk.store.record.read(drill.id, sentences)
    assert told[0] == "EXERCISE · The fact"
    assert told[1].startswith(f"EXERCISE · {drill.ref} search-person")
