"""Telephone numbers. All are reserved for fiction or made by phonenumbers as its examples."""

from __future__ import annotations

import subprocess
import sys

import phonenumbers
import pytest
from hypothesis import example as counterexample
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tests.typed import typed
from umsalert.errors import UsageError
from umsalert.phones import is_fictional, mask, parse_phone

FICTIONAL = {
    "063998": "mobile",
    "019900": "fixed",
    "026191": "fixed",
    "035301": "fixed",
    "046571": "fixed",
    "053649": "fixed",
}
SHARED_PLAN = ["GP", "MQ", "GF", "RE", "YT", "BL", "MF"]
CODES = {
    "RE": "+262", "YT": "+262", "GP": "+590", "BL": "+590", "MF": "+590", "GF": "+594",
    "MQ": "+596", "PM": "+508", "NC": "+687", "PF": "+689", "WF": "+681",
}  # fmt: skip
TRUNK = {*SHARED_PLAN, "PM"}
"""Where a 0 is dialled in front; the other plans have none."""
NOT_ALERTED = (
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.VOICEMAIL,
)


def example(region: str, kind: int, form: int = PhoneNumberFormat.E164) -> str:
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    return phonenumbers.format_number(number, form)


@given(st.sampled_from(sorted(FICTIONAL)), st.integers(0, 9999), st.sampled_from(" .-/"))
def test_fictional_numbers_are_accepted_and_known_as_such(
    prefix: str, rest: int, separator: str
) -> None:
    """Every number of ARCEP's fictional ranges is read in any notation, with its kind."""
    national = f"{prefix}{rest:04}"
    pairs = separator.join(national[i : i + 2] for i in range(0, 10, 2))
    e164 = "+33" + national[1:]
    for text in (national, pairs, e164, "0033" + national[1:], f"+33 (0){national[1:]}"):
        phone = parse_phone(text, "FR")
        assert (phone.e164, phone.kind, phone.fictional) == (e164, FICTIONAL[prefix], True)
    assert is_fictional(e164)


@pytest.mark.parametrize("e164", ["+33639971234", "+3363998123", "+336399812345", "+262639981234"])
def test_neighbours_of_the_fictional_ranges_are_not_fictional(e164: str) -> None:
    """A number beside the reserved ranges, too short or of another country is not fictional."""
    assert not is_fictional(e164)


@pytest.mark.parametrize("region", [*SHARED_PLAN, "PF", "NC", "PM", "WF"])
@pytest.mark.parametrize("kind", ["mobile", "fixed"])
def test_overseas_numbers_are_read_in_their_region(region: str, kind: str) -> None:
    """A number as it is dialled in a territory becomes E.164 with that territory's code."""
    number_type = PhoneNumberType.MOBILE if kind == "mobile" else PhoneNumberType.FIXED_LINE
    phone = parse_phone(example(region, number_type, PhoneNumberFormat.NATIONAL), region)
    assert phone.e164 == example(region, number_type)
    assert phone.kind == ("mobile" if region in {"PM", "WF"} else kind)  # not told apart there
    assert not phone.fictional


@st.composite
def overseas_notations(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw a number as somebody writes it, the region of the site, and the number in E.164."""
    region = draw(st.sampled_from(sorted(CODES)))
    kind = draw(st.sampled_from([PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE]))
    e164 = example(region, kind)
    code, digits = CODES[region], e164.removeprefix(CODES[region])
    zero = "0" if region in TRUNK else ""
    heads = [code, code + " ", f"00{code[1:]}", zero]
    if zero:
        heads += [f"{code}(0)", f"{code} (0) ", f"{code} 0", f"00{code[1:]} (0)"]
    head = draw(st.sampled_from(heads))
    separators = st.sampled_from(["", " ", ".", "-", "/", "\N{NO-BREAK SPACE}"])
    body = "".join(digit + draw(separators) for digit in digits[:-1]) + digits[-1]
    sites = [*sorted(CODES), "FR"]
    if head == zero:
        sites = [*SHARED_PLAN, "FR"] if region in SHARED_PLAN else [region]
    return head + body, draw(st.sampled_from(sites)), e164


@given(overseas_notations())
@counterexample(("0269 60 12 34", "FR", "+262269601234"))
@counterexample(("0596 30 12 34", "RE", "+596596301234"))
@counterexample(("+33 5 96 30 12 34", "MQ", "+596596301234"))
def test_overseas_numbers_are_read_in_any_notation(drawn: tuple[str, str, str]) -> None:
    """Every overseas prefix, national or international, with any separators, at any site."""
    text, region, e164 = drawn
    assert parse_phone(text, region).e164 == e164


@given(st.sampled_from([*sorted(CODES), "FR", "TF"]), st.sampled_from([*sorted(CODES), "FR"]))
def test_e164_is_its_own_reading_everywhere(site: str, region: str) -> None:
    """A number of the database is read back as itself, whatever the region of the site."""
    for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
        number = example(region, kind)
        assert parse_phone(number, site).e164 == number


@given(st.sampled_from(sorted(FICTIONAL)), st.integers(0, 9999), st.sampled_from(SHARED_PLAN))
def test_fiction_is_metropolitan_overseas_too(prefix: str, rest: int, region: str) -> None:
    """A metropolitan number typed on an overseas site is metropolitan, and still fictional."""
    national = f"{prefix}{rest:04}"
    phone = parse_phone(national, region)
    assert (phone.e164, phone.fictional) == ("+33" + national[1:], True)


@pytest.mark.parametrize("kind", NOT_ALERTED)
def test_what_is_no_line_of_a_person_is_refused_everywhere(kind: int) -> None:
    """Premium, free, shared-cost, pager, personal and voicemail numbers are refused by name."""
    found = [phonenumbers.example_number_for_type(region, kind) for region in [*CODES, "FR", "GB"]]
    assert any(found)
    for number in filter(None, found):
        with pytest.raises(UsageError) as caught:
            parse_phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), "FR")
        assert caught.value.code == "phone_refused"


@given(st.integers(0, 9999), st.sampled_from([*sorted(CODES), "FR", "TF"]))
def test_short_numbers_are_refused_everywhere(number: int, region: str) -> None:
    """What has up to four digits (15, 17, 112, 3114, a door code) is refused."""
    with pytest.raises(UsageError):
        parse_phone(str(number), region)


def test_southern_lands_use_the_numbers_of_la_reunion() -> None:
    """TF has no telephone region of its own: its sites are read as La Réunion's."""
    mobile = example("RE", PhoneNumberType.MOBILE, PhoneNumberFormat.NATIONAL)
    assert parse_phone(mobile, "TF") == parse_phone(mobile, "RE")


def test_separate_plans_are_not_mixed() -> None:
    """Polynesia has a plan of its own: a metropolitan number needs its country there."""
    with pytest.raises(UsageError) as caught:
        parse_phone("06 39 98 12 34", "PF")
    assert caught.value.code == "phone_invalid"
    assert parse_phone("+33 6 39 98 12 34", "PF").fictional


def test_what_spreadsheets_do_to_numbers_is_undone() -> None:
    """A lost leading zero, no-break spaces and direction marks do no harm."""
    for text in (
        "639981234",
        "06\N{NO-BREAK SPACE}39\N{NO-BREAK SPACE}98\N{NO-BREAK SPACE}12 34",
        "\N{LEFT-TO-RIGHT EMBEDDING}+33 6 39 98 12 34\N{POP DIRECTIONAL FORMATTING}",
    ):
        assert parse_phone(text, "FR").e164 == "+33639981234"


def test_voice_over_ip_takes_calls_only() -> None:
    """A +33 9 line is a fixed line: it is called and gets no SMS."""
    assert parse_phone(example("FR", PhoneNumberType.VOIP), "FR").kind == "fixed"


def test_foreign_mobile_is_accepted() -> None:
    """A guard who lives across the border is reached by the full number."""
    for region in ("BE", "CH", "MC", "US"):
        number = example(region, PhoneNumberType.MOBILE)
        assert parse_phone(number, "FR").e164 == number
        assert parse_phone(number, "FR").kind == "mobile"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "phone_not_a_number"),
        ("PC sécurité", "phone_not_a_number"),
        ("06 39 98 12 34 ou 06 39 98 12 35", "phone_not_a_number"),
        ("0639981234 / 0639981235", "phone_not_a_number"),
        ("0639981234, 0639981235", "phone_not_a_number"),
        ("6.39981234E+08", "phone_not_a_number"),
        ("06 39 98 12 34 poste 5", "phone_not_a_number"),
        ("06 39 98 12 34 #5", "phone_with_extension"),
        ("06 39 98 12 3", "phone_invalid"),
        ("06 39 98 12 345", "phone_invalid"),
        ("17", "phone_invalid"),
        ("118 000", "phone_invalid"),
        ("+33 39 98", "phone_invalid"),
        ("+999 39 98", "phone_not_a_number"),
        (example("FR", PhoneNumberType.PREMIUM_RATE), "phone_refused"),
        (example("FR", PhoneNumberType.TOLL_FREE), "phone_refused"),
        (example("FR", PhoneNumberType.SHARED_COST), "phone_refused"),
    ],
)
def test_what_cannot_be_alerted_is_refused(text: str, code: str) -> None:
    """Words, two numbers, short and premium ones are refused, and the sentence shows no digit."""
    with pytest.raises(UsageError) as caught:
        parse_phone(text, "FR")
    assert caught.value.code == code
    assert caught.value.hint
    assert not any(character.isdigit() for character in caught.value.message)


@given(typed("0123456789+ ./-()#*;,x\u00a0é"), st.sampled_from(["FR", "RE", "PF", "XX"]))
def test_any_text_is_a_phone_or_a_usage_error(text: str, region: str) -> None:
    """Nothing that can be typed breaks the reading; what comes out reads as itself."""
    try:
        phone = parse_phone(text, region)
    except UsageError:
        return
    assert parse_phone(phone.e164, region) == phone


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+33639981242", "+33 6 39 .. .. 42"),
        ("+33199001234", "+33 1 99 .. .. 34"),
        ("+262639981234", "+262 6 39 .. .. 34"),
        ("+68939981234", "+689 39 .. .. 34"),
        ("+687998123", "+687 .. .. 23"),
        ("+443998123456", "+44 39 98 .. .. 56"),
        ("17", ".."),
    ],
)
def test_mask_hides_four_digits(e164: str, shown: str) -> None:
    """A masked number keeps its country, its beginning and its last two digits."""
    assert mask(e164) == shown


def test_fiction_is_told_without_loading_the_library() -> None:
    """Asking whether a number is fictional, or masking it, does not load phonenumbers."""
    program = (
        "import sys; from umsalert.phones import is_fictional, mask;"
        " is_fictional('+33639981234'), mask('+33639981234');"
        " print('phonenumbers' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
