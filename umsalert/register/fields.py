"""One cell to one value. Each function raises UsageError with a code, as `phones` and `geo` do."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from functools import cache, lru_cache

from umsalert.errors import UsageError
from umsalert.i18n import LANGUAGES, _
from umsalert.model import ChannelKind

# A ref is typed on command lines: no blank, and no hyphen first, where it would be an option.
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_YES = {"yes", "y", "oui", "o", "true", "vrai", "1", "x"}
_NO = {"no", "n", "non", "false", "faux", "0"}

# What stands before the @ of most addresses: only its length has to be looked at.
_LOCAL = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_LOCAL_MOST = 40


def clean(text: str, limit: int) -> str:
    """Return a cell in Unicode form C, each run of blanks and line ends as one space.

    Raises:
        UsageError: value_too_long, control_character (also direction marks and the like).
    """
    if (  # most cells: nothing has to be done to them
        len(text) <= limit
        and text.isprintable()
        and text[0] != " " != text[-1]
        and "  " not in text
        and (text.isascii() or unicodedata.is_normalized("NFC", text))
    ):
        return text
    plain = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(plain) > limit:
        raise UsageError(
            "value_too_long",
            _("The value has {n} characters; at most {limit} fit.").format(
                n=len(plain), limit=limit
            ),
        )
    if not plain.isprintable():
        hidden = next(char for char in plain if not char.isprintable())
        raise UsageError(
            "control_character",
            _("The value holds the invisible character U+{code:04X}: type it again.").format(
                code=ord(hidden)
            ),
        )
    return plain


def ref(text: str) -> str:
    """Return a ref. Raises UsageError: ref_invalid."""
    if not _REF.fullmatch(text):
        raise UsageError(
            "ref_invalid",
            _("A ref has letters without accents, digits and . _ - only, a letter or digit first."),
        )
    return text


def agents(text: str) -> int:
    """Return a number of guards, 0 or more. Raises UsageError: agents_invalid."""
    if not (text.isascii() and text.isdigit()):
        raise UsageError("agents_invalid", _("The number of guards is no whole number from 0 on."))
    return int(text)


@lru_cache(maxsize=4096)  # a register has few schedules and many sites
def hours(text: str) -> str:
    """Return presence hours in `opening_hours` notation. Raises UsageError: hours_invalid."""
    from opening_hours import validate

    if not validate(text):
        raise UsageError(
            "hours_invalid",
            _("Write hours as in OpenStreetMap: {example}; days are {days}.").format(
                example="Mo-Sa 09:00-20:00", days="Mo Tu We Th Fr Sa Su PH"
            ),
        )
    return text


def time_zone(text: str) -> str:
    """Return a name of the IANA time zone database. Raises UsageError: time_zone_unknown."""
    if text not in _time_zones():
        raise UsageError(
            "time_zone_unknown",
            _("This is no time zone of the IANA database, such as Europe/Paris."),
        )
    return text


def postcode(text: str) -> str:
    """Return five digits; a leading zero that a spreadsheet took away is put back.

    Raises:
        UsageError: postcode_invalid.
    """
    if not (text.isascii() and text.isdigit() and len(text) in (4, 5)):
        raise UsageError("postcode_invalid", _("A postcode has five digits."))
    return text.zfill(5)


def email(text: str) -> str:
    """Return an address in the ASCII form that every relay takes; no DNS is asked.

    Raises:
        UsageError: email_invalid. The message does not repeat the address.
    """
    local, _at, domain = text.rpartition("@")
    plain = len(local) <= _LOCAL_MOST and _LOCAL.fullmatch(local)
    if plain and (mail_domain := _mail_domain(domain)):
        address: str | None = f"{local}@{mail_domain}"
    else:
        address = _validated(text)
    if address is None:
        raise UsageError(
            "email_invalid", _("This is not one e-mail address, such as pc@company.example.")
        )
    return address


@lru_cache(maxsize=4096)  # a register has few companies and many people
def _mail_domain(domain: str) -> str | None:
    """Return the domain of addresses as `_validated` writes it, None where there is none."""
    address = _validated(f"a@{domain}")
    return address and address.removeprefix("a@")


def _validated(text: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        # None where the part before the @ leaves ASCII
        return validate_email(text, check_deliverability=False).ascii_email
    except EmailNotValidError:
        return None


def language(text: str) -> str:
    """Return `fr` or `en`. Raises UsageError: language_unknown."""
    if text.casefold() not in LANGUAGES:
        raise UsageError(
            "language_unknown",
            _("The language is one of: {languages}.").format(languages=", ".join(LANGUAGES)),
        )
    return text.casefold()


def channels(text: str) -> str:
    """Return channels in the order in which they are wanted: `sms,voice`.

    Raises:
        UsageError: channels_invalid.
    """
    names = [name.casefold().replace("-", "") for name in re.split(r"[\s,;+>]+", text) if name]
    known = [kind.value for kind in ChannelKind]
    if not names or len(set(names)) < len(names) or not set(names) <= set(known):
        raise UsageError(
            "channels_invalid",
            _("Channels are some of these, each once, the first choice first: {channels}.").format(
                channels=",".join(known)
            ),
        )
    return ",".join(names)


def yes_or_no(text: str) -> bool:
    """Return whether a cell says yes. Raises UsageError: yes_or_no_invalid."""
    if text.casefold() not in _YES | _NO:
        raise UsageError("yes_or_no_invalid", _("Write yes or no."))
    return text.casefold() in _YES


@cache
def _time_zones() -> set[str]:
    return zoneinfo.available_timezones()
