"""Every command states its power: who has no role for it is refused, and the audit log says so."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Ended
from tests.reference.commands import commands
from umsalert.model import POWERS, Power, Role
from umsalert.store import schema
from umsalert.store.spatialite import connect

PLACE = ("--lat", "43.7", "--lon", "7.27", "--radius", "800m")
PERSON = ("--template", "search-person", "--var", "description=x", "--var", "last_seen=x")
BULLETIN = ("--template", "vigilance", "--var", "message=x")
ENDLESS = ()
"""Not run here: it goes on until it is stopped, and lives in a home of its own or reads only."""

ARGUMENTS: Mapping[Power, Mapping[str, tuple[str, ...]]] = {
    Power.READ: {
        "alert preview": (*PLACE, *PERSON),
        "alert list": ("--limit", "1"),
        "alert show": ("last",),
        "alert watch": ("last",),
        "audit log": ("--limit", "1"),
        "audit verify": ("--head", "0:" + "0" * 64),
        "audit head": ("--json",),
        "bulletin list": ("--json",),
        "bulletin show": ("bul-",),
        "channel list": ("--json",),
        "config init": ("--json",),
        "config show": ("--json",),
        "contact expiring": ("--json",),
        "contact export": ("S1-c1",),
        "contact list": ("--json",),
        "contact show": ("S1-c1",),
        "db info": ("--json",),
        "demo": ENDLESS,
        "doctor": ("--json",),
        "init": ("--json",),
        "operator list": ("--json",),
        "reply list": ("last",),
        "reply photo": ("1", "--output", "photo.jpg"),
        "report key": ("--json",),
        "report show": ("last",),
        "report summary": ("--json",),
        "report verify": ("report.html",),
        "serve": ENDLESS,  # takes in what comes from outside; it does nothing for its operator
        "simulator": ENDLESS,
        "site export": ("-",),
        "site list": ("--json",),
        "site review": ("S1",),
        "site show": ("S1",),
        "template check": ("--json",),
        "template list": ("--json",),
        "template render": PERSON[1:],
        "template show": ("search-person",),
    },
    Power.KEEP_REGISTER: {
        "contact add": ("--site", "S1", "--name", "Ada", "--phone", "06 39 98 00 01"),
        "contact certify": ("S1-c1",),
        "contact edit": ("S1-c1", "--role", "x"),
        "contact import": ("contacts.csv",),
        "contact revoke": ("S1-c1", "--reason", "x"),
        "contact verify": ("S1-c1", "--by", "sms"),
        "site add": ("--ref", "X", "--name", "X", "--lat", "43.7", "--lon", "7.27"),
        "site approve": ("S1",),
        "site close": ("S1", "--reason", "x"),
        "site edit": ("S1", "--kind", "x"),
        "site import": ("sites.csv",),
        "site refuse": ("S1", "--reason", "x"),
        "site reopen": ("S1", "--reason", "x"),
        "site suspend": ("S1", "--reason", "x"),
    },
    Power.ALERT: {
        "alert approve": ("ask-", "--refuse"),
        "alert cancel": ("last", "--yes"),
        "alert close": ("last", "--outcome", "x", "--yes"),
        "alert follow-up": ("last", "--to", "all", *PERSON, "--yes"),
        "alert recenter": ("last", "--lat", "43.7", "--lon", "7.27", "--yes"),
        "alert resume": ("last",),
        "alert send": (*PLACE, *PERSON, "--yes"),
        "alert widen": ("last", "--radius", "3km", "--yes"),
        "bulletin add": (*PLACE, *BULLETIN, "--at", "2999-01-01T08:00", "--yes"),
        "bulletin remove": ("bul-",),
        "bulletin run-due": ("--json",),
        "bulletin vigipirate": ("vigilance",),
        "channel test": ("sms", "--to", "06 39 98 00 01", "--yes"),
        "reply add": ("last", "S1", "cannot"),
    },
    Power.SEAL: {
        "report show": ("last", "--seal", "--output", "sealed.json"),
    },
    Power.ADMINISTER: {
        "contact erase": ("S1-c1", "--reason", "x", "--yes"),
        "db backup": ("copy.db",),
        "db migrate": ("--json",),
        "db purge": ("--yes",),
        "db restore": ("none.db", "--yes"),
        "operator add": ("marie", "--role", "auditor"),
        "operator remove": ("marie", "--role", "auditor"),
    },
}
"""Every command with the power that it takes, and with arguments that it understands."""

ACCOUNTS = {"nobody": None, **{f"a-{role}": role for role in Role}}
"""Accounts by the one role that each has."""


@pytest.fixture
def office(cli: Cli, home: Path) -> Path:
    """Return a database with a role for each account, a site, and a request that waits."""
    path = home / "umsalert.db"
    schema.create(path)
    (cli.folder / "sites.csv").write_text("ref,name,lat,lon\nS1,One,43.7,7.27\n", "utf-8")
    (cli.folder / "contacts.csv").write_text("site_ref,name\nS1,Ada\n", "utf-8")
    assert cli("site", "import", "sites.csv").code == 0
    connection = connect(path, write=True)
    connection.executemany(
        "INSERT INTO operator_role VALUES (?, ?)",
        [(account, role.value) for account, role in ACCOUNTS.items() if role],
    )
    connection.execute(
        "INSERT INTO approval (ref, kind, request, request_hash, submitted_account, submitted_by,"
        " submitted_at, expires_at) VALUES ('ask-22222', 'alert', '{\"exercise\": false}', '',"
        " 'somebody', 'somebody', '2026-03-17T12:00:00.000Z', '9999-03-17T12:00:00.000Z')"
    )
    connection.close()
    return path


def error_code(ended: Ended) -> str:
    """Return the code of the error that a command has ended with."""
    with contextlib.suppress(ValueError, KeyError, TypeError, IndexError):
        return str(json.loads(ended.err.splitlines()[-1])["error"]["code"])
    return ""


def test_every_command_has_a_power() -> None:
    """A command that is new fails here until somebody has said who may run it."""
    known = {f"umsalert {words}" for table in ARGUMENTS.values() for words in table}
    assert {command.words for command in commands() if not command.group} == known


def test_who_may_run_what(office: Path, cli: Cli) -> None:
    """Exit 5 and an entry of the log where no role has the power; anything else where one has."""
    cases = [
        (account, power, [*words.split(), *arguments])
        for power, table in ARGUMENTS.items()
        for words, arguments in table.items()
        if arguments != ENDLESS
        for account in ACCOUNTS
    ]
    refused: list[tuple[str, str]] = []
    for account, power, words in cases:
        as_json = () if "photo" in words else ("--json",)
        ended = cli(*words, *as_json, environ={"SUDO_USER": account})
        code, error = ended.code, error_code(ended)
        role = ACCOUNTS[account]
        may = power is Power.READ or (role is not None and power in POWERS[role])
        assert (error == "role_missing") == (not may), (account, words, code, error)
        assert code != 70, (account, words, error)
        if not may:
            assert code == 5
            refused.append((account, power.value))
    connection = connect(office, write=False)
    logged = connection.execute("SELECT * FROM audit WHERE action = 'operator.refused' ORDER BY n")
    assert [(row["ref"], json.loads(row["detail"])["power"]) for row in logged] == refused
    connection.close()
    assert cli("audit", "verify").code == 0


def test_where_nobody_has_a_role_everybody_may_everything(cli: Cli, database: Path) -> None:
    """As in an office of one person; the first role is an administrator's, of an account here."""
    marie = {"SUDO_USER": "marie"}
    assert cli("site", "add", *ARGUMENTS[Power.KEEP_REGISTER]["site add"], environ=marie).code == 0
    ended = cli("operator", "add", "marie", "--role", "officer", "--json", environ=marie)
    assert (ended.code, ended.error["code"]) == (5, "administrator_first")
    ended = cli("operator", "add", "no-such", "--role", "administrator", "--json", environ=marie)
    assert (ended.code, ended.error["code"]) == (5, "account_unknown")
    assert cli("operator", "list", "--json").document["operators"] == []
    assert "everything" in cli("operator", "list").err


def test_roles_by_the_command_line(cli: Cli, database: Path) -> None:
    """Given, listed, taken away; an account that is nowhere is said so, the last one stays."""
    marie = {"SUDO_USER": "marie"}
    first = cli("operator", "add", "marie", "--role", "administrator", environ=marie)
    assert (first.code, first.out) == (0, "marie is now: administrator\n")
    ended = cli("operator", "add", "paul-x", "--role", "clerk", "--role", "officer", environ=marie)
    assert (ended.code, ended.out) == (0, "paul-x is now: clerk, officer\n")
    assert "No account of this machine" in ended.err
    assert cli("operator", "list", "--json").document["operators"] == [
        {"account": "marie", "roles": ["administrator"], "powers": ["administer", "read"]},
        {
            "account": "paul-x",
            "roles": ["clerk", "officer"],
            "powers": ["alert", "keep_register", "read", "seal"],
        },
    ]
    paul = {"SUDO_USER": "paul-x"}
    ended = cli("operator", "remove", "marie", "--json", environ=paul)
    assert (ended.code, ended.error["code"]) == (5, "role_missing")
    assert "umsalert operator add paul-x --role administrator" in ended.error["hint"]
    ended = cli("operator", "remove", "marie", "--json", environ=marie)
    assert (ended.code, ended.error["code"]) == (5, "last_administrator")
    removed = cli("operator", "remove", "paul-x", "--role", "clerk", environ=marie)
    assert removed.out == "paul-x is now: officer\n"
    gone = cli("operator", "remove", "paul-x", "--json", environ=marie)
    assert gone.document["operator"] == {"account": "paul-x", "roles": [], "powers": ["read"]}
    ended = cli("operator", "remove", "paul-x", "--json", environ=marie)
    assert (ended.code, ended.error["code"]) == (2, "role_not_given")
    roles = cli("audit", "log", "--noun", "operator", "--operator", "marie", "--json").out
    assert [json.loads(line)["action"] for line in roles.splitlines()] == [
        "operator.remove",
        "operator.remove",
        "operator.add",
        "operator.add",
    ]
