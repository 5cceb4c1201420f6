"""`site` and `contact`: what a clerk adds, imports and vets, and what happens to a slip."""

from __future__ import annotations

import contextlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.terminal import answered
from umsalert.store.spatialite import connect

pytestmark = pytest.mark.usefixtures("database")

MALL = ("--ref", "MALL", "--name", "Galerie des Tilleuls", "--lat", "43.7005", "--lon", "7.2683")
FACTS = {
    "agents": "2",
    "hours": "24/7",
    "leader": "chef de poste",
    "lockdown_procedure": "classeur du PC",
    "convention_ref": "CLCS-NCE-2025",
    "client": "Foncière des Tilleuls",
    "company": "Vigie Azur",
    "company_authorisation": "AUT-006-2118-05-03-20200000001",
}
"""What an approval takes."""
VETTED = [word for name, value in FACTS.items() for word in (f"--{name.replace('_', '-')}", value)]
GUARD = ("--site", "MALL", "--name", "Claude Lavande", "--phone", "06 39 98 00 01")
_COLUMNS, _CELLS = ",".join(FACTS), ",".join(FACTS.values())
SITES = f"""ref,name,lat,lon,{_COLUMNS}
S1,Un,43.70,7.26,{_CELLS}
S2,Deux,43.71,7.27,{_CELLS}
""".encode()
# Line 3 has two problems, line 4 repeats a ref, line 5 has a doubtful postcode.
FLAWED = (
    b"ref;name;lat;lon;postcode\n"
    b"S1;Un;43,70;7,26;06000\n"
    b"S2;;43,70;est;06000\n"
    b"S1;Trois;43,70;7,26;06000\n"
    b"S4;Quatre;43,70;7,26;6000\n"
)
CONTACTS = (
    b"site_ref,name,phone,email\n"
    b"MALL,Claude Lavande,06 39 98 00 01,\n"
    b"MALL,Dominique Romarin,,d.romarin@tilleuls.example\n"
)


def _sites(cli: Cli) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli("site", "list", "--json").document["sites"]
    return found


def _contacts(cli: Cli) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli("contact", "list", "--json").document["contacts"]
    return found


def test_a_site_is_added_unapproved(cli: Cli) -> None:
    """A new site waits for its approval, in the time zone of its point, and the clerk is told."""
    ended = cli("site", "add", *MALL, "--hours", "Mo-Sa 09:00-20:00")
    assert (ended.code, ended.out) == (0, "Added MALL.\n")
    assert "umsalert site approve" in ended.err
    (site,) = _sites(cli)
    assert "id" not in site
    assert (site["status"], site["time_zone"]) == ("requested", "Europe/Paris")
    assert (site["lat"], site["lon"], site["hours"]) == (43.7005, 7.2683, "Mo-Sa 09:00-20:00")
    shown = cli("site", "show", "MALL")
    assert "Galerie des Tilleuls" in shown.out
    assert "Mo-Sa 09:00-20:00" in shown.out


def test_a_negative_coordinate_is_a_value(cli: Cli) -> None:
    """South and west are typed with a minus sign, which is not taken for an option."""
    ended = cli(
        *("site", "add", "--ref", "PORT", "--name", "Port", "--lat", "-20.93", "--lon", "55.29"),
        *VETTED,
        "--approve",
        "--json",
    )
    site = ended.document["site"]
    assert (site["region"], site["time_zone"]) == ("RE", "Indian/Reunion")
    assert site["status"] == "approved"


def test_every_wrong_field_is_named_at_once(cli: Cli) -> None:
    """One refusal names all that is wrong with a site, and adds nothing."""
    ended = cli(
        *("site", "add", "--ref", "A B", "--name", "Port", "--lat", "7.26", "--lon", "43.7"),
        *("--agents", "deux", "--hours", "tout le temps", "--json"),
    )
    assert (ended.code, ended.error["code"]) == (2, "fields_invalid")
    assert {problem["code"] for problem in ended.error["problems"]} == {
        "ref_invalid",
        "coordinates_swapped",
        "agents_invalid",
        "hours_invalid",
    }
    assert _sites(cli) == []


def test_a_ref_is_used_once(cli: Cli) -> None:
    """A second site under a ref is refused, and the first stays as it was."""
    cli("site", "add", *MALL)
    before = _sites(cli)
    ended = cli("site", "add", *MALL[:2], "--name", "Autre", *MALL[4:], "--json")
    assert (ended.code, ended.error["code"]) == (4, "ref_exists")
    assert _sites(cli) == before


def test_an_import_adds_all_rows(cli: Cli) -> None:
    """A sound file is added whole, from a file or from standard input."""
    (cli.folder / "sites.csv").write_bytes(SITES)
    ended = cli("site", "import", "sites.csv", "--json")
    assert ended.code == 0
    assert ended.document == {
        "schema_version": 1,
        "dry_run": False,
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "closed": 0,
        "invalid": 0,
        "total": 2,
        "problems": [],
        "warnings": [],
        "differences": [],
    }
    more = cli("site", "import", "-", "--approve", stdin=SITES.replace(b"\nS", b"\nT"))
    assert (more.code, more.out) == (
        0,
        "2 rows read: 2 added, 0 changed, 0 unchanged, 0 closed, 0 invalid.\n",
    )
    assert [(site["ref"], site["status"]) for site in _sites(cli)] == [
        ("S1", "requested"),
        ("S2", "requested"),
        ("T1", "approved"),
        ("T2", "approved"),
    ]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_an_import_adds_nothing_when_a_row_is_wrong(cli: Cli, options: tuple[str, ...]) -> None:
    """All problems come at once with line, column and value; nothing is added; exit code 4."""
    (cli.folder / "flawed.csv").write_bytes(FLAWED)
    ended = cli("site", "import", "flawed.csv", *options, "--json")
    assert (ended.code, ended.error["code"]) == (4, "import_invalid")
    found = [
        (problem["row"], problem["column"], problem["value"], problem["code"])
        for problem in ended.error["problems"]
    ]
    assert found == [
        (3, "name", None, "value_missing"),
        (3, "lon", "est", "coordinate_not_a_number"),
        (4, "ref", "S1", "ref_repeated"),
    ]
    words = cli("site", "import", "flawed.csv", *options)
    assert (words.code, words.out) == (4, "")
    assert "line 3 · lon · 'est'" in words.err
    assert "--skip-invalid" in words.err
    assert _sites(cli) == []


def test_skip_invalid_adds_the_rest_and_names_what_it_left_out(cli: Cli) -> None:
    """`--skip-invalid` adds the valid rows, ends with 0 and still names every other."""
    ended = cli("site", "import", "-", "--skip-invalid", "--json", stdin=FLAWED)
    assert ended.code == 0
    document = ended.document
    assert (document["added"], document["invalid"], document["total"]) == (2, 2, 4)
    assert [problem["row"] for problem in document["problems"]] == [3, 3, 4]
    assert [warning["row"] for warning in document["warnings"]] == [5]
    assert [site["ref"] for site in _sites(cli)] == ["S1", "S4"]


def test_a_dry_run_adds_nothing(cli: Cli) -> None:
    """A dry run of a sound file shows what it would do, and does not do it."""
    ended = cli("site", "import", "-", "--dry-run", stdin=SITES)
    assert ended.code == 0
    assert ended.out.splitlines()[-1] == (
        "2 rows read: 2 added, 0 changed, 0 unchanged, 0 closed, 0 invalid."
    )
    assert [line.split() for line in ended.out.splitlines()[2:4]] == [
        ["added", "S1"],
        ["added", "S2"],
    ]
    assert "Dry run" in ended.err
    assert _sites(cli) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"ref,name,lat,lon\n", "no rows"),
        (b"ref,name,latt,lon\nS1,Un,43.7,7.26\n", "closest is lat"),
        (b"ref,name,lat,lon\nS1,Mus\x81e,43.7,7.26\n", "Windows-1252"),
        (b"PK\x03\x04\x00\x00", "workbook"),
        (b"%PDF-1.7", "PDF"),
    ],
    ids=["empty", "header only", "wrong column", "no text", "spreadsheet", "pdf"],
)
def test_a_file_that_is_no_list_is_refused_whole(cli: Cli, content: bytes, said: str) -> None:
    """What cannot be read as a list is refused even with --skip-invalid, and the reason is said."""
    ended = cli("site", "import", "-", "--skip-invalid", stdin=content)
    assert (ended.code, ended.out) == (4, "")
    assert said in ended.err
    assert _sites(cli) == []


@pytest.mark.parametrize(("file", "code"), [("nope.csv", "file_missing"), (".", "file_is_folder")])
@pytest.mark.parametrize("noun", ["site", "contact"])
def test_a_file_that_is_not_there_is_said_so(cli: Cli, noun: str, file: str, code: str) -> None:
    """A mistyped file name ends with 2 and names the file."""
    ended = cli(noun, "import", file, "--json")
    assert (ended.code, ended.error["code"]) == (2, code)
    assert file in ended.error["message"]


def test_vetting_is_all_or_nothing(cli: Cli) -> None:
    """One unknown ref among several changes nothing, and the sentence names it."""
    cli("site", "import", "-", stdin=SITES)
    ended = cli("site", "approve", "S1", "S9", "--json")
    assert (ended.code, ended.error["code"]) == (2, "site_not_found")
    assert "S9" in ended.error["message"]
    assert {site["status"] for site in _sites(cli)} == {"requested"}


def test_vetting_is_recorded_under_the_operator(cli: Cli) -> None:
    """Who approved is the account seen through sudo at its station; a ref named twice is one."""
    cli("site", "import", "-", stdin=SITES)
    cli("site", "approve", "S1")
    clerk = {"SUDO_USER": "clerk", "UMSALERT_STATION": "CNAPS Sud"}
    ended = cli("site", "approve", "S1", "S2", "S2", "--json", environ=clerk)
    assert ended.document == {
        "schema_version": 1,
        "status": "approved",
        "changed": 1,
        "unchanged": 1,
    }
    approved = cli("site", "list", "--status", "approved", "--json").document["sites"]
    assert [site["ref"] for site in approved] == ["S1", "S2"]
    assert approved[1]["status_by"] == "clerk@CNAPS Sud"


@pytest.mark.parametrize("command", [("site", "suspend", "MALL"), ("contact", "revoke", "MALL-c1")])
def test_taking_away_needs_a_reason(cli: Cli, database: Path, command: tuple[str, ...]) -> None:
    """Nobody is suspended or revoked without a reason, and the reason is on record."""
    cli("site", "add", *MALL, *VETTED, "--approve")
    cli("contact", "add", *GUARD, "--certify")
    for reason in ((), ("--reason", " ")):
        ended = cli(*command, *reason)
        assert ended.code == 2
        assert "reason" in ended.err
    assert (_sites(cli)[0]["status"], _contacts(cli)[0]["status"]) == ("approved", "certified")

    assert cli(*command, "--reason", "carte expirée").code == 0
    with contextlib.closing(connect(database, write=False)) as connection:
        change = connection.execute(
            "SELECT ref, reason FROM status_change ORDER BY id DESC"
        ).fetchone()
    assert tuple(change) == (command[-1], "carte expirée")


def test_a_contact_is_added_uncertified(cli: Cli) -> None:
    """A new contact gets a ref and an E.164 number, and waits for its certification."""
    cli("site", "add", *MALL, "--client", "Foncière des Tilleuls")
    ended = cli("contact", "add", *GUARD, "--json")
    contact = ended.document["contact"]
    assert "id" not in contact
    assert (contact["ref"], contact["status"]) == ("MALL-c1", "named")
    assert (contact["phone"], contact["phone_kind"]) == ("+33639980001", "mobile")
    assert cli("contact", "certify", "MALL-c1").out == "Now certified: 1\n"
    assert _contacts(cli)[0]["status"] == "certified"


def test_wrong_contacts_are_not_added(cli: Cli) -> None:
    """All that is wrong with a contact is named at once; the number is not repeated in words."""
    cli("site", "add", *MALL)
    ended = cli(
        *("contact", "add", "--site", "MALL", "--name", "Claude", "--phone", "06 39 98"),
        *("--email", "claude", "--language", "de"),
    )
    assert (ended.code, ended.out) == (2, "")
    for column in ("phone", "email", "language"):
        assert f"{column}: " in ended.err
    assert "06 39 98 " not in ended.err
    assert cli("contact", "add", *GUARD, "--site", "MAL").code == 2
    assert _contacts(cli) == []


def test_contacts_are_imported_to_known_sites_only(cli: Cli) -> None:
    """Without their site, contacts are refused with their lines; with it, they are added."""
    refused = cli("contact", "import", "-", "--json", stdin=CONTACTS)
    assert refused.code == 4
    found = [(problem["row"], problem["code"]) for problem in refused.error["problems"]]
    assert found == [(2, "site_unknown"), (3, "site_unknown")]
    assert _contacts(cli) == []

    cli("site", "add", *MALL, *VETTED)
    added = cli("contact", "import", "-", "--certify", stdin=CONTACTS)
    assert (added.code, added.out) == (
        0,
        "2 rows read: 2 added, 0 changed, 0 unchanged, 0 closed, 0 invalid.\n",
    )
    assert {contact["status"] for contact in _contacts(cli)} == {"certified"}

    again = cli("contact", "import", "-", stdin=CONTACTS)
    assert (again.code, again.out) == (
        0,
        "2 rows read: 0 added, 0 changed, 2 unchanged, 0 closed, 0 invalid.\n",
    )
    assert len(_contacts(cli)) == 2


def test_addresses_are_shown_where_they_are_needed(cli: Cli) -> None:
    """A list masks addresses; the site's own page and JSON show them whole."""
    cli("site", "add", *MALL)
    cli("contact", "import", "-", stdin=CONTACTS)
    listed = cli("contact", "list", "--site", "MALL").out
    assert "+33 6 39 .. .. 01" in listed
    assert "+33639980001" not in listed
    assert "d.romarin@" not in listed
    shown = cli("site", "show", "MALL").out
    assert "+33639980001" in shown
    assert "d.romarin@tilleuls.example" in shown
    assert cli("site", "show", "MALL", "--json").document["contacts"] == _contacts(cli)


@pytest.mark.parametrize(
    "command",
    [
        ("site", "show", "MAL"),
        ("contact", "list", "--site", "MAL"),
        ("site", "list", "--status", "aproved"),
        ("contact", "certify", "MALL-c9"),
        ("contact", "list", "--status", "approved"),
    ],
)
def test_a_mistyped_name_is_no_empty_answer(cli: Cli, command: tuple[str, ...]) -> None:
    """A typing error ends with 2 and a sentence, never with an empty list."""
    cli("site", "add", *MALL)
    ended = cli(*command)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: ")


@pytest.mark.parametrize(
    "command",
    [
        ("site", "show", "caf\udce9"),
        ("contact", "list", "--site", "caf\udce9"),
        ("site", "approve", "MALL", "--reason", "\udce9"),
        ("report", "caf\udce9"),
    ],
)
def test_a_byte_that_is_no_utf8_is_a_slip_of_the_user(cli: Cli, command: tuple[str, ...]) -> None:
    """A terminal set to another encoding gets a sentence, not "a bug of ours"; nothing changes."""
    cli("site", "add", *MALL, *VETTED)
    ended = cli(*command, "--json")
    assert (ended.code, ended.error["code"]) == (2, "text_invalid")
    assert [site["status"] for site in _sites(cli)] == ["requested"]


def test_export_and_back(cli: Cli, database: Path) -> None:
    """`site export` writes private files that import into the same register, and replaces none."""
    site = ("--ref", "A", "--name", "=Halle", "--lat", "43.7", "--lon", "7.26", *VETTED)
    assert cli("site", "add", *site, "--approve").code == 0
    person = ("--site", "A", "--name", "Alix Thym", "--phone", "06 39 98 00 01")
    assert cli("contact", "add", *person).code == 0
    first = cli("site", "export", "s.csv", "--contacts", "c.csv", "--json")
    assert first.document == {
        "schema_version": 1,
        "file": "s.csv",
        "format": "csv",
        "sites": 1,
        "contacts": 1,
        "contacts_file": "c.csv",
    }
    sites, people = cli.folder / "s.csv", cli.folder / "c.csv"
    assert {stat.S_IMODE(file.stat().st_mode) for file in (sites, people)} == {0o600}
    before = cli("site", "list", "--json").document["sites"][0]
    again = cli("site", "export", "s.csv", "--json")
    assert (again.code, again.error["code"]) == (2, "file_exists")
    elsewhere = {"UMSALERT_HOME": str(cli.folder / "b")}
    assert cli("init", environ=elsewhere).code == 0
    assert cli("site", "import", sites, environ=elsewhere).code == 0
    assert cli("contact", "import", people, environ=elsewhere).code == 0
    after = cli("site", "list", "--json", environ=elsewhere).document["sites"][0]
    assert after["status"] == "requested"  # nobody is vetted by a file
    for name in ("ref", "name", "lat", "lon", "region", "time_zone"):
        assert after[name] == before[name]
    contact = cli("contact", "list", "--json", environ=elsewhere).document["contacts"][0]
    assert (contact["phone"], contact["status"]) == ("+33639980001", "named")


@pytest.mark.parametrize("name", ["s.geojson", "r.gpkg"])
def test_a_map_is_imported_as_it_was_exported(cli: Cli, database: Path, name: str) -> None:
    """What is exported for maps comes back, and a second time it changes nothing."""
    site = ("--ref", "A", "--name", "=Halle", "--lat", "43.7", "--lon", "7.26", "--client", "Z")
    assert cli("site", "add", *site).code == 0
    person = ("--site", "A", "--name", "Alix Thym", "--phone", "06 39 98 00 01")
    assert cli("contact", "add", *person, "--channels", "voice,sms", "--fallback").code == 0
    before = cli("site", "list", "--json").document["sites"][0]
    people = ("--contacts", name) if name.endswith("gpkg") else ()
    assert cli("site", "export", name, *people).code == 0
    elsewhere = {"UMSALERT_HOME": str(cli.folder / "b")}
    assert cli("init", environ=elsewhere).code == 0
    added = cli("site", "import", name, "--json", environ=elsewhere)
    assert (added.code, added.document["added"]) == (0, 1), added.err
    after = cli("site", "list", "--json", environ=elsewhere).document["sites"][0]
    assert {**after, "status_at": ""} == {**before, "status_at": ""}
    again = cli("site", "import", name, "--json", environ=elsewhere).document
    assert (again["changed"], again["unchanged"]) == (0, 1)
    if people:
        assert cli("contact", "import", name, environ=elsewhere).code == 0
        contact = cli("contact", "list", "--json", environ=elsewhere).document["contacts"][0]
        assert (contact["channels"], contact["fallback"]) == ("voice,sms", True)
        assert contact["named_by"] == "Z"


def test_export_by_name_and_to_a_pipe(cli: Cli, database: Path) -> None:
    """The name of a file says what it is; `-` is standard output; what cannot be is refused."""
    site = ("--ref", "A", "--name", "Halle", "--lat", "43.7", "--lon", "7.26")
    assert cli("site", "add", *site).code == 0
    assert cli("site", "export", "s.geojson").code == 0
    (feature,) = json.loads((cli.folder / "s.geojson").read_text("utf-8"))["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [7.26, 43.7]}
    assert cli("site", "export", "r.gpkg", "--contacts", "r.gpkg").code == 0
    assert (cli.folder / "r.gpkg").read_bytes()[68:72] == b"GPKG"
    piped = cli("site", "export", "-")
    assert piped.out.splitlines()[1].startswith("A;Halle;43,7;7,26;")
    for words, code in (
        (("-", "--format", "gpkg"), "not_to_stdout"),
        (("x.csv", "--contacts", "x.csv"), "file_twice"),
        (("x.csv", "--contacts", "x.gpkg"), "contacts_not_csv"),
    ):
        refused = cli("site", "export", *words, "--json")
        assert (refused.code, refused.error["code"]) == (2, code)
    assert not list(cli.folder.glob("x*"))


def test_rights_of_a_person(cli: Cli, database: Path) -> None:
    """`contact export` writes one private file; `contact erase` asks, and leaves the ref."""
    site = ("--ref", "A", "--name", "Halle", "--lat", "43.7", "--lon", "7.26")
    assert cli("site", "add", *site).code == 0
    person = ("--site", "A", "--name", "Alix Thym", "--email", "alix@thym.example")
    assert cli("contact", "add", *person).code == 0
    printed = cli("contact", "export", "A-c1").document
    assert printed["contact"]["name"] == "Alix Thym"
    told = cli("contact", "export", "A-c1", "--output", "alix.json", "--json").document
    assert (told["files"], told["deliveries"]) == (["alix.json"], 0)
    file = cli.folder / "alix.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = json.loads(file.read_text("utf-8"))
    assert written["contact"] == printed["contact"]
    assert cli("contact", "export", "NOBODY", "--json").error["code"] == "contact_not_found"
    entries = cli("audit", "log", "--json").out
    assert cli("contact", "export", "A-c1", "--output", "alix.json").code == 2  # it is there
    assert cli("audit", "log", "--json").out == entries

    erase = ("contact", "erase", "A-c1", "--reason", "request 17")
    assert cli(*erase, "--json").error["code"] == "not_confirmed"
    refused = answered(cli.folder, *erase, typed="n\n")
    assert (refused.code, "Nothing was erased." in refused.text) == (130, True), refused.text
    assert "Error" not in refused.text
    assert cli("contact", "erase", "A-c1", "--reason", " ", "--yes").code == 2
    done = cli(*erase, "--yes")
    assert (done.code, "A-c1" in done.out, "ackups" in done.err) == (0, True, True)
    (left,) = cli("contact", "list", "--json").document["contacts"]
    assert (left["name"], left["email"], left["status"]) == ("A-c1", None, "erased")
    again = cli(*erase, "--yes", "--json").document
    assert (again["erased"], again["tidied"]) == (False, True)


@pytest.mark.parametrize("name", ["sites.pdf", "sites", "maps/"])
def test_an_export_has_a_format_and_a_name(cli: Cli, database: Path, name: str) -> None:
    """A CSV that is called PDF helps nobody, and a folder is no file."""
    assert database.exists()
    ended = cli("site", "export", name, "--json")
    assert ended.code == 2
    assert ended.error["code"] == ("folder_missing" if name == "maps/" else "format_unknown")
    assert list(cli.folder.iterdir()) == []
