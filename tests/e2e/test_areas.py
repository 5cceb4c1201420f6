"""Areas as they are typed: a circle or a polygon, never both, never neither, and their map."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import SITES
from tests.e2e.office import PERSON, PLACE, Office

RING = [[7.26, 43.69], [7.28, 43.69], [7.28, 43.71], [7.26, 43.71], [7.26, 43.69]]
SQUARE = {"type": "Polygon", "coordinates": [RING]}


def geojson(folder: Path, document: object) -> str:
    file = folder / "area.geojson"
    file.write_text(json.dumps(document), "utf-8")
    return str(file)


def test_a_polygon_is_alerted_and_remembered(office: Office, tmp_path: Path) -> None:
    """Everybody inside gets the SMS; show and report hold the geometry, and resume knows it."""
    before = office.forget()
    file = geojson(tmp_path, SQUARE)
    words = ("--polygon", file, *PERSON, "--channel", "sms")
    sent = office.run("alert", "send", *words, "--yes")
    assert sent.code in (0, 1), sent.err
    assert len([e for e in office.record()[before:] if e["kind"] == "sms"]) == SITES
    shown = office.run("alert", "show", "last", "--json").document
    assert shown["circle"] is None
    assert shown["polygon"] == shown["area"] == SQUARE
    assert "polygon" in office.run("report", "last").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "area_missing"),
        (PLACE[:4], "area_missing"),
        ((*PLACE, "--polygon", "x.geojson"), "two_areas"),
        (("--radius", "800m", "--polygon", "x.geojson"), "two_areas"),
        (("--polygon", "not-there.geojson"), "polygon_unreadable"),
        (("--polygon", "/"), "polygon_unreadable"),
        (("--polygon", "/dev/zero"), "polygon_unreadable"),
    ],
)
def test_one_area_must_be_given(office: Office, words: tuple[str, ...], code: str) -> None:
    """No area, half a circle, two areas or an unreadable file: one sentence, exit code 2."""
    ended = office.run("alert", "preview", *words, *PERSON, "--json")
    assert (ended.code, ended.error["code"]) == (2, code)
    assert ended.error["hint"]


def test_a_closed_stdin_is_nobody_and_holds_no_polygon(office: Office) -> None:
    """Started with no stdin at all, as some schedulers do, a command asks nobody and reads none."""
    script = 'exec "$0" -m umsalert "$@" <&-'
    for words, code in (
        (("preview", "--polygon", "-", *PERSON), "polygon_unreadable"),
        (("send", *PLACE, *PERSON), "not_confirmed"),
    ):
        process = subprocess.Popen(
            ["sh", "-c", script, sys.executable, "alert", *words, "--json"],
            env={**os.environ, "UMSALERT_HOME": str(office.home), **office.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        ended = office.end(process)
        assert (ended.code, ended.error["code"]) == (2, code)


def test_a_broken_polygon_says_what_is_wrong(office: Office, tmp_path: Path) -> None:
    """A line, and a polygon that is larger than the limit, are refused like a circle would be."""
    line = geojson(tmp_path, {"type": "LineString", "coordinates": RING})
    ended = office.run("alert", "preview", "--polygon", line, *PERSON)
    assert ended.code == 2
    assert "LineString" in ended.err
    wide = [[-4.0, 43.0], [7.0, 43.0], [7.0, 50.0], [-4.0, 50.0], [-4.0, 43.0]]
    file = geojson(tmp_path, {"type": "Polygon", "coordinates": [wide]})
    ended = office.run("alert", "preview", "--polygon", file, *PERSON, "--json")
    assert (ended.code, ended.error["code"]) == (2, "radius_out_of_range")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_preview_draws_the_circle_in_80_columns(office: Office, language: str) -> None:
    """Without a terminal the map has no colour, fits 80 columns and shows the sites."""
    ended = office.run("alert", "preview", *PLACE, *PERSON, UMSALERT_LANG=language)
    lines = ended.out.splitlines()
    top = next(i for i, line in enumerate(lines) if line[45:].startswith("  N  "))
    drawing = lines[top : top + 23]
    assert max(map(len, drawing)) <= 80
    assert "\x1b" not in ended.out
    drawn = "".join(line[:45] for line in drawing)
    assert "*" in drawn  # the sites of this office stand side by side in its middle
    assert "| 500 m" in ended.out
