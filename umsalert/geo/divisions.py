"""From what was typed to a commune, a département or a région."""

from __future__ import annotations

from umsalert.geo.outlines import by_code, divisions, folded, region_overseas
from umsalert.model import Division, DivisionKind


def division(kind: DivisionKind, typed: str) -> Division:
    """Return what a code means; of départements and régions also a name.

    Of a commune its name may stand before its code, Nice-06088, where both are right.

    Raises:
        UsageError: commune_unknown, departement_unknown, region_unknown: with what is near.
    """
    text = typed.encode("utf-8", "replace").decode().strip()  # a terminal may send no characters
    if (found := by_code(kind, text)) is not None:
        return found
    if kind is DivisionKind.COMMUNE:
        coded = by_code(kind, text[-5:].upper())
        named = [coded] if coded and folded(coded.name) == folded(text[:-6]) else []
    else:
        named = [it for it in divisions(kind) if folded(it.name) == folded(text)]
        named = named or (region_overseas(text) if kind is DivisionKind.REGION else [])
    if named:
        return named[0]
    from umsalert.geo.guesses import unknown  # only who has mistyped waits for it

    raise unknown(kind, text)
