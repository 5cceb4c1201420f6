"""The life of a site at the command line: what is missing, who approved until when, every move."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Ended
from tests.cli.test_register_commands import FACTS, MALL, SITES, VETTED
from umsalert.model import SITE_MOVES, SiteStatus
from umsalert.store.spatialite import connect

pytestmark = pytest.mark.usefixtures("database")

BARE = b"ref,name,lat,lon,leader\nB1,Un,43.70,7.26,\nB2,Deux,43.71,7.27,chef\n"


def _status(cli: Cli, ref: str) -> str:
    status: str = cli("site", "show", ref, "--json").document["site"]["status"]
    return status


def _history(cli: Cli, ref: str) -> Sequence[dict[str, str | None]]:
    moves: Sequence[dict[str, str | None]] = cli("site", "review", ref, "--json").document[
        "history"
    ]
    return moves


def _deeds(database: Path, action: str) -> list[tuple[str, dict[str, object]]]:
    with contextlib.closing(connect(database, write=False)) as connection:
        rows = connection.execute(
            "SELECT ref, detail FROM audit WHERE action = ? ORDER BY n", (action,)
        ).fetchall()
    return [(row["ref"], json.loads(row["detail"])) for row in rows]


def _problems(ended: Ended) -> set[tuple[str, str]]:
    return {(problem["value"], problem["column"]) for problem in ended.error["problems"]}


def test_a_review_shows_what_is_missing(cli: Cli) -> None:
    """Every fact that an approval takes is named until it is there; `24/7` is one, empty none."""
    cli("site", "add", *MALL)
    shown = cli("site", "review", "MALL")
    assert "Missing for the approval: " + ", ".join(FACTS) in shown.out
    assert cli("site", "edit", "MALL", *VETTED).code == 0
    shown = cli("site", "review", "MALL")
    assert "Nothing is missing for the approval." in shown.out
    assert "24/7" in shown.out
    document = cli("site", "review", "MALL", "--json").document
    assert document["site"]["missing"] == []
    assert [move["to_status"] for move in document["history"]] == ["requested"]


@pytest.mark.parametrize("fact", FACTS)
def test_each_fact_counts(cli: Cli, fact: str) -> None:
    """A site that has all but one lacks that one."""
    option = f"--{fact.replace('_', '-')}"
    cli("site", "add", *MALL, *VETTED, option, "0" if fact == "agents" else "")
    ended = cli("site", "approve", "MALL", "--json")
    assert (ended.code, ended.error["code"]) == (5, "facts_missing")
    assert _problems(ended) == {("MALL", fact)}


def test_an_approval_names_all_that_all_sites_lack(cli: Cli) -> None:
    """One refusal, exit code 5, holds every missing fact of every site; none is approved."""
    cli("site", "import", "-", stdin=SITES)
    cli("site", "import", "-", stdin=BARE)
    ended = cli("site", "approve", "S1", "B1", "B2", "--json")
    assert (ended.code, ended.error["code"]) == (5, "facts_missing")
    both = {(ref, fact) for ref in ("B1", "B2") for fact in FACTS}
    assert _problems(ended) == both - {("B2", "leader")}
    assert {_status(cli, ref) for ref in ("S1", "B1", "B2")} == {"requested"}
    words = cli("site", "approve", "B1", "B2")
    assert words.code == 5
    assert "B2 (agents, hours, lockdown_procedure" in words.err
    assert "--override" in words.err


def test_add_and_import_obey_the_same_rule(cli: Cli) -> None:
    """`--approve` adds nothing where a fact is missing."""
    for ended in (
        cli("site", "add", *MALL, "--approve", "--json"),
        cli("site", "import", "-", "--approve", "--json", stdin=BARE),
    ):
        assert (ended.code, ended.error["code"]) == (5, "facts_missing")
    assert cli("site", "list", "--json").document["sites"] == []


def test_an_override_needs_a_reason_and_is_a_deed(cli: Cli, database: Path) -> None:
    """Facts are passed over with a reason and by two; the audit log names fields, no reason."""
    cli("site", "import", "-", stdin=SITES)
    cli("site", "import", "-", stdin=BARE)
    assert cli("site", "approve", "B2", "--override", " ").code == 2
    anna, bruno = {"SUDO_USER": "anna"}, {"SUDO_USER": "bruno"}
    words = ("site", "approve", "S1", "B2", "--override", "visite du 3 mars")
    asked = cli(*words, environ=anna)
    assert (asked.code, _status(cli, "B2")) == (5, "requested")
    assert "umsalert alert approve" in asked.err
    own = cli("alert", "approve", "--yes", "--json", environ=anna)
    assert (own.code, own.error["code"]) == (5, "own_request")
    approved = cli("alert", "approve", "--yes", environ=bruno)
    assert approved.code == 0, approved.err
    assert "B2: agents, hours, " in approved.out
    assert "anna" in approved.err
    assert "bruno" in approved.err
    assert (_status(cli, "S1"), _status(cli, "B2")) == ("approved", "approved")
    missing = [name for name in FACTS if name != "leader"]
    assert _deeds(database, "site.override") == [("B2", {"missing": missing})]
    assert _history(cli, "B2")[-1]["reason"] == "visite du 3 mars"


def test_an_approval_ends_with_a_day_at_the_site(cli: Cli) -> None:
    """The last day is the site's own: its end is another moment in La Réunion than in Nice."""
    island = ("--ref", "PORT", "--name", "Port", "--lat", "-20.93", "--lon", "55.29")
    for where in (MALL, island):
        cli("site", "add", *where, *VETTED)
    assert cli("site", "approve", "MALL", "PORT", "--until", "2099-01-05").code == 0
    ends = {
        site["ref"]: site["approved_until"]
        for site in cli("site", "list", "--json").document["sites"]
    }
    assert ends == {"MALL": "2099-01-05T23:00:00.000Z", "PORT": "2099-01-05T20:00:00.000Z"}
    assert "approved by" in cli("site", "show", "PORT").out
    assert "until 2099-01-05" in cli("site", "show", "PORT").out
    assert "2099-01-05" in cli("site", "list", "--status", "approved").out
    assert _history(cli, "PORT")[-1]["until"] == "2099-01-05"
    again = cli("site", "approve", "MALL", "--json").document
    assert (again["changed"], again["unchanged"]) == (0, 1)
    longer = cli("site", "approve", "MALL", "--until", "31/12/2099", "--json").document
    assert (longer["changed"], longer["unchanged"]) == (1, 0)


@pytest.mark.parametrize(("until", "code"), [("2020-01-05", "until_past"), ("soon", "day_invalid")])
def test_a_last_day_lies_ahead(cli: Cli, until: str, code: str) -> None:
    """A day that is over, or none at all, ends with 2 and changes nothing."""
    cli("site", "add", *MALL, *VETTED)
    ended = cli("site", "approve", "MALL", "--until", until, "--json")
    assert (ended.code, ended.error["code"]) == (2, code)
    assert _status(cli, "MALL") == "requested"


def test_a_whole_life(cli: Cli) -> None:
    """Every status is reached by a command, the record holds who moved it, why and until when."""
    cli("site", "add", *MALL, *VETTED)
    why = ("--reason", "pour le dossier")
    steps: tuple[tuple[tuple[str, ...], str], ...] = (
        (("review", "MALL", "--start"), "under_review"),
        (("refuse", "MALL", *why), "refused"),
        (("reopen", "MALL", *why), "under_review"),
        (("approve", "MALL", "--until", "2099-06-30"), "approved"),
        (("suspend", "MALL", "--until", "2099-02-01", *why), "suspended"),
        (("approve", "MALL"), "approved"),
        (("review", "MALL", "--start", *why), "under_review"),
        (("approve", "MALL"), "approved"),
        (("close", "MALL", *why), "closed"),
        (("reopen", "MALL", *why), "requested"),
    )
    for words, status in steps:
        ended = cli("site", *words)
        assert ended.code == 0, ended.err
        assert _status(cli, "MALL") == status
    moves = _history(cli, "MALL")
    assert [move["to_status"] for move in moves[1:]] == [status for _words, status in steps]
    assert {status for _words, status in steps} == {status.value for status in SiteStatus}
    assert moves[5]["until"] == "2099-02-01"
    shown = cli("site", "review", "MALL").out
    assert "pour le dossier" in shown


def test_a_suspension_leaves_the_end_of_the_approval(cli: Cli) -> None:
    """A site that is approved again after a suspension keeps the end that it had."""
    cli("site", "add", *MALL, *VETTED)
    cli("site", "approve", "MALL", "--until", "2099-06-30")
    cli("site", "suspend", "MALL", "--reason", "travaux")
    cli("site", "approve", "MALL")
    site = cli("site", "show", "MALL", "--json").document["site"]
    assert site["approved_until"] == "2099-06-30T22:00:00.000Z"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("refuse", "MALL", "--reason", "x"), "move_forbidden"),
        (("reopen", "MALL", "--reason", "x"), "move_forbidden"),
        (("review", "MALL", "--start"), "reason_missing"),
    ],
)
def test_what_may_not_follow_is_refused(cli: Cli, words: tuple[str, ...], code: str) -> None:
    """A move that is not in the table changes nothing; out of force only with a reason."""
    cli("site", "add", *MALL, *VETTED, "--approve")
    ended = cli("site", *words, "--json")
    assert (ended.code, ended.error["code"]) == (2 if code == "reason_missing" else 5, code)
    assert _status(cli, "MALL") == "approved"
    assert SiteStatus.REFUSED not in SITE_MOVES[SiteStatus.APPROVED]


def test_an_edit_is_checked_and_recorded(cli: Cli, database: Path) -> None:
    """Only named fields change, after the checks of `site add`; the audit log names the fields."""
    cli("site", "add", *MALL, *VETTED, "--approve")
    wrong = cli("site", "edit", "MALL", "--agents", "deux", "--hours", "toujours", "--json")
    assert (wrong.code, wrong.error["code"]) == (2, "fields_invalid")
    assert cli("site", "edit", "MALL").code == 2
    ended = cli("site", "edit", "MALL", "--leader", "adjoint", "--agents", "2", "--json")
    assert ended.document["changed"] == ["leader"]
    site = cli("site", "show", "MALL", "--json").document["site"]
    assert (site["leader"], site["status"]) == ("adjoint", "approved")
    assert site["name"] == "Galerie des Tilleuls"
    moved = cli("site", "edit", "MALL", "--lat", "-20.93", "--lon", "55.29", "--json")
    assert moved.document["changed"] == ["lat", "lon", "region", "time_zone"]
    site = cli("site", "show", "MALL", "--json").document["site"]
    assert site["time_zone"] == "Indian/Reunion"
    assert [detail["fields"] for _ref, detail in _deeds(database, "site.edit")] == [
        ["leader"],
        ["lat", "lon", "region", "time_zone"],
    ]


def test_a_fact_in_force_is_not_edited_away(cli: Cli) -> None:
    """An approved site loses a fact only together with its approval, in one step."""
    cli("site", "add", *MALL, *VETTED, "--approve")
    ended = cli("site", "edit", "MALL", "--client", "", "--json")
    assert (ended.code, ended.error["code"]) == (5, "fact_lost")
    ended = cli("site", "edit", "MALL", "--client", "", "--review", "le client part", "--json")
    assert ended.document["changed"] == ["client"]
    site = cli("site", "show", "MALL", "--json").document["site"]
    assert (site["status"], site["missing"]) == ("under_review", ["client"])
    assert _history(cli, "MALL")[-1]["reason"] == "le client part"


def test_an_odd_authorisation_is_a_doubt(cli: Cli) -> None:
    """A number of another shape is said to be doubtful, kept, and no reason to refuse."""
    ended = cli("site", "add", *MALL, *VETTED, "--company-authorisation", "2020-17", "--approve")
    assert ended.code == 0
    assert "AUT-" in ended.err
    assert "doubtful" in cli("site", "show", "MALL").out


def test_a_list_of_what_is_missing(cli: Cli) -> None:
    """`--missing` lists the sites that lack something, and what."""
    cli("site", "import", "-", stdin=SITES)
    cli("site", "import", "-", stdin=BARE)
    listed = cli("site", "list", "--missing", "--json").document["sites"]
    assert [site["ref"] for site in listed] == ["B1", "B2"]
    assert listed[1]["missing"] == [name for name in FACTS if name != "leader"]
    assert "lockdown_procedure" in cli("site", "list", "--missing").out
