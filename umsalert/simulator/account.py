"""The account's side of Vonage, at another host in life: what is left on it, and its numbers."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from umsalert.simulator import record as seen
from umsalert.simulator.keys import API_KEY, APPLICATION_ID

BALANCE_EUR = 250.0
CALLER = "33465710017"
"""The one number of the account, reserved for fiction."""


class Account:
    """Answers whoever has the key and the secret."""

    def __init__(
        self,
        api_secret: str,
        record: seen.Record,
        now: Callable[[], datetime],
        balance_eur: float,
    ) -> None:
        """Write refusals to `record`."""
        self._balance_eur = balance_eur
        self._login = f"{API_KEY}:{api_secret}".encode()
        self._record = record
        self._now = now

    def add_to(self, app: web.Application) -> None:
        """Add the account's addresses to the carrier's."""
        app.router.add_get("/account/get-balance", self._balance)
        app.router.add_get("/account/numbers", self._numbers)

    async def _balance(self, request: web.Request) -> web.Response:
        return self._refusal(request) or web.json_response(
            {"value": self._balance_eur, "autoReload": False}
        )

    async def _numbers(self, request: web.Request) -> web.Response:
        number = {
            "country": "FR",
            "msisdn": CALLER,
            "type": "landline",
            "features": ["VOICE"],
            "voiceCallbackType": "app",
            "voiceCallbackValue": APPLICATION_ID,
            "app_id": APPLICATION_ID,
        }
        return self._refusal(request) or web.json_response({"count": 1, "numbers": [number]})

    def _refusal(self, request: web.Request) -> web.Response | None:
        """Return what Vonage says to a wrong login, None to the right one."""
        scheme, _, login = request.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(login, validate=True)
        except binascii.Error:
            given = b""
        if scheme.lower() == "basic" and secrets.compare_digest(given, self._login):
            return None
        self._record.add(
            seen.Refused(
                at=self._now(), where=request.path, reason="authentication failed", parameters=[]
            )
        )
        return web.json_response(
            {"error-code": "401", "error-code-label": "authentication failed"}, status=401
        )
