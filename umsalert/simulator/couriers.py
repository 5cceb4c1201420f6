"""How each provider tells: by which method, to which address, and proved how."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import jwt
from yarl import URL

FORGED, TAMPERED = "forged", "tampered"


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it leaves."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes


class Courier(Protocol):
    """Brings what one provider tells. `name` names the event, the same when it is repeated."""

    def event(self, payload: Mapping[str, Any]) -> str:
        """Return the message or the call that a receipt is about."""

    def contrary(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return a receipt that claims the contrary: what failed arrived, and the reverse."""

    def sent(self, url: str, payload: dict[str, Any], now: datetime, trick: str) -> Sent:
        """Return the request; a trick makes it `forged` or `tampered`, and its payload contrary."""


@dataclass(frozen=True, slots=True)
class VonageCourier:
    """A token over the body's hash, in the name of an account."""

    application_id: str
    api_key: str
    secret: str = field(repr=False)

    def event(self, payload: Mapping[str, Any]) -> str:
        """Return the id of the message or the call."""
        return str(payload.get("message_uuid") or payload["uuid"])

    def contrary(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Turn its status round."""
        yes, no = ("delivered", "rejected") if "message_uuid" in payload else ("answered", "failed")
        arrived = payload["status"] in ("delivered", "answered", "completed")
        return payload | {"status": no if arrived else yes}

    def sent(self, url: str, payload: dict[str, Any], now: datetime, trick: str) -> Sent:
        """Return a signed POST."""
        posted = self.contrary(payload) if trick else payload
        signed = payload if trick == TAMPERED else posted
        secret = secrets.token_urlsafe(32) if trick == FORGED else self.secret
        claims = {
            "iss": "Vonage",
            "iat": int(now.timestamp()),
            "jti": str(uuid.uuid4()),
            "application_id": self.application_id,
            "api_key": self.api_key,
            "payload_hash": hashlib.sha256(_json(signed)).hexdigest(),
        }
        token = "Bearer " + jwt.encode(claims, secret, algorithm="HS256")
        return _post(url, posted, {"Authorization": token})


@dataclass(frozen=True, slots=True)
class GatewayCourier:
    """A signature by the Standard Webhooks specification."""

    key: bytes = field(repr=False)

    def event(self, payload: Mapping[str, Any]) -> str:
        """Return the id of the message or the call."""
        return str(payload["id"])

    def contrary(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Turn its type round."""
        return payload | {"type": "undelivered" if payload["type"] == "delivered" else "delivered"}

    def sent(self, url: str, payload: dict[str, Any], now: datetime, trick: str) -> Sent:
        """Return a signed POST; its id follows from what is told."""
        posted = self.contrary(payload) if trick else payload
        signed = payload if trick == TAMPERED else posted
        key = secrets.token_bytes(32) if trick == FORGED else self.key
        message_id = "msg_" + hashlib.sha256(_json(signed)).hexdigest()[:24]
        at = str(int(now.timestamp()))
        digest = hmac.digest(key, f"{message_id}.{at}.".encode() + _json(signed), "sha256")
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
        return _post(url, posted, headers)


@dataclass(frozen=True, slots=True)
class OvhCourier:
    """A GET whose query says all; the secret in its address is all that proves it.

    So nothing can be altered after it was signed: a tampered receipt is one with another secret.
    """

    def event(self, payload: Mapping[str, Any]) -> str:
        """Return the id of the message."""
        return str(payload["id"])

    def contrary(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Turn its code round."""
        return payload | {"ptt": "5" if payload["ptt"] == "4" else "4"}

    def sent(self, url: str, payload: dict[str, Any], now: datetime, trick: str) -> Sent:
        """Return a GET."""
        del now
        address = URL(url)
        if trick:
            payload = self.contrary(payload)
            address = address.update_query(token=secrets.token_urlsafe())
        return Sent("GET", address.update_query(payload), {}, b"")


def _post(url: str, payload: dict[str, Any], headers: Mapping[str, str]) -> Sent:
    return Sent("POST", URL(url), {**headers, "Content-Type": "application/json"}, _json(payload))


def _json(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
