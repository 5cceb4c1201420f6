"""How a text sounds: numbers, plates, times and units written so that a voice reads them well.

A speech engine reads `04 65 71 00 17` as it likes and a plate as a word. What can be written
without doubt is written here, in the guard's language; what cannot is left for the check to name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_PLATE_NAMES = frozenset({"plate", "plaque", "immat", "immatriculation", "registration"})

# Strings, compiled on first use: a command that renders nothing does not wait for them.
_NATIONAL = r"(?<![\d+])0[1-9]([ .-]?)\d\d(?:\1\d\d){3}(?!\d)"
_FREEPHONE = r"(?<![\d+])08\d\d[ .]\d{3}[ .]\d{3}(?!\d)"
_INTERNATIONAL = r"\+\d(?:[ .()-]{0,2}\d){7,14}(?!\d)"
_ALERT_REF = r"\b(20\d\d)(\d\d)(\d\d)-([2-9A-Za-z]{4})\b"
_PLATE = (
    r"\b(?:[A-Z]{2} ?\d{3} ?[A-Z]{2}|[A-Za-z]{2}-\d{3}-[A-Za-z]{2}"  # since 2009
    r"|[A-Z]{2}-\d{3}|\d{3}-[A-Z]{2}"  # a part of one
    r"|\d{2,4}[ -]?[A-Z]{2,3}[ -](?:\d\d|2[AB]|97\d))\b"  # before 2009
)
_CLOCK = r"(?<![\d,.:/])([01]?\d|2[0-3])(?:[hH:]([0-5]\d)| [hH] ([0-5]\d)| ?[hH])(?![\w/]|:\d)"
_ALWAYS = r"\b(24|7) ?([hHjJ])/\1\b"
_HEIGHT = r"\b([12])(?: ?m ?(\d\d)|[,.](\d\d) ?m)\b"
_UNIT = r"(?<![\w,.])(\d+(?:[.,]\d+)?) ?(km/h|km|cm|kg|m)\b(?!/)"


@dataclass(frozen=True, slots=True)
class _Manner:
    """How one language says it. `units`: one, several."""

    digits_apart: bool
    ampersand: str
    number: str
    units: Mapping[str, tuple[str, str]]


_MANNERS = {
    "fr": _Manner(
        digits_apart=False,
        ampersand="et",
        number="numéro",
        units={
            "km/h": ("kilomètre-heure", "kilomètres-heure"),
            "km": ("kilomètre", "kilomètres"),
            "cm": ("centimètre", "centimètres"),
            "kg": ("kilo", "kilos"),
            "m": ("mètre", "mètres"),
        },
    ),
    "en": _Manner(
        digits_apart=True,
        ampersand="and",
        number="number",
        units={
            "km/h": ("kilometre an hour", "kilometres an hour"),
            "km": ("kilometre", "kilometres"),
            "cm": ("centimetre", "centimetres"),
            "kg": ("kilo", "kilos"),
            "m": ("metre", "metres"),
        },
    ),
}


def spoken(text: str, language: str) -> str:
    """Return `text`, one line, as a voice of `language` reads it well.

    Telephone numbers come in groups (`0 4, 65, 71, 0 0, 17`; digit by digit in English), number
    plates letter by letter (`A, B, 1, 2, 3, C, D`), an alert's reference as date and letters,
    `18h07` as a time, `1,80 m` as a length. No digit or letter of a number or a plate is lost or
    moved. Spoken text stays as it is.
    """
    manner = _MANNERS[language]
    steps: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
        (_ALERT_REF, lambda match: _reference(match, manner)),
        (_INTERNATIONAL, lambda match: _international(match[0], manner)),
        (_FREEPHONE, lambda match: _national(match[0], manner)),
        (_NATIONAL, lambda match: _national(match[0], manner)),
        (_PLATE, lambda match: spelled(match[0])),
        (_ALWAYS, lambda match: _always(match, language)),
        (_CLOCK, lambda match: _clock(match, language)),
        (_HEIGHT, lambda match: _height(match, language)),
        (_UNIT, lambda match: _unit(match, manner)),
    )
    for pattern, write in steps:
        text = re.sub(pattern, write, text)
    text = re.sub(r"\bn° ?(?=\d)", f"{manner.number} ", text, flags=re.IGNORECASE)
    return re.sub(r" ?& ?", f" {manner.ampersand} ", text)


def spelled(code: str) -> str:
    """Return the letters and digits of `code`, one by one: `AB-123` gives `A, B, 1, 2, 3`."""
    return ", ".join(char.upper() for char in code if char.isalnum())


def is_plate(variable: str) -> bool:
    """Say whether a variable of this name holds a number plate, of whatever country."""
    return not _PLATE_NAMES.isdisjoint(variable.split("_"))


def plate(value: str) -> str:
    """Return a number plate, even a foreign one or a part of one, with its words left as they are.

    `commence par B-AB 12` gives `commence par B, A, B, 1, 2`.
    """
    written: list[str] = []
    in_code = False
    for word in value.split():
        is_code = any(map(str.isdigit, word)) or (
            word.isupper() and all(len(part) <= 3 for part in word.split("-"))
        )
        if in_code and is_code:
            written[-1] += ","
        written.append(spelled(word) if is_code else word)
        in_code = is_code
    return " ".join(written)


def _reference(match: re.Match[str], manner: _Manner) -> str:
    year, month, day, tail = match.groups()
    return ", ".join((year, _pair(month, manner), _pair(day, manner), spelled(tail)))


def _national(number: str, manner: _Manner) -> str:
    digits = re.sub(r"\D", "", number)
    return ", ".join(_pair(digits[i : i + 2], manner) for i in range(0, len(digits), 2))


def _international(number: str, manner: _Manner) -> str:
    groups = re.findall(r"\d+", number)
    if groups[0].startswith("33"):
        digits = "".join(groups)
        groups = [digits[:2], digits[2:3], *(digits[i : i + 2] for i in range(3, len(digits), 2))]
    said = [_pair(group, manner) if len(group) <= 2 else " ".join(group) for group in groups]
    return f"plus {', '.join(said)}"


def _pair(digits: str, manner: _Manner) -> str:
    """Return at most two digits: a zero in front is always said."""
    return " ".join(digits) if manner.digits_apart or digits.startswith("0") else digits


def _always(match: re.Match[str], language: str) -> str:
    number, unit = match[1], match[2].lower()
    if language == "en":
        return f"{number} {'hours a day' if unit == 'h' else 'days a week'}"
    return f"{number} {'heures' if unit == 'h' else 'jours'} sur {number}"


def _clock(match: re.Match[str], language: str) -> str:
    hour, minute = int(match[1]), match[2] or match[3]
    if language == "en":  # `2h` may be a time or a length of time: left to the author
        return f"{hour}:{minute}" if minute else match[0]
    hours = f"{hour} {'heures' if hour > 1 else 'heure'}"
    return f"{hours} {int(minute)}" if minute and int(minute) else hours


def _height(match: re.Match[str], language: str) -> str:
    metres, rest = match[1], match[2] or match[3]
    if language == "en":
        return f"{metres}.{rest} metres"
    return f"{metres} {'mètres' if metres == '2' else 'mètre'} {rest}"


def _unit(match: re.Match[str], manner: _Manner) -> str:
    number, unit = match.groups()
    one, several = manner.units[unit]
    return f"{number} {one if number == '1' else several}"
