"""Imports beside vetting, erasure and closing: what a file decides and what it does not."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.e2e.office import PERSON
from tests.store.importing import dump
from umsalert.store.spatialite import connect

FACTS = (
    "ref;name;lat;lon;agents;hours;leader;lockdown_procedure;convention_ref;client;company;"
    "company_authorisation\n"
)
WHOLE = "2;24/7;chef;classeur;C-1;Foncière;Vigie;AUT-006-2118-05-03-20200000001\n"
SITES = f"{FACTS}S1;Un;43,70;7,26;{WHOLE}S2;Deux;43,71;7,27;{WHOLE}R1;Trois;-20,887;55,455;{WHOLE}"
PEOPLE = (
    "site_ref,name,phone,card\n"
    "S1,Claude Lavande,06 39 98 00 01,CAR-006-2029-01-01-00000000001\n"
    "R1,Camille Romarin,06 39 98 00 02,CAR-974-2029-01-01-00000000002\n"
)

pytestmark = pytest.mark.usefixtures("database")


def bring(cli: Cli, noun: str, text: str, *options: str) -> Any:
    return cli(noun, "import", "-", *options, "--json", stdin=text.encode())


def ends(database: Path) -> dict[str, Any]:
    with contextlib.closing(connect(database, write=False)) as connection:
        rows = connection.execute("SELECT name, named_by, card_valid_until FROM contact")
        return {row["name"]: (row["named_by"], row["card_valid_until"]) for row in rows}


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_what_is_approved_at_once_lacks_nothing(
    cli: Cli, database: Path, dry: tuple[str, ...]
) -> None:
    """The whole file is refused with all that is missing; only new rows are judged."""
    before = dump(database)
    lacking = f"{FACTS}S8;Huit;43,70;7,26;;;;;;;;\nS9;Neuf;43,72;7,20;{WHOLE}".replace("24/7", "")
    ended = bring(cli, "site", lacking, "--approve", *dry)
    assert ended.code == 5
    assert "S8" in ended.err
    assert "S9" in ended.err
    assert dump(database) == before

    assert bring(cli, "site", lacking).code == 0  # requested: nobody approves them
    held = dump(database)
    again = bring(cli, "site", lacking + f"S7;Sept;43,75;7,2;{WHOLE}", "--approve", "--dry-run")
    assert (again.code, again.document["added"]) == (0, 1)
    assert dump(database) == held


def test_the_same_file_with_approve_changes_nothing(cli: Cli, database: Path) -> None:
    """Neither the status of sites nor of people, nor the record."""
    for noun, text, option in (("site", SITES, "--approve"), ("contact", PEOPLE, "--certify")):
        assert bring(cli, noun, text, option).code == 0
    before = dump(database)
    for noun, text, option in (("site", SITES, "--approve"), ("contact", PEOPLE, "--certify")):
        ended = bring(cli, noun, text, option)
        assert (ended.code, ended.document["changed"], ended.document["added"]) == (0, 0, 0)
    assert dump(database) == before


def test_half_an_agreement_certifies_nobody(cli: Cli, database: Path) -> None:
    """A site without client, and a card that has expired: all are named."""
    assert bring(cli, "site", SITES.replace("Foncière", "", 1)).code == 0
    before = dump(database)
    text = PEOPLE + "S2,Dominique Cyprès,06 39 98 00 03,CAR-006-2019-01-01-00000000003\n"
    for dry in ((), ("--dry-run",)):
        ended = bring(cli, "contact", text, "--certify", *dry)
        assert ended.code == 5
        assert dump(database) == before


def test_who_named_a_contact_and_until_when_a_card_is_valid(cli: Cli, database: Path) -> None:
    """From the site where the file says nothing: its client, its time zone."""
    assert bring(cli, "site", SITES, "--approve").code == 0
    assert bring(cli, "contact", PEOPLE, "--certify").code == 0
    assert ends(database) == {
        "Claude Lavande": ("Foncière", "2029-01-01T23:00:00.000Z"),
        "Camille Romarin": ("Foncière", "2029-01-01T20:00:00.000Z"),
    }
    before = dump(database)
    with_empty = PEOPLE.replace("card\n", "card,named_by\n").replace("1\nR", "1,\nR")
    with_empty = with_empty.removesuffix("\n") + ",\n"
    same = bring(cli, "contact", with_empty)
    assert (same.code, same.document["unchanged"]) == (0, 2)
    assert dump(database) == before

    renewed = PEOPLE.replace("974-2029-01-01", "974-2030-02-03")
    ended = bring(cli, "contact", renewed)
    assert (ended.code, ended.document["changed"]) == (0, 1)
    assert ends(database)["Camille Romarin"][1] == "2030-02-03T20:00:00.000Z"
    without = bring(cli, "contact", "site_ref,name,card\nS1,Claude Lavande,\n")
    assert (without.code, ends(database)["Claude Lavande"][1]) == (0, None)


def test_who_was_erased_is_not_filled_in_again(cli: Cli, database: Path) -> None:
    """By the ref it is refused; by the name it is somebody new; --prune leaves them alone."""
    bring(cli, "site", SITES, "--approve")
    bring(cli, "contact", PEOPLE, "--certify")
    assert cli("contact", "erase", "S1-c1", "--reason", "asked", "--yes").code == 0
    by_ref = "site_ref,name,phone,ref\nS1,Claude Lavande,06 39 98 00 01,S1-c1\n"
    ended = bring(cli, "contact", by_ref)
    assert [item["code"] for item in ended.error["problems"]] == ["contact_erased"]
    again = bring(cli, "contact", PEOPLE, "--prune", "--yes")
    assert (again.code, again.document["added"], again.document["closed"]) == (0, 1, 0)
    assert "S1-c2" in {item["ref"] for item in listed(cli)}
    before = dump(database)
    assert bring(cli, "contact", PEOPLE, "--prune", "--yes").document["unchanged"] == 2
    assert dump(database) == before


def listed(cli: Cli) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli("contact", "list", "--json").document["contacts"]
    return found


def test_closed_sites_stay_closed(cli: Cli, database: Path) -> None:
    """With a warning; their fields are kept up to date, and --prune does not close them again."""
    bring(cli, "site", SITES, "--approve")
    assert cli("site", "close", "S2", "--reason", "demolished").code == 0
    ended = bring(cli, "site", SITES.replace("Deux", "Double"), "--approve")
    assert (ended.code, ended.document["changed"]) == (0, 1)
    assert [item["code"] for item in ended.document["warnings"]] == ["not_active"]
    assert cli("site", "show", "S2", "--json").document["site"]["status"] == "closed"
    rest = "\n".join(line for line in SITES.splitlines() if not line.startswith("S2")) + "\n"
    before = dump(database)
    pruned = bring(cli, "site", rest, "--prune", "--yes")
    assert (pruned.code, pruned.document["closed"]) == (0, 0)
    assert dump(database) == before


def test_a_site_that_moves_takes_region_zone_cell_and_holidays_along(
    cli: Cli, database: Path
) -> None:
    """The calendar follows the postcode, the cell and the box the point."""
    text = "ref;name;lat;lon;postcode\nM1;Un;43,70;7,26;06000\n"
    bring(cli, "site", text)
    row = _site(database)
    moved = bring(cli, "site", "ref;lat;lon;postcode\nM1;-20,887;55,455;97400\n")
    assert moved.code == 0
    now = _site(database)
    assert (now["region"], now["time_zone"]) == ("RE", "Indian/Reunion")
    assert now["cell"] != row["cell"]
    assert now["calendar"] != row["calendar"]
    alsace = bring(cli, "site", "ref;lat;lon;postcode\nM1;48,58;7,75;67000\n")
    assert alsace.code == 0
    assert _site(database)["calendar"] not in {row["calendar"], now["calendar"]}
    assert bring(cli, "site", "ref;postcode\nM1;06000\n").code == 0
    assert _site(database)["calendar"] == row["calendar"]
    with contextlib.closing(connect(database, write=False)) as connection:
        box = connection.execute("SELECT xmin, ymin FROM idx_site_geom").fetchone()
        assert (round(box["xmin"], 2), round(box["ymin"], 2)) == (7.75, 48.58)


def _site(database: Path) -> dict[str, Any]:
    with contextlib.closing(connect(database, write=False)) as connection:
        return dict(connection.execute("SELECT * FROM site WHERE ref = 'M1'").fetchone())


def test_what_a_file_says_of_presence_decides_who_is_alerted(cli: Cli, home: Path) -> None:
    """Hours of the site and of the person, channels, and who takes an empty site's alerts."""
    (home / "umsalert.toml").write_text(
        'station = "Nice"\n[alert]\ncallback_number = "+33465710000"\n'
    )
    sites = SITES.replace("24/7", "24/7 off", 1).replace("43,71;7,27", "43,70;7,261")
    people = (
        "site_ref,name,phone,email,card,channels,hours,fallback\n"
        "S1,Away,06 39 98 00 01,,CAR-006-2029-01-01-00000000001,,,\n"
        "S1,Fallback,06 39 98 00 02,,CAR-006-2029-01-01-00000000002,,,oui\n"
        "S2,Mail only,06 39 98 00 03,m@b.example,CAR-006-2029-01-01-00000000003,email,,\n"
        "S2,Off,06 39 98 00 04,,CAR-006-2029-01-01-00000000004,,24/7 off,non\n"
    )
    assert bring(cli, "site", sites, "--approve").code == 0
    assert bring(cli, "contact", people, "--certify").code == 0

    def preview(rule: str) -> tuple[int, dict[str, int]]:
        where = ("--lat", "43.70", "--lon", "7.26", "--radius", "800m")
        ended = cli("alert", "preview", *where, *PERSON, "--off-duty", rule, "--json")
        assert ended.code == 0, ended.err
        document = ended.document
        return document["contacts"], document["deliveries"]

    assert preview("skip") == (1, {"sms": 0, "voice": 0, "email": 1})
    assert preview("fallback-contact")[0] == 2
    assert preview("include")[0] == 3  # whose own hours say so stays off at a site where others are
    assert bring(cli, "site", "ref;hours\nS1;24/7\n").code == 0
    assert preview("skip")[0] == 3


def test_a_renewed_card_alone_certifies_nobody_again(cli: Cli, database: Path) -> None:
    """It is said: else the guard would get no alert, and nobody would know; --prune may revoke."""
    bring(cli, "site", SITES, "--approve")
    bring(cli, "contact", PEOPLE, "--certify")
    with contextlib.closing(connect(database, write=True)) as connection:
        connection.execute("UPDATE contact SET status = 'expired'")
    assert bring(cli, "contact", PEOPLE).document["warnings"] == []
    ended = bring(cli, "contact", PEOPLE.replace("974-2029", "974-2031"), "--certify")
    found = [(item["row"], item["code"]) for item in ended.document["warnings"]]
    assert (ended.code, found) == (0, [(3, "not_active")])
    assert {item["status"] for item in listed(cli)} == {"expired"}
    header, _first, other = PEOPLE.splitlines()
    options = ("--prune-everywhere", "--prune-most", "--yes")
    pruned = bring(cli, "contact", f"{header}\n{other}\n", *options)
    assert (pruned.code, pruned.document["closed"]) == (0, 1)
