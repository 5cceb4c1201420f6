"""Sites without coordinates: what a geocoder found, judged before anybody is alerted by it.

A point that is wrong by a kilometre leaves a site out of a circle of 800 m, or brings it in. So a
place is taken only where the geocoder is sure, where nothing else is as likely, and where it is a
house, a street or a hamlet, never the middle of a town.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from umsalert.errors import Problem, UsageError
from umsalert.geo.circles import distance_m
from umsalert.geo.territories import region_of_postcode, territory_at
from umsalert.i18n import _
from umsalert.ports import Found, Geocoder, PostalAddress, Precision

AT_ONCE = 8
"""Questions on their way at a time; the geocoder keeps its pace by itself."""
AS_LIKELY = 0.05
"""A place whose score is so little below the best is as likely as that."""
SAME_PLACE_M = 300.0
"""Two places so near are one for any circle."""

Doubt = tuple[str, str]
"""The code and the sentence of a warning."""


@dataclass(frozen=True, slots=True)
class Located:
    """The point of an address. LATITUDE FIRST, degrees WGS 84."""

    lat: float
    lon: float
    label: str
    precision: Precision
    doubts: tuple[Doubt, ...] = ()


def judge(address: PostalAddress, places: Sequence[Found], min_score: float) -> Located:
    """Return the point of an address, given the places that it may mean.

    Raises:
        UsageError: address_not_found, address_uncertain, address_too_coarse, address_elsewhere.
    """
    same_postcode = [place for place in places if place.postcode == address.postcode]
    considered = same_postcode or places
    best = max(considered, key=lambda place: place.score, default=None)
    if best is None:
        raise _refused("address_not_found", _("No place has this address."))
    _check_sure(best, considered, min_score)
    _check_where(best, address)
    return Located(best.lat, best.lon, best.label, best.precision, tuple(_doubts(best, address)))


def check_complete(address: PostalAddress) -> None:
    """Refuse an address that could be in many towns. Raises UsageError: address_incomplete."""
    if not address.street or not (address.postcode or address.commune):
        raise _refused(
            "address_incomplete",
            _("A point is found by number and street, and the postcode or the town."),
        )


async def locate_all(
    rows: Iterable[tuple[int, PostalAddress]], geocoder: Geocoder, min_score: float
) -> AsyncIterator[tuple[int, Located | Problem]]:
    """Yield what each line's address came to, in the order of the file, several asked at a time.

    Raises what the geocoder raises: then nothing more is asked, and no line was decided by it.
    """
    waiting: deque[tuple[int, asyncio.Task[Located | Problem]]] = deque()
    try:
        for line, address in rows:
            if len(waiting) >= AT_ONCE:
                first, task = waiting.popleft()
                yield first, await task
            waiting.append((line, asyncio.create_task(_one(line, address, geocoder, min_score))))
        while waiting:
            first, task = waiting.popleft()
            yield first, await task
    finally:
        for _line, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _line, task in waiting), return_exceptions=True)


class Lookup:
    """Looks addresses up for a file that is read in another thread than the loop's."""

    def __init__(
        self, geocoder: Geocoder, min_score: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Ask `geocoder` in `loop`, which must run meanwhile."""
        self._geocoder, self._min_score, self._loop = geocoder, min_score, loop
        self._known: dict[PostalAddress, Located | Problem] = {}

    def prepare(self, addresses: Iterable[tuple[str, str, str]]) -> None:
        """Ask for several at a time; what an earlier call found is forgotten.

        Raises TemporaryError, ConfigurationError: the geocoder did not answer.
        """
        wanted = list(dict.fromkeys(_address(*parts) for parts in addresses))
        self._known = asyncio.run_coroutine_threadsafe(self._ask(wanted), self._loop).result()

    def locate(self, address: str, postcode: str, commune: str) -> tuple[float, float]:
        """Return latitude and longitude of an address.

        Raises:
            UsageError: what `judge` and `check_complete` raise.
            TemporaryError, ConfigurationError: the geocoder did not answer.
        """
        found = self._look(_address(address, postcode, commune))
        if isinstance(found, Problem):
            raise _refused(found.code, found.message)
        return found.lat, found.lon

    def doubts(self, address: str, postcode: str, commune: str) -> tuple[Doubt, ...]:
        """Return the warnings about an address that was located."""
        found = self._look(_address(address, postcode, commune))
        return () if isinstance(found, Problem) else found.doubts

    def _look(self, address: PostalAddress) -> Located | Problem:
        if address not in self._known:
            asked = asyncio.run_coroutine_threadsafe(self._ask([address]), self._loop)
            self._known |= asked.result()
        return self._known[address]

    async def _ask(
        self, addresses: Sequence[PostalAddress]
    ) -> dict[PostalAddress, Located | Problem]:
        found = locate_all(enumerate(addresses), self._geocoder, self._min_score)
        return {addresses[place]: result async for place, result in found}


async def _one(
    line: int, address: PostalAddress, geocoder: Geocoder, min_score: float
) -> Located | Problem:
    try:
        check_complete(address)
        return judge(address, await geocoder.locate(address), min_score)
    except UsageError as error:
        return Problem(error.code, error.message, line, "address")


def _address(street: str, postcode: str, commune: str) -> PostalAddress:
    digits = postcode.strip()
    whole = digits.zfill(5) if digits.isascii() and digits.isdigit() else digits
    return PostalAddress(street.strip(), whole if digits else "", commune.strip())


def _check_sure(best: Found, considered: Sequence[Found], min_score: float) -> None:
    if best.score < min_score:
        raise _refused(
            "address_uncertain",
            _(
                "The likeliest place is {label}, with a score of {score:.2f}: {least:g} is asked."
            ).format(label=best.label, score=best.score, least=min_score),
        )
    if best.precision not in (Precision.HOUSENUMBER, Precision.STREET, Precision.LOCALITY):
        raise _refused(
            "address_too_coarse",
            _("Only a town was found, {label}: its middle is no place of a site.").format(
                label=best.label
            ),
        )
    for other in considered:
        as_likely = other.score >= max(min_score, best.score - AS_LIKELY)
        if as_likely and distance_m(best.lat, best.lon, other.lat, other.lon) > SAME_PLACE_M:
            raise _refused(
                "address_uncertain",
                _("It may be {label}, and as well {other}.").format(
                    label=best.label, other=other.label
                ),
            )


def _check_where(best: Found, address: PostalAddress) -> None:
    elsewhere = _("The place that was found, {label}, is not where the postcode is.")
    asked, found = _departement(address.postcode), _departement(best.postcode)
    territory, region = territory_at(best.lat, best.lon), region_of_postcode(address.postcode)
    misplaced = territory is None or region not in (None, territory.region)
    if misplaced or (asked and found and asked != found):
        raise _refused("address_elsewhere", elsewhere.format(label=best.label))


def _doubts(best: Found, address: PostalAddress) -> Iterable[Doubt]:
    if address.postcode and best.postcode and address.postcode != best.postcode:
        message = _("The address was found under another postcode: {label}.")
        yield "address_other_postcode", message.format(label=best.label)
    if best.precision is Precision.STREET:
        message = _("Only the street was found, {label}: the point is about its middle.")
        yield "address_street_only", message.format(label=best.label)
    if best.precision is Precision.LOCALITY:
        message = _("Only the place was found, {label}: the point is about its middle.")
        yield "address_place_only", message.format(label=best.label)


def _departement(postcode: str) -> str:
    return postcode[:3] if postcode.startswith(("97", "98")) else postcode[:2]


def _refused(code: str, message: str) -> UsageError:
    return UsageError(code, message, hint=_("Correct the address, or give lat and lon."))
