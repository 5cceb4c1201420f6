"""Every command is waited for: what is heavy stays off the way to it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAVY = {
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
    "vonage",
    "vonage_http_client",
}
SCRIPT = """
import sys
from umsalert.cli.main import run
try:
    run({arguments!r})
except SystemExit as end:
    print("EXIT", end.code)
print("LOADED", *sorted(name for name in sys.modules if "." not in name))
"""


def loaded(*arguments: str) -> set[str]:
    """Return the top-level modules that a command has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=arguments)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert "EXIT 0" in done.stdout, done.stdout + done.stderr
    return set(done.stdout.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("--help",),
        ("alert", "send", "--help"),
        ("report", "--help"),
        ("doctor", "--help"),
        ("channel", "test", "--help"),
        ("config", "init", "--json"),
        ("config", "show"),
    ],
)
def test_the_start_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """`--version`, every `--help` and `config` end without one heavy library."""
    assert loaded(*arguments) & HEAVY == set()


def test_the_heavy_list_is_of_what_we_use() -> None:
    """A name that is no installed module would make the test above pass for nothing."""
    import importlib.util

    missing = {name for name in HEAVY if importlib.util.find_spec(name) is None}
    assert missing == set()
