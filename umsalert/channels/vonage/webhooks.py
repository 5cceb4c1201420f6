"""Vonage's signed webhooks: receipts of messages, events of calls, keys pressed, SMS received."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from umsalert.channels.http import problem_code
from umsalert.channels.keys import KEYS
from umsalert.channels.vonage import ncco
from umsalert.channels.vonage.channel import PROVIDER
from umsalert.channels.webhook_json import document_of, text_of, time_of
from umsalert.errors import InvalidData, RefusedByRule
from umsalert.i18n import _
from umsalert.model import Answer, DeliveryState, MessageText, Receipt, ReplySource, Said, Tie
from umsalert.ports import StoredWebhook, Webhook
from umsalert.settings import Settings, VonageSettings

ISSUER = "Vonage"

MAX_AGE = timedelta(hours=25)
"""Vonage repeats a webhook for 24 h and does not say whether it signs anew; a receipt refused for
its age would be lost. A replay does no harm: its key is known, and states only move forward."""

MAX_AHEAD = timedelta(minutes=5)
"""By how much Vonage's clock may be ahead of ours."""

_MESSAGE_STATES = {
    "submitted": DeliveryState.ACCEPTED,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.DELIVERED,
    "rejected": DeliveryState.UNDELIVERED,
    "undeliverable": DeliveryState.UNDELIVERED,
}
_CALL_STATES = {
    "started": DeliveryState.ACCEPTED,
    "ringing": DeliveryState.ACCEPTED,
    "answered": DeliveryState.DELIVERED,  # picked up, perhaps by a voicemail: only a key answers
    "busy": DeliveryState.UNDELIVERED,
    "cancelled": DeliveryState.UNDELIVERED,
    "failed": DeliveryState.UNDELIVERED,
    "rejected": DeliveryState.UNDELIVERED,
    "timeout": DeliveryState.UNDELIVERED,
    "unanswered": DeliveryState.UNDELIVERED,
}
_INPUTS = ("voice-input", "voice-input-again")
INBOUND = "message-inbound"
_TOPICS = ("message-status", INBOUND, "voice-event", *_INPUTS)


def open_source(settings: Settings) -> VonageWebhooks:
    """Return the reader of this application's webhooks."""
    return VonageWebhooks(settings.vonage)


class VonageWebhooks:
    """`ports.WebhookSource` for Vonage."""

    provider = PROVIDER

    def __init__(self, settings: VonageSettings) -> None:
        self._settings = settings

    def verify(self, webhook: Webhook, now: datetime) -> str:
        """Return a key that repeats when the event repeats.

        The signature alone covers only the token: `payload_hash` ties the body to it, so it is
        demanded. The reference in the query is not signed; it is no part of the key, so a webhook
        replayed under another reference is a repetition. Raises RefusedByRule.
        """
        if webhook.topic not in _TOPICS:
            raise _forged("topic_unknown")
        claims = self._claims(webhook.headers.get("authorization", ""))
        if not now - MAX_AGE <= claims.issued_at <= now + MAX_AHEAD:
            raise _forged("signature_expired")
        if claims.application_id != self._settings.application_id:
            raise _forged("application_unknown")
        if not _hash_matches(webhook.body, claims.payload_hash):
            raise _forged("payload_altered")
        return _key(webhook)

    def reference(self, webhook: Webhook) -> str:
        """Return our reference: a message repeats it, a call carries it in its URL."""
        if webhook.topic == INBOUND:
            return ""
        if webhook.topic != "message-status":
            return webhook.query.get("ref", "")
        try:
            return text_of(_document(webhook.body), "client_ref")
        except InvalidData:
            return ""

    def content(self, webhook: Webhook, now: datetime) -> bytes:
        """Return the body: it says all."""
        del now
        return webhook.body

    def read(self, stored: StoredWebhook) -> tuple[Receipt | Answer | Said, ...]:
        """Return what it holds: a receipt, an answer or words. Raises InvalidData."""
        document = _document(stored.body)
        if stored.topic in _INPUTS:
            return _answer(document, stored.reference)
        if stored.topic == INBOUND:
            return _said(document)
        states = _MESSAGE_STATES if stored.topic == "message-status" else _CALL_STATES
        status = text_of(document, "status")
        if status not in states:
            return ()
        state = states[status]
        failed = state is DeliveryState.UNDELIVERED
        receipt = Receipt(
            provider=PROVIDER,
            provider_id=text_of(document, "message_uuid") or text_of(document, "uuid"),
            reference=stored.reference,
            state=state,
            code=(_error_code(document) or status) if failed else "",
            occurred_at=_time(document),
        )
        return (receipt,)

    def reply_to(self, webhook: Webhook, text: MessageText) -> bytes:
        """Return the next voice actions after a key, else `{}`. Raises InvalidData."""
        if webhook.topic not in _INPUTS:
            return b"{}"
        digit = _digit(_document(webhook.body))
        url = (self._settings.webhook_url, self.reference(webhook))
        actions = ncco.after_key(digit, text, webhook.topic, url)
        return json.dumps(actions).encode() if actions else b"{}"

    def _claims(self, authorization: str) -> _Claims:
        scheme, _space, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise _forged("signature_missing")
        try:
            claims = jwt.decode(
                token,
                self._settings.signature_secret,
                algorithms=["HS256"],
                issuer=ISSUER,
                options={
                    "require": ["iat", "payload_hash"],
                    # The age is judged against our own clock, with reasons of our own.
                    "verify_iat": False,
                    "verify_exp": False,
                    "verify_nbf": False,
                },
            )
            issued_at = datetime.fromtimestamp(claims["iat"], UTC)
        except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError, OSError) as error:
            raise _forged("signature_invalid") from error
        return _Claims(
            issued_at, str(claims["payload_hash"]), str(claims.get("application_id", ""))
        )


@dataclass(frozen=True, slots=True)
class _Claims:
    issued_at: datetime
    payload_hash: str
    application_id: str


def _forged(code: str) -> RefusedByRule:
    return RefusedByRule(
        code,
        _("A webhook is refused: it is not what Vonage signed for this application."),
        hint=_("Compare vonage.signature_secret with the account's page, and this clock."),
    )


def _hash_matches(body: bytes, expected: str) -> bool:
    """Compare with the hash of the raw bytes, then of compact JSON: Vonage has sent both."""
    candidates = [body]
    try:
        document = json.loads(body)
        candidates.append(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    except (ValueError, RecursionError):
        pass  # the raw bytes may still match
    return any(
        hmac.compare_digest(hashlib.sha256(bytes_).hexdigest().encode(), expected.encode())
        for bytes_ in candidates
    )


def _key(webhook: Webhook) -> str:
    """Name the event, not the request: repeats differ in their signature, not in these members.

    A body that cannot be read is still kept; its hash names it.
    """
    try:
        document = _document(webhook.body)
    except InvalidData:
        return hashlib.sha256(webhook.body).hexdigest()
    if webhook.topic == "message-status":
        parts = ["message", text_of(document, "message_uuid"), text_of(document, "status")]
    elif webhook.topic == INBOUND:
        parts = [INBOUND, text_of(document, "message_uuid")]
    else:
        event = _digit(document) if webhook.topic in _INPUTS else text_of(document, "status")
        parts = [webhook.topic, text_of(document, "uuid"), event, text_of(document, "timestamp")]
    return json.dumps(parts)


def _document(body: bytes) -> Mapping[str, object]:
    return document_of(body, hint=_("Set the application's webhooks to POST with JSON."))


def _digit(document: Mapping[str, object]) -> str:
    dtmf = document.get("dtmf")
    digits = dtmf.get("digits") if isinstance(dtmf, Mapping) else None
    return digits[:1] if isinstance(digits, str) else ""


def _answer(document: Mapping[str, object], reference: str) -> tuple[Answer, ...]:
    digit = _digit(document)
    if digit not in KEYS:
        return ()
    answer = Answer(
        kind=KEYS[digit],
        source=ReplySource.VOICE,
        raw=digit,
        occurred_at=_time(document),
        tie=Tie(reference=reference),
    )
    return (answer,)


def _said(document: Mapping[str, object]) -> tuple[Said, ...]:
    """Return an SMS that somebody wrote; the sender is digits, in international form."""
    text, sender = text_of(document, "text"), text_of(document, "from")
    if text_of(document, "channel") != "sms" or not text:
        return ()
    tie = Tie(sender=f"+{sender}" if sender.isdecimal() else sender)
    return (Said(ReplySource.SMS, text, text, _time(document), tie),)


def _error_code(document: Mapping[str, object]) -> str:
    error = document.get("error")
    return problem_code(error) if isinstance(error, Mapping) else ""


def _time(document: Mapping[str, object]) -> datetime:
    return time_of(document, hint=_("Set the application's webhooks to version v1."))
