"""`site import` and `contact import`: what a clerk sees, corrects, confirms and is refused."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.conftest import Cli
from umsalert.store.spatialite import connect, sqlite

pytestmark = pytest.mark.usefixtures("database")

SITES = "ref;nom;lat;lon\nS1;Un;43,70;7,26\nS2;Deux;43,71;7,27\nS3;Trois;43,72;7,28\n"
PEOPLE = "site_ref,name,phone,email\nS1,Claude Lavande,06 39 98 00 01,c.lavande@tilleuls.example\n"


def import_sites(cli: Cli, text: str, *options: str) -> Any:
    return cli("site", "import", "-", *options, stdin=text.encode())


def refs(cli: Cli) -> dict[str, str]:
    return {site["ref"]: site["status"] for site in cli("site", "list", "--json").document["sites"]}


def test_rejected_rows_are_corrected_and_imported_again(cli: Cli) -> None:
    """They have the file's own columns and a reason; corrected, they go in as they are."""
    text = (
        "ref;Nom du site;lat;lon;Adresse\n"
        "S1;Un;43,70;7,26;\n"
        'S2;;43,71;7,27;"=HYPERLINK(""x"")"\n'
        "S3;Trois;-20,887;55,455\n"
        'S4;"Quatre"x;43,7;7,2;\n'
    )
    (cli.folder / "rejects.csv").write_text("an older one")
    ended = import_sites(cli, text, "--skip-invalid", "--rejects", "rejects.csv", "--json")
    assert (ended.code, ended.document["added"], ended.document["invalid"]) == (0, 1, 3)
    written = cli.folder / "rejects.csv"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    lines = written.read_text("utf-8-sig").splitlines()
    assert lines[0] == "ref;Nom du site;lat;lon;Adresse;reason"
    assert lines[1].startswith('S2;;43,71;7,27;"\'=HYPERLINK(""x"")";')
    assert lines[2].startswith("S3;Trois;-20,887;55,455;;")
    assert len(lines) == 5  # the row whose quotation marks do not pair ends with its line

    corrected = "\n".join((lines[0], lines[1].replace("S2;;", "S2;Deux;"), lines[2]))
    again = import_sites(cli, corrected, "--json")
    assert (again.code, again.document["added"]) == (0, 2)
    site = cli("site", "show", "S2", "--json").document["site"]
    assert (site["name"], site["address"]) == ("Deux", '=HYPERLINK("x")')
    assert {path.name for path in cli.folder.iterdir()} >= {"rejects.csv"}
    assert not list(cli.folder.glob("*.new-*"))


def test_rejects_that_cannot_be_written_stop_the_import(cli: Cli) -> None:
    """Nothing is imported where the rows that are left out would be lost."""
    ended = import_sites(
        cli, SITES + "S4;;43;7\n", "--skip-invalid", "--rejects", "no/folder.csv", "--json"
    )
    assert (ended.code, ended.error["code"]) == (4, "rejects_unwritable")
    assert refs(cli) == {}


def test_a_dry_run_shows_old_and_new_with_addresses_masked(cli: Cli) -> None:
    """The difference is shown field by field; --json has it whole."""
    import_sites(cli, SITES)
    cli("contact", "import", "-", stdin=PEOPLE.encode())
    changed = PEOPLE.replace("00 01", "00 02").replace("c.lavande", "claude").encode()
    ended = cli("contact", "import", "-", "--dry-run", stdin=changed)
    assert ended.code == 0
    assert "+33 6 39 .. .. 01" in ended.out
    assert "+33 6 39 .. .. 02" in ended.out
    assert "39980002" not in ended.out + ended.err
    assert "claude@" not in ended.out
    (difference,) = cli("contact", "import", "-", "--dry-run", "--json", stdin=changed).document[
        "differences"
    ]
    assert difference == {
        "change": "changed",
        "ref": "S1-c1",
        "row": 2,
        "fields": [
            {"name": "phone", "old": "+33639980001", "new": "+33639980002"},
            {
                "name": "email",
                "old": "c.lavande@tilleuls.example",
                "new": "claude@tilleuls.example",
            },
        ],
    }
    assert cli("contact", "list", "--json").document["contacts"][0]["phone"] == "+33639980001"


def test_every_problem_has_what_to_do(cli: Cli) -> None:
    """In the table for eyes and in --json."""
    ended = import_sites(cli, SITES + "S1;Encore;43,7;7,2\n;;;\nS5;;43,7;7,2\n", "--json")
    assert ended.code == 4
    assert [(item["row"], item["code"]) for item in ended.error["problems"]] == [
        (5, "ref_repeated"),
        (7, "value_missing"),
    ]
    assert all(item["hint"] for item in ended.error["problems"])
    words = import_sites(cli, SITES + "S5;;43,7;7,2\n").err
    assert "Fill in the cell." in words


def test_what_vanished_is_closed_after_a_confirmation(cli: Cli) -> None:
    """Nobody there to confirm: refused; --yes: done; more than half: refused with 5."""
    assert import_sites(cli, SITES).code == 0
    fewer = "\n".join(SITES.splitlines()[:3]) + "\n"
    unasked = import_sites(cli, fewer, "--prune", "--json")
    assert (unasked.code, unasked.error["code"]) == (2, "not_confirmed")
    shown = import_sites(cli, fewer, "--prune", "--dry-run")
    assert (shown.code, shown.out.split("\n")[2].split()) == (0, ["closed", "S3"])
    assert refs(cli) == dict.fromkeys(("S1", "S2", "S3"), "requested")

    done = import_sites(cli, fewer, "--prune", "--yes")
    assert done.code == 0
    assert "S3" in done.err
    assert refs(cli)["S3"] == "closed"

    nearly_all = import_sites(cli, "ref;nom;lat;lon\nS9;Neuf;43,7;7,1\n", "--prune", "--yes")
    assert nearly_all.code == 5
    assert "--prune-most" in nearly_all.err
    assert set(refs(cli)) == {"S1", "S2", "S3"}
    most = ("--prune", "--prune-most", "--yes")
    assert import_sites(cli, "ref;nom;lat;lon\nS9;Neuf;43,7;7,1\n", *most).code == 0
    assert refs(cli) == {"S1": "closed", "S2": "closed", "S3": "closed", "S9": "requested"}


def test_a_file_with_mistakes_closes_nothing(cli: Cli) -> None:
    """What is left out would count as vanished."""
    ended = import_sites(cli, SITES, "--prune", "--skip-invalid", "--json")
    assert (ended.code, ended.error["code"]) == (2, "options_conflict")


def test_a_mapping_and_a_workbook(cli: Cli) -> None:
    """The options reach the file: sheet, mapping, unknown columns."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Sites 2026")
    for row in (("N°", "Nom", "lat", "lon", "Vu"), ("S1", "Un", 43.7, 7.2, "x")):
        sheet.append(row)
    book.save(cli.folder / "sites.dat")
    (cli.folder / "m.toml").write_text('[columns]\nref = "N°"\n', "utf-8")
    options = ("--sheet", "Sites 2026", "--mapping", "m.toml")
    ended = cli("site", "import", "sites.dat", *options, "--json")
    assert [problem["code"] for problem in ended.error["problems"]] == ["column_unknown"]
    assert cli("site", "import", "sites.dat", *options, "--ignore-unknown").code == 0
    assert refs(cli) == {"S1": "requested"}
    wrong = cli("site", "import", "sites.dat", "--sheet", "Sites", "--json")
    assert (wrong.code, wrong.error["code"]) == (2, "sheet_unknown")


def test_an_import_takes_the_power_to_keep_the_register(cli: Cli, database: Path) -> None:
    """An account without that role is refused, and nothing is read."""
    with contextlib.closing(connect(database, write=True)) as connection:
        connection.execute("INSERT INTO operator_role VALUES ('somebody', 'clerk')")
    ended = import_sites(cli, SITES, "--json")
    assert (ended.code, ended.error["code"]) == (5, "role_missing")


def test_a_geopackage_is_read_to_its_columns_or_refused(cli: Cli) -> None:
    """What was emptied in it is cleared; one that is damaged is called so, not the register."""
    import_sites(cli, SITES.replace(";lon", ";lon;agents").replace("7,26", "7,26;4", 1)
                 .replace("7,27", "7,27;").replace("7,28", "7,28;"))  # fmt: skip
    assert cli("site", "export", "r.gpkg").code == 0
    with contextlib.closing(sqlite().connect(cli.folder / "r.gpkg")) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'sites'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")  # they ask for functions of SpatiaLite
        connection.execute("UPDATE sites SET agents = NULL")
        connection.commit()
    ended = cli("site", "import", "r.gpkg", "--json")
    assert (ended.code, ended.document["changed"], ended.document["unchanged"]) == (0, 1, 2)
    assert cli("site", "show", "S1", "--json").document["site"]["agents"] is None

    (cli.folder / "r.gpkg").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    damaged = cli("site", "import", "r.gpkg", "--json")
    assert (damaged.code, damaged.error["code"]) == (4, "geopackage_damaged")
