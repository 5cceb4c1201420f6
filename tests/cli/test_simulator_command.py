"""`simulator`: it makes a home to train in, keeps its hands off any other, and ends quietly."""

from __future__ import annotations

import os
import signal
import stat
import subprocess

import pytest

from tests.cli.conftest import Cli, command
from umsalert import settings

NUMBER = "06 39 98 00 01"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_trains_until_it_is_stopped(cli: Cli, number: signal.Signals) -> None:
    """It says what to type next, leaves a valid home of its own, and ends by Ctrl-C with 0."""
    options = {"--home": "training home", "--record": "seen.ndjson", "--answer": f"{NUMBER}=2"}
    options |= {"--scenario": "bad-evening"}
    arguments = [word for option in options.items() for word in option]
    with subprocess.Popen(
        command("simulator", *arguments),
        cwd=cli.folder,
        env=os.environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stderr is not None
        said = ""
        for line in child.stderr:
            said += line
            if "Ctrl-C" in line:
                child.send_signal(number)
        assert child.wait() == 0, said
    home = cli.folder / "training home"
    assert f"export UMSALERT_HOME='{home}'" in said
    assert "bad-evening" in said
    assert said.splitlines()[-1] == "Stopped."
    found = settings.load(environ={"UMSALERT_HOME": str(home)})
    assert settings.simulated(found)
    assert stat.S_IMODE((cli.folder / "seen.ndjson").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, ["cannot be read", "bad-evening, empty-account, provider-down"]),
        ("seed = ", ["not TOML", "docs/simulator.md"]),
        (
            "sed = 1\n[sms.shares]\nhttp-501 = 0.1\nrate-limit = 2",
            ["3 problems", "sed: no such key", "http-501: no such fault", "rate-limit: 2 is not"],
        ),
    ],
)
def test_a_wrong_scenario_starts_nothing(cli: Cli, content: str | None, said: list[str]) -> None:
    """Every problem of the file at once, exit 4, a way out, and no home made."""
    file = cli.folder / "mine.toml"
    if content is not None:
        file.write_text(content, "utf-8")
    ended = cli("simulator", "--home", "training", "--scenario", "mine.toml")
    assert ended.code == 4
    assert [words for words in said if words not in ended.err] == []
    assert not (cli.folder / "training").exists()


def test_a_real_home_is_left_alone(cli: Cli) -> None:
    """A folder with somebody's settings is refused before anything is written to it."""
    (cli.folder / "umsalert.toml").write_text('station = "Nice"\n', "utf-8")
    ended = cli("simulator", "--home", ".")
    assert ended.code == 4
    assert "--home" in ended.err
    assert [path.name for path in cli.folder.iterdir()] == ["umsalert.toml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--speed", "0"), "above 0"),
        (("--port", "99999"), "65535"),
        (("--answer", NUMBER), "NUMBER=KEYS"),
        (("--answer", "06 39 98=1"), "+33"),
        (("--answer", f"{NUMBER}=yes"), "unreachable"),
    ],
)
def test_a_wrong_option_makes_no_home(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    """What cannot be understood ends with 2 and a way out, no number repeated, nothing made."""
    ended = cli("simulator", "--home", "training", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert NUMBER not in ended.err
    assert list(cli.folder.iterdir()) == []
