"""What a check finds in templates and in the values of an alert, and what it leaves in peace."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.messages.samples import TYPICAL
from umsalert.cli import template_check
from umsalert.errors import ConfigurationError, UsageError
from umsalert.i18n import LANGUAGES
from umsalert.messages import Facts, Order, Template, check, render, templates
from umsalert.messages.check import Finding, Severity
from umsalert.model import ChannelKind

ALL = tuple(ChannelKind)
DOCS = Path(__file__).parents[2] / "docs" / "templates.md"
SMS, VOICE, EMAIL = ALL


@pytest.fixture
def trial(own: Path) -> Template:
    return templates.load("trial", [own])


def alert(
    template: Template, values: dict[str, str], facts: Facts, *, exercise: bool = False
) -> tuple[Finding, ...]:
    """Return what a preview of this alert would show."""
    texts = render.render(template, values, Order(ALL, LANGUAGES, exercise), facts)
    return check.alert(check.Draft(template, values, facts, texts))


def codes(findings: Iterable[Finding]) -> set[tuple[str, str | None]]:
    """Return code and variable of each finding."""
    return {(finding.code, finding.variable) for finding in findings}


def one(findings: Iterable[Finding], code: str) -> Finding:
    """Return the only finding of this code."""
    (finding,) = [finding for finding in findings if finding.code == code]
    return finding


@pytest.mark.parametrize("exercise", [False, True])
@pytest.mark.parametrize("name", sorted(TYPICAL))
def test_a_typical_alert_warns_of_nothing(
    shipped: Path, facts: Facts, name: str, exercise: bool
) -> None:
    """An officer who writes as usual sees no warning, so that one warning is seen."""
    values = {**TYPICAL[name], **({"until": "lundi 8h00"} if name == "vigilance" else {})}
    template = templates.load(name, [shipped])
    facts = dataclasses.replace(facts, reference="20261125-k7f3")
    found = alert(template, values, facts, exercise=exercise)
    assert [finding for finding in found if finding.severity is not Severity.NOTICE] == []


@pytest.mark.parametrize("name", sorted(TYPICAL))
def test_shipped_templates_pass_their_own_check(shipped: Path, facts: Facts, name: str) -> None:
    """No shipped template has an error or a warning, at its shortest and at its longest."""
    facts = dataclasses.replace(facts, reference="20261125-k7f3")
    found = check.template(templates.load(name, [shipped]), facts)
    assert {finding.severity for finding in found} == {Severity.NOTICE}
    assert [f.language for f in found if f.code == "sms_parts"] == list(LANGUAGES)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("homme, auteur d'une agression", ("auteur", "agression")),
        ("AGRESSEUR en fuite", ("AGRESSEUR",)),
        ("voiture volée, bleue", ("volée",)),
        ("homme recherché pour vol", ("recherché pour", "vol")),
        ("femme enlevée suite à un cambriolage", ("suite à", "cambriolage")),
        ("attaque au couteau", ("attaque",)),
        ("attentat en cours", ("attentat",)),
        ("man wanted for robbery", ("wanted for", "robbery")),
        ("stolen red car", ("stolen",)),
    ],
)
def test_a_value_that_tells_why_is_named(
    trial: Template, facts: Facts, value: str, words: tuple[str, ...]
) -> None:
    """Words of a crime or a cause warn, each quoted as typed, before anything leaves."""
    finding = one(alert(trial, {"what": value}, facts), "value_tells_why")
    assert (finding.severity, finding.variable) == (Severity.WARNING, "what")
    assert all(f"“{word}”" in finding.message for word in words)


@pytest.mark.parametrize(
    "value",
    [
        "Homme, violet clair, volumineux sac, pantalon en velours, t-shirt tête de mort",
        "blouson bomber, robe rouge, jupe à volants, volets fermés",
        "Sécurité renforcée - risque attentat",
        "Urgence attentat",
        "trafic dense, route fermée",
        "homme armé, attitude violente",
        "voiture accidentée, aile enfoncée",
        "stable door, drugstore window",
        "La personne a été retrouvée.",
        "colis suspect",
        "tuque bleue, volant en cuir",
    ],
)
def test_a_description_is_left_in_peace(trial: Template, facts: Facts, value: str) -> None:
    """Clothes, colours, dangers and the official Vigipirate levels tell nobody why."""
    assert "value_tells_why" not in {
        finding.code for finding in alert(trial, {"what": value}, facts)
    }


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Jean DUPONT, 30 ans", "Jean DUPONT"),
        ("DUPONT Jean", "DUPONT Jean"),
        ("un certain M. Durand", "M. Durand"),
        ("femme nommée Paule", "nommée Paule"),
        ("a man called Smith", "called Smith"),
    ],
)
def test_a_name_in_a_value_is_named(trial: Template, facts: Facts, value: str, name: str) -> None:
    """What looks like somebody's name warns."""
    assert name in one(alert(trial, {"what": value}, facts), "value_names_person").message


def test_a_street_or_a_car_is_no_name(shipped: Path, facts: Facts) -> None:
    """Capitals in a place or a vehicle are no person, and a description in capitals is none."""
    values = {"vehicle": "Renault CLIO", "last_seen": "Maréchal FOCH, Bellet SUD"}
    assert "value_names_person" not in {
        finding.code
        for finding in alert(templates.load("search-vehicle", [shipped]), values, facts)
    }
    values = {"description": "Homme BRUN, Veste ROUGE", "last_seen": "Place MASSENA"}
    assert "value_names_person" not in {
        finding.code for finding in alert(templates.load("search-person", [shipped]), values, facts)
    }


@pytest.mark.parametrize(
    ("value", "warned"),
    [
        ("Interpellez-le si possible", True),
        ("ARRÊTEZ-LE", True),
        ("suivez-la sans vous montrer", True),
        ("stop him at the gate", True),
        ("N'interpellez personne", False),
        ("Ne les suivez pas, ne le retenez pas", False),
        ("do not follow him", False),
        ("Fermez les accès, suivez la procédure", False),
    ],
)
def test_an_order_to_act_is_named(trial: Template, facts: Facts, value: str, warned: bool) -> None:
    """A value that asks a guard to stop or follow somebody warns; one that forbids it does not."""
    found = {finding.code for finding in alert(trial, {"what": value}, facts)}
    assert ("value_orders_force" in found) == warned


def test_replaced_characters_are_told_where_they_were_typed(own: Path, facts: Facts) -> None:
    """The SMS names what it replaces and by what, in a value, a setting and a file."""
    (own / "trial" / "sms.txt").write_text("Prêt : {{ what }} {{ note }} {{ safety }}", "utf-8")
    facts = dataclasses.replace(facts, station="Nîmes")
    found = [
        finding
        for finding in alert(
            templates.load("trial", [own]), {"what": "œil, fenêtre", "note": "été"}, facts
        )
        if finding.code == "sms_replaced"
    ]
    told = {finding.variable or finding.file: finding.message for finding in found}
    assert set(told) == {"what", "station", "sms.txt"}
    assert "œ → oe, ê → e" in told["what"]
    assert "î → i" in told["station"]
    assert {finding.severity for finding in found} == {Severity.NOTICE}


def test_a_character_without_likeness_tells_its_price(trial: Template, facts: Facts) -> None:
    """One sign in another script says that parts shrink, how many there are, how many without."""
    values = {"what": "sac 漢字", "note": "a" * 100}
    found = [finding for finding in alert(trial, values, facts) if finding.code == "sms_ucs2"]
    assert {(finding.language, finding.variable) for finding in found} == {
        ("fr", "what"),
        ("en", "what"),
    }
    assert "漢 字" in found[0].message
    assert "It has 3 parts; without, 2." in found[0].message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(length=st.integers(6, 400))
def test_what_saves_a_part_is_true(trial: Template, facts: Facts, length: int) -> None:
    """Cutting as many characters as the notice says saves a part, and one fewer does not."""
    values = {"what": "Sac", "note": "x" * length}

    def parts(size: int) -> int:
        (text,) = render.render(trial, {**values, "note": "x" * size}, Order((SMS,), ["fr"]), facts)
        return text.parts

    texts = render.render(trial, values, Order((SMS,), ["fr"]), facts)
    found = check.alert(check.Draft(trial, values, facts, texts))
    told = [finding for finding in found if finding.code == "sms_just_over"]
    for finding in told:
        cut = int(finding.message.partition("; ")[2].split()[0])
        assert parts(length) == parts(length - cut + 1) > parts(length - cut)
    assert bool(told) == (parts(length - min(30, length // 2)) < parts(length))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(what=st.text(max_size=80), note=st.text(max_size=300))
def test_whatever_is_typed_is_checked_or_refused(
    trial: Template, facts: Facts, what: str, note: str
) -> None:
    """No text breaks the check, and a finding quotes what is there and says what it is."""
    with contextlib.suppress(UsageError):
        for finding in alert(trial, {"what": what, "note": note}, facts):
            assert finding.message
            assert finding.severity is not Severity.ERROR


def test_many_parts_are_told(trial: Template, facts: Facts) -> None:
    """An SMS of four parts warns; one of three does not."""
    dear = alert(trial, {"what": "Sac", "note": "x" * 450}, facts)
    assert {finding.language for finding in dear if finding.code == "sms_many_parts"} == {
        "fr",
        "en",
    }
    fine = alert(trial, {"what": "Sac", "note": "x" * 350}, facts)
    assert not [finding for finding in fine if finding.code == "sms_many_parts"]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("bd Gambetta", "bd"),
        ("approx. 30", "approx."),
        ("veste bleu/noir", "/"),
        ("voir www.police.example/avis", "www.police.example/avis"),
        ("colis 1234567", "1234567"),
        ("SORTIE fermée", "SORTIE"),
    ],
)
def test_what_a_voice_reads_badly_is_named(
    trial: Template, facts: Facts, value: str, word: str
) -> None:
    """Abbreviations, signs, addresses, long numbers and capitals warn, once each."""
    found = [f for f in alert(trial, {"what": value}, facts) if f.code == "reads_badly_aloud"]
    assert [(f.channel, f.variable) for f in found] == [(VOICE, "what")]
    assert f"“{word}”" in found[0].message
    assert found[0].hint


@pytest.mark.parametrize(
    "value",
    ["Clio AB-123-CD", "appelez le 04 65 71 00 17", "vu à 18h07", "1m80, SNCF, TGV", "H&M, 30 ans"],
)
def test_what_was_rewritten_needs_no_warning(trial: Template, facts: Facts, value: str) -> None:
    """Plates, numbers and times leave well spoken, and short initials are meant to be spelled."""
    assert "reads_badly_aloud" not in {f.code for f in alert(trial, {"what": value}, facts)}


def test_a_long_subject_and_a_long_line_are_told(trial: Template, facts: Facts) -> None:
    """A subject over 60 characters and a line that no space breaks warn, exercise marks aside."""
    assert "subject_long" in {f.code for f in alert(trial, {"what": "mot " * 15 + "x"}, facts)}
    exercise = alert(trial, {"what": "mot " * 14 + "mots"}, facts, exercise=True)
    assert "subject_long" not in {f.code for f in exercise}
    found = alert(trial, {"what": "x", "note": "x" * 79}, facts)
    assert {f.language for f in found if f.code == "email_line_long"} == set(LANGUAGES)
    assert not [
        f for f in alert(trial, {"what": "x", "note": "x" * 78}, facts) if f.channel is EMAIL
    ]


def test_a_search_without_the_safety_sentence_is_told(shipped: Path, facts: Facts) -> None:
    """A bulletin that turns into a search warns that it does not say to stay and not intervene."""
    values = {"level": "Vigilance", "message": "Nous recherchons un homme en veste rouge."}
    found = alert(templates.load("vigilance", [shipped]), values, facts)
    missing = [finding for finding in found if finding.code == "safety_missing"]
    assert {(f.channel, f.language) for f in missing} == {(kind, "fr") for kind in ALL}
    assert "n'intervenez pas" in missing[0].message


def test_the_gravest_comes_first_and_nothing_twice(trial: Template, facts: Facts) -> None:
    """Warnings stand before notices, and no finding is repeated."""
    found = alert(trial, {"what": "œil, agression", "note": "bd"}, facts)
    order = [list(Severity).index(finding.severity) for finding in found]
    assert order == sorted(order)
    assert len(set(found)) == len(found)
    assert len(set(order)) == 2


def edit(own: Path, file: str, old: str, new: str) -> None:
    path = own / "trial" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("motif", "variable_asks_why"),
        ("attack_reason", "variable_asks_why"),
        ("suspect_name", "variable_asks_name"),
        ("nom", "variable_asks_name"),
        ("victime", "variable_asks_name"),
        ("street_name", None),
        ("reasonable_delay", None),
        ("nombre", None),
    ],
)
def test_a_variable_is_judged_by_its_name(
    own: Path, facts: Facts, name: str, code: str | None
) -> None:
    """A variable that asks why, or for somebody's name, warns its author and its user."""
    for file in [path.name for path in (own / "trial").iterdir()]:
        edit(own, file, "note", name)
    template = templates.load("trial", [own])
    judged = {"variable_asks_why", "variable_asks_name"}
    for found in (
        check.template(template, facts),
        alert(template, {"what": "x", name: "y"}, facts),
    ):
        told = {(f.code, f.variable) for f in found if f.code in judged}
        assert told == ({(code, name)} if code else set())
    assert not judged & {f.code for f in alert(template, {"what": "x"}, facts)}


def test_a_text_that_says_less_than_its_neighbours_is_told(own: Path, facts: Facts) -> None:
    """A variable that one channel never says, or one language or file leaves out, is named."""
    edit(own, "voice.txt", "{{ note }}", "")
    edit(own, "voice.en.txt", "{{ note }}", "")
    edit(own, "sms.en.txt", "{{ callback }}", "")
    edit(own, "email.html", "<p>{{ note }}</p>", "")
    found = check.template(templates.load("trial", [own]), facts)
    told = {(f.code, f.channel, f.file, f.variable) for f in found if f.code.startswith("variable")}
    assert told == {
        ("variable_not_in_channel", VOICE, None, "note"),
        ("variable_not_in_channel", EMAIL, None, "where"),
        ("variable_not_in_file", SMS, "sms.en.txt", "callback"),
        ("variable_not_in_file", EMAIL, "email.html", "note"),
    }


def test_the_words_of_a_template_are_checked_too(own: Path, facts: Facts) -> None:
    """An author who writes why, orders force or an abbreviation is told the text."""
    edit(own, "sms.txt", "{{ note }}", "Suite à un vol, arrêtez-le. {{ note }}")
    edit(own, "voice.en.txt", "{{ note }}", "See tel. 1234567. {{ note }}")
    found = check.template(templates.load("trial", [own]), facts)
    told = {(f.code, f.channel, f.language) for f in found if f.severity is Severity.WARNING}
    assert told >= {
        ("text_tells_why", SMS, "fr"),
        ("text_orders_force", SMS, "fr"),
        ("reads_badly_aloud", VOICE, "en"),
    }


def test_the_longest_values_are_tried(own: Path, facts: Facts) -> None:
    """Parts are counted from the shortest to the longest values; what may outgrow them warns."""
    edit(own, "voice.txt", "{{ note }}", "{{ note }} " * 3)
    found = check.template(templates.load("trial", [own]), facts)
    assert "1 to 5 parts" in next(f.message for f in found if f.code == "sms_parts")
    assert codes(found) >= {("voice_too_long", None), ("subject_long", None)}


def test_values_that_hide_the_safety_sentence_are_an_error(own: Path, facts: Facts) -> None:
    """The check tries a template full and empty, and finds the `if` around the sentence."""
    edit(own, "sms.txt", "{{ safety }}", "{% if note %}{{ safety }}{% endif %}")
    finding = one(check.template(templates.load("trial", [own]), facts), "text_invalid")
    assert (finding.severity, finding.file, finding.language) == (Severity.ERROR, "sms.txt", "fr")


def test_a_broken_template_becomes_findings(own: Path) -> None:
    """Every problem of an unreadable folder is one error with its file and line."""
    edit(own, "sms.txt", "{{ note }}", "{{ wat }}")
    (own / "trial" / "voice.txt").unlink()
    with pytest.raises(ConfigurationError) as caught:
        templates.load("trial", [own])
    found = check.broken(caught.value)
    assert {(f.severity, f.code, f.file, f.row) for f in found} == {
        (Severity.ERROR, "undeclared_variable", "sms.txt", 3),
        (Severity.ERROR, "missing_file", "voice.txt", None),
    }
    assert all(finding.hint for finding in found)


def codes_in_source() -> set[str]:
    """Return every code that the check gives to a finding, read from its source."""
    found: set[str] = set()
    for path in [*Path(check.__file__).parent.glob("*.py"), Path(template_check.__file__)]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    args=[ast.Attribute(value=ast.Name(id="Severity")), ast.Constant(code), *_]
                ):
                    found.add(str(code))
    return found - {"value", "text"} | {
        f"{place}_{what}" for place in ("value", "text") for what in ("tells_why", "orders_force")
    }


def test_the_manual_names_every_code() -> None:
    """docs/templates.md has each code in its table of what the check finds."""
    manual = DOCS.read_text("utf-8").partition("## The check")[2]
    assert len(codes_in_source()) > 15
    assert sorted(code for code in codes_in_source() if f"`{code}`" not in manual) == []
