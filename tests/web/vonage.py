"""Webhooks as Vonage makes and signs them, sent to a running server."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import jwt

APPLICATION_ID = "2c1f0c4e-0000-4000-8000-000000000000"
SECRET = "secret of at least thirty-two characters"

Document = Mapping[str, object]


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Serving:
    """The running server and a client towards it."""

    url: str
    client: aiohttp.ClientSession
    stopping: asyncio.Event
    task: asyncio.Task[None]

    async def post(
        self, topic: str, body: bytes, *, authorization: str = "", ref: str = ""
    ) -> Answered:
        """Post a body as it is."""
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        url = f"{self.url}/webhooks/vonage/{topic}"
        query = {"ref": ref} if ref else {}
        async with self.client.post(url, data=body, headers=headers, params=query) as response:
            return Answered(response.status, response.headers, await response.read())

    async def say(self, topic: str, document: Document, *, ref: str = "") -> Answered:
        """Post a document, signed as Vonage signs it."""
        body = json.dumps(document).encode()
        return await self.post(topic, body, authorization=signature(body), ref=ref)

    async def stop(self) -> None:
        """Stop the server and wait until it has finished."""
        self.stopping.set()
        await self.task


def signature(body: bytes, secret: str = SECRET) -> str:
    """Return the header: a token of the application that holds the hash of the body."""
    claims = {
        "iss": "Vonage",
        "iat": int(datetime.now(UTC).timestamp()),
        "jti": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "application_id": APPLICATION_ID,
        "api_key": "0a1b2c3d",
    }
    return "Bearer " + jwt.encode(claims, secret, algorithm="HS256")


def receipt(reference: str, status: str) -> Document:
    """Return a receipt of an SMS."""
    return {
        "message_uuid": f"uuid of {reference}",
        "to": "33639980001",
        "from": "33639980099",
        "timestamp": "2026-11-23T18:16:00Z",
        "status": status,
        "channel": "sms",
        "client_ref": reference,
    }


def key(digits: str) -> Document:
    """Return the input of a call, where a guard has pressed `digits`."""
    return {
        "speech": {"results": []},
        "dtmf": {"digits": digits, "timed_out": not digits},
        "from": "33199000001",
        "to": "33639980001",
        "uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        "conversation_uuid": "CON-aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        "timestamp": "2026-11-23T18:16:00.000Z",
    }
