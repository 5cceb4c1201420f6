"""The secret in a guard's link and reply address: who has it is this recipient, of this attempt.

22 characters of the URL alphabet, as `secrets.token_urlsafe(16)` has, since an SMS is paid by its
length. The first 4 of the 16 bytes name the delivery, so that a token is found without an index
over random values; 12 bytes are random (96 bits; RFC 4648 §5 for the alphabet). Only the SHA-256
of a token is stored.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

LENGTH = 22
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}")
_ID_BYTES, _RANDOM_BYTES = 4, 12
_WRAP = 1 << 8 * _ID_BYTES


def new(delivery_id: int) -> str:
    """Return a token for the next attempt of a delivery."""
    raw = (delivery_id % _WRAP).to_bytes(_ID_BYTES, "big") + secrets.token_bytes(_RANDOM_BYTES)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def delivery_id(token: str) -> int | None:
    """Return the delivery that a token names, None where it is no token."""
    if not _TOKEN.fullmatch(token):
        return None
    raw = base64.urlsafe_b64decode(token + "==")
    return int.from_bytes(raw[:_ID_BYTES], "big")


def digest(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()
