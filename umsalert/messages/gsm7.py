"""SMS arithmetic: alphabet, parts, and bringing a text back to the cheap alphabet.

Source of tables and limits: 3GPP TS 23.038 §6.2.1 (default alphabet and extension table) and
TS 23.040 §9.2.3.24.1 (the six octets of a concatenation header).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Sent as an escape and a second septet: each costs two."""
_ALPHABET = _BASIC | _EXTENSION

_REPLACEMENTS = {
    "œ": "oe", "Œ": "OE", "…": "...", "’": "'", "‘": "'", "‚": "'", "′": "'", "`": "'", "´": "'",
    "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"', "−": "-", "•": "-", "×": "x",
    "°": "o", "⁄": "/", "\t": " ",
}  # fmt: skip
"""What no Unicode decomposition gives. A pair of spaces inside « » goes with the guillemets."""


@dataclass(frozen=True, slots=True)
class SmsSize:
    """What a text costs as an SMS.

    `units` are septets in GSM-7 and UTF-16 code units in UCS-2; `outside` holds, once each and in
    order, the characters that GSM-7 lacks: empty exactly when the encoding is GSM-7.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int
    outside: tuple[str, ...]


def measure(text: str) -> SmsSize:
    """Return encoding, units and parts of `text`; an empty text is one empty message."""
    if _ALPHABET.issuperset(text):
        pairs = not _EXTENSION.isdisjoint(text)
        costs = [1 + (char in _EXTENSION) for char in text] if pairs else [1] * len(text)
        return SmsSize("GSM-7", sum(costs), _parts(costs, single=160, each=153), ())
    outside = tuple(dict.fromkeys(char for char in text if char not in _ALPHABET))
    costs = [1 + (char > "\uffff") for char in text]  # a surrogate pair
    return SmsSize("UCS-2", sum(costs), _parts(costs, single=70, each=67), outside)


def transliterate(text: str) -> str:
    """Return `text` with what GSM-7 lacks replaced (ê→e, œ→oe, ’→', « x »→"x").

    What GSM-7 has stays as it is. A character without a likeness (漢, an emoji) stays too:
    `measure` then still says UCS-2.
    """
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"«\s+", "«", re.sub(r"\s+»", "»", text))
    return "".join(char if char in _ALPHABET else _likeness(char) for char in text)


def _parts(costs: list[int], *, single: int, each: int) -> int:
    if sum(costs) <= single:
        return 1
    if 2 not in costs:
        return -(-len(costs) // each)
    parts, used = 1, 0
    for cost in costs:
        if used + cost > each:  # a pair never straddles two parts: it opens the next one
            parts, used = parts + 1, 0
        used += cost
    return parts


def _likeness(char: str) -> str:
    if char in _REPLACEMENTS:
        return _REPLACEMENTS[char]
    match unicodedata.category(char):
        case "Zs":
            return " "
        case "Pd":
            return "-"
        case "Cf":  # zero-width and direction marks, pasted along unseen
            return ""
    bare = "".join(
        _REPLACEMENTS.get(part, part)
        for part in unicodedata.normalize("NFKD", char)
        if not unicodedata.combining(part)
    )
    return bare if bare and _ALPHABET.issuperset(bare) else char
