"""Where an address lies: asked of a geocoder that knows every address of the country."""

from __future__ import annotations

from collections.abc import (
    Sequence,
)
from dataclasses import (
    dataclass,
)
from enum import (
    StrEnum,
)
from typing import (
    Protocol,
)


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """What is asked: no more than this leaves the machine. Empty where the file says nothing."""

    street: str
    postcode: str
    commune: str


class Precision(StrEnum):
    """What a point stands for, by the names of the national address base."""

    HOUSENUMBER = "housenumber"
    STREET = "street"
    LOCALITY = "locality"
    MUNICIPALITY = "municipality"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Found:
    """A place that an address may mean. LATITUDE FIRST, degrees WGS 84.

    `score` is how sure the geocoder is, from 0 to 1. `postcode` is empty where it names none.
    """

    lat: float
    lon: float
    score: float
    label: str
    precision: Precision
    postcode: str


class Geocoder(Protocol):
    """Finds addresses. Several may be asked at a time; it keeps to the pace it is given."""

    async def locate(self, address: PostalAddress) -> Sequence[Found]:
        """Return the places that an address may mean, the likeliest first; empty: none.

        Raises TemporaryError where the geocoder cannot be reached or does not make sense,
        ConfigurationError where it refuses us.
        """
