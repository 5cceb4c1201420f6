"""What the carrier answers over HTTP: problems as Vonage writes them, and broken answers."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from umsalert.simulator.faults import Fate, Fault, Wire
from umsalert.simulator.validation import Invalid

ERRORS = "https://developer.vonage.com/api-errors"


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error says. `kind` is the tail of its type."""

    kind: str
    title: str
    detail: str


RATE_LIMIT = Problem("#rate-limit", "Rate Limit Hit", "Please wait, then retry your request")
UNAUTHORIZED = Problem("#unauthorized", "Unauthorized", "You did not provide correct credentials.")
INVALID_PARAMETERS = "The value of one or more parameters is invalid."
INVALID_MESSAGE = Problem("/messages#1150", "Invalid params", INVALID_PARAMETERS)
INVALID_CALL = Problem("#bad-request", "Bad Request", INVALID_PARAMETERS)
_FAULTS = {
    402: Problem("#low-balance", "Low balance", "The account's balance does not cover this."),
    422: INVALID_MESSAGE,
    429: RATE_LIMIT,
    500: Problem("#internal-error", "Internal Error", "There was an internal error."),
}
"""Other errors come from a gateway before the API, which answers with a page."""


class ApiError(Exception):
    """A refusal in some provider's words; `invalid` are the parameters that are wrong."""

    content_type = "application/json"

    def __init__(
        self, status: int, title: str, body: Mapping[str, Any], invalid: Sequence[Invalid] = ()
    ) -> None:
        super().__init__(title)
        self.title = title
        self.invalid = invalid
        self._status = status
        self._body = body

    def response(self) -> web.Response:
        """Return the answer."""
        return web.json_response(self._body, status=self._status, content_type=self.content_type)


class VonageError(ApiError):
    """An answer of RFC 9457 as Vonage writes it."""

    content_type = "application/problem+json"

    def __init__(self, status: int, problem: Problem, invalid: Sequence[Invalid] = ()) -> None:
        body: dict[str, Any] = {
            "type": ERRORS + problem.kind,
            "title": problem.title,
            "detail": problem.detail,
            "instance": uuid.uuid4().hex,
        }
        if invalid:
            body["invalid_parameters"] = [
                {"name": item.name, "reason": item.reason} for item in invalid
            ]
        super().__init__(status, problem.title, body, invalid)


def vonage_fault(fault: Fault) -> web.Response | None:
    """Return how Vonage tells a fault, None where a gateway before it does."""
    problem = _FAULTS.get(fault.code)
    return VonageError(fault.code, problem).response() if problem else None


async def broken(
    request: web.Request,
    fate: Fate,
    good: web.Response,
    said: web.Response | None,
    retry_after_s: int | None,
) -> web.StreamResponse:
    """Return what the customer gets instead of the `good` answer; `said`: in the API's words."""
    if fate.fault is None:
        return good
    match fate.fault.wire:
        case Wire.UNREADABLE:
            return web.Response(text="<html><body>OK</body></html>", content_type="text/html")
        case Wire.CUT_OFF:
            return await _cut_off(request, good)
        case Wire.DROP_BEFORE | Wire.DROP_AFTER:
            return hang_up(request)
        case Wire.THROTTLED:
            return web.json_response({"status": "throttled", "retry_after_s": retry_after_s or 1})
        case _:
            return _error(fate.fault, said, retry_after_s)


def hang_up(request: web.Request) -> web.Response:
    """End the connection; what is returned reaches nobody."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _cut_off(request: web.Request, good: web.Response) -> web.StreamResponse:
    body = bytes(good.body) if isinstance(good.body, bytes | bytearray) else b""
    answer = web.StreamResponse(status=good.status)
    answer.content_type = "application/json"
    answer.content_length = len(body)
    with contextlib.suppress(ConnectionResetError):  # the customer was faster
        await answer.prepare(request)
        await answer.write(body[: len(body) // 2])
    hang_up(request)
    return answer


def _error(fault: Fault, said: web.Response | None, retry_after_s: int | None) -> web.Response:
    response = said or _page(fault)
    if retry_after_s is not None and fault.code in (429, 503):
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _page(fault: Fault) -> web.Response:
    phrase = HTTPStatus(fault.code).phrase
    page = f"<html><body><h1>{fault.code} {phrase}</h1></body></html>"
    return web.Response(text=page, status=fault.code, content_type="text/html")
