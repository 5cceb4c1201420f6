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
from umsalert.phones import Phone, is_fictional, mask, parse_phone

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


FICTIONS = "+33639981234"
STYLES = (
    "06 39 98 12 34",
    "06.39.98.12.34",
    "06-39-98-12-34",
    "06/39/98/12/34",
    "06,39,98,12,34",
    "06\u201139\u201198\u201112\u201134",
    "0639981234",
    "(06) 39 98 12 34",
    "06\N{NO-BREAK SPACE}39\N{NARROW NO-BREAK SPACE}98\N{THIN SPACE}12 34",
    "+33 (0)6 39 98 12 34",
    "+33(0)639981234",
    "+33 0 6 39 98 12 34",
    "(+33) 6 39 98 12 34",
    "+33.6.39.98.12.34",
    "+330639981234",
    "\uff0b33 6 39 98 12 34",
    "0033 6 39 98 12 34",
    "0033(0)639981234",
    "00 33 (0)6 39 98 12 34",
    "+0033 6 39 98 12 34",
    "33639981234",
    "33 (0)6 39 98 12 34",
    "tel:+33-6-39-98-12-34",
    "TEL : 06 39 98 12 34",
    "Tél. 06 39 98 12 34",
    "Téléphone : 06 39 98 12 34",
    "'0639981234",
    "639981234",
    "6 39 98 12 34",
    "639981234.0",
    "639981234,00",
    "33639981234.0",
    "6,39981234E+08",
    "6.39981234e8",
    "6.39981234E+08",
    "3.3639981234E+10",
    "\N{LEFT-TO-RIGHT EMBEDDING}+33 6 39 98 12 34\N{POP DIRECTIONAL FORMATTING}",
    "06 39 98 12 34\N{ZERO WIDTH SPACE}",
)


@pytest.mark.parametrize("text", STYLES)
@pytest.mark.parametrize("region", ["FR", *SHARED_PLAN, "TF"])
def test_every_style_of_the_offices_is_one_number(text: str, region: str) -> None:
    """Every notation, and whatever a spreadsheet made of it, is the same number at every site."""
    assert parse_phone(text, region) == Phone(FICTIONS, "mobile", fictional=True)


@pytest.mark.parametrize("region", ["PF", "NC", "WF", "PM"])
def test_a_country_is_understood_where_the_plan_is_another(region: str) -> None:
    """+33, 0033 and 33 say the same at a site whose own numbers are short."""
    for text in ("+33 (0)6 39 98 12 34", "00 33 6 39 98 12 34", "33639981234"):
        assert parse_phone(text, region).e164 == FICTIONS


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("0692 12 34 56", "RE", "+262692123456"),
        ("0693 12 34 56", "RE", "+262693123456"),
        ("692123456", "RE", "+262692123456"),
        ("0692.12.34.56", "FR", "+262692123456"),
        ("+33 692 12 34 56", "RE", "+262692123456"),
        ("+33 (0)692 12 34 56", "FR", "+262692123456"),
        ("262692123456", "FR", "+262692123456"),
        ("2.62692123456E+11", "RE", "+262692123456"),
        ("0690 12 34 56", "GP", "+590690123456"),
        ("0696 12 34 56", "MQ", "+596696123456"),
        ("0694 12 34 56", "GF", "+594694123456"),
        ("0639 61 23 45", "YT", "+262639612345"),
        ("0639 61 23 45", "FR", "+262639612345"),
        ("00262 639 61 23 45", "YT", "+262639612345"),
        ("0690 12 34 56", "MF", "+590690123456"),
        ("0690 12 34 56", "BL", "+590690123456"),
        ("25 12 34", "NC", "+687251234"),
        ("251234.0", "NC", "+687251234"),
        ("2.51234E+05", "NC", "+687251234"),
        ("687 25 12 34", "NC", "+687251234"),
        ("40 41 23 45", "PF", "+68940412345"),
        ("72 12 34", "WF", "+681721234"),
        ("41 12 34", "PM", "+508411234"),
    ],
)
def test_a_number_means_what_it_means_on_the_site(text: str, region: str, e164: str) -> None:
    """Overseas prefixes, with and without their zero and their country, are read by the site."""
    assert parse_phone(text, region).e164 == e164


def test_fiction_and_mayotte_share_a_beginning() -> None:
    """06 39 98 is fiction at a site of Mayotte too, though 0639 is its mobiles' prefix."""
    assert parse_phone("0639 98 12 34", "YT").e164 == FICTIONS
    with pytest.raises(UsageError):  # +262 639 98 is nobody's
        parse_phone("+262 639 98 12 34", "YT")


@st.composite
def styles(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw a number of the shared plan as an office writes it, the site's region, and in E.164."""
    code, national = draw(
        st.sampled_from(["63998", "19900", "26191", "35301", "46571", "53649"]).flatmap(
            lambda head: st.integers(0, 9999).map(lambda rest: ("33", f"{head}{rest:04}"))
        )
        | st.sampled_from(sorted(SHARED_PLAN)).map(
            lambda region: (
                CODES[region][1:],
                example(region, PhoneNumberType.MOBILE).removeprefix(CODES[region]),
            )
        )
    )
    whole = code + national
    kind = draw(st.sampled_from(["digits", "float", "power"]))
    if kind == "digits":
        heads = ["0", "", f"+{code}", f"+{code}(0)", f"+{code} (0) ", f"00{code}", f"00 {code} (0)"]
        head = draw(st.sampled_from([*heads, code, f"({code}) ", f"tel:+{code}", "tél. : 0"]))
        gaps = st.sampled_from(["", " ", ".", "-", "\N{NO-BREAK SPACE}", "\N{FIGURE DASH}"])
        text = head + "".join(draw(gaps) + digit for digit in national)
        text = draw(st.sampled_from(["", " ", "'"])) + text + draw(st.sampled_from(["", " ", "\n"]))
    else:
        number = draw(st.sampled_from([whole, national]))
        mark = draw(st.sampled_from([".", ","]))
        power = f"{number[0]}{mark}{number[1:]}E+{len(number) - 1:02}"
        text = power if kind == "power" else f"{number}{mark}0"
    return text, draw(st.sampled_from([*SHARED_PLAN, "FR", "TF"])), f"+{whole}"


@given(styles())
def test_every_style_of_a_number_is_the_same_number(drawn: tuple[str, str, str]) -> None:
    """Country, zero, marks, label and spreadsheet change nothing about who is called."""
    text, region, e164 = drawn
    assert parse_phone(text, region).e164 == e164


@given(st.integers(100_000_000, 999_999_999), st.integers(1, 7), st.sampled_from([".", ","]))
def test_a_shortened_number_is_never_guessed(number: int, kept: int, mark: str) -> None:
    """Whatever a spreadsheet has rounded is refused as such, zeros at the end included."""
    digits = str(number)
    with pytest.raises(UsageError) as caught:
        parse_phone(f"{digits[0]}{mark}{digits[1 : kept + 1]}E+08", "FR")
    assert caught.value.code == "phone_digits_lost"


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
        ("+", "phone_not_a_number"),
        ("06 39 98 12 34 ou 06 39 98 12 35", "phone_several"),
        ("0639981234 / 0639981235", "phone_several"),
        ("0639981234, 0639981235", "phone_several"),
        ("0639981234\n0639981235", "phone_several"),
        ("06 39 98 12 34 06 39 98 12 35", "phone_several"),
        ("+33 6 39 98 12 34 +33 6 39 98 12 35", "phone_several"),
        ("06 39 98 12 34 / 35", "phone_several"),
        ("PC : 01 99 00 12 34 ; mobile 06 39 98 12 34", "phone_several"),
        ("25 12 34 / 25 12 35", "phone_several"),
        ("6,3998E+08", "phone_digits_lost"),
        ("6,12E+08", "phone_digits_lost"),
        ("6.3998123E+8", "phone_digits_lost"),
        ("3.363998E+10", "phone_digits_lost"),
        ("6.399812341E+08", "phone_digits_lost"),
        ("639981234.5", "phone_invalid"),
        ("06 39 98 12 34 poste 5", "phone_with_extension"),
        ("06 39 98 12 34 ext. 12", "phone_with_extension"),
        ("tel:+33-6-39-98-12-34;ext=5", "phone_with_extension"),
        ("poste 5", "phone_not_a_number"),
        ("06 39 98 12 34*5", "phone_not_a_number"),
        ("06+39981234", "phone_not_a_number"),
        ("+06 39 98 12 34", "phone_not_a_number"),
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


@given(typed("0123456789+ ./-()#*;,xeEtél:\n\u00a0"), st.sampled_from(["FR", "RE", "PF", "XX"]))
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
