"""Finding one person in words: a name, a number in the styles people write it, a mailbox."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from umsalert.store.spatialite import Connection

_BETWEEN = r"(?:[\s.\-/]|%20)*"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is looked for, by what is not None. `ref` takes the place of what is found."""

    ref: str
    name: str | None
    phone: str | None
    email: str | None

    def install(self, connection: Connection) -> None:
        """Let SQL call `addresses(x)`, `names(x)` and `without(x)` on this connection.

        `addresses` finds the number or the mailbox, `names` the name too.
        """
        reached = [*_phone(self.phone), *_email(self.email)]
        addresses, names = _pattern(reached), _pattern([*reached, *_name(self.name)])
        connection.create_function("addresses", 1, lambda value: _found(addresses, value))
        connection.create_function("names", 1, lambda value: _found(names, value))
        connection.create_function("without", 1, lambda value: _without(names, value, self.ref))

    def named_in(self, text: str) -> bool:
        """Say whether a text names this person, by name or by address."""
        known = [*_phone(self.phone), *_email(self.email), *_name(self.name)]
        return bool(_pattern(known).search(text))


def _phone(number: str | None) -> list[str]:
    if number is None:
        return []
    import phonenumbers

    parsed = phonenumbers.parse(number)
    digits = _BETWEEN.join(str(parsed.national_number))
    country = _BETWEEN.join(str(parsed.country_code))
    return [rf"(?:(?:\+|00|%2B)?{country}{_BETWEEN}(?:\(0\))?{_BETWEEN}|0{_BETWEEN})?{digits}"]


def _email(address: str | None) -> list[str]:
    if address is None:
        return []
    local, _at, domain = address.rpartition("@")
    return [f"(?:{re.escape(local)}|{re.escape(quote(local))})(?:@|%40){re.escape(domain)}"]


def _name(name: str | None) -> list[str]:
    if name is None:
        return []
    words = re.escape(name).replace(r"\ ", r"\s+")
    forms = {json.dumps(name)[1:-1], quote(name), quote_plus(name)} - {name}
    return [rf"(?<!\w){form}(?!\w)" for form in (words, *map(re.escape, sorted(forms)))]


def _pattern(forms: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(forms) or r"(?!)", re.IGNORECASE)


def _found(pattern: re.Pattern[str], value: str | bytes | None) -> bool:
    return value is not None and pattern.search(_text(value)) is not None


def _without(pattern: re.Pattern[str], value: str | bytes | None, ref: str) -> str | bytes | None:
    if value is None:
        return None
    changed = pattern.sub(lambda _match: ref, _text(value))
    return changed.encode("utf-8", "surrogateescape") if isinstance(value, bytes) else changed


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
