"""Webhooks back to umsalert, signed as Vonage signs them. They never leave this machine."""

from __future__ import annotations

import hashlib
import json
import ssl
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import aiohttp
import jwt
from yarl import URL

from umsalert.settings import is_loopback
from umsalert.simulator.record import Record, Refused, WebhookPost
from umsalert.simulator.timeline import Timeline

FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 15 * 60.0
GIVE_UP_AFTER_S = 24 * 3600.0
"""Vonage tries again after 5 s, doubles up to 15 minutes, and ends after a day."""
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=3, sock_read=5)
"""Vonage Voice: 3 s to connect, 5 s to answer. Real seconds: the receiver is not simulated.

Waiting for one of our own connections does not count: thousands of statuses may be due at once.
"""


def is_local(url: object) -> bool:
    """Say whether `url` is an http(s) address of this machine, and hides no other one."""
    if not isinstance(url, str):
        return False
    try:
        parsed = URL(url)
    except ValueError:
        return False
    return (
        parsed.scheme in ("http", "https")
        and parsed.user is None
        and is_loopback(parsed.host or "")
    )


@dataclass(frozen=True, slots=True)
class Signer:
    """The account in whose name webhooks are signed."""

    application_id: str
    api_key: str
    secret: str = field(repr=False)

    def authorization(self, body: bytes, now: datetime) -> str:
        """Return the header that vouches for `body`."""
        claims = {
            "iss": "Vonage",
            "iat": int(now.timestamp()),
            "jti": str(uuid.uuid4()),
            "application_id": self.application_id,
            "api_key": self.api_key,
            "payload_hash": hashlib.sha256(body).hexdigest(),
        }
        return "Bearer " + jwt.encode(claims, self.secret, algorithm="HS256")


class Webhooks:
    """Posts webhooks. For `async with`."""

    def __init__(
        self,
        signer: Signer,
        timeline: Timeline,
        record: Record,
        tls: ssl.SSLContext,
    ) -> None:
        """Sign with `signer`; trust an https receiver by `tls`."""
        self._signer = signer
        self._timeline = timeline
        self._record = record
        self._tls = tls

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=32)
        self._session = aiohttp.ClientSession(connector=connector, timeout=TIMEOUT)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._session.close()

    def deliver(self, url: str, payload: dict[str, Any]) -> None:
        """Post in the background, again and again until it is taken.

        Each delivery is on its own: like Vonage's they may overtake each other.
        """
        self._timeline.spawn(self._deliver(url, payload))

    async def _deliver(self, url: str, payload: dict[str, Any]) -> None:
        for pause_s in _pauses_s():
            if await self.post(url, payload) is not None:
                return
            await self._timeline.sleep(pause_s)

    async def post(self, url: str, payload: dict[str, Any]) -> bytes | None:
        """Post once; return what was answered, None when it was not taken."""
        now = self._timeline.now()
        if not is_local(url):  # the last gate, whoever asks
            self._record.add(
                Refused(at=now, where=url, reason="not on this machine", parameters=[])
            )
            return None
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Authorization": self._signer.authorization(body, now),
            "Content-Type": "application/json",
        }
        status, answer = None, b""
        try:
            # a redirect could lead to another machine
            async with self._session.post(
                URL(url), data=body, headers=headers, allow_redirects=False
            ) as response:
                answer = await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            pass  # recorded below as a post without an answer
        self._record.add(
            WebhookPost(at=self._timeline.now(), url=url, payload=payload, status=status)
        )
        return answer if status is not None and 200 <= status < 300 else None


def _pauses_s() -> Iterator[float]:
    pause_s, passed_s = FIRST_RETRY_S, 0.0
    while passed_s < GIVE_UP_AFTER_S:
        yield pause_s
        passed_s += pause_s
        pause_s = min(2 * pause_s, LONGEST_RETRY_S)
