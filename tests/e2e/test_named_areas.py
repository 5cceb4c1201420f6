"""Areas by name, by list and by kind: as a person types them, from the preview to the closing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import SITES
from tests.e2e.office import PERSON, PLACE, Ended, Office

SMS = ("--channel", "sms")
SENT = (0, 1)
"""Some telephones of this office cannot be reached, and their receipts may come at once."""
MALLS, STATIONS = ("S1", "S4", "S7"), ("S2", "S5")


@pytest.fixture
def kinds(office: Office, tmp_path: Path) -> Iterator[Office]:
    """Return the office with three malls and two stations, and without them again."""
    for mall, station in (("mall", "Station"), ("", "")):
        rows = [f"{ref},{mall}" for ref in MALLS] + [f"{ref},{station}" for ref in STATIONS]
        file = tmp_path / "kinds.csv"
        file.write_text("\n".join(["ref,kind", *rows]), "utf-8")
        assert office.run("site", "import", str(file)).code == 0
        if mall:
            yield office


def preview(office: Office, *words: str, stdin: str | None = None) -> Ended:
    if stdin is None:
        return office.run("alert", "preview", *words, *PERSON, "--json")
    done = subprocess.run(
        [sys.executable, "-m", "umsalert", "alert", "preview", *words, *PERSON, "--json"],
        input=stdin,
        env={**os.environ, "UMSALERT_HOME": str(office.home), **office.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def refs(ended: Ended) -> set[str]:
    assert ended.code == 0, ended.err
    return {site["ref"] for site in ended.document["sites"]}


def test_a_departement_is_alerted_and_remembered(office: Office) -> None:
    """Everybody in it gets the SMS; the record, a follow-up and the list know its name."""
    before = office.forget()
    words = ("--departement", "06", *PERSON, *SMS, "--yes")
    ended = office.run("alert", "send", *words, UMSALERT_APPROVAL_RADIUS_M="0")
    assert ended.code in SENT, ended.err
    assert len(office.sms(before)) == SITES
    assert "Alpes-Maritimes (06)" in ended.out
    shown = office.run("alert", "show", "last", "--json").document
    assert shown["divisions"] == [{"kind": "departement", "code": "06", "name": "Alpes-Maritimes"}]
    assert shown["polygon"]["type"] == "MultiPolygon"
    assert (shown["circle"], shown["everywhere"]) == (None, False)
    assert "Alpes-Maritimes (06)" in office.run("report", "last").out
    listed = office.run("alert", "list", "--limit", "1").out
    assert " 06 " in listed
    wider = office.run("alert", "widen", "last", "--radius", "90km", "--yes", "--json")
    assert (wider.code, wider.error["code"]) == (2, "not_a_circle")
    moved = ("--template", "search-person", "--var", "direction=la gare")
    more = office.run("alert", "follow-up", "last", "--to", "all", *moved, *SMS, "--yes")
    assert more.code in SENT, more.err
    assert len(office.sms(before)) > SITES


def test_a_named_area_waits_for_a_second_person_and_keeps_its_kinds(kinds: Office) -> None:
    """Its reach counts as a radius; who approves sees its name, and only malls get it."""
    office, before = kinds, kinds.forget()
    limit = {"UMSALERT_APPROVAL_RADIUS_M": "5000"}
    words = ("--commune", "06088", "--kind", "MALL", *PERSON, *SMS, "--yes", "--json")
    asked = office.run("alert", "send", *words, SUDO_USER="anna", **limit)
    assert (asked.code, asked.error["code"]) == (5, "needs_second_person"), asked.err
    assert office.sms(before) == []
    ref = asked.events[-1]["approval"]["ref"]
    assert "06088" in office.run("alert", "approve", "--list").out
    sent = office.run("alert", "approve", ref, "--yes", SUDO_USER="bruno")
    assert sent.code in SENT, sent.err
    assert "Nice (06088), only mall" in sent.out
    assert len(office.sms(before)) == len(MALLS)
    shown = office.run("alert", "show", "last", "--json").document
    assert shown["only_kinds"] == ["mall"]


def test_kinds_narrow_down_any_area(kinds: Office) -> None:
    """A circle, a région and all sites, with one kind or two; case does not count."""
    for place in (PLACE, ("--region", "PACA"), ("--all",)):
        assert refs(preview(kinds, *place, "--kind", "mall")) == {*MALLS}
        both = ("--kind", "mall", "--kind", "station")
        assert refs(preview(kinds, *place, *both)) == {*MALLS, *STATIONS}
    nobody = preview(kinds, "--departement", "33", "--kind", "mall")
    assert nobody.code == 3
    assert nobody.document["sites"] == []
    unknown = preview(kinds, "--all", "--kind", "zoo")
    assert (unknown.code, unknown.error["code"]) == (2, "site_kind_unknown")
    assert "mall" in unknown.error["hint"]
    assert "Station" in unknown.error["hint"]


def test_a_list_of_sites_is_alerted(kinds: Office, tmp_path: Path) -> None:
    """One ref a line or a CSV, from a file or stdin, alone or within an area."""
    lines, table = tmp_path / "sites.txt", tmp_path / "sites.csv"
    lines.write_text("S1  # the mall\r\n\r\nS2\r\nS1\r\n", "utf-8-sig")
    table.write_text('Name;"Ref"\nThe mall;S1\nThe station;S2\n', "utf-8")
    for file in (lines, table):
        assert refs(preview(kinds, "--sites-file", str(file))) == {"S1", "S2"}
    assert refs(preview(kinds, "--sites-file", "-", stdin="S3\nS4\n")) == {"S3", "S4"}
    assert refs(preview(kinds, *PLACE, "--sites-file", str(lines), "--kind", "mall")) == {"S1"}
    away = ("--lat", "48.85", "--lon", "2.35", "--radius", "1km")
    assert preview(kinds, *away, "--sites-file", str(lines)).code == 3


def test_every_unknown_ref_is_named_at_once(office: Office, tmp_path: Path) -> None:
    """Nothing is sent before the list is right; what is not approved is a warning."""
    file = tmp_path / "new.csv"
    file.write_text("ref,name,lat,lon\nNEW1,New,43.7005,7.2683\n", "utf-8")
    assert office.run("site", "import", str(file)).code == 0
    wrong = preview(office, "--sites-file", "-", stdin="S1\nNOPE\nS2\nNIL\n")
    assert (wrong.code, wrong.error["code"]) == (2, "sites_unknown")
    assert "NOPE, NIL" in wrong.error["message"]
    some = preview(office, "--sites-file", "-", stdin="S1\nNEW1\n")
    assert refs(some) == {"S1"}
    found = {item["code"]: item["message"] for item in some.document["findings"]}
    assert "NEW1" in found["sites_not_vetted"]
    assert some.document["left_out"]["site_not_approved"] == 1


def test_all_sites_are_said_to_be_all(office: Office) -> None:
    """The whole register: everybody, and a warning; the same key sends it once."""
    ended = preview(office, "--all")
    assert len(refs(ended)) == SITES
    assert ended.document["everywhere"] is True
    assert "all_sites" in {item["code"] for item in ended.document["findings"]}
    before = office.forget()
    words = ("--all", *PERSON, *SMS, "--yes", "--idempotency-key", "all-once")
    for _time in range(2):
        sent = office.run("alert", "send", *words)
        assert sent.code in SENT, sent.err
    assert len(office.sms(before)) == SITES
    assert office.run("alert", "show", "last", "--json").document["area"] is None
    ended = office.run("alert", "close", "last", "--outcome", "Found.", "--yes")
    assert ended.code in SENT, ended.err


def test_a_table_without_refs_says_which_column_it_needs(office: Office, tmp_path: Path) -> None:
    """Its cells are not taken for refs; notes may hold commas."""
    file = tmp_path / "sites.csv"
    file.write_text("name,town\nGalerie,Nice\n", "utf-8")
    ended = preview(office, "--sites-file", str(file))
    assert (ended.code, ended.error["code"]) == (2, "sites_file_unreadable")
    assert "column ref" in ended.error["message"]
    file.write_text(f"# malls, large\n{MALLS[0]} # north, south\n", "utf-8")
    assert refs(preview(office, "--sites-file", str(file))) == {MALLS[0]}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--commune", "Nice"), "commune_unknown"),
        (("--commune", "06000"), "commune_unknown"),
        (("--commune", ""), "value_empty"),
        (("--departement", "06", "--departement", " "), "value_empty"),
        (("--region", ""), "value_empty"),
        (("--all", "--kind", ""), "value_empty"),
        (("--commune", "15031"), "outline_missing"),
        (("--departement", "20"), "departement_unknown"),
        (("--departement", "06", "--departement", "100"), "departement_unknown"),
        (("--region", "Atlantis"), "region_unknown"),
        (("--kind", "mall"), "area_missing"),
        (("--all", "--commune", "06088"), "two_areas"),
        (("--departement", "06", *PLACE), "two_areas"),
        (("--polygon", "x.geojson", "--all"), "two_areas"),
        (("--sites-file", "not-there.txt"), "sites_file_unreadable"),
        (("--sites-file", "/dev/null"), "sites_file_unreadable"),
        (("--sites-file", "/dev/zero"), "sites_file_unreadable"),
        (("--sites-file", "/"), "sites_file_unreadable"),
        (("--lat", "43.7", "--sites-file", "x.txt"), "area_missing"),
    ],
)
def test_what_cannot_be_meant_is_refused(office: Office, words: tuple[str, ...], code: str) -> None:
    """One sentence, what to do next, exit code 2."""
    ended = preview(office, *words)
    assert (ended.code, ended.error["code"]) == (2, code)
    assert ended.error["hint"]
    if code == "value_empty":
        option = words[-2]
        assert ended.error["message"].startswith(option)
        assert f"such as {option} " in ended.error["hint"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_preview_draws_the_outline_in_80_columns(office: Office, language: str) -> None:
    """The outline of the commune, its name above the texts, and no wider than a terminal."""
    words = ("alert", "preview", "--commune", "06088", *PERSON)
    ended = office.run(*words, UMSALERT_LANG=language)
    lines = ended.out.splitlines()
    assert "Nice (06088)" in lines[0]
    top = next(i for i, line in enumerate(lines) if line[45:].startswith("  N  "))
    drawing = lines[top : top + 23]
    assert max(map(len, drawing)) <= 80
    assert "".join(line[:45] for line in drawing).count(".") > 20
