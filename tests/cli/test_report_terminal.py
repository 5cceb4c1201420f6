"""Reports where a person sits: no word is cut at 80 columns, and what was written is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.terminal import shown
from tests.cli.test_report_files import office

__all__ = ["office"]

TITLES = {
    "en": ("Template", "Messages", "Accepted", "Delivered", "Acknowledged", "search-person"),
    "fr": ("Modèle", "Personnes", "Messages", "Pris en charge", "Acquittés", "search-person"),
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_summary_cuts_no_word(office: Cli, language: str) -> None:
    """Each title and each name stands whole in its line."""
    found = shown(office.folder, "report", "summary", environ={"UMSALERT_LANG": language})
    assert found.code == 0, found.text
    assert max(map(len, found.text.splitlines())) <= 80
    for word in TITLES[language]:
        assert word in found.text


def test_a_summary_names_the_first_day_only_where_it_was_named(office: Cli) -> None:
    """Nobody asked for alerts since the year 2000."""
    assert office("report", "summary", "--until", "2001-01-01").out == (
        "0 alerts up to 2001-01-01 (Europe/Paris), exercises left out\n"
    )
    assert office("report", "summary", "--json").document["since"] is None
    since = office("report", "summary", "--since", "2000-06-01", "--until", "2001-01-01")
    assert since.out.startswith("0 alerts from 2000-06-01 to 2001-01-01")


@pytest.mark.parametrize("end", ["json", "csv", "geojson", "xlsx", "cap", "html", "pdf"])
def test_a_terminal_is_told_what_was_written(office: Cli, end: str) -> None:
    """In one line, which a script and cron never see."""
    file = office.folder / f"report.{end}"
    assert shown(office.folder, "report", "last", "-o", file.name) == (
        0,
        f"Written: {file.name}\n",
    )
    ended = office("report", "last", "-o", f"other.{end}")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_a_terminal_is_told_of_both_files_of_a_seal(office: Cli) -> None:
    words = ("report", "last", "-o", "report.csv", "--seal")
    assert shown(office.folder, *words) == (0, "Written: report.csv, report.csv.minisig\n")


@pytest.mark.parametrize("name", ["summary.csv", "summary.json"])
def test_a_summary_that_was_written_is_said(office: Cli, name: str) -> None:
    assert shown(office.folder, "report", "summary", "-o", name) == (0, f"Written: {name}\n")
    assert Path(office.folder / name).stat().st_size


def test_a_summary_is_what_its_name_says(office: Cli) -> None:
    """Never CSV in a file that a program takes for JSON."""
    refused = office("report", "summary", "-o", "s.json", "--format", "csv")
    assert refused.code == 2
    assert "csv" in refused.err
    assert ".json" in refused.err
    assert not (office.folder / "s.json").exists()
    assert office("report", "summary", "-o", "s.dat", "--format", "csv").code == 0


def test_a_bulletin_is_folded_between_words(office: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lines stand below its name, on a narrow terminal too."""
    monkeypatch.setenv("UMSALERT_STATION", "Nice")
    monkeypatch.setenv("UMSALERT_ALERT_CALLBACK_NUMBER", "04 65 71 00 17")
    where = ("--all", "--at", "2999-01-01T08:00", "--template", "vigilance", "--var", "message=x")
    made = office("bulletin", "add", *where, "--exercise", "--yes", "--json")
    assert made.code == 0, made.err
    ref = made.document["bulletin"]["ref"]
    found = shown(office.folder, "bulletin", "show", ref, columns=40)
    title, *lines = found.text.splitlines()
    assert title == f"{ref}: vigilance"
    assert all(line.startswith("  ") and len(line) <= 40 for line in lines), found.text
