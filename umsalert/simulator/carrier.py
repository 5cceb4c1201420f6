"""The carrier's side of Vonage: Messages v1 and Voice v1 over HTTP."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from umsalert.messages.gsm7 import measure
from umsalert.simulator import record as seen
from umsalert.simulator.calls import Call, CallRequest, Stage, timestamp
from umsalert.simulator.people import Line
from umsalert.simulator.validation import Invalid, invalid_call, invalid_message

SMS_PER_S = 30.0
CALLS_PER_S = 3.0
"""Vonage's default limits: vendor support articles 203993598 and 207100288."""
LONGEST_TOKEN_S = 24 * 3600
CLOCK_TOLERANCE_S = 60
MAX_BODY_BYTES = 64 * 1024
PRICE_EUR = 0.065
"""Of one SMS part, invented: reports have something to add up."""
_ERRORS = "https://developer.vonage.com/api-errors"


@dataclass(frozen=True, slots=True)
class Application:
    """The Vonage application that may send: its id, and the public half of its key."""

    id: str
    public_key: RSAPublicKey


class ApiError(Exception):
    """An answer of RFC 9457 as Vonage writes it."""

    def __init__(
        self, status: int, kind: str, title: str, detail: str, invalid: Sequence[Invalid] = ()
    ) -> None:
        """Answer `status`; `kind` is the tail of the problem's type."""
        super().__init__(title)
        self.status = status
        self.title = title
        self.invalid = invalid
        self.body: dict[str, Any] = {
            "type": _ERRORS + kind,
            "title": title,
            "detail": detail,
            "instance": uuid.uuid4().hex,
        }
        if invalid:
            self.body["invalid_parameters"] = [
                {"name": item.name, "reason": item.reason} for item in invalid
            ]


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


class Carrier:
    """Takes messages and calls, and lets the simulated world do the rest."""

    def __init__(self, application: Application, stage: Stage) -> None:
        self._application = application
        self._stage = stage
        speed = stage.timeline.speed
        self._sms_allowance = Allowance(SMS_PER_S * speed)
        self._call_allowance = Allowance(CALLS_PER_S * speed)

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._answer_errors])
        app.router.add_post("/v1/messages", self._take_message)
        app.router.add_post("/v1/calls", self._take_call)
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
            return web.json_response(
                error.body, status=error.status, content_type="application/problem+json"
            )

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

    async def _take_message(self, request: web.Request) -> web.Response:
        self._admit(request, self._sms_allowance)
        body = await _json(request)
        if invalid := invalid_message(body):
            raise ApiError(
                422,
                "/messages#1150",
                "Invalid params",
                "The value of one or more parameters is invalid.",
                invalid,
            )
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

    async def _take_call(self, request: web.Request) -> web.Response:
        self._admit(request, self._call_allowance)
        body = await _json(request)
        if invalid := invalid_call(body):
            raise ApiError(
                400,
                "#bad-request",
                "Bad Request",
                "The value of one or more parameters is invalid.",
                invalid,
            )
        wanted = CallRequest.read(body)
        call = Call(self._stage, wanted)
        self._stage.record.add(
            seen.Call(
                at=self._stage.timeline.now(),
                uuid=call.uuid,
                to="+" + wanted.to,
                caller=wanted.caller,
                ncco=list(wanted.ncco),
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

    def _admit(self, request: web.Request, allowance: Allowance) -> None:
        """Raise ApiError unless the application sends, and not too fast."""
        if not self._is_authentic(request.headers.get("Authorization", "")):
            raise ApiError(
                401, "#unauthorized", "Unauthorized", "You did not provide correct credentials."
            )
        if not allowance.take(asyncio.get_running_loop().time()):
            raise ApiError(
                429, "#rate-limit", "Rate Limit Hit", "Please wait, then retry your request"
            )

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
        deliver = self._stage.webhooks.deliver
        deliver(webhook_url, self._status(message, "submitted"))
        await self._stage.timeline.sleep(person.sms_latency_s)
        if person.line is not Line.UNREACHABLE:
            deliver(webhook_url, self._status(message, "delivered"))
            return
        error = {
            "type": f"{_ERRORS}/messages#1180",
            "title": "1180",
            "detail": "Absent Subscriber - Temporary",
            "instance": message.message_uuid,
        }
        deliver(webhook_url, self._status(message, "rejected") | {"error": error})

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
