"""Vonage's side: Messages v1 and Voice v1 over HTTP."""

from __future__ import annotations

import ssl
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from yarl import URL

from umsalert.messages.gsm7 import measure
from umsalert.simulator import record as seen
from umsalert.simulator.answers import (
    ERRORS,
    INVALID_CALL,
    INVALID_MESSAGE,
    RATE_LIMIT,
    UNAUTHORIZED,
    ApiError,
    VonageError,
    vonage_fault,
)
from umsalert.simulator.calls import Call, CallRequest, Stage, timestamp
from umsalert.simulator.couriers import Courier
from umsalert.simulator.desk import Asked, json_of
from umsalert.simulator.faults import Fault
from umsalert.simulator.guards import Guards
from umsalert.simulator.people import Line
from umsalert.simulator.validation import invalid_call, invalid_message

SMS_PER_S = 30.0
CALLS_PER_S = 3.0
"""Vonage's default limits: vendor support articles 203993598 and 207100288."""
LONGEST_TOKEN_S = 24 * 3600
CLOCK_TOLERANCE_S = 60
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


class Vonage:
    """The two APIs of one application."""

    def __init__(self, application: Application, stage: Stage, courier: Courier) -> None:
        self.application = application
        self.stage = stage
        self.courier = courier

    def admit(self, request: web.Request) -> None:
        """Raise ApiError unless the application sends."""
        if not self._is_authentic(request.headers.get("Authorization", "")):
            raise VonageError(401, UNAUTHORIZED)

    def too_fast(self) -> ApiError:
        """Return 429."""
        return VonageError(429, RATE_LIMIT)

    def error(self, fault: Fault, asked: Asked) -> web.Response | None:
        """Return a problem; of other faults a gateway's page tells."""
        del asked
        return vonage_fault(fault)

    def _is_authentic(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return False
        try:
            claims = jwt.decode(
                token,
                self.application.public_key,
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
        now_s = self.stage.timeline.now().timestamp()
        return (
            claims["application_id"] == self.application.id
            and issued_s <= now_s + CLOCK_TOLERANCE_S
            and now_s < expires_s <= issued_s + LONGEST_TOKEN_S
        )


class Messages(Vonage):
    """`POST /v1/messages`. `tls` is what guards trust the page of a link by."""

    def __init__(
        self, application: Application, stage: Stage, courier: Courier, tls: ssl.SSLContext
    ) -> None:
        super().__init__(application, stage, courier)
        self._guards = Guards(stage, self._inbound, tls)

    def read(self, request: web.Request, body: bytes) -> Asked:
        """Return the SMS that is asked for. Raises ApiError."""
        del request
        message = json_of(body)
        if invalid := invalid_message(message):
            raise VonageError(422, INVALID_MESSAGE, invalid)
        to, reference = "+" + message["to"], message.get("client_ref", "")
        return Asked(to, reference, partial(self._take, message))

    def _take(self, body: dict[str, Any]) -> web.Response:
        message = seen.Sms(
            at=self.stage.timeline.now(),
            provider="vonage",
            message_uuid=str(uuid.uuid4()),
            to="+" + body["to"],
            sender=body["from"],
            text=body["text"],
            client_ref=body.get("client_ref", ""),
            ttl_s=body.get("ttl"),
        )
        self.stage.record.add(message)
        self.stage.timeline.spawn(self._bring(message, body.get("webhook_url", "")))
        return web.json_response({"message_uuid": message.message_uuid}, status=202)

    async def _bring(self, message: seen.Sms, webhook_url: str) -> None:
        """Bring an SMS to its person, and say so to `webhook_url`, where one is given."""
        person = self.stage.people.person(message.to)

        def report(payload: dict[str, Any]) -> None:
            if not webhook_url:
                return
            self.stage.webhooks.report(self.courier, webhook_url, payload, lost=not person.receipts)

        report(self._status(message, "submitted"))
        await self.stage.timeline.sleep(person.sms_latency_s)
        if person.line not in _ABSENT:
            report(self._status(message, "delivered"))
            await self._guards.answer(message, webhook_url)
            return
        number, detail = _ABSENT[person.line]
        error = {
            "type": f"{ERRORS}/messages#{number}",
            "title": number,
            "detail": detail,
            "instance": message.message_uuid,
        }
        report(self._status(message, "rejected") | {"error": error})

    def _inbound(self, message: seen.Sms, text: str, webhook_url: str) -> None:
        """Post what a guard wrote to where the application takes all that is written to it."""
        payload = {
            "to": message.sender,
            "from": message.to.removeprefix("+"),
            "channel": "sms",
            "message_uuid": str(uuid.uuid4()),
            "timestamp": timestamp(self.stage.timeline.now()),
            "message_type": "text",
            "text": text,
            "sms": {"num_messages": "1"},
        }
        url = str(URL(webhook_url).with_name("message-inbound"))
        self.stage.webhooks.deliver(self.courier, url, payload)

    def _status(self, message: seen.Sms, status: str) -> dict[str, Any]:
        parts = measure(message.text).parts
        return {
            "message_uuid": message.message_uuid,
            "to": message.to.removeprefix("+"),
            "from": message.sender,
            "timestamp": timestamp(self.stage.timeline.now()),
            "status": status,
            "channel": "sms",
            "client_ref": message.client_ref,
            "usage": {"currency": "EUR", "price": f"{PRICE_EUR * parts:.4f}"},
            "sms": {"count_total": str(parts)},
        }


class Calls(Vonage):
    """`POST /v1/calls`."""

    def read(self, request: web.Request, body: bytes) -> Asked:
        """Return the call that is asked for. Raises ApiError."""
        del request
        wanted = json_of(body)
        if invalid := invalid_call(wanted):
            raise VonageError(400, INVALID_CALL, invalid)
        call = CallRequest.read(wanted)
        return Asked("+" + call.to, call.event_url or "", partial(self._take, call))

    def _take(self, wanted: CallRequest) -> web.Response:
        call = Call(self.stage, self.courier, wanted)
        self.stage.record.add(
            seen.Call(
                at=self.stage.timeline.now(),
                provider="vonage",
                uuid=call.uuid,
                to="+" + wanted.to,
                caller=wanted.caller,
                ncco=list(wanted.ncco),
                event_url=wanted.event_url,
                client_ref="",
            )
        )
        self.stage.timeline.spawn(call.live())
        return web.json_response(
            {
                "uuid": call.uuid,
                "status": "started",
                "direction": "outbound",
                "conversation_uuid": call.conversation_uuid,
            },
            status=201,
        )
