"""What the numbers of CNAPS's cards and authorisations tell; their shape is only ever a doubt.

The shapes are those of published notices: `CAR-ddd-YYYY-MM-DD-` or `AUT-ddd-YYYY-MM-DD-` and eleven
digits. The date of a card is its expiry.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

from umsalert.times import end_of_day

_SHAPE = re.compile(r"(?:CAR|AUT)-[0-9][0-9AB][0-9AB]-([0-9]{4}-[0-9]{2}-[0-9]{2})-[0-9]{11}")


def card_expiry(card: str) -> date | None:
    """Return the last day on which a card is valid, None where its number does not tell."""
    return _day("CAR", card)


def card_end(card: str | None, time_zone: str) -> datetime | None:
    """Return in UTC when a card's last day is over at a site, None where its number is silent."""
    day = card_expiry(card) if card else None
    return None if day is None else end_of_day(day, time_zone)


def has_authorisation_shape(number: str) -> bool:
    """Say whether a company's authorisation looks like the published ones."""
    return _day("AUT", number) is not None


def _day(kind: str, number: str) -> date | None:
    if not number.startswith(kind):
        return None
    match = _SHAPE.fullmatch(number)
    return match and _date(match[1])


@lru_cache(maxsize=4096)  # a register has few days and many cards
def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
