"""What a gateway tells: receipts and answers, signed by the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from umsalert.channels.gateway.channel import EVENT, PROVIDER
from umsalert.channels.http import plain_code
from umsalert.channels.keys import KEYS
from umsalert.channels.webhook_json import document_of, text_of, time_of
from umsalert.errors import InvalidData, RefusedByRule
from umsalert.i18n import _
from umsalert.model import (
    Answer,
    ChannelKind,
    DeliveryState,
    MessageText,
    Receipt,
    ReplySource,
    Said,
    Tie,
)
from umsalert.ports import StoredWebhook, Webhook
from umsalert.settings import GatewaySettings, Settings, signing_key

TOLERANCE = timedelta(minutes=5)
"""By how much its clock may differ from ours: a repetition is signed anew, a replay is not."""

_ID = re.compile(r"[!-~]{1,200}")
_STATES = {
    "accepted": DeliveryState.ACCEPTED,
    "delivered": DeliveryState.DELIVERED,
    "undelivered": DeliveryState.UNDELIVERED,
}


def open_source(settings: Settings) -> GatewayWebhooks:
    """Return the reader of what our gateway tells."""
    return GatewayWebhooks(settings.gateway)


def signature(key: bytes, message_id: str, at: str, body: bytes) -> str:
    """Return the signature of a webhook; `at` is seconds since 1970, as its header says it."""
    digest = hmac.digest(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


class GatewayWebhooks:
    """`ports.WebhookSource` for a gateway."""

    provider = PROVIDER

    def __init__(self, settings: GatewaySettings) -> None:
        self._key = signing_key(settings.webhook_secret) or b""

    def verify(self, webhook: Webhook, now: datetime) -> str:
        """Return the webhook's own id: it stays the same when it is repeated.

        Raises RefusedByRule.
        """
        if webhook.topic != EVENT:
            raise _forged("topic_unknown")
        message_id = webhook.headers.get("webhook-id", "")
        at = webhook.headers.get("webhook-timestamp", "")
        if not (_ID.fullmatch(message_id) and re.fullmatch(r"[0-9]{1,12}", at) and self._key):
            raise _forged("signature_missing")
        expected = signature(self._key, message_id, at, webhook.body).encode()
        given = webhook.headers.get("webhook-signature", "").encode(errors="replace").split(b" ")
        if not any(hmac.compare_digest(one, expected) for one in given):
            raise _forged("signature_invalid")
        if abs(now.timestamp() - int(at)) > TOLERANCE.total_seconds():
            raise _forged("signature_expired")
        return message_id

    def reference(self, webhook: Webhook) -> str:
        """Return our reference, which a gateway repeats."""
        try:
            return text_of(_document(webhook.body), "reference")
        except InvalidData:
            return ""

    def content(self, webhook: Webhook, now: datetime) -> bytes:
        """Return the body: it says all."""
        del now
        return webhook.body

    def read(self, stored: StoredWebhook) -> tuple[Receipt | Answer | Said, ...]:
        """Return the receipt or the answer that it holds. Raises InvalidData when unreadable."""
        document = _document(stored.body)
        kind = text_of(document, "type")
        if kind == "key":
            return _answer(document, stored.reference)
        if kind == "message":
            return _said(document, stored.reference)
        if kind not in _STATES:
            return ()
        state = _STATES[kind]
        code = plain_code(text_of(document, "code")) or "undelivered"
        receipt = Receipt(
            provider=PROVIDER,
            provider_id=text_of(document, "id"),
            reference=stored.reference,
            state=state,
            code=code if state is DeliveryState.UNDELIVERED else "",
            occurred_at=_time(document),
        )
        return (receipt,)

    def reply_to(self, webhook: Webhook, text: MessageText) -> bytes:
        """Return `{}`: the request for a call says what follows a key."""
        del webhook, text
        return b"{}"


def _answer(document: Mapping[str, object], reference: str) -> tuple[Answer, ...]:
    key, channel = text_of(document, "key"), text_of(document, "channel")
    if key not in KEYS or channel not in (ChannelKind.SMS, ChannelKind.VOICE):
        return ()
    answer = Answer(
        kind=KEYS[key],
        source=ReplySource(channel),
        raw=key,
        occurred_at=_time(document),
        tie=Tie(reference=reference),
        text=text_of(document, "text"),
    )
    return (answer,)


def _said(document: Mapping[str, object], reference: str) -> tuple[Said, ...]:
    text = text_of(document, "text")
    tie = Tie(reference=reference, sender=text_of(document, "from"))
    return (Said(ReplySource.SMS, text, text, _time(document), tie),)


def _document(body: bytes) -> Mapping[str, object]:
    return document_of(body, hint=_keep_to_the_page())


def _time(document: Mapping[str, object]) -> datetime:
    return time_of(document, hint=_keep_to_the_page())


def _keep_to_the_page() -> str:
    return _("Let the gateway keep to docs/gateway.md.")


def _forged(code: str) -> RefusedByRule:
    return RefusedByRule(
        code,
        _("A webhook is refused: it is not what our gateway has signed."),
        hint=_("Compare gateway.webhook_secret on both sides, and the two clocks."),
    )
