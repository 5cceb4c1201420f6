"""Every command is waited for: what is heavy stays off the way to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import make_alert, make_register
from umsalert.cli.app import COMMANDS
from umsalert.model import ChannelKind
from umsalert.store.store import Store
from umsalert.wiring import SystemClock

HEAVY = {
    "apprise",
    "aiohttp",
    "aiosmtpd",
    "aiosmtplib",
    "concurrent_log_handler",
    "cryptography",
    "email_validator",
    "jinja2",
    "jwt",
    "numpy",
    "opening_hours",
    "phonenumbers",
    "pydantic",
    "pyproj",
    "pysqlite3",
    "requests",
    "rich",
    "shapely",
    "sqlite_utils",
    "starlette",
    "trustme",
    "uvicorn",
    "uvloop",
    "vonage",
    "vonage_http_client",
}
PARTS = {"app", "context", "journal", "main", "typer_words"}
SCRIPT = """
import sys
from umsalert.cli.main import run
try:
    run({arguments!r})
except SystemExit as end:
    print("EXIT", end.code)
print("LOADED", *sys.modules)
"""


def loaded(*arguments: str) -> set[str]:
    """Return the modules that a command has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=arguments)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert "EXIT 0" in done.stdout, done.stdout + done.stderr
    return set(done.stdout.rpartition("LOADED ")[2].split())


def test_the_tree_of_commands_loads_none_of_them() -> None:
    """`--help` shows every command and imports the module of no command."""
    found = {name for name in loaded("--help") if name.startswith("umsalert.cli.")}
    assert found == {f"umsalert.cli.{name}" for name in PARTS}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("alert", "send", "--help"),
        ("channel", "test", "--help"),
        *((str(command.name), "--help") for command in COMMANDS),
        ("config", "init", "--json"),
        ("config", "show"),
    ],
)
def test_the_start_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """`--version`, the `--help` of every command and `config` end without one heavy library."""
    assert loaded(*arguments) & HEAVY == set()


@pytest.mark.parametrize(
    "arguments", [("site", "list"), ("contact", "list"), ("alert", "list"), ("report", "last")]
)
async def test_what_only_reads_loads_nothing_heavy_but_the_database(
    arguments: tuple[str, ...],
) -> None:
    """A list or a report into a pipe loads neither Rich, nor what rotates a log, nor what sends."""
    path = Path(os.environ["UMSALERT_HOME"]) / "umsalert.db"
    await make_register(path)
    async with Store(path, SystemClock()) as store:
        await make_alert(store, ChannelKind.SMS)
    found = loaded(*arguments)
    assert found & HEAVY == {"pysqlite3"}
    assert found & {f"umsalert.{name}" for name in ("dispatch", "selection", "channels")} == set()
    assert "umsalert.store.alerts" not in found or arguments[0] in {"alert", "report"}


def test_the_heavy_list_is_of_what_we_use() -> None:
    """A name that is no installed module would make the test above pass for nothing."""
    import importlib.util

    missing = {name for name in HEAVY if importlib.util.find_spec(name) is None}
    assert missing == set()
