"""What a shell completes of the map: divisions that begin, by code or name, as what is typed.

A shell keeps only what begins as the word does, so a name goes on from what is typed, in whatever
case and without accents; `divisions.division` reads it all the same. Its blanks are hyphens, which
no shell takes apart, and a commune's name ends with its code: many have the same name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice

from umsalert.geo import outlines
from umsalert.geo.territories import TERRITORIES
from umsalert.model import DivisionKind

MOST = 200
"""More are of no help on a screen."""
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZÀÂÇÈÉÊËÎÏÔÛÜ"
_ARTICLES = ("l", "la", "le", "les")


def divisions(kind: DivisionKind, typed: str) -> list[tuple[str, str]]:
    """Return what `typed` may become, with what it is. Raises DatabaseError as `outlines` does."""
    return list(islice(_found(kind, typed), MOST))


def time_zones(typed: str) -> list[tuple[str, str]]:
    """Return the time zones of France that begin with `typed`, with where they hold."""
    first: dict[str, str] = {}
    for place in TERRITORIES:
        first.setdefault(place.time_zone, place.name)
    return [(zone, name) for zone, name in first.items() if zone.startswith(typed)]


def _found(kind: DivisionKind, typed: str) -> Iterator[tuple[str, str]]:
    is_commune = kind is DivisionKind.COMMUNE
    by_name = typed[:1].isalpha()
    if is_commune:
        known = outlines.communes(typed.upper(), _letters(typed[:1]) if by_name else ())
    else:
        known = outlines.divisions(kind)
    for it in known:
        if it.code.startswith(typed.upper()):
            yield typed + it.code[len(typed) :], it.name
        elif by_name:
            rest = _rest(f"{it.name}-{it.code}" if is_commune else it.name, typed)
            if rest is not None:
                yield typed + rest, it.name if is_commune else it.code


def _letters(letter: str) -> Sequence[str]:
    """Return what names may begin with where this is typed; L: of an article."""
    return [c for c in _CAPITALS if c == "L" or _plain(c) == _plain(letter)]


def _rest(name: str, typed: str) -> str | None:
    """Return what is left of a name, with its article or without; None: it begins otherwise."""
    plain, wanted = _plain(name), _plain(typed)
    article, _blank, bare = plain.partition(" ")
    if plain.startswith(wanted):
        rest = name[len(wanted) :]
    elif article in _ARTICLES and bare.startswith(wanted):
        rest = name[len(article) + 1 + len(wanted) :]
    else:
        return None
    return "".join(c if c.isalnum() else "’" if c == "'" else "-" for c in rest)


def _plain(text: str) -> str:
    """Return as many characters: without accents and case, a blank for what is no letter."""
    letters = (unicodedata.normalize("NFD", c)[0] for c in text)
    return "".join(c.casefold() if c.isalnum() else " " for c in letters)
