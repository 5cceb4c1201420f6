"""Telephone numbers: from what a clerk typed to E.164, and what may be shown of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from umsalert.errors import UsageError
from umsalert.i18n import _

# Reserved for fiction by ARCEP's numbering plan (decision 2018-0881 as amended).
_FICTIONS = frozenset({"63998", "19900", "26191", "35301", "46571", "53649"})
_FICTIONAL = re.compile(rf"\+33({'|'.join(sorted(_FICTIONS))})[0-9]{{4}}")
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
_MAINLAND_ONLY = "134"
"""With these no overseas line begins, the 0 left out."""
_WITH_CODE = re.compile(r"\+?(33|262|590|594|596)0?([1-9][0-9]{8})")
_NATIONAL = re.compile(r"0?([1-9][0-9]{8})")
_USUAL = re.compile(r"(?:0|(\+33|0033))([1-9][0-9]{8})")
"""How most are written, but for blanks and dots."""
_TELLING = 5
"""Digits, of the nine in the shared plan, that tell what kind of number it is."""
_TELLING_AT_HOME = 3
"""Likewise of a metropolitan one, unless it is a service's: those begin with 8."""
_REMEMBERED = 16_384
"""Beginnings of numbers whose kind is looked up once; all metropolitan mobiles have 200."""

_Kind = Literal["mobile", "line", "voip", "other", "none"]
"""What phonenumbers takes a number for: `other` cannot be alerted, `none` does not exist."""

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


class Phone(NamedTuple):
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
    usual = _USUAL.fullmatch(text.replace(" ", "").replace(".", ""))
    if usual and usual[1]:
        phone = _of_plan(_CODES, usual[2])
    elif usual and region in _SHARED_PLAN:
        phone = _of_plan(_codes_from(region), usual[2])
    else:
        phone = _meant(_dialled(text), region)
    if phone is not None:
        return phone
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


def _meant(dialled: str, region: str) -> Phone | None:
    """Return what the digits mean in the site's region; None where no telephone has them."""
    if with_code := _WITH_CODE.fullmatch(dialled):
        named = int(with_code[1])
        # +33 692 is written for what is dialled +262 692; the plan knows one subscriber of it.
        return _of_plan(_CODES if named == _METROPOLE else (named,), with_code[2])
    if region in _SHARED_PLAN and (national := _NATIONAL.fullmatch(dialled)):
        return _of_plan(_codes_from(region), national[1])
    return _abroad(dialled, region)


@cache
def _codes_from(region: str) -> tuple[int, ...]:
    """Return the country codes of the shared plan, the region's own first."""
    return tuple(dict.fromkeys((_SHARED_PLAN[region], *_CODES)))


def _of_plan(codes: Iterable[int], national: str) -> Phone | None:
    """Return who has nine digits of the shared plan, under the first code that knows them."""
    # phonenumbers calls 06 39 98 invalid; fiction wins over Mayotte's 0639, should that grow so far
    if national[:5] in _FICTIONS and _METROPOLE in codes:
        kind: Literal["mobile", "fixed"] = "mobile" if national[0] == "6" else "fixed"
        return Phone(f"+{_METROPOLE}{national}", kind, fictional=True)
    for code in codes:
        found = _kind_in_plan(code, national)
        if found == "none":
            continue
        if found in ("line", "voip") and code == _METROPOLE and national[0] not in _MAINLAND_ONLY:
            # phonenumbers takes 0263, 0269, 0596 and others for metropolitan too: nobody is there.
            for twin in _OVERSEAS:
                if _kind_in_plan(twin, national) == "line":
                    code = twin  # noqa: PLW2901
        return Phone(f"+{code}{national}", _alerted(found), fictional=False)
    return None


def _kind_in_plan(code: int, national: str) -> _Kind:
    few = code == _METROPOLE and national[0] != "8"
    return _kind_of_head(code, national[: _TELLING_AT_HOME if few else _TELLING])


@lru_cache(maxsize=_REMEMBERED)
def _kind_of_head(code: int, head: str) -> _Kind:
    """Return the kind of all numbers of the shared plan that begin so."""
    import phonenumbers

    number = phonenumbers.PhoneNumber(code, int(head.ljust(_WHOLE_HERE, "0")))
    return _kind(phonenumbers.number_type(number))


def _abroad(dialled: str, region: str) -> Phone | None:
    """Return what the digits mean in all other plans."""
    import phonenumbers

    try:
        number = phonenumbers.parse(dialled, "RE" if region == "TF" else region)
    except phonenumbers.NumberParseException:
        raise _no_number() from None
    found = _kind(phonenumbers.number_type(number))
    if found == "none":
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, _alerted(found), fictional=False)


def _kind(number_type: int) -> _Kind:
    from phonenumbers import PhoneNumberType

    match number_type:
        case PhoneNumberType.UNKNOWN:
            return "none"
        # Saint-Pierre, Wallis and North America: not told apart, so a text message is tried.
        case PhoneNumberType.MOBILE | PhoneNumberType.FIXED_LINE_OR_MOBILE:
            return "mobile"
        case PhoneNumberType.FIXED_LINE:
            return "line"
        case PhoneNumberType.VOIP:
            return "voip"
    return "other"


def _alerted(kind: _Kind) -> Literal["mobile", "fixed"]:
    if kind == "mobile":
        return "mobile"
    if kind in ("line", "voip"):
        return "fixed"
    raise UsageError(
        "phone_refused",
        _("This number is neither a mobile nor a fixed line (premium, free or shared cost)."),
        hint=_("Give the guard's mobile, or the fixed line of the control room."),
    )


def _international_hint() -> str:
    return _("Write it as it is dialled on the site, or with its country: +33 6 39 98 12 34.")
