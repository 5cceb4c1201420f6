"""`template`: an officer sees, before anything is at stake, the exact words a guard would get."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

DOCS = Path(__file__).parents[2] / "docs" / "templates.md"
VALUES = ("--var", "description=homme, 1,80 m, veste rouge", "--var", "last_seen=place Masséna")
STATION = {"UMSALERT_STATION": "Nice", "UMSALERT_ALERT_CALLBACK_NUMBER": "04 65 71 00 17"}


def test_list_starts_with_the_most_urgent(cli: Cli) -> None:
    """The templates come most urgent first, each with what it needs to be told."""
    found = cli("template", "list", "--json").document["templates"]
    assert found[0]["name"] == "lockdown"
    assert [item["priority"] for item in found] == sorted(item["priority"] for item in found)
    shown = cli("template", "list").out
    assert all(item["name"] in shown for item in found)


def test_show_names_every_value(cli: Cli) -> None:
    """`template show` names the values, their limits and the question asked for them."""
    template = cli("template", "show", "search-person", "--json").document["template"]
    description = template["variables"][0]
    assert (description["name"], description["required"]) == ("description", True)
    ended = cli("template", "show", "search-person")
    assert str(description["limit"]) in ended.out
    assert description["prompts"]["en"] in ended.out


def test_render_prints_what_would_leave(cli: Cli) -> None:
    """The SMS is printed word for word, with its parts and encoding."""
    ended = cli("template", "render", "search-person", *VALUES, "--channel", "sms", environ=STATION)
    assert ended.code == 0
    assert "GSM-7" in ended.out
    text = cli(
        "template",
        "render",
        "search-person",
        *VALUES,
        "--language",
        "fr",
        "--json",
        environ=STATION,
    ).document["texts"]["sms"]["fr"]
    assert _at_any_time(text["body"]) in _at_any_time(ended.out)
    assert text["parts"] == 2
    assert "veste rouge" in text["body"]
    assert "04 65 71 00 17" in text["body"]


def _at_any_time(text: str) -> str:
    """Leave the minute out, which may be over between two commands."""
    return re.sub("[0-9]{2}h[0-9]{2}", "", text)


def test_render_defaults_to_every_channel_and_language(cli: Cli) -> None:
    """Without options, nothing that a guard could receive is left unseen."""
    texts = cli("template", "render", "search-person", *VALUES, "--json", environ=STATION).document[
        "texts"
    ]
    assert {channel: set(found) for channel, found in texts.items()} == {
        channel: {"fr", "en"} for channel in ("sms", "voice", "email")
    }


def test_render_marks_an_exercise(cli: Cli) -> None:
    """`--exercise` marks every text, subject included, at both ends."""
    arguments = ("search-person", *VALUES, "--exercise", "--language", "fr", "--json")
    document = cli("template", "render", *arguments, environ=STATION).document
    assert document["exercise"] is True
    for channel in ("sms", "voice", "email"):
        body = document["texts"][channel]["fr"]["body"].strip()
        assert body.startswith("EXERCICE")
        assert body.endswith("EXERCICE")
    assert document["texts"]["email"]["fr"]["subject"].startswith("EXERCICE")


def test_all_missing_values_are_named_at_once(cli: Cli) -> None:
    """Missing and unknown values are named together, with the options to add."""
    ended = cli("template", "render", "search-person", "--var", "colour=red", environ=STATION)
    assert ended.code == 2
    for word in ("description", "last_seen", "colour", '--var description="..."'):
        assert word in ended.err
    assert ended.out == ""


def test_missing_settings_are_named(cli: Cli) -> None:
    """A text that would lack its station and callback number is not shown as if it were whole."""
    ended = cli("template", "render", "search-person", *VALUES, "--json")
    assert (ended.code, ended.error["code"]) == (4, "setting_missing")
    assert "alert.callback_number" in ended.error["message"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "search-persn"), "search-person"),
        (("show", "../search-person"), "search-person"),
        (("render", "search-person", "--language", "de"), "'fr', 'en'"),
        (("render", "search-person", "--channel", "fax"), "'sms', 'voice', 'email'"),
        (("render", "search-person", "--var", "red jacket"), "NAME=TEXT"),
    ],
)
def test_a_slip_of_the_keyboard_is_answered_with_what_there_is(
    cli: Cli, arguments: tuple[str, ...], said: str
) -> None:
    """Whatever is mistyped, the sentence says what could have been meant; exit code 2."""
    ended = cli("template", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert ended.out == ""


def test_a_broken_template_of_ones_own_is_told_with_its_place(cli: Cli, home: Path) -> None:
    """An operator's broken template is reported, and not replaced by the shipped one."""
    folder = home / "templates" / "search-person"
    folder.mkdir(parents=True)
    (folder / "template.toml").write_text("priority = 'soon'\n", "utf-8")
    ended = cli("template", "show", "search-person", "--json")
    assert (ended.code, ended.error["code"]) == (4, "template_invalid")
    assert any(problem["column"] == "priority" for problem in ended.error["problems"])


def test_check_finds_the_shipped_templates_in_order(cli: Cli) -> None:
    """All shipped templates pass; each tells its SMS parts, and the last line counts."""
    ended = cli("template", "check", environ=STATION)
    assert ended.code == 0
    assert "6 folders: 0 errors, 0 warnings" in ended.out
    assert ended.err == ""
    document = cli("template", "check", "--json", environ=STATION).document
    assert document["valid"] is True
    assert all(item["usable"] for item in document["templates"])
    assert {
        finding["severity"] for item in document["templates"] for finding in item["findings"]
    } == {"notice"}


def test_check_names_the_settings_that_stop_an_alert(cli: Cli) -> None:
    """Before anything is set up the templates can be checked, and what is missing is a warning."""
    (item,) = cli("template", "check", "search-person", "--json").document["templates"]
    (finding,) = [found for found in item["findings"] if found["severity"] == "warning"]
    assert finding["code"] == "setting_missing"
    assert "station, alert.callback_number" in finding["message"]


def test_check_reports_every_broken_folder(cli: Cli, home: Path) -> None:
    """Two broken templates and two stray folders are all told, with file and line; exit code 4."""
    for name, text in (("one", "priority = 'soon'\n"), ("two", "[\n"), ("No Slug", "")):
        (home / "templates" / name).mkdir(parents=True)
        (home / "templates" / name / "template.toml").write_text(text, "utf-8")
    (home / "templates" / "empty").mkdir()
    ended = cli("template", "check", "--json", environ=STATION)
    assert ended.code == 4
    assert ended.document["valid"] is False
    found = {item["name"]: item for item in ended.document["templates"]}
    assert {name for name, item in found.items() if not item["usable"]} == {
        "one", "two", "No Slug", "empty",
    }  # fmt: skip
    assert ("error", "priority") in {(f["severity"], f["file"]) for f in found["one"]["findings"]}
    assert found["two"]["findings"][0]["code"] == "toml_invalid"
    assert {f["code"] for name in ("No Slug", "empty") for f in found[name]["findings"]} == {
        "folder_unused"
    }
    shown = cli("template", "check", environ=STATION)
    assert shown.code == 4
    assert "Error: priority: 'soon' is not a int" in shown.out
    assert str(home / "templates" / "one") in shown.out


def test_check_takes_the_values_of_an_alert(cli: Cli) -> None:
    """With --var the values are judged as they would be before a send; a warning is no failure."""
    values = ("--var", "description=auteur d'un vol, œil bleu", "--var", "last_seen=x")
    ended = cli("template", "check", "search-person", *values, environ=STATION)
    assert ended.code == 0
    assert "Warning: description: It tells why" in ended.out
    assert "œ → oe" in ended.out
    assert "1 folder: 0 errors, 1 warning" in ended.out


def test_the_check_in_the_manual_prints_what_it_prints(cli: Cli) -> None:
    """docs/templates.md shows a check word for word."""
    (shown,) = re.findall(
        r"```\n\$ umsalert (template check .*?)\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL
    )
    ended = cli(*shlex.split(shown[0]), environ=STATION)
    assert (ended.code, ended.out) == (0, shown[1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("serch-person",), "search-person"),
        (("--var", "description=x"), "template check search-person"),
        (("search-person", "--var", "colour=red"), '--var description="..."'),
        (("search-person", "--var", "red"), "NAME=TEXT"),
        (("../search-person",), "search-vehicle"),
    ],
)
def test_check_answers_a_slip_of_the_keyboard(
    cli: Cli, arguments: tuple[str, ...], said: str
) -> None:
    """A wrong name, and values that fit no template, are usage errors that say what to type."""
    ended = cli("template", "check", *arguments, environ=STATION)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_preview_shows_and_carries_what_the_check_finds(cli: Cli, database: Path) -> None:
    """A preview ends with its findings, the gravest last, and its JSON has them worst first."""
    place = ("--lat", "43.7005", "--lon", "7.2683", "--radius", "800m")
    values = ("--var", "description=homme, œil bleu, auteur d'un vol", "--var", "last_seen=bd x")
    words = ("alert", "preview", *place, "--template", "search-person", *values)
    ended = cli(*words, environ=STATION)
    last = ended.out.rstrip().splitlines()[-2:]
    assert last[0].startswith("Warning: description: It tells why")
    assert (
        ended.out.index("œ → oe") < ended.out.index("reads badly aloud") < ended.out.index(last[0])
    )
    findings = cli(*words, "--json", environ=STATION).document["findings"]
    assert [finding["code"] for finding in findings] == [
        "value_tells_why",
        "reads_badly_aloud",
        "centre_remote",  # no site is registered yet
        "sms_replaced",
    ]
    assert findings[0] == {
        "severity": "warning",
        "code": "value_tells_why",
        "message": findings[0]["message"],
        "hint": findings[0]["hint"],
        "channel": None,
        "language": None,
        "file": None,
        "row": None,
        "variable": "description",
    }
