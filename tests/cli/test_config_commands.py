"""`config`: a file to start from that changes nothing, and every value with its origin."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from umsalert import settings
from umsalert.settings import Secret, example

DEFAULTS = settings.Settings(home=Path("home"), database=Path("home/umsalert.db"))


def shown(cli: Cli, **environ: str) -> dict[str, dict[str, Any]]:
    """Return the settings of `config show --json` by name."""
    found = cli("config", "show", "--json", environ=environ).document["settings"]
    return {item["name"]: item for item in found}


def uncommented(text: str) -> str:
    """Return the file with every setting in force."""
    return "\n".join(
        line.removeprefix("#") if line.startswith("#") and not line.startswith("# ") else line
        for line in text.splitlines()
    )


def leaves(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a TOML document by dotted name."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def test_init_writes_a_file_that_changes_nothing(cli: Cli, home: Path) -> None:
    """The file is private, loads without a problem, and leaves every setting at its default."""
    before = shown(cli)
    ended = cli("config", "init")
    file = home / settings.CONFIG_NAME
    assert ended.code == 0
    assert str(file) in ended.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == [file.name]
    assert settings.inspect(environ={"UMSALERT_HOME": str(home)}).problems == ()
    assert shown(cli) == before


def test_init_never_overwrites(cli: Cli, home: Path) -> None:
    """A file that is there stays byte for byte, and the sentence names it."""
    file = home / settings.CONFIG_NAME
    file.write_text("station = 'Nice'\n")
    ended = cli("config", "init", "--json")
    assert (ended.code, ended.error["code"]) == (2, "config_exists")
    assert str(file) in ended.error["message"]
    assert file.read_text() == "station = 'Nice'\n"
    assert [path.name for path in home.iterdir()] == [file.name]


def test_init_says_where_it_cannot_write(cli: Cli) -> None:
    """A home that is a file ends with 4 and a way out."""
    (cli.folder / "file").touch()
    ended = cli("config", "init", environ={"UMSALERT_HOME": str(cli.folder / "file")})
    assert ended.code == 4
    assert "UMSALERT_HOME" in ended.err


def test_every_setting_is_explained_and_no_other() -> None:
    """The file knows all settings of the dataclasses, in their order, each with a sentence."""
    assert set(example.explanations()) == set(settings.flatten(DEFAULTS))
    assert all(item.text.endswith(".") for item in example.explanations().values())


def test_the_comments_are_the_settings() -> None:
    """With every # taken away, the file holds each setting once, with its default or an example."""
    data = tomllib.loads(uncommented(example.text()))
    found = dict(leaves(data))
    for name, default in settings.flatten(DEFAULTS).items():
        if isinstance(default, Secret):
            assert found.pop(f"{name}_file")
            assert name not in found
        elif name == "database":
            assert found.pop(name) == settings.DATABASE_NAME
        elif default in ("", None):
            assert isinstance(found.pop(name), str)
        elif default == ():
            assert isinstance(found.pop(name), list)
        else:
            assert found.pop(name) == (list(default) if isinstance(default, tuple) else default)
    assert found == {}


def test_the_examples_are_valid(tmp_path: Path) -> None:
    """Whoever takes every # away has missing files to bring, and no value out of its limits."""
    (tmp_path / settings.CONFIG_NAME).write_text(uncommented(example.text()), "utf-8")
    found = settings.inspect(environ={"UMSALERT_HOME": str(tmp_path)})
    assert {item.code for item in found.problems} == {"file_unreadable"}


def test_show_says_where_each_value_comes_from(cli: Cli, home: Path) -> None:
    """Default, file, variable and flag are told apart, with their path or name."""
    file = home / settings.CONFIG_NAME
    file.write_text("station = 'Nice'\n[sms]\nproviders = ['vonage']\n[sms.vonage]\nburst = 3\n")
    ended = cli(
        *("--db", cli.folder / "other.db", "config", "show", "--json"),
        environ={"UMSALERT_SMTP_PORT": "2525"},
    )
    found = {item["name"]: item for item in ended.document["settings"]}
    origins = {
        name: (item["value"], item["origin"], item["source"]) for name, item in found.items()
    }
    assert origins["station"] == ("Nice", "file", str(file))
    assert origins["sms.providers"] == (["vonage"], "file", str(file))
    assert origins["sms.vonage.burst"] == (3, "file", str(file))
    assert origins["smtp.port"] == (2525, "variable", "UMSALERT_SMTP_PORT")
    assert origins["database"] == (str(cli.folder / "other.db"), "flag", None)
    assert origins["smtp.security"] == ("starttls", "default", None)
    assert list(found) == list(settings.flatten(DEFAULTS))


def test_show_masks_secrets(cli: Cli, home: Path) -> None:
    """A secret is masked whether it comes from a file or a variable; its origin is not."""
    secret = home / "smtp.password"
    secret.write_text("from-a-file")
    secret.chmod(0o600)
    file = home / settings.CONFIG_NAME
    file.write_text("[smtp]\npassword_file = 'smtp.password'\n")
    environ = {"UMSALERT_VONAGE_API_SECRET": "from-a-variable"}
    for arguments in (("config", "show"), ("config", "show", "--json")):
        ended = cli(*arguments, environ=environ)
        assert ended.code == 0
        assert "from-a-" not in ended.out + ended.err
        assert ended.out.count("********") == 2
        assert str(secret) in ended.out
        assert "UMSALERT_VONAGE_API_SECRET" in ended.out


def test_show_works_when_the_settings_are_invalid(cli: Cli) -> None:
    """Invalid settings are shown with all their problems; exit 4."""
    environ = {"UMSALERT_SMTP_PORT": "x", "UMSALERT_TIME_ZONE": "Nowhere"}
    ended = cli("config", "show", environ=environ)
    assert ended.code == 4
    assert "smtp.port" in ended.out
    assert "smtp.port" in ended.err
    assert "time_zone" in ended.err
    document = cli("config", "show", "--json", environ=environ).document
    assert {item["column"] for item in document["problems"]} == {"smtp.port", "time_zone"}


@pytest.mark.parametrize("text", ["true", "yes", "1", "True"])
def test_a_switch_can_be_set_by_a_variable(cli: Cli, text: str) -> None:
    """What people write for yes is yes."""
    assert shown(cli, UMSALERT_VONAGE_SMS_TWO_WAY=text)["vonage.sms_two_way"]["value"] is True


@pytest.mark.parametrize("text", ["maybe", "2", ""])
def test_a_switch_that_says_neither_is_a_problem(cli: Cli, text: str) -> None:
    """What is neither yes nor no is not taken for either."""
    ended = cli("config", "show", environ={"UMSALERT_VONAGE_SMS_TWO_WAY": text})
    assert ended.code == 4
    assert "true or false" in ended.err
