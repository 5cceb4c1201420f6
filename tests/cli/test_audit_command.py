"""`umsalert audit`: what is shown of the log, and what a verification says and ends with."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Ended
from tests.cli.test_register_commands import FACTS
from umsalert.chain import GENESIS
from umsalert.model import Deed
from umsalert.store import audit
from umsalert.store.spatialite import connect

SITES = f"ref,name,lat,lon,{','.join(FACTS)}\n" + "".join(
    f"S{i},Site {i},43.7,7.27,{','.join(FACTS.values())}\n" for i in range(3)
)
MARIE, PAUL = {"SUDO_USER": "marie"}, {"SUDO_USER": "paul"}


@pytest.fixture
def log(cli: Cli, database: Path) -> Path:
    """Return a database in which marie has added three sites and paul approved two."""
    assert cli("site", "import", "-", stdin=SITES.encode(), environ=MARIE).code == 0
    assert cli("site", "approve", "S0", "S1", environ=PAUL).code == 0
    return database


def entries(ended: Ended) -> list[dict[str, Any]]:
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()]


def alter(database: Path, sql: str) -> None:
    connection = connect(database, write=True)
    for name in ("audit_kept", "audit_undeletable"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(sql)
    connection.close()


def test_the_log_says_who_did_what(cli: Cli, log: Path) -> None:
    """Newest first, by any of its filters."""
    assert [entry["ref"] for entry in entries(cli("audit", "log", "--json"))] == [
        "S1", "S0", "S2", "S1", "S0",
    ]  # fmt: skip
    for words, refs in (
        (("--operator", "paul"), ["S1", "S0"]),
        (("--ref", "S0"), ["S0", "S0"]),
        (("--noun", "site", "--action", "site.add"), ["S2", "S1", "S0"]),
        (("--noun", "contact"), []),
        (("--until", "2020-01-01"), []),
        (("--since", "2020-01-01", "--until", "2099-01-01", "--limit", "2"), ["S1", "S0"]),
        (("--limit", "0"), ["S1", "S0", "S2", "S1", "S0"]),
    ):
        found = entries(cli("audit", "log", *words, "--json"))
        assert [entry["ref"] for entry in found] == refs, words
    first = entries(cli("audit", "log", "--json"))[-1]
    assert (first["n"], first["operator"], first["action"]) == (1, "marie", "site.add")
    assert first["previous_sha256"] == GENESIS.sha256
    assert first["detail"]["to"] == "requested"
    table = cli("audit", "log", "--limit", "2")
    assert "paul" in table.out
    assert "--limit 0" in table.err


def test_a_long_log_is_shown_whole(cli: Cli, database: Path) -> None:
    """However many pages it takes, each entry once and in order."""
    rows = "ref,name,lat,lon\n" + "".join(f"S{i},Site {i},43.7,7.27\n" for i in range(2_500))
    assert cli("site", "import", "-", stdin=rows.encode()).code == 0
    found = [entry["n"] for entry in entries(cli("audit", "log", "--limit", "0", "--json"))]
    assert found == sorted(found, reverse=True)
    assert len(found) >= 2_500
    assert found[-1] == 1


@pytest.mark.parametrize("words", [("--since", "soon"), ("--until", "2026-13-01")])
def test_a_wrong_time_is_said(cli: Cli, log: Path, words: tuple[str, ...]) -> None:
    """A time that is none ends with 2."""
    ended = cli("audit", "log", *words, "--json")
    assert (ended.code, ended.error["code"]) == (2, "time_invalid")


def test_a_whole_log_is_verified(cli: Cli, log: Path) -> None:
    """With the head, one line for a pipe, and without; that is said."""
    head = cli("audit", "head")
    assert head.out.count("\n") == 1
    n, _colon, sha256 = head.out.strip().partition(":")
    assert cli("audit", "head", "--json").document == {
        "schema_version": 1,
        "n": int(n),
        "sha256": sha256,
    }
    ended = cli("audit", "verify")
    assert ended.code == 0
    assert head.out.strip() in ended.out
    assert "--head" in ended.err
    assert "Not proven: that the newest entries were not cut off" in ended.err
    assert cli("site", "refuse", "S2", "--reason", "x").code == 0
    newest = cli("audit", "head").out.strip()
    for kept, words in (
        (head.out.strip(), "up to entry 5 it is the very log"),
        (newest, "the very log that ended there."),
    ):
        ended = cli("audit", "verify", "--head", kept)
        assert ended.code == 0
        assert "Proven with the head that you gave" in ended.err
        assert words in ended.err
        assert "Not proven" not in ended.err


@pytest.mark.parametrize(
    ("sql", "n", "what"),
    [
        ("UPDATE audit SET operator = 'paul' WHERE n = 2", 2, "altered"),
        ("DELETE FROM audit WHERE n = 2", 2, "removed"),
    ],
)
def test_the_first_broken_link_is_named(cli: Cli, log: Path, sql: str, n: int, what: str) -> None:
    """Exit 4, for a person and for a program."""
    alter(log, sql)
    ended = cli("audit", "verify", "--json")
    assert ended.code == 4
    assert (ended.document["whole"], ended.document["broken"]["n"]) == (False, n)
    assert ended.document["broken"]["what"] == what
    ended = cli("audit", "verify")
    assert ended.code == 4
    assert f"BROKEN at entry {n}: it was {what}" in ended.out
    assert "Proven: entries 1 to 1 fit each other" in ended.err
    assert "Next: copy the database" in ended.err


def test_a_cut_tail_needs_the_head(cli: Cli, log: Path, tmp_path: Path) -> None:
    """Without it the rest looks whole; with it exit 4."""
    head = cli("audit", "head").out.strip()
    shutil.copy2(log, tmp_path / "copy.db")
    alter(log, "DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)")
    assert cli("audit", "verify").code == 0
    ended = cli("audit", "verify", "--head", head, "--json")
    assert (ended.code, ended.document["broken"]["what"]) == (4, "cut")
    assert "an older copy of the database" in cli("audit", "verify", "--head", head).err
    sha256 = head.partition(":")[2]
    other = cli("audit", "verify", "--head", f"1:{sha256}")
    assert "BROKEN at entry 1: it is not the entry whose head you gave" in other.out
    assert "Proven: nothing." in other.err
    assert cli("audit", "verify", "--head", head, "--db", tmp_path / "copy.db").code == 0


@pytest.mark.parametrize("head", ["5", "5:abc", "x:" + "0" * 64, ":" + "0" * 64])
def test_a_wrong_head_is_said(cli: Cli, log: Path, head: str) -> None:
    """What is no head ends with 2."""
    ended = cli("audit", "verify", "--head", head, "--json")
    assert (ended.code, ended.error["code"]) == (2, "head_invalid")


def test_a_head_from_before_a_purge_cannot_be_compared(cli: Cli, log: Path) -> None:
    """That is said with exit 2; the rest of the log is whole all the same, and begins later."""
    first, second, *_rest = reversed(entries(cli("audit", "log", "--json")))
    connection = connect(log, write=True)
    connection.execute("BEGIN IMMEDIATE")
    gone = (second["n"], second["sha256"], "")
    connection.execute("INSERT INTO audit_checkpoint VALUES (?, ?, ?)", gone)
    connection.execute("DELETE FROM audit WHERE n <= ?", gone[:1])
    detail = {"checkpoint": second["n"], "sha256": second["sha256"]}
    deed = Deed("db.purge", "db", "", detail)
    audit.append(connection, "marie", datetime.now(UTC), [deed])
    connection.execute("COMMIT")
    connection.close()
    assert cli("audit", "verify", "--json").document["first"] == 3
    ended = cli("audit", "verify", "--head", f"{first['n']}:{first['sha256']}")
    assert ended.code == 2
    assert "Whole: 4 entries, from number 3" in ended.out
    assert "purged" in ended.err
    assert cli("audit", "verify", "--head", f"{second['n']}:{second['sha256']}").code == 0
