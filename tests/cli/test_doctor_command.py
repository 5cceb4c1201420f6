"""`doctor`: it works where nothing else does, and asks providers without sending anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Ended, command
from tests.cli.training import Carrier, running

# Root without these two powers is bound by modes like anybody else.
ORDINARY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps=-all")


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Carrier]:
    """Return a simulator whose home has a database."""
    with running(tmp_path_factory.mktemp("training") / "home") as found:
        shutil.copy2(empty_database, found.home)
        yield found


def checks(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return the checks of --json by name."""
    return {check["name"]: check for check in ended.document["checks"]}


@pytest.mark.usefixtures("database")
def test_a_new_installation_is_well_enough(cli: Cli) -> None:
    """After `init` nothing has failed: exit 0, warnings say what to set, in 80 columns."""
    ended = cli("doctor")
    assert ended.code == 0, ended.out
    assert "umsalert config init" in ended.out
    assert "0 failed" in ended.err
    assert all(len(line) <= 80 or " /" in line for line in ended.out.splitlines())


@pytest.mark.usefixtures("database")
def test_json_has_one_entry_for_each_check(cli: Cli) -> None:
    """The document names the worst status, and of each check name, status, message and fix."""
    document = cli("doctor", "--json").document
    assert (document["status"], document["online"]) == ("warning", False)
    assert all(set(check) == {"name", "status", "message", "fix"} for check in document["checks"])
    assert {check["status"] for check in document["checks"]} <= {"ok", "warning"}


def test_nothing_is_there_and_doctor_still_answers(cli: Cli, home: Path) -> None:
    """Without a home, with invalid settings: exit 4, every check named, nothing made."""
    home.rmdir()
    ended = cli(
        "doctor", "--json", environ={"UMSALERT_TIME_ZONE": "Nowhere", "UMSALERT_SMTP_PORT": "x"}
    )
    assert ended.code == 4
    found = checks(ended)
    assert "time_zone" in found["configuration"]["message"]
    assert "smtp.port" in found["configuration"]["message"]
    assert "umsalert init" in found["database"]["fix"]
    assert found["spatialite"]["status"] == "ok"
    assert not home.exists()


@pytest.mark.usefixtures("database")
def test_without_spatialite_the_rest_is_examined(cli: Cli) -> None:
    """An extension that cannot be loaded fails its checks, with the package, and no other."""
    (cli.folder / "mod_spatialite.so").write_bytes(b"")
    ended = cli("doctor", "--json", environ={"LD_LIBRARY_PATH": str(cli.folder)})
    assert ended.code == 4
    found = checks(ended)
    failed = {name for name, check in found.items() if check["status"] == "failed"}
    assert failed == {"spatialite", "known_distance"}
    assert "spatialite" in found["spatialite"]["fix"]


def test_an_ordinary_user_in_a_folder_of_another(cli: Cli, database: Path) -> None:
    """Where the account may not write, write access has failed, and nothing was written."""
    database.chmod(0o444)
    database.parent.chmod(0o555)
    ordinary = ORDINARY if os.geteuid() == 0 else ()
    try:
        done = subprocess.run(
            [*ordinary, *command("doctor", "--json")],
            env=os.environ,
            cwd=cli.folder,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        database.parent.chmod(0o755)
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    found = checks(Ended(done.returncode, done.stdout, done.stderr))
    assert found["write_access"]["status"] == "failed"
    assert str(database.parent) in found["write_access"]["fix"]
    assert found["configuration"]["status"] == "warning"
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_online_asks_and_sends_nothing(cli: Cli, carrier: Carrier) -> None:
    """Against a sound relay and account every check is ok, and nobody got anything."""
    ended = cli("doctor", "--online", "--json", environ=carrier.environ)
    assert ended.code == 0, ended.out
    found = checks(ended)
    assert {check["status"] for check in found.values()} == {"ok"}
    assert "250.00 EUR" in found["vonage_balance"]["message"]
    assert carrier.taken() == []


@pytest.mark.parametrize(
    ("environ", "name", "status", "word"),
    [
        ({"UMSALERT_SMTP_PASSWORD": "wrong"}, "smtp", "failed", "login"),
        ({"UMSALERT_SMTP_PORT": "1"}, "smtp", "failed", "Nothing listens"),
        ({"UMSALERT_VONAGE_API_SECRET": "wrong"}, "vonage_account", "failed", "vonage.api_secret"),
        (
            {"UMSALERT_VONAGE_ACCOUNT_URL": "https://localhost:1"},
            "vonage_account",
            "failed",
            "could not be reached",
        ),
        (
            {"UMSALERT_VONAGE_VOICE_CALLER": "+33465710099"},
            "voice_caller",
            "failed",
            "no number of this account",
        ),
        ({"UMSALERT_VONAGE_LOW_BALANCE_EUR": "1000"}, "vonage_balance", "warning", "250.00"),
        ({"UMSALERT_VONAGE_SMS_SENDER": "POLICE"}, "sms_sender", "failed", "nobody can answer"),
        ({"UMSALERT_VONAGE_TRANSACTIONAL": "no"}, "sms_transactional", "warning", "Sundays"),
    ],
)
def test_online_names_what_is_wrong(
    cli: Cli, carrier: Carrier, *, environ: dict[str, str], name: str, status: str, word: str
) -> None:
    """One thing is wrong: its check says so with a fix, and the secret is not repeated."""
    ended = cli("doctor", "--online", "--json", environ=carrier.environ | environ)
    found = checks(ended)
    assert found[name]["status"] == status
    assert word in found[name]["message"]
    assert found[name]["fix"]
    assert ended.code == (4 if status == "failed" else 0)
    others = {key for key, check in found.items() if check["status"] == "failed"} - {name}
    assert others == set()
    assert "wrong" not in ended.out + ended.err
