"""The application's token: RS256, signed once in ten minutes instead of once a request."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from umsalert.errors import ConfigurationError
from umsalert.i18n import _, system_reason
from umsalert.ports import Clock

LIFETIME = timedelta(minutes=15)
"""Vonage's own default."""

RENEW_BEFORE = timedelta(minutes=5)
"""Longer than any request takes and than clocks usually differ."""


async def load_key(file: Path) -> RSAPrivateKey:
    """Read the application's private key, off the loop: checking it takes 30 ms.

    Raises ConfigurationError when there is no unencrypted RSA key in PEM.
    """
    try:
        pem = await asyncio.to_thread(file.read_bytes)
        key = await asyncio.to_thread(load_pem_private_key, pem, None)
        if isinstance(key, RSAPrivateKey):
            return key
        reason = _("it is not an RSA key")
    except OSError as error:
        reason = system_reason(error)
    except (ValueError, TypeError):
        reason = _("it is not an unencrypted PEM key")
    raise ConfigurationError(
        "private_key_unreadable",
        _("The Vonage private key {file} cannot be used: {reason}.").format(
            file=file, reason=reason
        ),
        hint=_("Download it again from the application's page and set vonage.private_key_file."),
    )


class ApplicationToken:
    """Gives a token that is valid now."""

    def __init__(self, application_id: str, key: RSAPrivateKey, clock: Clock) -> None:
        self._application_id = application_id
        self._key = key
        self._clock = clock
        self._token = ""
        self._made_at = self._renew_at = clock.now()

    def current(self) -> str:
        """Return the token, renewed well before its end, and when the clock was set back."""
        now = self._clock.now()
        if not self._made_at <= now < self._renew_at:
            claims = {
                "application_id": self._application_id,
                "iat": int(now.timestamp()),
                "exp": int((now + LIFETIME).timestamp()),
                "jti": secrets.token_hex(16),
            }
            self._token = jwt.encode(claims, self._key, algorithm="RS256")
            self._made_at, self._renew_at = now, now + LIFETIME - RENEW_BEFORE
        return self._token
