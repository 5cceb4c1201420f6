"""Where requests arrive, whichever provider's they are: limits, fates, and what is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from umsalert.simulator import record as seen
from umsalert.simulator.answers import ApiError, broken, hang_up
from umsalert.simulator.calls import Stage
from umsalert.simulator.faults import Fate, Fates, Fault, Wire

MAX_BODY_BYTES = 64 * 1024


class Allowance:
    """A bucket that holds one second of requests, or `capacity`, and refills at their rate."""

    def __init__(self, rate_per_s: float, capacity: float = 0.0) -> None:
        self._rate_per_s = rate_per_s
        self._capacity = capacity or max(1.0, rate_per_s)
        self._level = self._capacity
        self._at_s = 0.0

    def take(self, now_s: float) -> bool:
        """Take one request at `now_s`, seconds of a clock that never goes back."""
        refilled = self._level + (now_s - self._at_s) * self._rate_per_s
        self._level, self._at_s = min(self._capacity, refilled), now_s
        if self._level < 1:
            return False
        self._level -= 1
        return True


@dataclass(frozen=True, slots=True)
class Limit:
    """How many requests an API takes: `rate_per_s`, after a burst of `capacity` (0: a second's)."""

    rate_per_s: float
    capacity: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read: for whom, under which reference of the customer's.

    `take` lets the carrier have it, and returns what it answers when all is well.
    """

    to: str
    reference: str
    take: Callable[[], web.Response]


class Api(Protocol):
    """One kind of request in one provider's words."""

    def admit(self, request: web.Request) -> None:
        """Raise ApiError unless whoever asks may, as far as the head of the request tells."""

    def too_fast(self) -> ApiError:
        """Return what is said above the limit."""

    def read(self, request: web.Request, body: bytes) -> Asked:
        """Return what is asked. Raises ApiError."""

    def error(self, fault: Fault, asked: Asked) -> web.Response | None:
        """Return how a fault of HTTP is told, None where a gateway before the API tells it."""


class Desk:
    """Answers the requests of one API as their fates want it."""

    def __init__(self, stage: Stage, api: Api, limit: Limit, fates: Fates) -> None:
        self._stage = stage
        self._api = api
        self._allowance = Allowance(limit.rate_per_s, limit.capacity)
        self._fates = fates

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request. Raises ApiError."""
        self._api.admit(request)
        if not self._allowance.take(asyncio.get_running_loop().time()):
            raise self._api.too_fast()
        fate = self._fates.next()
        if fate.wire is Wire.DROP_BEFORE:
            self._note(request, fate, "", "")
            return hang_up(request)
        asked = self._api.read(request, await request.read())
        fate = self._fates.instead(fate, self._stage.people.person(asked.to).fault)
        if fate.fault or fate.delay_s:
            self._note(request, fate, asked.to, asked.reference)
        good = asked.take() if fate.taken else web.Response()
        if fate.delay_s:
            await asyncio.sleep(fate.delay_s / self._stage.timeline.speed)
        said = self._api.error(fate.fault, asked) if fate.fault else None
        return await broken(request, fate, good, said, self._fates.retry_after_s)

    def _note(self, request: web.Request, fate: Fate, to: str, reference: str) -> None:
        at = self._stage.timeline.now()
        self._stage.record.add(seen.Misbehaved.of(fate, at, request.path, to, reference))


def json_of(body: bytes) -> Any:  # noqa: ANN401 - what JSON holds
    """Return the JSON of a body; None where there is none, which no validation takes."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def application(stage: Stage) -> web.Application:
    """Return the web application, to which the providers add their addresses."""

    @web.middleware
    async def answer_errors(
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            stage.record.add(
                seen.Refused(
                    at=stage.timeline.now(),
                    where=request.path,
                    reason=error.title,
                    parameters=[item.name for item in error.invalid],
                )
            )
            return error.response()

    async def health(_request: web.Request) -> web.Response:
        record = stage.record
        return web.json_response(
            {
                "status": "ok",
                "sms": len(record.sms),
                "calls": len(record.calls),
                "emails": len(record.emails),
            }
        )

    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[answer_errors])
    app.router.add_get("/health", health)
    return app
