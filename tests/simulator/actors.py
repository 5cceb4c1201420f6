"""Who has to do with a simulator: its customer, and the receiver of its webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import jwt
from aiohttp import web

from umsalert.simulator import Simulator, SimulatorConfig
from umsalert.simulator.keys import APPLICATION_ID, Keys
from umsalert.simulator.record import Record

FAST = 1_000.0
HANGS_S = 30.0
"""Only a test that hangs waits this long."""


@dataclass
class Customer:
    """Speaks to the carrier as an application of ours would."""

    simulator: Simulator
    keys: Keys
    http: aiohttp.ClientSession

    def token(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "application_id": APPLICATION_ID,
            "iat": now,
            "exp": now + 900,
            "jti": str(uuid.uuid4()),
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.keys.application_key_file.read_bytes(), "RS256")

    async def post(
        self, url: str, body: object, token: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        async with self.http.post(url, json=body, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def until(self, condition: Callable[[Record], bool]) -> None:
        async with asyncio.timeout(HANGS_S):
            await self.simulator.record.until(condition)

    async def sms(self, **changes: Any) -> tuple[int, dict[str, Any]]:
        body = {
            "channel": "sms",
            "message_type": "text",
            "to": "33639980001",
            "from": "UMSALERT",
            "text": "Restez sur votre site.",
            "client_ref": "20260105-1807-a-1-1",
        } | changes
        return await self.post(self.simulator.messages_url, body)

    async def call(self, *ncco: Mapping[str, Any], **changes: Any) -> tuple[int, dict[str, Any]]:
        body = {
            "to": [{"type": "phone", "number": "33639980001"}],
            "from": {"type": "phone", "number": "33465710017"},
            "ncco": list(ncco),
        } | changes
        return await self.post(self.simulator.calls_url, body)


@dataclass
class Received:
    """One request that came to the receiver."""

    headers: Mapping[str, str]
    raw: bytes
    body: dict[str, Any]


@dataclass
class Receiver:
    """Takes webhooks on http; `answer` decides what each request is answered with."""

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], web.Response] = lambda _body: web.json_response({})

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(Received(request.headers, await request.read(), body))
        return self.answer(body)


class Start:
    """Starts simulators that end with the test."""

    def __init__(self, home: Path, stack: contextlib.AsyncExitStack) -> None:
        self._home = home
        self._stack = stack

    async def __call__(self, **config: Any) -> Customer:
        values: dict[str, Any] = {"home": self._home, "speed": FAST} | config
        simulator = await self._stack.enter_async_context(Simulator(SimulatorConfig(**values)))
        keys = Keys(self._home)
        tls = ssl.create_default_context(cafile=keys.ca_file)
        http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls))
        await self._stack.enter_async_context(http)
        return Customer(simulator, keys, http)
