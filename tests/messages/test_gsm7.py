"""SMS arithmetic, held against an independent codec."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.messages import gsm7

CODEC = gsm0338.Codec()
ESCAPE = "\x1b"  # the codec takes the escape itself for a character; a text has no use for it
BASIC_PLANE = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
ALPHABET = [char for char in BASIC_PLANE if char != ESCAPE and CODEC.encode(char, "ignore")[0]]
gsm_texts = st.text(st.sampled_from(ALPHABET), max_size=700)
any_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=ESCAPE))


def oracle_parts(units: list[bytes], single: int, each: int) -> int:
    """Cut whole characters, already encoded, into parts of at most `each` bytes."""
    if sum(map(len, units)) <= single:
        return 1
    return len(list(_cut(units, each)))


def _cut(units: list[bytes], each: int) -> Iterator[bytes]:
    part = b""
    for unit in units:
        if len(part + unit) > each:
            yield part
            part = b""
        part += unit
    yield part


def test_the_alphabet_is_that_of_the_independent_codec() -> None:
    """A character of the basic plane is in our alphabet exactly when the codec can encode it."""
    ours = {char for char in BASIC_PLANE if not gsm7.measure(char).outside}
    assert ours == set(ALPHABET)
    assert len(ALPHABET) == 137


@given(gsm_texts)
def test_septets_and_parts_agree_with_the_codec(text: str) -> None:
    """A GSM-7 text costs the septets and the parts that its encoding has."""
    size = gsm7.measure(text)
    units = [CODEC.encode(char)[0] for char in text]
    assert (size.encoding, size.outside) == ("GSM-7", ())
    assert size.units == len(CODEC.encode(text)[0])
    assert size.parts == oracle_parts(units, 160, 153)


@given(any_texts, st.sampled_from("ê漢🚓"), gsm_texts)
def test_ucs2_units_and_parts_agree_with_utf16(head: str, outside: str, tail: str) -> None:
    """One character outside GSM-7 makes the whole text cost its UTF-16 code units."""
    text = head + outside + tail
    size = gsm7.measure(text)
    units = [char.encode("utf-16-be") for char in text]
    assert size.encoding == "UCS-2"
    assert outside in size.outside
    assert size.units == len(text.encode("utf-16-be")) // 2
    assert size.parts == oracle_parts(units, 140, 134)


@given(gsm_texts | any_texts)
def test_parts_are_full_but_for_their_pairs(text: str) -> None:
    """No part holds more than its limit, and a pair kept whole wastes one unit of it at most."""
    size = gsm7.measure(text)
    single, each = (160, 153) if size.encoding == "GSM-7" else (70, 67)
    assert (size.parts == 1) == (size.units <= single)
    if size.parts > 1:
        assert (size.parts - 1) * (each - 1) < size.units <= size.parts * each


@pytest.mark.parametrize(
    ("text", "units", "parts"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("a" * 152 + "€" + "a" * 152, 306, 3),  # the pair opens part two, one unit is lost
        ("ê" * 70, 70, 1),
        ("ê" * 71, 71, 2),
        ("ê" * 134, 134, 2),
        ("ê" * 66 + "🚓" + "ê" * 66, 134, 3),
    ],
)
def test_the_limits_of_the_standard(text: str, units: int, parts: int) -> None:
    """160/153 septets and 70/67 code units, and no pair straddles two parts."""
    size = gsm7.measure(text)
    assert (size.units, size.parts) == (units, parts)


def test_characters_outside_are_named_once_in_order() -> None:
    """A preview can name each character that costs, once, in the order of the text."""
    assert gsm7.measure("forêt, août, forêt").outside == ("ê", "û")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("fenêtre ouverte, façade, Noël", "fenetre ouverte, facade, Noel"),
        ("œuvre, ŒUVRE, L’Haÿ-les-Roses", "oeuvre, OEUVRE, L'Hay-les-Roses"),
        ("«\u00a0homme\u00a0» à 18\u202fh…", '"homme" à 18 h...'),
        ("À l’Île – Évry — n° 5 ½", "A l'Ile - Évry - no 5 1/2"),
        ("e\u0301tage et fore\u0302t", "étage et foret"),
        ("\u202a04 65 71 00 17\u202c\u200b", "04 65 71 00 17"),
    ],
)
def test_french_text_becomes_gsm7(text: str, plain: str) -> None:
    """French typography is replaced by its plain likeness; é and à, which GSM-7 has, stay."""
    assert gsm7.transliterate(text) == plain
    assert not gsm7.measure(plain).outside


@given(gsm_texts)
def test_gsm7_text_is_left_alone(text: str) -> None:
    """What already fits is not touched."""
    assert gsm7.transliterate(text) == text


@given(any_texts)
def test_transliteration_is_done_once(text: str) -> None:
    """A second pass changes nothing, and no pass adds a character that GSM-7 lacks."""
    once = gsm7.transliterate(text)
    assert gsm7.transliterate(once) == once
    composed = unicodedata.normalize("NFC", text)
    assert set(gsm7.measure(once).outside) <= set(gsm7.measure(composed).outside)


def test_what_has_no_likeness_stays() -> None:
    """A name in another script is sent as it is, in UCS-2, rather than lost."""
    assert gsm7.transliterate("李 ê") == "李 e"
