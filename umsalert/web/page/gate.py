"""Who comes in: whose link it is, whether it still counts, and who has asked too often."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

from umsalert.model import ReplyKind
from umsalert.ports import Answers, Clock, Invited, ReplyRow
from umsalert.web.body import CLOSE
from umsalert.web.page import limits

_NETWORK_BITS = 64
"""Of an IPv6 address: one visitor has all that begin so."""


class Refused(Exception):
    """This request gets a notice and no more. An empty language is that of nobody known."""

    def __init__(
        self, status: int, language: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.language = language
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request by a link that is somebody's, and whose."""

    token: str
    invited: Invited

    @property
    def last(self) -> ReplyRow | None:
        """Return the guard's newest answer."""
        return self.invited.answers[0] if self.invited.answers else None

    @property
    def sighting(self) -> ReplyRow | None:
        """Return the guard's newest sighting."""
        sightings = (row for row in self.invited.answers if row.kind is ReplyKind.SIGHTING)
        return next(sightings, None)

    @property
    def about(self) -> dict[str, str]:
        """Return the fields of the log."""
        return {"alert": self.invited.alert_ref, "delivery": str(self.invited.delivery_id)}


class Gate:
    """Lets in whom `answers` knows, and counts."""

    def __init__(self, answers: Answers, clock: Clock) -> None:
        """Look tokens up in `answers`."""
        self._answers = answers

        def limit(most: int, within_s: float) -> limits.Limit:
            return limits.Limit(most, within_s, clock.steady_s)

        self._posts = limit(limits.ANSWERS_MOST, limits.ANSWERS_WITHIN_S)
        self._photos = limit(limits.PHOTOS_MOST, limits.PHOTOS_WITHIN_S)
        self._misses = limit(limits.MISSES_MOST, limits.MISSES_WITHIN_S)

    async def visit(self, request: Request) -> Visit:
        """Return whose link a request comes by. Raises Refused: nobody's, or too late."""
        token = request.path_params["token"]
        invited = await self._answers.invited(token)
        if invited is None:
            raise self.miss(request)
        if invited.over:
            raise Refused(410, invited.language, CLOSE)
        return Visit(token, invited)

    def miss(self, request: Request) -> Refused:
        """Count what is nobody's link, by the visitor's address; return what to answer."""
        wait_s = self._misses.wait_s(_origin(request))
        return Refused(429, headers=_retry(wait_s)) if wait_s else Refused(404, headers=CLOSE)

    def count_post(self, visit: Visit) -> None:
        """Count a form. Raises Refused where there were too many."""
        if wait_s := self._posts.wait_s(visit.invited.delivery_id):
            raise Refused(429, visit.invited.language, _retry(wait_s))

    def allows_photo(self, visit: Visit) -> bool:
        """Count a photo; say whether it may be taken."""
        return not self._photos.wait_s(visit.invited.delivery_id)


def _retry(wait_s: float) -> Mapping[str, str]:
    return {**CLOSE, "Retry-After": str(math.ceil(wait_s))}


def _origin(request: Request) -> object:
    """Return the visitor's address as misses are counted; what a proxy garbled is one visitor."""
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:  # as a proxy that listens on both may write one
            return address.ipv4_mapped
        return int(address) >> (address.max_prefixlen - _NETWORK_BITS)
    return address
