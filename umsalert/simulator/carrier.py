"""The carrier's side of Vonage: Messages v1 and Voice v1 over HTTP."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from umsalert.messages.gsm7 import measure
from umsalert.simulator import record as seen
from umsalert.simulator.answers import (
    ERRORS,
    INVALID_CALL,
    INVALID_MESSAGE,
    RATE_LIMIT,
    UNAUTHORIZED,
    ApiError,
    broken,
    hang_up,
)
from umsalert.simulator.calls import Call, CallRequest, Stage, timestamp
from umsalert.simulator.faults import HTTP_FAULTS, Fate, Fates, Traffic, Wire
from umsalert.simulator.people import Line
from umsalert.simulator.validation import invalid_call, invalid_message

SMS_PER_S = 30.0
CALLS_PER_S = 3.0
"""Vonage's default limits: vendor support articles 203993598 and 207100288."""
LONGEST_TOKEN_S = 24 * 3600
CLOCK_TOLERANCE_S = 60
MAX_BODY_BYTES = 64 * 1024
PRICE_EUR = 0.065
"""Of one SMS part, invented: reports have something to add up."""
_ABSENT = {
    Line.UNREACHABLE: ("1180", "Absent Subscriber - Temporary"),
    Line.REJECTED: ("1190", "Absent Subscriber - Permanent"),
}


@dataclass(frozen=True, slots=True)
class Application:
    """The Vonage application that may send: its id, and the public half of its key."""

    id: str
    public_key: RSAPublicKey


class Allowance:
    """A bucket that holds one second of requests and refills at their rate."""

    def __init__(self, rate_per_s: float) -> None:
        self._rate_per_s = rate_per_s
        self._capacity = max(1.0, rate_per_s)
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


class Endpoint:
    """One kind of request: how many the carrier takes, and what goes wrong with them."""

    def __init__(self, rate_per_s: float, seed: str, traffic: Traffic) -> None:
        self.allowance = Allowance(rate_per_s)
        self.fates = Fates(seed, traffic, HTTP_FAULTS)
        self.retry_after_s = traffic.retry_after_s


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read: for whom, under which reference of the customer's.

    `take` lets the carrier have it, and returns what it answers when all is well.
    """

    to: str
    reference: str
    take: Callable[[], web.Response]


class Carrier:
    """Takes messages and calls, and lets the simulated world do the rest."""

    def __init__(
        self, application: Application, stage: Stage, messages: Endpoint, calls: Endpoint
    ) -> None:
        self._application = application
        self._stage = stage
        self._messages = messages
        self._calls = calls

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._answer_errors])
        app.router.add_post("/v1/messages", self._post_message)
        app.router.add_post("/v1/calls", self._post_call)
        app.router.add_get("/health", self._health)
        return app

    @web.middleware
    async def _answer_errors(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            self._stage.record.add(
                seen.Refused(
                    at=self._stage.timeline.now(),
                    where=request.path,
                    reason=error.title,
                    parameters=[item.name for item in error.invalid],
                )
            )
            return error.response()

    async def _health(self, _request: web.Request) -> web.Response:
        record = self._stage.record
        return web.json_response(
            {
                "status": "ok",
                "sms": len(record.sms),
                "calls": len(record.calls),
                "emails": len(record.emails),
            }
        )

    async def _post_message(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, self._messages, self._message)

    async def _post_call(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, self._calls, self._call)

    async def _serve(
        self, request: web.Request, endpoint: Endpoint, read: Callable[[Any], Asked]
    ) -> web.StreamResponse:
        """Answer one request as its fate wants it. Raises ApiError."""
        self._admit(request, endpoint.allowance)
        fate = endpoint.fates.next()
        if fate.wire is Wire.DROP_BEFORE:
            self._note(request, fate, "", "")
            return hang_up(request)
        asked = read(await _json(request))
        fate = endpoint.fates.instead(fate, self._stage.people.person(asked.to).fault)
        if fate.fault or fate.delay_s:
            self._note(request, fate, asked.to, asked.reference)
        good = asked.take() if fate.taken else web.Response()
        if fate.delay_s:
            await asyncio.sleep(fate.delay_s / self._stage.timeline.speed)
        return await broken(request, fate, good, endpoint.retry_after_s)

    def _note(self, request: web.Request, fate: Fate, to: str, reference: str) -> None:
        at = self._stage.timeline.now()
        self._stage.record.add(seen.Misbehaved.of(fate, at, request.path, to, reference))

    def _message(self, body: Any) -> Asked:  # noqa: ANN401  # what JSON holds
        if invalid := invalid_message(body):
            raise ApiError(422, INVALID_MESSAGE, invalid)

        def take() -> web.Response:
            message = seen.Sms(
                at=self._stage.timeline.now(),
                message_uuid=str(uuid.uuid4()),
                to="+" + body["to"],
                sender=body["from"],
                text=body["text"],
                client_ref=body.get("client_ref", ""),
                ttl_s=body.get("ttl"),
            )
            self._stage.record.add(message)
            if "webhook_url" in body:
                self._stage.timeline.spawn(self._bring(message, body["webhook_url"]))
            return web.json_response({"message_uuid": message.message_uuid}, status=202)

        return Asked("+" + body["to"], body.get("client_ref", ""), take)

    def _call(self, body: Any) -> Asked:  # noqa: ANN401  # what JSON holds
        if invalid := invalid_call(body):
            raise ApiError(400, INVALID_CALL, invalid)
        wanted = CallRequest.read(body)

        def take() -> web.Response:
            call = Call(self._stage, wanted)
            self._stage.record.add(
                seen.Call(
                    at=self._stage.timeline.now(),
                    uuid=call.uuid,
                    to="+" + wanted.to,
                    caller=wanted.caller,
                    ncco=list(wanted.ncco),
                    event_url=wanted.event_url,
                )
            )
            self._stage.timeline.spawn(call.live())
            return web.json_response(
                {
                    "uuid": call.uuid,
                    "status": "started",
                    "direction": "outbound",
                    "conversation_uuid": call.conversation_uuid,
                },
                status=201,
            )

        return Asked("+" + wanted.to, wanted.event_url or "", take)

    def _admit(self, request: web.Request, allowance: Allowance) -> None:
        """Raise ApiError unless the application sends, and not too fast."""
        if not self._is_authentic(request.headers.get("Authorization", "")):
            raise ApiError(401, UNAUTHORIZED)
        if not allowance.take(asyncio.get_running_loop().time()):
            raise ApiError(429, RATE_LIMIT)

    def _is_authentic(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return False
        try:
            claims = jwt.decode(
                token,
                self._application.public_key,
                algorithms=["RS256"],
                # times are compared below, with the clock of the simulated world
                options={
                    "require": ["application_id", "iat", "exp", "jti"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            issued_s, expires_s = float(claims["iat"]), float(claims["exp"])
        except (jwt.InvalidTokenError, TypeError, ValueError):
            return False
        now_s = self._stage.timeline.now().timestamp()
        return (
            claims["application_id"] == self._application.id
            and issued_s <= now_s + CLOCK_TOLERANCE_S
            and now_s < expires_s <= issued_s + LONGEST_TOKEN_S
        )

    async def _bring(self, message: seen.Sms, webhook_url: str) -> None:
        """Bring an SMS to its person, and say so to `webhook_url`."""
        person = self._stage.people.person(message.to)

        def report(payload: dict[str, Any]) -> None:
            self._stage.webhooks.report(webhook_url, payload, lost=not person.receipts)

        report(self._status(message, "submitted"))
        await self._stage.timeline.sleep(person.sms_latency_s)
        if person.line not in _ABSENT:
            report(self._status(message, "delivered"))
            return
        number, detail = _ABSENT[person.line]
        error = {
            "type": f"{ERRORS}/messages#{number}",
            "title": number,
            "detail": detail,
            "instance": message.message_uuid,
        }
        report(self._status(message, "rejected") | {"error": error})

    def _status(self, message: seen.Sms, status: str) -> dict[str, Any]:
        parts = measure(message.text).parts
        return {
            "message_uuid": message.message_uuid,
            "to": message.to.removeprefix("+"),
            "from": message.sender,
            "timestamp": timestamp(self._stage.timeline.now()),
            "status": status,
            "channel": "sms",
            "client_ref": message.client_ref,
            "usage": {"currency": "EUR", "price": f"{PRICE_EUR * parts:.4f}"},
            "sms": {"count_total": str(parts)},
        }


async def _json(request: web.Request) -> Any:  # noqa: ANN401  # what JSON holds
    try:
        return json.loads(await request.read())
    except ValueError:
        return None  # not an object: the validation says so
