"""What a number's first digits tell is what phonenumbers says of the whole number."""

from __future__ import annotations

import re
from itertools import product

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberType

from umsalert.errors import UsageError
from umsalert.phones import Phone, is_fictional, parse_phone

PLAN = {33: ["FR"], 262: ["RE", "YT"], 590: ["GP", "BL", "MF"], 594: ["GF"], 596: ["MQ"]}
CODES = (33, 590, 596, 594, 262)
HOME = {region: code for code, regions in PLAN.items() for region in regions} | {"TF": 262}
DIGITS = 9
OTHERS = {"PM": 508, "NC": 687, "PF": 689, "WF": 681, "BE": 32, "DE": 49, "IT": 39, "MU": 230,
          "KM": 269, "BR": 55, "US": 1, "GB": 44}  # fmt: skip
DESCRIPTIONS = (
    "general_desc", "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost",
    "personal_number", "voip", "pager", "uan", "voicemail",
)  # fmt: skip
KINDS = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.VOIP: "fixed",
}


def shapes(pattern: str) -> set[str]:
    """Return what a pattern takes, a sign a digit: itself, `d` for any, `x` for one of several."""
    return _alternatives(
        re.sub(r"\[[^\]]*\]", "x", pattern.replace("(?:", "(").replace(r"\d", "d"))
    )


def _alternatives(text: str) -> set[str]:
    depth, parts = 0, [""]
    for char in text:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return {shape for part in parts for shape in _sequence(part)}


def _sequence(text: str) -> set[str]:
    found, at = {""}, 0
    while at < len(text):
        if text[at] == "(":
            end, depth = at, 0
            while True:
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                if not depth:
                    break
                end += 1
            item, at = _alternatives(text[at + 1 : end]), end + 1
        else:
            assert text[at] in "dx0123456789", (
                text
            )  # no other sign of regular expressions is in use
            item, at = {text[at]}, at + 1
        least, most = 1, 1
        if times := re.match(r"\{([0-9]+)(?:,([0-9]+))?\}|\?", text[at:]):
            at += times.end()
            least = int(times[1] or 0)
            most = int(times[2] or times[1] or 1)
        repeated = {
            "".join(each)
            for n in range(least, most + 1)
            for each in product(sorted(item), repeat=n)
        }
        found = {before + after for before in found for after in repeated}
    return found


def patterns(region: str) -> list[str]:
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    found = [getattr(metadata, name) for name in DESCRIPTIONS]
    return [each.national_number_pattern for each in found if each and each.national_number_pattern]


SHAPES = {
    shape
    for region in set(HOME) - {"TF"}
    for pattern in patterns(region)
    for shape in shapes(pattern)
    if len(shape) == DIGITS
}
NATIONAL = st.one_of(
    st.from_regex(r"[1-9][0-9]{8}", fullmatch=True),
    st.sampled_from(sorted(SHAPES)).flatmap(
        lambda shape: st.from_regex(re.sub("[dx]", "[0-9]", shape), fullmatch=True)
    ),
).filter(lambda national: national[0] != "0")


@pytest.mark.parametrize("region", sorted(set(HOME) - {"TF"}))
def test_the_metadata_decides_by_the_first_digits(region: str) -> None:
    """No pattern of the shared plan looks at a digit behind those that we look at."""
    found = [shape for pattern in patterns(region) for shape in shapes(pattern)]
    assert found
    for shape in found:
        if len(shape) == DIGITS:
            telling = 3 if region == "FR" and shape[0] != "8" else 5
            assert set(shape[telling:]) == {"d"}, shape
    assert shapes("(?:6[39]|7(?:1|2\\d))\\d{2}") == {"6xdd", "71dd", "72ddd"}


def of_plan(codes: tuple[int, ...], national: str) -> Phone | str:
    """Say what phonenumbers knows of the whole number, under the first code that has it."""
    if 33 in codes and is_fictional(f"+33{national}"):
        return Phone(f"+33{national}", "mobile" if national[0] == "6" else "fixed", True)
    for code in codes:
        number = PhoneNumber(code, int(national))
        found = phonenumbers.number_type(number)
        if found == PhoneNumberType.UNKNOWN:
            continue
        if found not in KINDS:
            return "phone_refused"
        if code == 33 and KINDS[found] == "fixed" and national[0] not in "134":
            for twin in (262, 590, 594, 596):
                other = PhoneNumber(twin, int(national))
                if phonenumbers.number_type(other) == PhoneNumberType.FIXED_LINE:
                    number = other
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return Phone(e164, KINDS[found], False)  # type: ignore[arg-type]
    return "phone_invalid"


def test_every_metropolitan_beginning_is_what_the_library_says() -> None:
    """All three digits that a number can begin with are judged as the library does."""
    for head in range(100, 1000):
        for rest in ("000000", "314159"):
            assert parsed(f"+33{head}{rest}", "FR") == of_plan(CODES, f"{head}{rest}")


@pytest.mark.parametrize("code", [262, 590, 594, 596])
def test_beginnings_overseas_are_what_the_library_says(code: int) -> None:
    """So are all five digits of a number overseas, where the metadata looks at so many."""
    known = {shape[:3] for shape in SHAPES if "x" in shape[3:5] and shape[:3].isdigit()}
    assert known
    for head in sorted(known):
        for middle in range(100):
            national = f"{head}{middle:02}1234"
            assert parsed(f"+{code}{national}", "FR") == of_plan((code,), national)


def parsed(text: str, region: str) -> Phone | str:
    try:
        return parse_phone(text, region)
    except UsageError as error:
        return error.code


def styles(national: str) -> list[str]:
    pairs = [national[:1], *(national[at : at + 2] for at in range(1, DIGITS, 2))]
    return [
        f"0{national}",
        "0" + " ".join(pairs),
        "0" + ".".join(pairs),
        f"0{national[:3]} {national[3:]}",
    ]


@given(NATIONAL, st.sampled_from(sorted(HOME)))
@example("639981234", "YT")
@example("693131234", "FR")
@example("262123456", "FR")
@example("976001234", "GP")
def test_a_national_number_is_what_the_library_says(national: str, region: str) -> None:
    """Nine digits at a site are of the first country of the plan that has them, in any style."""
    codes = tuple(dict.fromkeys((HOME[region], *CODES)))
    for text in styles(national):
        assert parsed(text, region) == of_plan(codes, national), text


@given(NATIONAL, st.sampled_from(sorted(PLAN)), st.sampled_from([*sorted(HOME), "NC", "XX"]))
@example("639981234", 262, "YT")
def test_an_international_number_is_what_the_library_says(
    national: str, code: int, region: str
) -> None:
    """With a country code the region of the site means nothing."""
    codes = CODES if code == 33 else (code,)
    expected = of_plan(codes, national)
    for text in (f"+{code}{national}", f"00{code} {national}", f"+{code} (0){national}"):
        assert parsed(text, region) == expected, text


@given(
    st.one_of(NATIONAL, st.from_regex(r"[0-9]{5,10}", fullmatch=True)),
    st.sampled_from(["0", "+33", "0033", "+262", "+590", "+33 0", "", "+687", "+"]),
    st.sampled_from(" ."),
    st.sampled_from([*sorted(HOME), "NC", "PF"]),
)
def test_the_short_way_ends_where_the_long_one_does(
    digits: str, before: str, between: str, region: str
) -> None:
    """A number in a usual style is read as with a mark that makes it an unusual one."""
    text = before + between.join(digits[at : at + 2] for at in range(0, len(digits), 2))
    assert parsed(text, region) == parsed(f"\u200b{text}", region)


@given(st.sampled_from(sorted(OTHERS)), st.from_regex(r"[1-9][0-9]{4,9}", fullmatch=True))
@example("NC", "751234")
@example("PM", "551234")
def test_other_plans_are_what_the_library_says(region: str, national: str) -> None:
    """A number of another plan is the library's to judge."""
    text = f"+{OTHERS[region]}{national}"
    number = phonenumbers.parse(text, None)
    found = phonenumbers.number_type(number)
    expected: Phone | str = "phone_refused"
    if found in KINDS:
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        expected = Phone(e164, KINDS[found], False)  # type: ignore[arg-type]
    elif found == PhoneNumberType.UNKNOWN:
        expected = "phone_invalid"
    assert parsed(text, "FR") == expected
