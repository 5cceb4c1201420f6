"""A gateway by docs/gateway.md: SMS, and calls that are played to simulated guards."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from umsalert.simulator import record as seen
from umsalert.simulator.answers import ApiError
from umsalert.simulator.calls import (
    NETWORK_ANSWERS_AFTER_S,
    PRESSES_AFTER_S,
    RINGS_AFTER_S,
    TALK_CHARACTERS_PER_S,
    Stage,
    timestamp,
)
from umsalert.simulator.couriers import Courier
from umsalert.simulator.desk import Asked, Desk, Limit, json_of
from umsalert.simulator.faults import Fault
from umsalert.simulator.people import Line, Person
from umsalert.simulator.validation import Invalid, invalid_gateway_call, invalid_gateway_sms

SMS_PATH, CALLS_PATH = "/gateway/sms", "/gateway/calls"
SMS_PER_S, SMS_CAPACITY = 0.5, 30.0
"""An Android telephone: 30 a minute."""
CALLS_PER_S = 1.0
NO_KEY_AFTER_S = 10.0

_NOT_BROUGHT = {Line.UNREACHABLE: "absent", Line.REJECTED: "barred"}
_NOT_ANSWERED = {Line.UNREACHABLE: "failed", Line.BUSY: "busy", Line.REJECTED: "rejected"}
_TITLES = {402: "No credit", 422: "Number refused", 429: "Too many", 500: "Internal error"}


class GatewayError(ApiError):
    """A problem (RFC 9457)."""

    content_type = "application/problem+json"

    def __init__(self, status: int, title: str, *invalid: Invalid) -> None:
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
        if invalid:
            body["invalid_parameters"] = [
                {"name": item.name, "reason": item.reason} for item in invalid
            ]
        super().__init__(status, title, body, invalid)


class Gateway:
    """What SMS and calls have in common."""

    def __init__(self, token: str, stage: Stage, courier: Courier) -> None:
        self._token = token
        self.stage = stage
        self.courier = courier

    def admit(self, request: web.Request) -> None:
        """Raise ApiError unless the token is ours."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(token.encode(errors="replace"), self._token.encode())
        if scheme.lower() != "bearer" or not right:
            raise GatewayError(401, "Wrong token")

    def too_fast(self) -> ApiError:
        """Return 429."""
        return GatewayError(429, _TITLES[429])

    def error(self, fault: Fault, asked: Asked) -> web.Response | None:
        """Return a problem."""
        del asked
        title = _TITLES.get(fault.code)
        return GatewayError(fault.code, title).response() if title else None

    async def ready(self, request: web.Request) -> web.Response:
        """Answer `doctor`."""
        self.admit(request)
        return web.json_response({"status": "ok"})

    def tell(self, body: Mapping[str, Any], message_id: str, **event: str) -> None:
        """Tell an event to whoever asked, if anybody."""
        if "webhook_url" not in body:
            return
        payload = {
            "reference": body["reference"],
            "id": message_id,
            "timestamp": timestamp(self.stage.timeline.now()),
        } | event
        webhooks, url = self.stage.webhooks, body["webhook_url"]
        if event["type"] == "key":
            webhooks.deliver(self.courier, url, payload)
            return
        lost = not self.stage.people.person(body["to"]).receipts
        webhooks.report(self.courier, url, payload, lost=lost)


class GatewaySms(Gateway):
    """`POST /gateway/sms`."""

    def read(self, request: web.Request, body: bytes) -> Asked:
        """Return the SMS that is asked for. Raises ApiError."""
        del request
        message = json_of(body)
        if invalid := invalid_gateway_sms(message):
            raise GatewayError(400, "Invalid request", *invalid)
        return Asked(message["to"], message["reference"], partial(self._take, message))

    def _take(self, body: dict[str, Any]) -> web.Response:
        message_id = f"sms-{uuid.uuid4()}"
        self.stage.record.add(
            seen.Sms(
                at=self.stage.timeline.now(),
                provider="gateway",
                message_uuid=message_id,
                to=body["to"],
                sender="",
                text=body["text"],
                client_ref=body["reference"],
                ttl_s=body["ttl_s"],
            )
        )
        self.stage.timeline.spawn(self._bring(body, message_id))
        return web.json_response({"id": message_id}, status=202)

    async def _bring(self, body: dict[str, Any], message_id: str) -> None:
        person = self.stage.people.person(body["to"])
        self.tell(body, message_id, type="accepted")
        await self.stage.timeline.sleep(person.sms_latency_s)
        if code := _NOT_BROUGHT.get(person.line):
            self.tell(body, message_id, type="undelivered", code=code)
        else:
            self.tell(body, message_id, type="delivered")


class GatewayCalls(Gateway):
    """`POST /gateway/calls`."""

    def read(self, request: web.Request, body: bytes) -> Asked:
        """Return the call that is asked for. Raises ApiError."""
        del request
        call = json_of(body)
        if invalid := invalid_gateway_call(call):
            raise GatewayError(400, "Invalid request", *invalid)
        return Asked(call["to"], call["reference"], partial(self._take, call))

    def _take(self, body: dict[str, Any]) -> web.Response:
        call_id = f"call-{uuid.uuid4()}"
        self.stage.record.add(
            seen.Call(
                at=self.stage.timeline.now(),
                provider="gateway",
                uuid=call_id,
                to=body["to"],
                caller="",
                ncco=[{"action": "talk", "text": body["text"], "language": body["language"]}],
                event_url=body.get("webhook_url"),
                client_ref=body["reference"],
            )
        )
        self.stage.timeline.spawn(self._live(body, call_id))
        return web.json_response({"id": call_id}, status=202)

    async def _live(self, body: dict[str, Any], call_id: str) -> None:
        person, sleep = self.stage.people.person(body["to"]), self.stage.timeline.sleep
        await sleep(RINGS_AFTER_S)
        if code := _NOT_ANSWERED.get(person.line):
            await sleep(NETWORK_ANSWERS_AFTER_S)
            self.tell(body, call_id, type="undelivered", code=code)
            return
        self.tell(body, call_id, type="accepted")
        if person.line is Line.UNANSWERED or person.picks_up_after_s > body["ringing_s"]:
            await sleep(body["ringing_s"])
            self.tell(body, call_id, type="undelivered", code="no-answer")
            return
        await sleep(person.picks_up_after_s)
        self.tell(body, call_id, type="delivered")
        for what, words in _script(body, person):
            if what == "talk":
                await self._talk(body, call_id, words)
            else:
                await sleep(PRESSES_AFTER_S if words else NO_KEY_AFTER_S)
                self._pressed(body, call_id, words)

    async def _talk(self, body: dict[str, Any], call_id: str, words: str) -> None:
        self.stage.record.add(
            seen.Talk(
                at=self.stage.timeline.now(),
                uuid=call_id,
                to=body["to"],
                text=words,
                language=body["language"],
            )
        )
        await self.stage.timeline.sleep(len(words) / TALK_CHARACTERS_PER_S)

    def _pressed(self, body: dict[str, Any], call_id: str, key: str) -> None:
        if not key:
            return
        at = self.stage.timeline.now()
        self.stage.record.add(seen.Key(at=at, uuid=call_id, to=body["to"], digits=key))
        if key in body["keys"]:
            self.tell(body, call_id, type="key", channel="voice", key=key)


def _script(body: Mapping[str, Any], person: Person) -> Iterator[tuple[str, str]]:
    """Yield what is said and pressed: `talk` with words, `key` with a key or none."""
    yield "talk", body["text"]
    keys, told = list(person.keys), False
    while "keys" in body:
        key = keys.pop(0) if keys else ""
        yield "key", key
        if key in body["keys"]:
            yield "talk", body["keys"][key]
            return
        if key == body.get("repeat_key"):
            yield "talk", body["text"]
        elif told or "other_key" not in body:
            return
        else:
            told = True
            yield "talk", body["other_key"]
            yield "talk", body["text"]


def add_to(app: web.Application, path: str, gateway: Gateway, desk: Desk) -> None:
    """Add one address of the gateway."""
    app.router.add_post(path, desk.serve)
    app.router.add_get(path, gateway.ready)


def sms_limit(speed: float) -> Limit:
    """Return how many SMS it takes."""
    return Limit(SMS_PER_S * speed, SMS_CAPACITY)


def calls_limit(speed: float) -> Limit:
    """Return how many calls it takes."""
    return Limit(CALLS_PER_S * speed)
