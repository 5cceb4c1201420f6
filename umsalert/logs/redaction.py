"""The last gate of every log: what looks like a number or an address does not pass."""

from __future__ import annotations

import re

# A phone number as E.164, with or without its plus (Vonage drops it), or in any national form: nine
# digits or more, with up to three separators between two ("+33 (0)6.39"); after a plus seven do.
_BETWEEN = r"(?:[^\S\n]|[-._/()\u2010-\u2015]){0,3}"
_NUMBER = re.compile(rf"(?:\+{_BETWEEN}\d(?:{_BETWEEN}\d){{6,}}|\d(?:{_BETWEEN}\d){{8,}})")
_ADDRESS = re.compile(r'(?:"[^"\n]*"|\S+)@\S+')

NUMBER = "[number]"
ADDRESS = "[address]"


def redacted(text: str) -> str:
    """Return `text` without phone numbers and e-mail addresses.

    Rather too much than too little: any nine digits in a row are taken for a number, and whatever
    touches an @ for an address.
    """
    # Numbers first: an address would take away the end of one, and leave its beginning.
    return _ADDRESS.sub(ADDRESS, _NUMBER.sub(NUMBER, text.replace("%40", "@")))
