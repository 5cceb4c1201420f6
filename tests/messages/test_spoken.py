"""How a call sounds: nothing of a number or a plate is lost, and nothing else is touched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.messages.samples import TYPICAL
from umsalert.i18n import LANGUAGES
from umsalert.messages import Facts, Order, render, spoken, templates
from umsalert.messages.words import WORDS
from umsalert.model import ChannelKind

languages = st.sampled_from(LANGUAGES)
letters = st.sampled_from("ABCDEFGHJKLMNPQRSTVWXYZ")
separators = st.sampled_from(["", " ", "-"])
national = st.builds(
    lambda second, rest, separator: separator.join([f"0{second}", *rest]),
    st.integers(1, 9),
    st.lists(st.from_regex(r"[0-9]{2}", fullmatch=True), min_size=4, max_size=4),
    st.sampled_from(["", " ", ".", "-"]),
)
international = st.builds(
    lambda code, groups: f"+{code} {' '.join(groups)}",
    st.sampled_from(["33", "262", "590", "41", "1"]),
    st.lists(st.from_regex(r"[0-9]{2,3}", fullmatch=True), min_size=4, max_size=4),
)
plates = st.builds(
    lambda parts, separator: separator.join(parts),
    st.tuples(
        st.text(letters, min_size=2, max_size=2),
        st.from_regex(r"[0-9]{3}", fullmatch=True),
        st.text(letters, min_size=2, max_size=2),
    ),
    separators,
)
sentences = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=80)


def signs(text: str) -> str:
    """Return the letters and digits alone."""
    return "".join(char for char in text if char.isascii() and char.isalnum()).upper()


@given(st.one_of(national, international), languages)
def test_a_phone_number_keeps_every_digit_in_order(number: str, language: str) -> None:
    """Whatever its form, a number is said in groups of at most two figures, none lost or moved."""
    said = spoken.spoken(f"({number})", language).removeprefix("(").removesuffix(")")
    assert re.sub(r"\D", "", said) == re.sub(r"\D", "", number)
    for group in said.removeprefix("plus ").split(", "):
        assert len(group) <= 2 or all(len(figure) == 1 for figure in group.split(" ")), said
        if group.startswith("0"):
            assert group[1:2] in ("", " "), said


@given(plates, languages)
def test_a_plate_keeps_every_letter_and_digit_in_order(plate: str, language: str) -> None:
    """A plate is spelled, in a sentence as well as in a variable of its own."""
    spelled = ", ".join(signs(plate))
    assert spoken.plate(plate).replace(",", "") == spelled.replace(",", "")
    assert spoken.spoken(f"Clio {plate}.", language) == f"Clio {spelled}."


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "Zs", "Pd"]), max_size=20))
def test_no_plate_loses_a_sign(typed: str) -> None:
    """Foreign plates, parts and words around them: what is typed is what is said."""
    assert signs(spoken.plate(typed)) == signs(typed)


@given(sentences | national | plates, languages)
def test_spoken_text_stays_as_it_is(text: str, language: str) -> None:
    """A second pass changes nothing."""
    once = spoken.spoken(" ".join(text.split()), language)
    assert spoken.spoken(once, language) == once


@pytest.mark.parametrize(
    ("text", "french", "english"),
    [
        ("04 65 71 00 17", "0 4, 65, 71, 0 0, 17", "0 4, 6 5, 7 1, 0 0, 1 7"),
        ("+33465710017", "plus 33, 4, 65, 71, 0 0, 17", "plus 3 3, 4, 6 5, 7 1, 0 0, 1 7"),
        ("AB-123-CD", "A, B, 1, 2, 3, C, D", "A, B, 1, 2, 3, C, D"),
        ("ab-123-cd", "A, B, 1, 2, 3, C, D", "A, B, 1, 2, 3, C, D"),
        ("1234 AB 06", "1, 2, 3, 4, A, B, 0, 6", "1, 2, 3, 4, A, B, 0, 6"),
        ("20261125-k7f3", "2026, 11, 25, K, 7, F, 3", "2026, 1 1, 2 5, K, 7, F, 3"),
        ("à 18h07 : ici", "à 18 heures 7 : ici", "à 18:07 : ici"),
        ("18h00", "18 heures", "18:00"),
        ("8 h 30", "8 heures 30", "8:30"),
        ("1h", "1 heure", "1h"),
        ("24h/24, 7j/7", "24 heures sur 24, 7 jours sur 7", "24 hours a day, 7 days a week"),
        ("1m80", "1 mètre 80", "1.80 metres"),
        ("1,80 m", "1 mètre 80", "1.80 metres"),
        ("à 50 km/h", "à 50 kilomètres-heure", "à 50 kilometres an hour"),
        ("1 km, 300m", "1 kilomètre, 300 mètres", "1 kilometre, 300 metres"),
        ("H&M, n° 5", "H et M, numéro 5", "H and M, number 5"),
    ],
)
def test_what_is_without_doubt_is_written_out(text: str, french: str, english: str) -> None:
    """Numbers, plates, times, lengths and signs become what a voice of the language says."""
    assert spoken.spoken(text, "fr") == french
    assert spoken.spoken(text, "en") == english


@pytest.mark.parametrize(
    "text",
    [
        "Peugeot 206, A8, CX-5, T2",
        "appelez le 17 ou le 112",
        "de 800 personnes",
        "le 01-02-2026 10 agents",
        "place du 8 mai 1945",
        "12,50 euros",
        "Pour confirmer la réception, appuyez sur 1.",
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_voice_reads_well_is_left_alone(text: str, language: str) -> None:
    """Car models, motorways, short numbers, dates and years are no numbers to spell."""
    assert spoken.spoken(text, language) == text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("B-AB 1234", "B, A, B, 1, 2, 3, 4"),
        ("commence par AB 12", "commence par A, B, 1, 2"),
        ("AB-1??", "A, B, 1"),
        ("inconnue", "inconnue"),
        ("", ""),
    ],
)
def test_a_variable_for_a_plate_is_spelled(typed: str, said: str) -> None:
    """In a variable that holds a plate, codes of any country are spelled and words are not."""
    assert spoken.plate(typed) == said
    assert spoken.is_plate("plate")
    assert spoken.is_plate("vehicle_plate")
    assert not spoken.is_plate("template")


@pytest.mark.parametrize("name", sorted(TYPICAL))
@pytest.mark.parametrize("language", LANGUAGES)
def test_calls_of_the_shipped_templates(
    shipped: Path, facts: Facts, name: str, language: str
) -> None:
    """No call says a number in one piece, and each says its safety sentence word for word."""
    template = templates.load(name, [shipped])
    order = Order((ChannelKind.VOICE,), [language])
    (call,) = render.render(template, TYPICAL[name], order, facts)
    assert not re.search(r"\d\d \d\d|\d{5}|-\d|\d[hm]\d", call.body)
    assert (WORDS[language].safety in call.body) == template.safety_sentence
