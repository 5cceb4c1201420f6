"""Pressing Tab offers what could come next, in Bash, Zsh and Fish, and nothing else happens."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.support import make_alert, make_register
from umsalert.cli import completers
from umsalert.cli.app import app
from umsalert.cli.completion import answer
from umsalert.geo import outlines
from umsalert.model import ChannelKind
from umsalert.register.sources import text
from umsalert.store.store import Store
from umsalert.wiring import SystemClock

STATION = {"UMSALERT_STATION": "Nice"}


@pytest.fixture
async def database() -> Path:
    path = Path(os.environ["UMSALERT_HOME"]) / "umsalert.db"
    await make_register(path)
    async with Store(path, SystemClock()) as store:
        await make_alert(store, ChannelKind.SMS)
    return path


class Shell:
    """Asks as a shell does; the cursor stands at the end of the line."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capsys = patch, capsys
        self.code = 0

    def bash(self, line: str) -> list[str]:
        words = line.split(" ")
        self._patch.setenv("COMP_WORDS", "\n".join(words))
        self._patch.setenv("COMP_CWORD", str(len(words) - 1))
        return self._said("complete_bash").splitlines()

    def zsh(self, line: str) -> str:
        self._patch.setenv("_TYPER_COMPLETE_ARGS", line)
        return self._said("complete_zsh")

    def fish(self, line: str, action: str = "get-args") -> str:
        self._patch.setenv("_TYPER_COMPLETE_ARGS", line)
        self._patch.setenv("_TYPER_COMPLETE_FISH_ACTION", action)
        return self._said("complete_fish")

    def _said(self, instruction: str) -> str:
        self.code = answer(instruction)
        said = self._capsys.readouterr()
        assert said.err == ""
        return said.out


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def commands(command: Any = app, words: tuple[str, ...] = ("umsalert",)) -> Iterator[Any]:
    whole = command.load() if hasattr(command, "load") else command
    yield words, whole
    for name, below in getattr(whole, "commands", {}).items():
        yield from commands(below, (*words, name))


def test_every_command_offers_its_options_and_groups_their_commands(shell: Shell) -> None:
    """The tree is loaded as it is asked for; completion goes through it to every end."""
    for words, command in commands():
        line = " ".join(words)
        names = {
            name for parameter in command.params for name in parameter.opts if name[:2] == "--"
        }
        offered = set(shell.bash(f"{line} --"))
        assert names | {"--help", "--db", "--debug", "--log-format"} <= offered, line
        below = getattr(command, "commands", None)
        if below:
            assert set(shell.bash(f"{line} ")) >= set(below), line


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("umsalert al", ["alert"]),
        ("umsalert site list --status a", ["approved"]),
        ("umsalert site list --status = a", ["approved"]),
        ("umsalert --db nowhere.db alert sh", ["show"]),
        ("umsalert alert --debug send --idem", ["--idempotency-key"]),
        ("umsalert alert list --log-format ", ["text", "json"]),
        ("umsalert alert send --template search-", ["search-person", "search-vehicle"]),
        ("umsalert template check loc", ["lockdown"]),
        ("umsalert channel test sms --provider v", ["vonage"]),
        ("umsalert channel test v", ["voice"]),
        ("umsalert report show last --format c", ["csv", "cap"]),
        ("umsalert alert send --region prov", ["provence-Alpes-Côte-d’Azur"]),
        ("umsalert alert preview --departement 2", [*map(str, range(21, 30)), "2A", "2B"]),
        ("umsalert bulletin add --departement alpes-m", ["alpes-maritimes"]),
        ("umsalert alert send --commune 2a00", ["2a001", "2a004", "2a006", "2a008"]),
        ("umsalert alert send --commune Havre", ["Havre-76351"]),
        (
            "umsalert bulletin add --time-zone Indian/",
            ["Indian/Reunion", "Indian/Mayotte", "Indian/Kerguelen"],
        ),
        ("umsalert site import --encoding iso", ["iso8859-1", "iso8859-15"]),
        ("umsalert report summary --format ", ["table", "json", "csv"]),
        ("umsalert site export --format g", ["geojson", "gpkg"]),
        ("umsalert --version ", sorted(app.commands, key=list(app.commands).index)),
    ],
)
def test_words_are_offered(shell: Shell, line: str, offered: list[str]) -> None:
    """Commands, options, choices, templates and providers need no database."""
    assert shell.bash(line) == offered


def test_what_is_in_the_database_is_offered(shell: Shell, database: Path, cli: Cli) -> None:
    """References of sites, contacts and alerts, by what is typed so far; --db anywhere."""
    sites = shell.bash("umsalert site show ")
    contacts = shell.bash("umsalert contact show ")
    assert sites
    assert contacts
    assert shell.bash(f"umsalert site show {sites[0]}")[0] == sites[0]
    assert shell.bash(f"umsalert site approve {sites[0]} ") == sites
    assert shell.bash("umsalert alert recenter last --site ") == sites
    assert shell.bash("umsalert contact add --site ") == sites
    assert shell.bash("umsalert reply add last ") == [*sites, *contacts]
    last, *alerts = shell.bash("umsalert report show ")
    assert last == "last"
    assert shell.bash("umsalert report la") == ["last"]
    assert set(shell.bash("umsalert report ")) >= {"show", "last", *alerts}
    assert shell.bash(f"umsalert alert show {alerts[0][:6]}") == alerts
    assert shell.bash("umsalert alert show nothing-like-it") == []
    planned = ("--template", "vigilance", "--var", "message=x", "--all", "--yes")
    added = cli("bulletin", "add", *planned, "--cron", "0 8 * * 1", "--json", environ=STATION)
    assert added.code == 0, added.err
    (bulletin,) = cli("bulletin", "list", "--json").document["bulletins"]
    assert shell.bash("umsalert bulletin remove b") == [bulletin["ref"]]
    moved = database.rename(database.with_name("other.db"))
    assert shell.bash("umsalert site show ") == []
    assert shell.bash(f"umsalert site show --db {moved} ") == sites


def test_kinds_are_those_of_the_register(shell: Shell, database: Path) -> None:
    """A kind of two words stays one; one that a shell would read and obey is not offered."""
    for kind in ("$(touch pwned)", "salle d'attente", "hôtel", "centre commercial"):
        _change(database, "UPDATE site SET kind = ? WHERE id = (SELECT min(id) FROM site)", kind)
        offered = {"hôtel": ["hôtel"], "centre commercial": ["centre\\ commercial"]}.get(kind, [])
        for command in ("alert send", "bulletin add", "site add", "site edit NCE-001"):
            assert [
                it for it in shell.bash(f"umsalert {command} --kind ") if it[0] != "m"
            ] == offered
    assert shell.bash("umsalert alert send --kind 'cen") == ["centre commercial"]
    assert '"centre commercial":"1"' in shell.zsh("umsalert alert send --kind cen")
    assert shell.fish("umsalert alert send --kind cen").strip() == "centre commercial\t1"


def test_the_variables_of_a_template_are_offered(shell: Shell, database: Path) -> None:
    """Of the template on the line, or of the alert that is followed; each once."""
    send = "umsalert alert send --template search-person"
    person = ["description=", "last_seen=", "direction="]
    assert shell.bash(f"{send} --var ") == person
    assert shell.bash(f"{send} --radius 800m --var description=x --var ") == person[1:]
    assert shell.bash("umsalert template render search-person --var ") == person
    assert shell.bash("umsalert template check search-person --var d") == [person[0], person[2]]
    assert shell.bash("umsalert alert follow-up last --template search-person --var ") == person
    assert shell.bash("umsalert alert widen last --template search-person --var ") == person
    _change(database, "UPDATE alert SET template = ?", "search-person")
    _last, ref = shell.bash("umsalert alert show ")
    assert shell.bash("umsalert alert widen last --var ") == person
    assert shell.bash(f"umsalert alert recenter {ref} --lat 43 --var ") == person
    assert shell.bash("umsalert alert widen nothing-like-it --var ") == []
    assert shell.bash("umsalert alert send --var ") == []
    assert shell.bash("umsalert alert send --template no-such --var ") == []


def test_a_value_behind_its_sign_is_completed(shell: Shell) -> None:
    """Bash makes three words of it, the others one."""
    offered = "--time-zone=Indian/Reunion"
    assert shell.fish("umsalert bulletin add --time-zone=Indian/Re") == f"{offered}\tLa Réunion\n"
    assert f'"{offered}":"La Réunion"' in shell.zsh("umsalert bulletin add --time-zone=Indian/Re")
    assert shell.bash("umsalert bulletin add --time-zone = Indian/Re") == ["Indian/Reunion"]


def test_a_sole_name_gets_no_blank(shell: Shell) -> None:
    """Bash and Zsh put one behind a sole word, and the text has to follow: they get a second."""
    line = "umsalert alert send --template search-person --var last"
    assert shell.bash(line) == ["last_seen=", "last_seen=…"]
    assert '"last_seen=…"' in shell.zsh(line)
    assert [it.partition("\t")[0] for it in shell.fish(line).splitlines()] == ["last_seen="]


@pytest.mark.parametrize(
    "definition", ["", "variables = 1", "[variables.a]", "[variables.a.prompt]", "\xff"]
)
def test_a_broken_template_offers_nothing(shell: Shell, definition: str) -> None:
    """Somebody works on it, and whoever presses Tab is not told."""
    folder = Path(os.environ["UMSALERT_HOME"]) / "templates" / "broken"
    folder.mkdir(parents=True)
    folder.joinpath("template.toml").write_bytes(definition.encode("latin-1"))
    assert shell.bash("umsalert template check brok") == ["broken"]
    assert shell.bash("umsalert alert send --template broken --var ") == []


def test_encodings_are_those_that_an_import_takes(shell: Shell) -> None:
    """The list is held twice: what reads files is too much to load for a Tab."""
    assert tuple(text._ENCODINGS) == completers.ENCODINGS
    assert shell.bash("umsalert contact import --encoding ") == [*completers.ENCODINGS]


@pytest.mark.parametrize(
    ("command", "metavars"),
    [
        ("alert", {"ALERT", "REQUEST", "CODE", "KIND", "NAME=TEXT"}),
        ("bulletin", {"BULLETIN", "NAME", "CODE", "KIND", "ZONE", "NAME=TEXT"}),
        ("report", {"ALERT"}),
        ("reply", {"ALERT", "REF"}),
        ("site", {"REF", "REF...", "NAME"}),
        ("contact", {"REF", "REF...", "NAME"}),
        ("template", {"NAME", "NAME=TEXT"}),
    ],
)
def test_what_has_a_reference_offers_it(command: str, metavars: set[str]) -> None:
    """A command that is added beside these and takes such a word says who offers it."""
    bare = [
        (words, parameter.name)
        for words, whole in commands(app.commands[command], ("umsalert", command))
        for parameter in whole.params
        if parameter.metavar in metavars
        and parameter.name != "sheet"
        and parameter._custom_shell_complete is None
    ]
    assert bare == []


def test_files_are_left_to_the_shell(shell: Shell) -> None:
    """Where a file is meant we offer nothing: Bash and Zsh complete it, Fish is told so."""
    assert shell.bash("umsalert site import ") == []
    assert shell.bash("umsalert --db ") == []
    assert shell.bash("umsalert site list --db ") == []
    assert shell.zsh("umsalert site import ").strip() == "_files"
    assert shell.fish("umsalert site import ", "is-args") == ""
    assert shell.code == 1
    shell.fish("umsalert site ", "is-args")
    assert shell.code == 0


def test_a_name_cannot_speak_to_the_shell(shell: Shell, database: Path) -> None:
    """Zsh evaluates what it gets: of a site's name only what is harmless stands beside its ref."""
    evil = "L'$(touch pwned)`id`\"; \\Q: [x] Café"

    _change(database, "UPDATE site SET name = ?", evil)
    said = shell.zsh("umsalert site show ")
    assert 'L’ touch pwned id Q x Café"' in said
    ref = shell.bash("umsalert site show ")[0]
    assert f"{ref}\tL’ touch pwned id Q x Café" in shell.fish("umsalert site show ")


def _change(database: Path, sql: str, value: str) -> None:
    def change(connection: Any) -> None:
        connection.execute(sql, (value,))

    async def work() -> None:
        async with Store(database, SystemClock()) as store:
            await store._database.write(change)

    asyncio.run(work())


@pytest.mark.parametrize("trouble", ["no home", "no database", "settings", "damaged", "no map"])
def test_trouble_is_silent(shell: Shell, trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses Tab is never told of an error, and nothing appears on the disk."""
    home = Path(os.environ["UMSALERT_HOME"])
    if trouble == "no home":
        monkeypatch.setenv("UMSALERT_HOME", str(home / "nowhere"))
    if trouble == "settings":
        (home / "umsalert.toml").write_text("[smtp]\nport = 'x'\n", "utf-8")
    if trouble == "damaged":
        (home / "umsalert.db").write_bytes(b"no database" * 1000)
    if trouble == "no map":
        monkeypatch.setattr(outlines, "FILE", home / "nowhere.sqlite")
    before = sorted(home.rglob("*"))
    assert shell.bash("umsalert site show ") == []
    assert shell.bash("umsalert alert send --kind ") == []
    assert shell.bash("umsalert alert widen last --var ") == []
    for option in ("commune", "departement", "region"):
        assert (shell.bash(f"umsalert alert send --{option} 0") == []) == (trouble == "no map")
    assert set(shell.bash("umsalert alert show ")) <= {"last"}
    assert sorted(home.rglob("*")) == before


def test_nothing_is_changed_or_logged(shell: Shell, database: Path) -> None:
    """Every file of the home is what it was; a reader of SQLite leaves its empty log, no more."""

    def files() -> dict[str, bytes]:
        found = [path for path in database.parent.rglob("*") if path.is_file()]
        return {path.name: path.read_bytes() for path in found if path.suffix != ".db-shm"}

    database.parent.joinpath("umsalert.toml").write_text("", "utf-8")
    before = {"umsalert.db-wal": b"", **files()}
    for words, _command in commands():
        shell.bash(f"{' '.join(words)} ")
    assert {"umsalert.db-wal": b"", **files()} == before


def test_bash_itself_is_served(database: Path) -> None:
    """The script that --show-completion prints makes the real Bash offer what we say."""
    program = Path(sys.executable).parent
    script = """
    eval "$(umsalert --show-completion bash)"
    COMP_WORDS=(umsalert site list --status ap); COMP_CWORD=4
    _umsalert_completion umsalert
    printf '%s\\n' "${COMPREPLY[@]}"
    COMP_WORDS=(umsalert alert send --region prov); COMP_CWORD=4
    _umsalert_completion umsalert
    printf '%s\\n' "${COMPREPLY[@]}"
    complete -p umsalert
    """
    done = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"PATH": f"{program}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "approved",
        "provence-Alpes-Côte-d’Azur",
        "complete -o default -F _umsalert_completion umsalert",
    ]
