"""A report as JSON, CSV, GeoJSON and a workbook, read by libraries of others."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import shapely.geometry

from tests.documents.conftest import HOSTILE, REASON, Desk
from umsalert.documents import (
    report_csv,
    report_geojson,
    report_json,
    report_xlsx,
    workbook,
)
from umsalert.geo.circles import distance_m
from umsalert.model import FollowKind

SHEETS = ["Summary", "Sites", "Deliveries", "Answers", "Texts", "Timeline"]


async def test_json_has_every_row_and_agrees_with_its_counts(desk: Desk) -> None:
    """One document, written row by row: lists, counts and the time line tell the same."""
    alert = await desk.first()
    await desk.follow(alert, FollowKind.FOLLOW_UP)
    path = await desk.written(alert, "report.json", report_json.write)
    found = json.loads(path.read_text("utf-8"))
    assert found["schema_version"] == 1
    assert [site["ref"] for site in found["sites"]] == ["S0", "S1", "S2"]
    assert [site["accepted"] for site in found["sites"]] == [1, 1, 0]
    assert len(found["deliveries"]) == 6
    assert {row["contact_ref"] for row in found["deliveries"]} == {"S0-c1", "S1-c1", "S2-c1"}
    assert [reply["kind"] for reply in found["replies"]] == ["sighting"]
    assert (found["sites_alerted"], found["sites_reached"], found["sites_acknowledged"]) == (
        3,
        2,
        1,
    )
    kinds = [moment["kind"] for moment in found["incident"]["timeline"]]
    assert kinds == ["fact", "wave", "first_sms", "answer", "wave"]
    assert found["repeated"] == []
    assert found["audit_head"]


async def test_csv_puts_an_answer_beside_its_message(desk: Desk) -> None:
    """The row of the SMS that was answered has the answer, no other one; no cell is a formula."""
    alert = await desk.first()
    path = await desk.written(alert, "report.csv", report_csv.write)
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    answered = [(row["contact_ref"], row["channel"]) for row in rows if row["answer"]]
    assert len(rows) == 6
    assert answered == [("S0-c1", "sms")]
    (words,) = (row["words"] for row in rows if row["answer"])
    assert words.startswith("'=HYPERLINK")
    assert "\x1b" not in words


async def test_geojson_is_the_area_and_a_point_for_each_site(desk: Desk) -> None:
    """RFC 7946: longitude first, counter-clockwise; the rim of a circle is as far as it says."""
    alert = await desk.first()
    path = await desk.written(alert, "report.geojson", report_geojson.write)
    area, *sites = json.loads(path.read_text("utf-8"))["features"]
    shape = shapely.geometry.shape(area["geometry"])
    assert shape.is_valid
    assert shape.exterior.is_ccw
    assert area["properties"]["radius_m"] == 800
    for lon, lat in shape.exterior.coords:
        assert abs(distance_m(alert.area.lat, alert.area.lon, lat, lon) - 800) < 0.1
    assert [site["id"] for site in sites] == ["S0", "S1", "S2"]
    assert all(shape.contains(shapely.geometry.shape(site["geometry"])) for site in sites)
    assert [site["properties"]["answer"] for site in sites] == ["sighting", None, None]
    assert [site["properties"]["accepted"] for site in sites] == [1, 1, 0]


async def test_the_workbook_has_real_dates_and_no_formula(desk: Desk) -> None:
    """Excel's own numbers and dates, in the zone that the title names; hostile words stay words."""
    alert = await desk.first()
    path = await desk.written(alert, "report.xlsx", report_xlsx.write)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == SHEETS
    titles, *rows = book["Deliveries"].iter_rows(values_only=True)
    assert len(rows) == 6
    accepted = titles.index("Accepted (Europe/Paris)")
    moments = [row[accepted] for row in rows if row[accepted]]
    local = desk.clock.now().astimezone(ZoneInfo("Europe/Paris")).replace(tzinfo=None)
    assert len(moments) == 2
    assert all(isinstance(at, datetime) and 0 < (local - at).total_seconds() < 60 for at in moments)
    answer = book["Answers"]["H2"]
    assert (answer.data_type, answer.quotePrefix) == ("s", True)
    assert answer.value == HOSTILE.replace("\u202e", "\ufffd").replace("\x1b", "\ufffd")
    assert isinstance(book["Sites"]["C2"].value, float)
    assert [row[0] for row in book["Texts"].iter_rows(min_row=2, values_only=True)].count(
        "SMS"
    ) == 2


async def test_the_workbook_leaves_nothing_beside_it(desk: Desk) -> None:
    """Its parts, which hold names and numbers, are gone with it."""
    alert = await desk.first()
    path = await desk.written(alert, "report.xlsx", report_xlsx.write)
    assert [found.name for found in path.parent.iterdir() if found.name.startswith(".")] == []


def test_a_sheet_that_is_full_goes_on_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Excel takes so many rows a sheet; the rest has a sheet with the same titles."""
    monkeypatch.setattr(workbook, "ROWS", 10)
    path = tmp_path / "rows.xlsx"
    with workbook.writing(path, "rows", "Europe/Paris") as book:
        rows = ((n,) for n in range(workbook.ROWS + 1))
        book.sheet("Rows", [workbook.Title("n")], rows)
    found = openpyxl.load_workbook(path, read_only=True)
    assert found.sheetnames == ["Rows", "Rows 2"]
    assert [row[0] for row in found["Rows 2"].iter_rows(values_only=True)] == ["n", 9, 10]


async def test_the_reason_is_in_no_file_for_others(desk: Desk) -> None:
    """JSON is for the inspector and has it; the map, the table and the workbook have not."""
    alert = await desk.first()
    for name, write in (("r.geojson", report_geojson.write), ("r.csv", report_csv.write)):
        path = await desk.written(alert, name, write)
        assert REASON not in path.read_text("utf-8")
    book = openpyxl.load_workbook(await desk.written(alert, "r.xlsx", report_xlsx.write))
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert not [cell for cell in cells if REASON in str(cell)]
