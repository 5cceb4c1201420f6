"""OVHcloud's side: its SMS API over HTTP, as far as umsalert asks of it."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from aiohttp import web

from umsalert.simulator import record as seen
from umsalert.simulator.answers import ApiError
from umsalert.simulator.calls import Stage
from umsalert.simulator.couriers import Courier
from umsalert.simulator.desk import Asked, Desk, Limit, json_of
from umsalert.simulator.faults import Fault
from umsalert.simulator.keys import OVH_APPLICATION_KEY, OVH_SERVICE_NAME, OvhKeys
from umsalert.simulator.people import Line
from umsalert.simulator.validation import Invalid, invalid_job

ROOT = "/ovh/1.0"
LIMIT_PER_S = 1.0
LIMIT_CAPACITY = 60.0
"""60 requests a minute: what its developers call fair use."""
CLOCK_TOLERANCE_S = 180
CREDITS = 2500
SENDER = "UMSALERT"
_PTT = {Line.UNREACHABLE: "24", Line.REJECTED: "23"}
"""Temporarily absent; barred for good. Everybody else has 4, delivered."""
_FAULTS = {
    402: ("PAYMENT_REQUIRED", "Not enough credits"),
    429: ("TOO_MANY_REQUESTS", "Too many requests"),
    500: ("INTERNAL_SERVER_ERROR", "Internal server error"),
}


class OvhError(ApiError):
    """An error as OVHcloud writes it."""

    def __init__(self, status: int, code: str, message: str, *invalid: Invalid) -> None:
        body = {"errorCode": code, "httpCode": str(status), "message": message}
        super().__init__(status, message, body, invalid)


@dataclass(frozen=True, slots=True)
class Account:
    """The account: its secrets, where its receipts go (empty: nowhere), what is left on it."""

    keys: OvhKeys
    callback: str
    credits_left: float


class Jobs:
    """`POST /sms/{serviceName}/jobs`."""

    def __init__(self, account: Account, stage: Stage, courier: Courier) -> None:
        self._account = account
        self._stage = stage
        self._courier = courier
        self._ids = itertools.count(83_920_001)

    def now(self) -> datetime:
        """Return OVHcloud's time in UTC."""
        return self._stage.timeline.now()

    def admit(self, request: web.Request) -> None:
        """Raise ApiError unless the application is known and its time is ours."""
        if request.headers.get("X-Ovh-Application") != OVH_APPLICATION_KEY:
            raise OvhError(403, "INVALID_KEY", "This application key is invalid")
        try:
            at_s = int(request.headers.get("X-Ovh-Timestamp", ""))
        except ValueError:
            at_s = 0
        if abs(self._stage.timeline.now().timestamp() - at_s) > CLOCK_TOLERANCE_S:
            raise OvhError(400, "QUERY_TIME_OUT", "Query out of time")

    def prove(self, request: web.Request, body: bytes) -> None:
        """Raise ApiError unless the signature covers the request. The URL is what was asked for."""
        keys, headers = self._account.keys, request.headers
        if headers.get("X-Ovh-Consumer") != keys.consumer_key:
            raise OvhError(403, "INVALID_CREDENTIAL", "This credential is not valid")
        url = f"https://{request.host}{request.raw_path}"
        parts = (keys.application_secret, keys.consumer_key, request.method, url, body.decode())
        signed = "+".join((*parts, headers["X-Ovh-Timestamp"])).encode()
        expected = "$1$" + hashlib.sha1(signed).hexdigest()  # noqa: S324 - the API knows no other
        if not hmac.compare_digest(headers.get("X-Ovh-Signature", "").encode(), expected.encode()):
            raise OvhError(400, "INVALID_SIGNATURE", "Invalid signature")

    def too_fast(self) -> ApiError:
        """Return 429."""
        return OvhError(429, *_FAULTS[429])

    def read(self, request: web.Request, body: bytes) -> Asked:
        """Return the SMS that is asked for. Raises ApiError."""
        self.prove(request, body)
        if request.match_info["service"] != OVH_SERVICE_NAME:
            raise OvhError(404, "NOT_FOUND", "The requested object does not exist")
        job = json_of(body)
        if invalid := invalid_job(job):
            raise OvhError(400, "BAD_REQUEST", "Invalid parameters", *invalid)
        return Asked(job["receivers"][0], job.get("tag", ""), partial(self._take, job))

    def error(self, fault: Fault, asked: Asked) -> web.Response | None:
        """Return an error; a bad number is no error, but a report that takes nothing."""
        if fault.code == 422:
            return _report([], invalid=[asked.to])
        if fault.code in _FAULTS:
            return OvhError(fault.code, *_FAULTS[fault.code]).response()
        return None

    def _take(self, job: Mapping[str, Any]) -> web.Response:
        message = seen.Sms(
            at=self._stage.timeline.now(),
            provider="ovh",
            message_uuid=str(next(self._ids)),
            to=job["receivers"][0],
            sender=job["sender"],
            text=job["message"],
            client_ref=job.get("tag", ""),
            ttl_s=60 * job.get("validityPeriod", 2880),
        )
        self._stage.record.add(message)
        if self._account.callback:
            self._stage.timeline.spawn(self._bring(message))
        return _report([int(message.message_uuid)], valid=[message.to])

    async def _bring(self, message: seen.Sms) -> None:
        person = self._stage.people.person(message.to)

        def report(ptt: str) -> None:
            now = self._stage.timeline.now()
            payload = {"id": message.message_uuid, "ptt": ptt, "date": f"{now:%Y-%m-%d %H:%M:%S}"}
            lost = not person.receipts
            self._stage.webhooks.report(self._courier, self._account.callback, payload, lost=lost)

        report("3")
        await self._stage.timeline.sleep(person.sms_latency_s)
        report(_PTT.get(person.line, "4"))


def add_to(app: web.Application, account: Account, desk: Desk, jobs: Jobs) -> None:
    """Add OVHcloud's addresses: the time, the jobs, the account and its sender."""

    async def time(_request: web.Request) -> web.Response:
        return web.json_response(int(jobs.now().timestamp()))

    def told(page: Callable[[web.Request], object]) -> Callable[[web.Request], Any]:
        async def tell(request: web.Request) -> web.Response:
            jobs.admit(request)
            jobs.prove(request, b"")
            found = page(request)
            if found is None:
                raise OvhError(404, "NOT_FOUND", "The requested object does not exist")
            return web.json_response(found)

        return tell

    def service(request: web.Request) -> object:
        return (
            {
                "name": OVH_SERVICE_NAME,
                "status": "enable",
                "creditsLeft": account.credits_left,
                "callBack": account.callback or None,
            }
            if request.match_info["service"] == OVH_SERVICE_NAME
            else None
        )

    def sender(request: web.Request) -> object:
        known = request.match_info["sender"] == SENDER
        return {"sender": SENDER, "status": "enable", "type": "alpha"} if known else None

    app.router.add_get(f"{ROOT}/auth/time", time)
    app.router.add_post(f"{ROOT}/sms/{{service}}/jobs", desk.serve)
    app.router.add_get(f"{ROOT}/sms/{{service}}", told(service))
    app.router.add_get(f"{ROOT}/sms/{{service}}/senders/{{sender}}", told(sender))


def limit(speed: float) -> Limit:
    """Return how many requests it takes."""
    return Limit(LIMIT_PER_S * speed, LIMIT_CAPACITY)


def _report(
    ids: list[int], valid: list[str] | None = None, invalid: list[str] | None = None
) -> web.Response:
    report = {
        "ids": ids,
        "validReceivers": valid or [],
        "invalidReceivers": invalid or [],
        "totalCreditsRemoved": len(ids),
    }
    return web.json_response(report)
