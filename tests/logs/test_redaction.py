"""No number and no address passes the last gate, in whatever notation it comes."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.logs.redaction import ADDRESS, NUMBER, redacted

REGIONS = ("FR", "GP", "MQ", "GF", "RE", "YT", "BL", "MF", "PM", "BE", "CH", "GB", "US")
FORMATS = range(4)  # E.164, international, national, RFC 3966
KINDS = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
FICTIONAL = ("63998", "19900", "26191", "35301", "46571", "53649")
WORDS = st.text(st.characters(exclude_categories=("Nd", "Cs", "No", "Nl")), max_size=12)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Return a fictional French number, or an example of another country, as people write it."""
    if draw(st.booleans()):
        national = draw(st.sampled_from(FICTIONAL)) + f"{draw(st.integers(0, 9999)):04}"
        found = phonenumbers.parse("+33" + national, None)
    else:
        example = phonenumbers.example_number_for_type(
            draw(st.sampled_from(REGIONS)), draw(st.sampled_from(KINDS))
        )
        assert example is not None
        found = example
    text = phonenumbers.format_number(found, draw(st.sampled_from(FORMATS)))
    if len(re.sub(r"\D", "", text)) < 9:  # six digits dialled on Saint-Pierre: no number to know
        text = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    old, new = draw(st.sampled_from([(" ", " "), (" ", "\u00a0"), (" ", "."), ("+", "00")]))
    text = text.replace(old, new)
    return text.removeprefix("tel:")


@given(WORDS, numbers(), WORDS)
def test_no_number_passes(before: str, number: str, after: str) -> None:
    """Whatever stands around it, no digit of a phone number is left."""
    assert not re.search(r"\d", redacted(f"{before}{number}{after}"))


@given(WORDS, st.emails(), WORDS)
def test_no_address_passes(before: str, address: str, after: str) -> None:
    """Whatever stands around it, neither part of an e-mail address is left whole."""
    found = redacted(f"{before} {address} {after}")
    assert address not in found
    assert ADDRESS in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to 33639980001, failed", f"to {NUMBER}, failed"),
        ("+33 (0)6 39.98-00 01", NUMBER),
        ("(06) 39 98 00 01", f"({NUMBER}"),
        ("+508 41 23 45", NUMBER),
        ("06\u200b39\u206098\u00b700\u221201", NUMBER),
        ("+\u200e33 6\u202f39\ufeff98\u00ad00\u202201", NUMBER),
        ("agent\uff20mail.example", ADDRESS),
        ("to=%2B33639980001", f"to=%2B{NUMBER}"),
        ('"Claude Lavande"@mail.example', ADDRESS),
        ("?to=agent%40mail.example", ADDRESS),
        ("https://user:secret@mail.example/x", ADDRESS),
        ("planned: 24 deliveries of 1024 in 2026-11-25", None),
        ("line 1234, in delivery 1234567", None),
    ],
)
def test_what_is_taken_for_what(text: str, expected: str | None) -> None:
    """Notations that providers use are recognised; counts, dates and our ids stay."""
    assert redacted(text) == (expected or text)
