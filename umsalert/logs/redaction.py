"""The last gate of every log: what looks like a number or an address does not pass."""

from __future__ import annotations

import re

# A phone number as E.164, with or without its plus (Vonage drops it), or in any national form: nine
# digits or more, with up to three separators between two ("+33 (0)6.39"); after a plus seven do.
# Invisible characters and dots and dashes of other alphabets come along when a number is copied.
_UNSEEN = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_BETWEEN = rf"(?:[^\S\n]|[-._/()\u00b7\u2010-\u2015\u2022\u2212{_UNSEEN}]){{0,3}}"
_NUMBER = rf"(?:\+{_BETWEEN}\d(?:{_BETWEEN}\d){{6,}}|\d(?:{_BETWEEN}\d){{8,}})"
_ADDRESS = r'(?:"[^"\n]*"|\S+)[@\uff20]\S+'

_FEWEST_DIGITS = 7
_AT = frozenset("@\uff20")
"""Most lines have neither that many digits nor an @, and need no pattern."""

NUMBER = "[number]"
ADDRESS = "[address]"


def redacted(text: str) -> str:
    """Return `text` without phone numbers and e-mail addresses.

    Rather too much than too little: any nine digits in a row are taken for a number, and whatever
    touches an @ for an address.
    """
    text = text.replace("%40", "@")
    # Numbers first: an address would take away the end of one, and leave its beginning.
    if sum(map(str.isdigit, text)) >= _FEWEST_DIGITS:
        text = re.sub(_NUMBER, NUMBER, text)
    return re.sub(_ADDRESS, ADDRESS, text) if _AT.intersection(text) else text
