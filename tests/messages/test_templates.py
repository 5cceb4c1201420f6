"""Templates on disk: found by name, read whole, every problem told at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from umsalert.errors import ConfigurationError, UsageError
from umsalert.i18n import LANGUAGES
from umsalert.messages import Facts, Order, render, templates
from umsalert.messages.definition import FACTS
from umsalert.messages.words import WORDS
from umsalert.model import ChannelKind, ReplyKind, UnknownPolicy

DOCS = Path(__file__).parents[2] / "docs" / "templates.md"


def edit(file: Path, old: str, new: str) -> None:
    """Replace `old`, which must be there."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def problems_of(own: Path) -> set[tuple[str | None, str, int | None]]:
    """Return column, code and row of everything that is wrong with `trial`."""
    with pytest.raises(ConfigurationError) as caught:
        templates.load("trial", [own])
    assert caught.value.code == "template_invalid"
    return {(p.column, p.code, p.row) for p in caught.value.problems}


def test_a_template_is_read_whole(own: Path) -> None:
    """What template.toml declares is what the template says."""
    trial = templates.load("trial", [own])
    assert (trial.name, trial.folder) == ("trial", own / "trial")
    assert (trial.title("fr"), trial.title("en")) == ("Essai", "Trial")
    assert trial.channels == tuple(ChannelKind)
    assert trial.answers == (ReplyKind.ACKNOWLEDGED, ReplyKind.SIGHTING)
    assert (trial.priority, trial.ttl_s, trial.unknown) == (15, 5400, UnknownPolicy.HOLD)
    assert trial.safety_sentence
    assert not trial.stop_when_acknowledged
    assert trial.facts == {"callback"}
    what, where, _note = trial.variables
    assert (what.name, what.required, what.limit, what.default) == ("what", True, 80, None)
    assert (where.required, where.default) == (False, "ici")
    assert (what.prompt("en"), where.prompt("en")) == ("Quoi", "Where")


def test_the_first_folder_wins(own: Path, shipped: Path) -> None:
    """An operator's own lockdown replaces the shipped one, everywhere."""
    (own / "trial").rename(own / "lockdown")
    assert templates.load("lockdown", [own, shipped]).folder == own / "lockdown"
    assert templates.load("lockdown", [shipped, own]).folder == shipped / "lockdown"
    names = [template.name for template in templates.available([own, shipped])]
    assert sorted(names) == sorted(
        ["lockdown", "search-person", "search-vehicle", "all-clear", "vigilance", "correction"]
    )


def test_a_broken_override_is_refused(own: Path, shipped: Path) -> None:
    """The shipped template never takes the place of a broken one in silence."""
    (own / "trial").rename(own / "lockdown")
    (own / "lockdown" / "sms.txt").unlink()
    with pytest.raises(ConfigurationError):
        templates.load("lockdown", [own, shipped])


def test_the_most_urgent_template_is_listed_first(shipped: Path) -> None:
    """Templates come in the order in which their messages would leave."""
    priorities = [template.priority for template in templates.available([shipped])]
    assert priorities == sorted(priorities)
    assert templates.available([shipped])[0].name == "lockdown"


def test_an_unknown_name_lists_what_exists(shipped: Path) -> None:
    """A mistyped name gets the list and the closest match."""
    with pytest.raises(UsageError) as caught:
        templates.load("serch-person", [shipped / "nowhere", shipped])
    assert caught.value.code == "unknown_template"
    assert "search-vehicle" in caught.value.message
    assert "search-person" in caught.value.hint


@pytest.mark.parametrize("name", ["../own/trial", "./trial", "trial/", "/trial", "TRIAL", "", "*"])
def test_a_name_cannot_lead_out_of_the_folder(own: Path, name: str) -> None:
    """Only the plain name of a folder finds a template; a path finds none."""
    assert templates.load("trial", [own]).name == "trial"
    with pytest.raises(UsageError):
        templates.load(name, [own])


def test_every_problem_is_told_at_once(own: Path) -> None:
    """One reading names every wrong key and every wrong file, with its line."""
    folder = own / "trial"
    edit(folder / "template.toml", 'ttl = "90m"', 'ttl = "2 hours"\ncolour = "red"')
    edit(folder / "template.toml", "priority = 15", "priority = true")
    edit(folder / "template.toml", 'unknown = "hold"', 'unknown = "maybe"')
    edit(folder / "template.toml", '"sighting"', '"sigthing"')
    edit(folder / "template.toml", "limit = 20", "limit = 2\nlenght = 3")
    edit(folder / "template.toml", "[variables.note]", "[variables.reason]")
    edit(folder / "sms.txt", "{{ note }}", "{% if %}")
    edit(folder / "sms.en.txt", "{{ note }}", "{{ reason_ }}")
    edit(folder / "voice.en.txt", "{{ safety }}", "")
    edit(folder / "email.txt", "Subject:", "Objet :")
    (folder / "voice.txt").unlink()
    (folder / "email.html").write_bytes(b"\xff")
    (folder / "email.en.html").write_text(" \n", "utf-8")
    assert problems_of(own) == {
        ("ttl", "bad_duration", None),
        ("colour", "unknown_key", None),
        ("priority", "wrong_type", None),
        ("unknown", "bad_value", None),
        ("answers", "bad_value", None),
        ("variables.where.limit", "bad_value", None),
        ("variables.where.lenght", "unknown_key", None),
        ("variables.reason", "bad_name", None),
        ("sms.txt", "syntax_error", 3),
        ("sms.en.txt", "undeclared_variable", 3),
        ("voice.txt", "missing_file", None),
        ("voice.en.txt", "undeclared_variable", 2),
        ("voice.en.txt", "missing_safety", None),
        ("email.txt", "missing_subject", 1),
        ("email.txt", "undeclared_variable", 7),
        ("email.en.txt", "undeclared_variable", 7),
        ("email.html", "file_unreadable", None),
        ("email.en.html", "empty_file", None),
    }


@pytest.mark.parametrize(
    ("old", "new", "column", "code"),
    [
        ('ttl = "90m"', 'ttl = "19s"', "ttl", "bad_duration"),
        ('ttl = "90m"', 'ttl = "8d"', "ttl", "bad_duration"),
        ('ttl = "90m"', 'ttl = ""', "ttl", "bad_duration"),
        ('ttl = "90m"', "", "ttl", "missing_key"),
        ("priority = 15", "priority = 100", "priority", "bad_value"),
        ('unknown = "hold"', 'unknown = ""', "unknown", "bad_value"),
        ("safety", "stop_when_acknowledged = 1\nsafety", "stop_when_acknowledged", "wrong_type"),
        ('["sms", "voice", "email"]', "[]", "channels", "bad_value"),
        ('["sms", "voice", "email"]', '["sms", "fax"]', "channels", "bad_value"),
        ('fr = "Essai"\nen = "Trial"', "", "title", "bad_value"),
        ('fr = "Essai"', 'de = "Versuch"', "title.de", "unknown_key"),
        ("limit = 80", "limit = 0", "variables.what.limit", "bad_value"),
        ("limit = 80", "limit = 501", "variables.what.limit", "bad_value"),
        ("[variables.note]", "[variables.callback]", "variables.callback", "bad_name"),
        ("[variables.note]", '[variables."a b"]', "variables.a b", "bad_name"),
        ("[variables.note]", "[variables.note", "template.toml", "toml_invalid"),
    ],
)
def test_a_wrong_definition_is_refused(
    own: Path, old: str, new: str, column: str, code: str
) -> None:
    """Each key has its check, and the problem names the key."""
    edit(own / "trial" / "template.toml", old, new)
    assert (column, code, None) in problems_of(own)


@pytest.mark.parametrize("answers", ["[]", '["acknowledged", "sighting"]'])
def test_only_a_template_that_takes_answers_stops_when_acknowledged(
    own: Path, answers: str
) -> None:
    """A rule that can never hold is a slip, and is refused."""
    file = own / "trial" / "template.toml"
    edit(file, '["acknowledged", "sighting"]', f"{answers}\nstop_when_acknowledged = true")
    if answers == "[]":
        assert problems_of(own) == {("stop_when_acknowledged", "bad_value", None)}
    else:
        assert templates.load("trial", [own]).stop_when_acknowledged


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty_file"), (b"\xff", "file_unreadable"), (b"[", "toml_invalid")]
)
def test_an_unreadable_definition_is_the_only_problem(own: Path, content: bytes, code: str) -> None:
    """Without template.toml nothing else is complained of."""
    (own / "trial" / "template.toml").write_bytes(content)
    assert problems_of(own) == {("template.toml", code, None)}


@pytest.mark.parametrize("text", ["{{ reason }}", "{{ range(3) }}", "{{ lipsum() }}"])
def test_only_declared_names_and_facts_can_be_used(own: Path, text: str) -> None:
    """Neither the reason of an alert nor a global function of Jinja is there to be used."""
    edit(own / "trial" / "sms.txt", "{{ note }}", text)
    assert problems_of(own) >= {("sms.txt", "undeclared_variable", 3)}


def test_an_unknown_filter_is_a_syntax_error(own: Path) -> None:
    """A filter that Jinja does not have is found when the template is read."""
    edit(own / "trial" / "sms.txt", "{{ note }}", "{{ note | shout }}")
    assert problems_of(own) == {("sms.txt", "syntax_error", 3)}


def test_a_variable_that_no_text_uses_is_refused(own: Path) -> None:
    """An officer is never asked for something that nobody reads."""
    for file in (own / "trial").glob("*.*"):
        if file.suffix in (".txt", ".html"):
            edit(file, "{{ note }}", "")
    assert problems_of(own) == {("variables.note", "unused_variable", None)}


def test_the_example_of_the_manual_works(tmp_path: Path, facts: Facts) -> None:
    """The template that docs/templates.md prints loads, and renders in one GSM-7 part."""
    blocks = re.findall(r"```\w+ title=(\S+)\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert [name for name, _text in blocks] == ["template.toml", "sms.txt", "sms.en.txt"]
    folder = tmp_path / "abandoned-object"
    folder.mkdir()
    for name, text in blocks:
        (folder / name).write_text(text, "utf-8")
    template = templates.load("abandoned-object", [tmp_path])
    order = Order((ChannelKind.SMS,), LANGUAGES)
    texts = render.render(template, {"object": "Valise grise"}, order, facts)
    assert [(text.encoding, text.parts) for text in texts] == [("GSM-7", 1), ("GSM-7", 1)]


def test_the_manual_names_everything_a_text_may_use() -> None:
    """docs/templates.md has a row for each fact and says each safety sentence."""
    manual = DOCS.read_text("utf-8")
    assert [name for name in FACTS if f"| `{name}` |" not in manual] == []
    assert [words.safety for words in WORDS.values() if words.safety not in manual] == []


def test_every_language_has_its_words() -> None:
    """Safety, exercise and keypad sentences exist in each language a contact may have."""
    assert set(WORDS) == set(LANGUAGES)
    assert all(set(words.keys) == set(ReplyKind) for words in WORDS.values())
