"""Every command is waited for: what is heavy stays off the way to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.support import make_alert, make_register
from umsalert import model, ports
from umsalert.cli.app import COMMANDS
from umsalert.cli.context import run_reading
from umsalert.model import ChannelKind
from umsalert.store.store import Store
from umsalert.wiring import SystemClock

HEAVY = {
    "apprise",
    "aiohttp",
    "aiosmtpd",
    "aiosmtplib",
    "concurrent_log_handler",
    "cronsim",
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
NEEDLESS = {
    "asyncio",
    "concurrent.futures",
    "csv",
    "hashlib",
    "hmac",
    "logging.handlers",
    "statistics",
    "umsalert.approvals",
    "umsalert.chain",
    "umsalert.events",
    "umsalert.model.approvals",
    "umsalert.model.audit",
    "umsalert.model.entries",
    "umsalert.model.hand_overs",
    "umsalert.model.plans",
    "umsalert.model.said",
    "umsalert.model.vetting",
    "umsalert.ports.imports",
    "umsalert.store.approvals",
    "umsalert.store.schema",
    "umsalert.store.staged",
    "umsalert.store.status",
}
"""What reading the record takes none of: an event loop, hashes, planning, sending, moving."""
WAITING = {"umsalert.approvals", "umsalert.model.approvals", "umsalert.store.approvals"}
"""These lists say how many requests wait for a second person."""
DATACLASSES: dict[tuple[str, ...], set[str]] = {
    ("site", "list"): {"umsalert.model.register.Site"},
    ("report", "last"): {
        "umsalert.model.alerts.Alert",
        "umsalert.model.areas.Circle",
        "umsalert.model.areas.Everywhere",
        "umsalert.model.areas.Polygon",
        "umsalert.model.deliveries.MessageText",
    },
}
"""All that are made: each takes up to a millisecond."""
PARTS = {"app", "bundles", "context", "journal", "line", "main", "typer_words"}
SCRIPT = """
import sys
from umsalert.cli.main import run
try:
    run({arguments!r})
except SystemExit as end:
    print("EXIT", end.code)
print("LOADED", *sys.modules)
found = [kind for module in list(sys.modules.values()) for kind in vars(module).values()]
made = [kind for kind in found if isinstance(kind, type) and "__dataclass_fields__" in vars(kind)]
print("MADE", *(kind.__module__ + "." + kind.__name__ for kind in made))
"""


def loaded(*arguments: str) -> set[str]:
    """Return the modules that a command has loaded when it ends."""
    return run(*arguments)[0]


def run(*arguments: str) -> tuple[set[str], set[str]]:
    """Return the modules that a command has loaded when it ends, and its dataclasses."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=arguments)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert "EXIT 0" in done.stdout, done.stdout + done.stderr
    modules, _mark, classes = done.stdout.rpartition("LOADED ")[2].partition("MADE ")
    return set(modules.split()), set(classes.split())


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
    "arguments",
    [
        ("site", "list"),
        ("contact", "list"),
        ("alert", "list"),
        ("bulletin", "list"),
        ("bulletin", "run-due"),
        ("report", "last"),
    ],
)
async def test_what_only_reads_loads_nothing_heavy_but_the_database(
    arguments: tuple[str, ...],
) -> None:
    """A list or a report into a pipe loads no Rich, no event loop, nothing that plans or sends."""
    await make_record()
    found = loaded(*arguments)
    assert found & HEAVY == {"pysqlite3"}
    assert found & {f"umsalert.{name}" for name in ("dispatch", "selection", "channels")} == set()
    waits = arguments in {("alert", "list"), ("bulletin", "list")}
    assert found & NEEDLESS == (WAITING if waits else set())
    assert "umsalert.store.alerts" not in found or arguments[0] in {"alert", "report"}


@pytest.mark.parametrize("arguments", DATACLASSES)
async def test_a_list_and_a_report_make_the_nouns_that_they_show(
    arguments: tuple[str, ...],
) -> None:
    """Rows and what a report works out are tuples with names, which take a quarter of the time."""
    await make_record()
    _modules, classes = run(*arguments)
    assert {name for name in classes if name.startswith("umsalert.")} == DATACLASSES[arguments]


async def make_record() -> None:
    """Make a register and an alert where the command line looks for them."""
    path = Path(os.environ["UMSALERT_HOME"]) / "umsalert.db"
    await make_register(path)
    async with Store(path, SystemClock()) as store:
        await make_alert(store, ChannelKind.SMS)


@pytest.mark.parametrize(
    ("line", "databases"),
    [
        ("umsalert site show ", {"pysqlite3"}),
        ("umsalert alert send --kind ", {"pysqlite3"}),
        ("umsalert alert send --commune nic", set()),
        ("umsalert alert send --template search-person --var ", set()),
        ("umsalert site import --encoding ", set()),
    ],
)
async def test_tab_loads_nothing_heavy_but_the_database(
    monkeypatch: pytest.MonkeyPatch, line: str, databases: set[str]
) -> None:
    """Whoever presses Tab waits for no Rich, no event loop, nothing that plans or sends."""
    await make_register(Path(os.environ["UMSALERT_HOME"]) / "umsalert.db")
    monkeypatch.setenv("_UMSALERT_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    found = loaded()
    assert ("umsalert.store.offers" in found) == bool(databases)
    assert found & HEAVY == databases
    assert found & NEEDLESS == set()


@pytest.mark.parametrize("package", [model, ports])
def test_every_name_of_a_package_is_found(package: ModuleType) -> None:
    """What is imported when it is asked for is there, and nothing else is."""
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
    with pytest.raises(AttributeError, match="nobody"):
        package.nobody  # noqa: B018 - it is asked for


def test_a_reader_that_waits_is_a_bug() -> None:
    """Without an event loop, waiting for anything but the database would never end."""
    with pytest.raises(AssertionError, match="run_async"):
        run_reading(asyncio.sleep(0))


def test_the_heavy_list_is_of_what_we_use() -> None:
    """A name that is no installed module would make the test above pass for nothing."""
    import importlib.util

    missing = {name for name in HEAVY | NEEDLESS if importlib.util.find_spec(name) is None}
    assert missing == set()
