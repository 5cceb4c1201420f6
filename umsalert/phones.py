"""Telephone numbers: from what a clerk typed to E.164, and what may be shown of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
# One plan of ten digits serves the métropole and these: 06 is dialled from La Réunion as it is,
# 0692 from Paris, and no number means two subscribers.
_SHARED_PLAN = ("FR", "GP", "MQ", "GF", "RE", "YT", "BL", "MF")
_METROPOLE, _OVERSEAS = 33, (262, 590, 594, 596)
"""The country codes of the shared plan."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be alerted. `fixed` lines, voice over IP included, take calls only."""

    e164: str
    kind: Literal["mobile", "fixed"]
    fictional: bool


def parse_phone(text: str, region: str) -> Phone:
    """Return a number typed in national or international form.

    Args:
        text: as typed.
        region: ISO 3166 region of the site (FR, RE, GP, ...): what a number without + means.

    Raises:
        UsageError: phone_not_a_number, phone_with_extension, phone_invalid, and phone_refused
            for what is neither a mobile nor a fixed line. No message repeats the number.
    """
    import phonenumbers

    for number in _readings(text, region):
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if is_fictional(e164):  # phonenumbers calls 06 39 98 invalid
            return Phone(e164, "mobile" if e164.startswith("+336") else "fixed", fictional=True)
        if phonenumbers.is_valid_number(number):
            return _phone(number)
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


def _readings(text: str, region: str) -> Iterator[PhoneNumber]:
    """Yield what the text means in the site's region, then in the others of the same plan."""
    import phonenumbers

    home = "RE" if region == "TF" else region  # the southern lands share La Réunion's +262
    others = _SHARED_PLAN if home in _SHARED_PLAN else ()
    # Letters would be read as the keys they stand on, or as an extension.
    digits_only = "" if any(character.isalpha() for character in text) else text
    for reading in dict.fromkeys((home, *others)):
        try:
            number = phonenumbers.parse(digits_only, reading)
        except phonenumbers.NumberParseException:
            raise UsageError(
                "phone_not_a_number",
                _("This is not one telephone number."),
                hint=_international_hint(),
            ) from None
        if number.extension:
            raise UsageError(
                "phone_with_extension",
                _("This telephone number has an extension, which cannot be dialled."),
                hint=_("Give the direct line, or a mobile."),
            )
        yield number


def _phone(number: PhoneNumber) -> Phone:
    import phonenumbers

    kind = _kind(number)
    if kind == "fixed" and number.country_code == _METROPOLE:
        # phonenumbers takes 0263, 0269, 0596 and others for metropolitan too: nobody is there.
        for code in _OVERSEAS:
            twin = phonenumbers.PhoneNumber(code, number.national_number)
            if phonenumbers.number_type(twin) == phonenumbers.PhoneNumberType.FIXED_LINE:
                number = twin
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, kind, fictional=False)


def _kind(number: PhoneNumber) -> Literal["mobile", "fixed"]:
    from phonenumbers import PhoneNumberType, number_type

    match number_type(number):
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
