"""What the carrier answers over HTTP: problems as Vonage writes them, and broken answers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
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
"""Other errors come from a gateway, which answers with a page."""


class ApiError(Exception):
    """An answer of RFC 9457 as Vonage writes it."""

    def __init__(self, status: int, problem: Problem, invalid: Sequence[Invalid] = ()) -> None:
        """Answer `status`; `invalid` names the parameters that are wrong."""
        super().__init__(problem.title)
        self.title = problem.title
        self.invalid = invalid
        self._status = status
        self._body: dict[str, Any] = {
            "type": ERRORS + problem.kind,
            "title": problem.title,
            "detail": problem.detail,
            "instance": uuid.uuid4().hex,
        }
        if invalid:
            self._body["invalid_parameters"] = [
                {"name": item.name, "reason": item.reason} for item in invalid
            ]

    def response(self) -> web.Response:
        """Return the answer."""
        return web.json_response(
            self._body, status=self._status, content_type="application/problem+json"
        )


async def broken(
    request: web.Request, fate: Fate, good: web.Response, retry_after_s: int | None
) -> web.StreamResponse:
    """Return what the customer gets instead of the `good` answer."""
    if fate.fault is None:
        return good
    match fate.fault.wire:
        case Wire.UNREADABLE:
            return web.Response(text="<html><body>OK</body></html>", content_type="text/html")
        case Wire.CUT_OFF:
            return await _cut_off(request, good)
        case Wire.DROP_BEFORE | Wire.DROP_AFTER:
            return hang_up(request)
        case _:
            return _error(fate.fault, retry_after_s)


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
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    hang_up(request)
    return answer


def _error(fault: Fault, retry_after_s: int | None) -> web.Response:
    problem = _FAULTS.get(fault.code)
    if problem:
        response = ApiError(fault.code, problem).response()
    else:
        phrase = HTTPStatus(fault.code).phrase
        page = f"<html><body><h1>{fault.code} {phrase}</h1></body></html>"
        response = web.Response(text=page, status=fault.code, content_type="text/html")
    if retry_after_s is not None and fault.code in (429, 503):
        response.headers["Retry-After"] = str(retry_after_s)
    return response
