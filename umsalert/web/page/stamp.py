"""The stamp in a form: which page it stood in, and when that was made.

Programs that look into every link of an e-mail press what they find, at once. An answer counts only
with the stamp of a page that somebody can have read. The token itself is the key (RFC 2104), so
nothing is stored and every process knows every stamp.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

SOONEST = timedelta(seconds=1.5)
"""Nobody reads and presses faster; a scanner does."""
LATEST = timedelta(hours=24)
"""A page that lay open for longer is looked at anew before it counts."""

_STAMP = re.compile(r"([0-9]{1,13})\.([0-9a-f]{32})")


def make(token: str, now: datetime) -> str:
    """Return the stamp of a page of this token that is made now."""
    at_ms = str(int(now.timestamp() * 1000))
    return f"{at_ms}.{_signature(token, at_ms)}"


def counts(stamp: str, token: str, now: datetime) -> bool:
    """Say whether the stamp is one of this token, neither too fresh nor too old."""
    match = _STAMP.fullmatch(stamp)
    if match is None or not hmac.compare_digest(match[2], _signature(token, match[1])):
        return False
    made = datetime.fromtimestamp(int(match[1]) / 1000, UTC)
    return SOONEST <= now - made <= LATEST


def _signature(token: str, at_ms: str) -> str:
    return hmac.new(token.encode(), f"page {at_ms}".encode(), hashlib.sha256).hexdigest()[:32]
