"""Telephone numbers: from what a clerk typed to E.164, and what may be shown of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from umsalert.errors import UsageError
from umsalert.i18n import _

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

# Reserved for fiction by ARCEP's numbering plan (decision 2018-0881 as amended).
_FICTIONAL = re.compile(r"\+33(63998|19900|26191|35301|46571|53649)[0-9]{4}")
# Country codes other than the French ones are taken as two digits: good enough to hide a number.
_SHOWN = re.compile(r"(\+(?:262|508|59[046]|68[179]|[0-9]{2}))([0-9]*)[0-9]{4}([0-9]{2})")

_METROPOLE = 33
# One plan of ten digits serves the métropole and these: 06 is dialled from La Réunion as it is,
# 0692 from Paris, and no number means two subscribers. The southern lands share La Réunion's.
_SHARED_PLAN = {
    "FR": _METROPOLE, "GP": 590, "MQ": 596, "GF": 594, "RE": 262, "YT": 262, "BL": 590, "MF": 590,
    "TF": 262,
}  # fmt: skip
_CODES = tuple(dict.fromkeys(_SHARED_PLAN.values()))
_OVERSEAS = (262, 590, 594, 596)
_MAINLAND_ONLY = ("1", "3", "4")
"""With these no overseas line begins, the 0 left out."""
_WITH_CODE = re.compile(r"\+?(33|262|590|594|596)0?([1-9][0-9]{8})")
_NATIONAL = re.compile(r"0?([1-9][0-9]{8})")

_MAX_DIGITS = 15
"""Of a number with its country: ITU-T E.164."""
_LABEL = re.compile(r"t[ée]l(?:[ée]phone)?[\s.:]*(?=[+(0-9])", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:#|;ext=|\b(?:poste|ext|extension|x)\b[\s.:]*(?=[0-9]))", re.IGNORECASE)
_BETWEEN_NUMBERS = re.compile(r"[;,/|&\n]|[^\W\d_]+|(?<=[0-9])[^0-9+]*(?=\+)")
_SHORTEST = 6
"""Digits of a whole number (New Caledonia, Saint-Pierre and Wallis), no part of one."""
_WHOLE_HERE = 9
"""Digits of a whole number of the shared plan, its 0 lost: two behind a / are another's end."""
_DIALLED = re.compile(r"\+?[0-9]+")
# Beside the marks people put between digits, those that nobody sees (a mark of direction comes
# with a number out of a telephone's address book), and the ' that makes a cell text.
_MARKS = dict.fromkeys(
    map(
        ord,
        " \t\r\n.,-/\\()[]_~'\u2019\u00b7\u2022\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
        "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
        "\u2060\u2066\u2067\u2068\u2069\ufeff",
    )
)
# What spreadsheets make of a number that is no text: 6,39980001E+08 and 639980001.0.
_POWER = re.compile(r"\+?([1-9])(?:[.,]([0-9]+))?e\+?([0-9]{1,2})", re.IGNORECASE)
_DECIMAL = re.compile(r"([1-9][0-9]{5,14})[.,]00?")


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be alerted. `fixed` lines, voice over IP included, take calls only."""

    e164: str
    kind: Literal["mobile", "fixed"]
    fictional: bool


def parse_phone(text: str, region: str) -> Phone:
    """Return a number typed in national or international form.

    Args:
        text: as typed, or as a spreadsheet has left it.
        region: ISO 3166 region of the site (FR, RE, GP, ...): what a number without + means.

    Raises:
        UsageError: phone_not_a_number, phone_several, phone_with_extension, phone_digits_lost,
            phone_invalid, and phone_refused for what is neither a mobile nor a fixed line. No
            message repeats the number.
    """
    import phonenumbers

    for number in _readings(_dialled(text), region):
        e164 = f"+{number.country_code}{number.national_number}"
        if is_fictional(e164):  # phonenumbers calls 06 39 98 invalid
            return Phone(e164, "mobile" if e164.startswith("+336") else "fixed", fictional=True)
        kind = phonenumbers.number_type(number)
        if kind != phonenumbers.PhoneNumberType.UNKNOWN:
            return _phone(number, kind)
    if _lists_another(text):
        raise _several()
    raise UsageError(
        "phone_invalid",
        _("No telephone has this number: a digit is missing, wrong or too many."),
        hint=_international_hint(),
    )


def is_fictional(e164: str) -> bool:
    """Return whether ARCEP reserves the number for fiction: nobody is behind it."""
    return _FICTIONAL.fullmatch(e164) is not None


def mask(e164: str) -> str:
    """Return a number with four digits hidden, for screens: `+33 6 39 .. .. 42`."""
    shown = _SHOWN.fullmatch(e164)
    if not shown:
        return ".."
    code, head, tail = shown.groups()
    return " ".join(f"{code} {head[:-2]} {head[-2:]} .. .. {tail}".split())


def _dialled(text: str) -> str:
    """Return the digits of the one number in a text, a + before them where it has a country."""
    plain = (text if text.isascii() else unicodedata.normalize("NFKC", text)).lstrip(" '").strip()
    if whole := _from_spreadsheet(plain):
        return whole
    label = _LABEL.match(plain)
    plain = plain[label.end() :] if label else plain
    dialled = plain.translate(_MARKS)
    if not _DIALLED.fullmatch(dialled):
        raise _not_one_number(plain)
    if dialled.startswith(("00", "+00")):
        dialled = "+" + dialled.lstrip("+").removeprefix("00")
    if len(dialled.lstrip("+")) > _MAX_DIGITS:
        raise _several()
    return dialled


def _from_spreadsheet(plain: str) -> str:
    """Return the digits where a spreadsheet took them for a quantity, else an empty string."""
    if decimal := _DECIMAL.fullmatch(plain):
        return decimal[1]
    power = _POWER.fullmatch(plain)
    if power is None:
        return ""
    first, others, exponent = power[1], power[2] or "", int(power[3])
    if len(others) != exponent:
        raise UsageError(
            "phone_digits_lost",
            _("A spreadsheet has shortened this number, and its last digits are lost."),
            hint=_("Give the column the format Text there, and type the number again."),
        )
    return first + others


def _lists_another(plain: str) -> bool:
    """Say whether a second number follows, or the end of one: `06 39 98 00 01 / 02`."""
    found = [count for count in map(_digits, _BETWEEN_NUMBERS.split(plain)) if count]
    return len(found) > 1 and (
        sum(count >= _SHORTEST for count in found) > 1 or max(found) >= _WHOLE_HERE
    )


def _not_one_number(plain: str) -> UsageError:
    """Say what a text is that holds more, or less, than the digits of one number."""
    if _EXTENSION.search(plain) and _digits(plain) >= _SHORTEST:
        return UsageError(
            "phone_with_extension",
            _("This telephone number has an extension, which cannot be dialled."),
            hint=_("Give the direct line, or a mobile."),
        )
    parts = map(_digits, _BETWEEN_NUMBERS.split(plain))
    if sum(count >= _SHORTEST for count in parts) > 1:
        return _several()
    return _no_number()


def _several() -> UsageError:
    return UsageError(
        "phone_several",
        _("This cell holds more than one telephone number."),
        hint=_("Make a contact of each: a row of its own, with the same site and another name."),
    )


def _no_number() -> UsageError:
    return UsageError(
        "phone_not_a_number", _("This is not one telephone number."), hint=_international_hint()
    )


def _digits(text: str) -> int:
    return sum(character.isdecimal() for character in text)


def _readings(dialled: str, region: str) -> Iterator[PhoneNumber]:
    """Yield what the digits mean in the site's region, then in the others of the same plan."""
    import phonenumbers

    home = _SHARED_PLAN.get(region)
    if with_code := _WITH_CODE.fullmatch(dialled):
        named = int(with_code[1])
        # +33 692 is written for what is dialled +262 692; the plan knows one subscriber of it.
        codes = _CODES if named == _METROPOLE else (named,)
        yield from _of_plan(codes, with_code[2])
    elif home and (national := _NATIONAL.fullmatch(dialled)):
        if is_fictional(f"+33{national[1]}"):
            home = _METROPOLE  # fiction wins over Mayotte's 0639, should that ever grow so far
        yield from _of_plan(dict.fromkeys((home, *_CODES)), national[1])
    else:
        try:
            yield phonenumbers.parse(dialled, "RE" if region == "TF" else region)
        except phonenumbers.NumberParseException:
            raise _no_number() from None


def _of_plan(codes: Iterable[int], national: str) -> Iterator[PhoneNumber]:
    from phonenumbers import PhoneNumber

    for code in codes:
        yield PhoneNumber(code, int(national))


def _phone(number: PhoneNumber, number_type: int) -> Phone:
    import phonenumbers

    kind = _kind(number_type)
    national = str(number.national_number)
    metropolitan = number.country_code == _METROPOLE
    if kind == "fixed" and metropolitan and not national.startswith(_MAINLAND_ONLY):
        # phonenumbers takes 0263, 0269, 0596 and others for metropolitan too: nobody is there.
        for twin in _of_plan(_OVERSEAS, national):
            if phonenumbers.number_type(twin) == phonenumbers.PhoneNumberType.FIXED_LINE:
                number = twin
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, kind, fictional=False)


def _kind(number_type: int) -> Literal["mobile", "fixed"]:
    from phonenumbers import PhoneNumberType

    match number_type:
        # Saint-Pierre, Wallis and North America: not told apart, so a text message is tried.
        case PhoneNumberType.MOBILE | PhoneNumberType.FIXED_LINE_OR_MOBILE:
            return "mobile"
        case PhoneNumberType.FIXED_LINE | PhoneNumberType.VOIP:
            return "fixed"
    raise UsageError(
        "phone_refused",
        _("This number is neither a mobile nor a fixed line (premium, free or shared cost)."),
        hint=_("Give the guard's mobile, or the fixed line of the control room."),
    )


def _international_hint() -> str:
    return _("Write it as it is dialled on the site, or with its country: +33 6 39 98 12 34.")
