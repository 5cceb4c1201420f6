"""Webhooks back to umsalert, as each provider tells. They never leave this machine."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import aiohttp
from yarl import URL

from umsalert.settings import is_loopback
from umsalert.simulator.couriers import FORGED, TAMPERED, Courier
from umsalert.simulator.faults import ReceiptFate, ReceiptFates
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


class Webhooks:
    """Posts webhooks. For `async with`."""

    def __init__(
        self,
        timeline: Timeline,
        record: Record,
        tls: ssl.SSLContext,
        fates: ReceiptFates,
    ) -> None:
        """Trust an https receiver by `tls`; let receipts have their `fates`."""
        self._timeline = timeline
        self._record = record
        self._tls = tls
        self._fates = fates
        self._kept_back: dict[str, _Receipt] = {}

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=32)
        self._session = aiohttp.ClientSession(connector=connector, timeout=TIMEOUT)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._session.close()

    def deliver(self, courier: Courier, url: str, payload: dict[str, Any]) -> None:
        """Post in the background, again and again until it is taken.

        Each delivery is on its own: like Vonage's they may overtake each other.
        """
        self._timeline.spawn(self._deliver(courier, url, payload))

    def report(
        self, courier: Courier, url: str, payload: dict[str, Any], *, lost: bool = False
    ) -> None:
        """Deliver a receipt as the scenario wants it; `lost`: not at all."""
        fate = self._fates.next()
        receipt = _Receipt(courier, url, payload, replace(fate, lost=fate.lost or lost))
        message = courier.event(payload)
        if self._fates.keeps_back(message):
            self._kept_back[message] = receipt
            return
        self._timeline.spawn(self._report(receipt, self._kept_back.pop(message, None)))

    async def _report(self, receipt: _Receipt, late: _Receipt | None) -> None:
        await self._one(receipt, "")
        if late:
            await self._one(late, "out-of-order")

    async def _one(self, receipt: _Receipt, fault: str) -> None:
        courier, url, payload, fate = receipt.courier, receipt.url, receipt.payload, receipt.fate
        await self._timeline.sleep(fate.delay_s)
        for trick, wanted in ((FORGED, fate.forged), (TAMPERED, fate.tampered)):
            if wanted:
                await self.post(courier, url, payload, trick)
        if fate.lost:
            self._add(url, payload, None, "lost")
            return
        await self._deliver(courier, url, payload, fault)
        if fate.twice:
            await self._deliver(courier, url, payload, "twice")

    async def _deliver(
        self, courier: Courier, url: str, payload: dict[str, Any], fault: str = ""
    ) -> None:
        for pause_s in _pauses_s():
            if await self.post(courier, url, payload, fault) is not None:
                return
            await self._timeline.sleep(pause_s)

    async def post(
        self, courier: Courier, url: str, payload: dict[str, Any], fault: str = ""
    ) -> bytes | None:
        """Post once; return what was answered, None when it was not taken."""
        now = self._timeline.now()
        if not is_local(url):  # the last gate, whoever asks
            self._record.add(
                Refused(at=now, where=url, reason="not on this machine", parameters=[])
            )
            return None
        trick = fault if fault in (FORGED, TAMPERED) else ""
        sent = courier.sent(url, payload, now, trick)
        status, answer = None, b""
        try:
            # a redirect could lead to another machine
            async with self._session.request(
                sent.method, sent.url, data=sent.body, headers=sent.headers, allow_redirects=False
            ) as response:
                answer = await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            pass  # recorded below as a post without an answer
        self._add(url, courier.contrary(payload) if trick else payload, status, fault)
        return answer if status is not None and 200 <= status < 300 else None

    def _add(self, url: str, payload: dict[str, Any], status: int | None, fault: str) -> None:
        at = self._timeline.now()
        self._record.add(WebhookPost(at=at, url=url, payload=payload, status=status, fault=fault))


@dataclass(frozen=True, slots=True)
class _Receipt:
    courier: Courier
    url: str
    payload: dict[str, Any]
    fate: ReceiptFate


def _pauses_s() -> Iterator[float]:
    pause_s, passed_s = FIRST_RETRY_S, 0.0
    while passed_s < GIVE_UP_AFTER_S:
        yield pause_s
        passed_s += pause_s
        pause_s = min(2 * pause_s, LONGEST_RETRY_S)
