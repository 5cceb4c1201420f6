"""How OVHcloud knows who asks: a signature over the whole request, made at its own time.

https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from umsalert.channels.http import Fetched, JsonPoster, Now
from umsalert.model import Outcome, OutcomeKind
from umsalert.settings import OvhSettings


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed: method, complete URL and the body as it leaves."""

    method: str
    url: str
    body: bytes = b""


def signed(request: Request, ovh: OvhSettings, at_s: int) -> Mapping[str, str]:
    """Return the headers of a request at `at_s`, seconds since 1970 by OVHcloud's clock."""
    parts = (
        ovh.application_secret.encode(),
        ovh.consumer_key.encode(),
        request.method.encode(),
        request.url.encode(),
        request.body,
        str(at_s).encode(),
    )
    digest = hashlib.sha1(b"+".join(parts)).hexdigest()  # noqa: S324 - the API knows no other
    return {
        "X-Ovh-Application": ovh.application_key,
        "X-Ovh-Consumer": ovh.consumer_key,
        "X-Ovh-Timestamp": str(at_s),
        "X-Ovh-Signature": f"$1${digest}",
    }


class ServerTime:
    """OVHcloud's clock: a request signed at another time is refused, so it is asked for first."""

    def __init__(self, api_url: str, poster: JsonPoster, now: Now) -> None:
        self._url = f"{api_url.rstrip('/')}/auth/time"
        self._poster = poster
        self._now = now
        self._ahead_s: int | None = None
        self._asking = asyncio.Lock()

    async def now_s(self) -> int | Outcome:
        """Return the present; an Outcome where it could not be asked for: nothing has left."""
        async with self._asking:
            if self._ahead_s is None:
                found = await self._poster.fetch(self._url, {})
                if isinstance(found, Outcome):
                    return found
                theirs_s = _seconds(found)
                if theirs_s is None:
                    return Outcome(OutcomeKind.UNREACHABLE, "time_unreadable")
                self._ahead_s = theirs_s - self._ours_s()
        return self._ours_s() + self._ahead_s

    def forget(self) -> None:
        """Ask again before the next request: one of the two clocks was moved."""
        self._ahead_s = None

    def _ours_s(self) -> int:
        return int(self._now().timestamp())


def _seconds(found: Fetched) -> int | None:
    if found.status != 200 or isinstance(found.value, bool) or not isinstance(found.value, int):
        return None
    return found.value
