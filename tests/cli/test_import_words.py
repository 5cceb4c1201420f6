"""What a clerk reads who imports a spreadsheet: its own headers and lines, each thing once."""

from __future__ import annotations

import csv
import os
import pty
import subprocess
from types import MappingProxyType
from typing import Any

import pytest

from tests.cli.conftest import Cli, command

pytestmark = pytest.mark.usefixtures("database")

FRENCH = MappingProxyType({"UMSALERT_LANG": "fr"})
SITES = "ref;nom;lat;lon\nS1;Un;43,70;7,26\nS2;Deux;43,71;7,27\n"
PEOPLE = (
    "Site;Nom;Téléphone portable;Courriel;Carte professionnelle\n"
    "S1;Claude Lavande;06 39 98;a@b;\n"
    "S1;Camille Romarin;06 39 98 00 01;;CAR-006-2020-01-01-00000000001\n"
    "S2;Sam Thym;06 39 98 00 02;;CAR-006-2020-01-01-00000000001\n"
)


def site_import(cli: Cli, text: str, *options: str) -> Any:
    return cli("site", "import", "-", *options, stdin=text.encode())


def contact_import(cli: Cli, *options: str) -> Any:
    return cli("contact", "import", "-", *options, stdin=PEOPLE.encode())


def test_problems_name_the_headers_of_the_file(cli: Cli) -> None:
    """On the screen, in the rejects, and in --json beside our own names."""
    site_import(cli, SITES)
    shown = contact_import(cli, "--rejects", "rejects.csv").err
    assert "line 2 · Téléphone portable · '06 39 98' · " in shown
    assert "line 2 · Courriel · 'a@b' · " in shown
    assert "phone ·" not in shown
    with (cli.folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file, delimiter=";")
    assert row["reason"].startswith("Téléphone portable: ")
    assert "Courriel: " in row["reason"]
    problems = contact_import(cli, "--json").error["problems"]
    assert [(item["column"], item["header"]) for item in problems] == [
        ("phone", "Téléphone portable"),
        ("email", "Courriel"),
    ]


def test_a_refused_certification_names_lines_and_the_invalid_rows(cli: Cli) -> None:
    """No ref that was made for this import, and nothing that is found only the next time."""
    site_import(cli, SITES)
    ended = contact_import(cli, "--certify", "--skip-invalid")
    assert ended.code == 5
    assert "S1-c" not in ended.err
    assert "2 new contacts cannot be certified" in ended.err
    assert "line 2 · Téléphone portable" in ended.err
    assert "lines 3-4 · Carte professionnelle" in ended.err
    error = contact_import(cli, "--certify", "--skip-invalid", "--json").error
    found = {(item["row"], item["code"]) for item in error["problems"]}
    assert {(2, "phone_invalid"), (3, "card_expired"), (4, "not_named")} <= found


def test_a_refused_approval_names_what_a_line_lacks_at_once(cli: Cli) -> None:
    """One line of the screen for a line of the file, with its headers."""
    text = "ref;nom;lat;lon;effectif;horaires\nS1;Un;43,70;7,26;;\nS2;;43,71;7,27;;\n"
    ended = site_import(cli, text, "--approve", "--skip-invalid")
    assert ended.code == 5
    assert "1 new site lacks facts" in ended.err
    assert "line 2 · effectif, horaires, " in ended.err
    assert "line 3 · nom · " in ended.err


def test_a_wrong_header_is_said_alone(cli: Cli) -> None:
    """Rows that have another length than a wrong header say nothing of themselves."""
    text = "ref;nom;latt;lon\nS1;Un;43;7;x\nS2;Deux;43\n"
    ended = site_import(cli, text, "--json")
    assert [item["code"] for item in ended.error["problems"]] == ["column_unknown"]
    said = site_import(cli, text, "--rejects", "rejects.csv").err
    assert "the header of the file is wrong" in said
    assert not (cli.folder / "rejects.csv").exists()


def test_the_same_mistake_in_many_lines_is_said_once(cli: Cli) -> None:
    """With all the lines; --json has each."""
    text = SITES + "".join(f"T{n};Trois;43,7;7,2;x\n" for n in range(3)) + "T9;;43,7;7,2\n"
    said = site_import(cli, text).err
    assert said.count("[row_ragged]") == 1
    assert "lines 4-6 · The row has 5 cells" in said
    assert len(site_import(cli, text, "--json").error["problems"]) == 4


def test_a_file_that_is_no_text_is_said_once(cli: Cli) -> None:
    """What is wrong, where and what to do stand there one time each."""
    said = cli("site", "import", "-", stdin=b"ref;nom\na\0b;c\n").err
    assert said.count("NUL") == 1
    assert said.count("XLSX") == 1


@pytest.mark.parametrize("option", ["--sheet", "--encoding"])
def test_an_option_of_another_kind_of_file_is_not_passed_over(cli: Cli, option: str) -> None:
    """A sheet of a CSV, an encoding of GeoJSON."""
    text = {"--sheet": SITES, "--encoding": '{"type":"FeatureCollection","features":[]}'}[option]
    ended = site_import(cli, text, option, "cp1252", "--json")
    assert ended.code == 2
    assert ended.error["code"] in {"sheet_of_no_workbook", "encoding_of_no_text"}


def test_statuses_are_french_in_french_refusals(cli: Cli) -> None:
    """A move that is forbidden, one that is not opened again, and a file that reopens nothing."""
    site_import(cli, SITES)
    cli("site", "close", "S1", "--reason", "x")
    refused = cli("site", "suspend", "S1", "--reason", "x", environ=FRENCH)
    assert refused.code == 5
    assert "suspendu" in refused.err
    assert "S1 (fermé)" in refused.err
    again = cli("site", "reopen", "S2", "--reason", "x", environ=FRENCH)
    assert "S2 (demandé)" in again.err
    stays = cli("site", "import", "-", stdin=SITES.encode(), environ=FRENCH)
    assert "fermé" in stays.err
    assert "closed" not in refused.err + again.err + stays.err


def test_a_question_leaves_nothing_in_the_output(cli: Cli) -> None:
    """Not even a blank: the output may be a file that a program reads."""
    site_import(cli, SITES)
    (cli.folder / "one.csv").write_text(SITES.rpartition("S2")[0])
    words = command("site", "import", "one.csv", "--prune", "--prune-most")
    end, other = pty.openpty()
    asked = subprocess.Popen(
        words, stdin=other, stdout=subprocess.PIPE, stderr=other, cwd=cli.folder
    )
    os.write(end, b"n\n")
    out, _nothing = asked.communicate()
    os.close(other)
    os.close(end)
    assert (asked.returncode, out) == (130, b"")
