"""Vonage's webhooks: who signed them, what they say, what is answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from vonage_jwt import verify_signature

from tests.channels.workshop import NOW, TEXTS, Workshop
from umsalert.channels import registry
from umsalert.errors import InvalidData, RefusedByRule
from umsalert.model import Answer, ChannelKind, DeliveryState, Receipt, ReplyKind, ReplySource
from umsalert.ports import StoredWebhook, Webhook, WebhookSource

SECRET = "secret of thirty-two characters!"
REFERENCE = "20261123-1815-7-1"
TIMESTAMP = "2026-11-23T18:15:07.000Z"
AT = datetime(2026, 11, 23, 18, 15, 7, tzinfo=UTC)


@pytest.fixture
def source(workshop: Workshop) -> WebhookSource:
    """Return the reader that the registry makes."""
    return registry.webhook_source("vonage", workshop.settings(443))


def encode(document: Mapping[str, object]) -> bytes:
    """Return a body as Vonage writes it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def signed(topic: str, body: bytes, **changes: Any) -> Webhook:
    """Return a webhook with Vonage's signature; a claim changed to None is left out."""
    claims: dict[str, Any] = {
        "iat": int(NOW.timestamp()),
        "jti": "c5a3",
        "iss": "Vonage",
        "application_id": "2c1f0c4e",
        "api_key": "aaaa1111",
        "payload_hash": hashlib.sha256(body).hexdigest(),
    }
    secret = changes.pop("secret", SECRET)
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    token = jwt.encode(claims, secret, algorithm="HS256")
    return Webhook(topic, {"authorization": f"Bearer {token}"}, {"ref": REFERENCE}, body)


def message(status: str, **more: object) -> bytes:
    """Return a status of a message."""
    return encode(
        {
            "message_uuid": "0f9d1c34",
            "to": "33639980042",
            "timestamp": TIMESTAMP,
            "status": status,
            "channel": "sms",
            "client_ref": REFERENCE,
            **more,
        }
    )


def call(status: str, **more: object) -> bytes:
    """Return an event of a call."""
    return encode({"uuid": "63f61863", "timestamp": TIMESTAMP, "status": status, **more})


def key(digits: str) -> bytes:
    """Return what was pressed during a call."""
    dtmf = {"digits": digits, "timed_out": not digits}
    return encode({"uuid": "63f61863", "timestamp": TIMESTAMP, "dtmf": dtmf})


def test_a_signed_webhook_is_accepted_and_names_its_event(source: WebhookSource) -> None:
    """The same event signed again has the same key, another status has another."""
    first = source.verify(signed("message-status", message("delivered")), NOW)
    again = signed("message-status", message("delivered", usage={"price": "0.04"}), jti="other")
    other = signed("message-status", message("submitted"))
    assert source.verify(again, NOW) == first
    assert source.verify(other, NOW) != first


def test_a_tampered_body_is_refused_where_the_sdk_accepts_it(source: WebhookSource) -> None:
    """The SDK looks at the token alone; here the body must be the one that was signed."""
    honest = signed("message-status", message("submitted"))
    tampered = replace(honest, body=message("delivered"))
    assert verify_signature(tampered.headers["authorization"].split()[1], SECRET) is True
    with pytest.raises(RefusedByRule) as caught:
        source.verify(tampered, NOW)
    assert caught.value.code == "payload_altered"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret": "another secret of 32 characters!"}, "signature_invalid"),
        ({"iss": "Somebody"}, "signature_invalid"),
        ({"iat": None}, "signature_invalid"),
        ({"iat": "now"}, "signature_invalid"),
        ({"iat": 10**20}, "signature_invalid"),
        ({"payload_hash": None}, "signature_invalid"),
        ({"payload_hash": ""}, "payload_altered"),
        ({"application_id": "another"}, "application_unknown"),
        ({"application_id": None}, "application_unknown"),
        ({"iat": int((NOW - timedelta(hours=25, seconds=1)).timestamp())}, "signature_expired"),
        ({"iat": int((NOW + timedelta(minutes=5, seconds=1)).timestamp())}, "signature_expired"),
    ],
)
def test_whatever_is_wrong_with_a_signature_it_is_refused(
    source: WebhookSource, changes: dict[str, Any], code: str
) -> None:
    """Each claim counts."""
    with pytest.raises(RefusedByRule) as caught:
        source.verify(signed("voice-event", call("ringing"), **changes), NOW)
    assert caught.value.code == code


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "Bearer", "Bearer a.b.c"])
def test_without_a_signature_nothing_is_read(
    source: WebhookSource, authorization: str | None
) -> None:
    """No token, another scheme and rubbish are refused alike."""
    headers = {} if authorization is None else {"authorization": authorization}
    webhook = replace(signed("voice-event", call("ringing")), headers=headers)
    with pytest.raises(RefusedByRule):
        source.verify(webhook, NOW)


def test_an_unsigned_token_is_refused(source: WebhookSource) -> None:
    """`alg: none` is not a signature."""
    body = call("answered")
    claims = {
        "iat": int(NOW.timestamp()),
        "iss": "Vonage",
        "application_id": "2c1f0c4e",
        "payload_hash": hashlib.sha256(body).hexdigest(),
    }
    token = jwt.encode(claims, "", algorithm="none")
    headers = {"authorization": f"Bearer {token}"}
    with pytest.raises(RefusedByRule):
        source.verify(Webhook("voice-event", headers, {}, body), NOW)


def test_a_hash_of_the_compact_document_is_accepted(source: WebhookSource) -> None:
    """Vonage has signed the compact form and sent another: the content is the same."""
    document = {"status": "ringing", "uuid": "63f61863", "raison": "élève"}
    spaced = json.dumps(document, indent=2, ensure_ascii=False).encode()
    compact_hash = hashlib.sha256(encode(document)).hexdigest()
    assert source.verify(signed("voice-event", spaced, payload_hash=compact_hash), NOW)


def test_a_day_of_retries_is_accepted(source: WebhookSource) -> None:
    """A receipt that reaches us after a day of outage still counts."""
    webhook = signed("message-status", message("delivered"))
    assert source.verify(webhook, NOW + timedelta(hours=24))


def test_another_reference_makes_no_new_event(source: WebhookSource) -> None:
    """The query is not signed: replayed under another reference, an answer is a repetition."""
    webhook = signed("voice-input", key("1"))
    elsewhere = replace(webhook, query={"ref": "20261123-1815-8-1"})
    assert source.verify(elsewhere, NOW) == source.verify(webhook, NOW)


def test_a_body_that_is_no_document_has_a_key_and_cannot_be_read(source: WebhookSource) -> None:
    """What Vonage signed is kept even when we cannot make sense of it."""
    webhook = signed("message-status", b"[1]")
    assert source.verify(webhook, NOW)
    assert source.reference(webhook) == ""
    with pytest.raises(InvalidData):
        source.read(StoredWebhook("vonage", webhook.topic, "", webhook.body))


def test_an_unknown_topic_is_refused(source: WebhookSource) -> None:
    """Only the addresses that we gave out exist."""
    with pytest.raises(RefusedByRule):
        source.verify(signed("anything", call("ringing")), NOW)


def test_a_message_repeats_our_reference_and_a_call_carries_it(source: WebhookSource) -> None:
    """`client_ref` of a message, the query of a call."""
    by_message = replace(signed("message-status", message("submitted")), query={})
    assert source.reference(by_message) == REFERENCE
    assert source.reference(signed("voice-event", call("ringing"))) == REFERENCE


@pytest.mark.parametrize(
    ("topic", "body", "state", "code"),
    [
        ("message-status", message("submitted"), DeliveryState.ACCEPTED, ""),
        ("message-status", message("delivered"), DeliveryState.DELIVERED, ""),
        ("message-status", message("rejected"), DeliveryState.UNDELIVERED, "rejected"),
        (
            "message-status",
            message(
                "undeliverable",
                error={"type": "https://developer.vonage.com/api-errors/messages#1260"},
            ),
            DeliveryState.UNDELIVERED,
            "messages_1260",
        ),
        ("voice-event", call("started"), DeliveryState.ACCEPTED, ""),
        ("voice-event", call("ringing"), DeliveryState.ACCEPTED, ""),
        ("voice-event", call("answered"), DeliveryState.DELIVERED, ""),
        *(
            ("voice-event", call(status), DeliveryState.UNDELIVERED, status)
            for status in ("busy", "cancelled", "failed", "rejected", "timeout", "unanswered")
        ),
    ],
)
def test_a_status_becomes_a_receipt(
    source: WebhookSource, topic: str, body: bytes, state: DeliveryState, code: str
) -> None:
    """Every documented status that says something about the delivery is a receipt."""
    uuid = "0f9d1c34" if topic == "message-status" else "63f61863"
    assert source.read(StoredWebhook("vonage", topic, REFERENCE, body)) == (
        Receipt("vonage", uuid, REFERENCE, state, code, AT),
    )


@pytest.mark.parametrize("status", ["completed", "machine", "human", "disconnected", "", "new"])
def test_other_events_of_a_call_say_nothing(source: WebhookSource, status: str) -> None:
    """The end of a call, and what we do not know, changes no state."""
    assert source.read(StoredWebhook("vonage", "voice-event", REFERENCE, call(status))) == ()


@pytest.mark.parametrize(
    ("digits", "kind"), [("1", ReplyKind.ACKNOWLEDGED), ("2", ReplyKind.SIGHTING)]
)
@pytest.mark.parametrize("topic", ["voice-input", "voice-input-again"])
def test_a_key_is_an_answer(
    source: WebhookSource, topic: str, digits: str, kind: ReplyKind
) -> None:
    """1 acknowledges, 2 reports a sighting, before and after the hint."""
    (answer,) = source.read(StoredWebhook("vonage", topic, REFERENCE, key(digits)))
    assert isinstance(answer, Answer)
    assert (answer.kind, answer.source, answer.raw) == (kind, ReplySource.VOICE, digits)
    assert (answer.tie.reference, answer.occurred_at) == (REFERENCE, AT)


@pytest.mark.parametrize("digits", ["", "0", "9", "#"])
def test_no_other_key_is_an_answer(source: WebhookSource, digits: str) -> None:
    """Silence, a wish to hear it again and a slip of the finger are no acknowledgement."""
    assert source.read(StoredWebhook("vonage", "voice-input", REFERENCE, key(digits))) == ()


@pytest.mark.parametrize("timestamp", ["", "yesterday", None])
def test_an_event_without_a_time_cannot_be_read(source: WebhookSource, timestamp: object) -> None:
    """The record needs to know when it happened, not when we looked."""
    body = call("answered", timestamp=timestamp)
    with pytest.raises(InvalidData):
        source.read(StoredWebhook("vonage", "voice-event", REFERENCE, body))


def next_actions(source: WebhookSource, digits: str, topic: str = "voice-input") -> list[Any]:
    """Return what a call does after a key."""
    reply = json.loads(source.reply_to(signed(topic, key(digits)), TEXTS[ChannelKind.VOICE]))
    return reply if isinstance(reply, list) else []


@pytest.mark.parametrize("digits", ["1", "2"])
def test_an_answer_is_thanked_and_the_call_ends(source: WebhookSource, digits: str) -> None:
    """Nothing more is asked of somebody who has answered."""
    assert [action["action"] for action in next_actions(source, digits)] == ["talk"]


@pytest.mark.parametrize("topic", ["voice-input", "voice-input-again"])
def test_zero_repeats_the_message(source: WebhookSource, topic: str) -> None:
    """The same words, and the same question."""
    talk, ask = next_actions(source, "0", topic)
    assert talk["text"] == TEXTS[ChannelKind.VOICE].body
    assert ask["eventUrl"] == [
        f"https://alerte.example.org/webhooks/vonage/voice-input?ref={REFERENCE}"
    ]


@pytest.mark.parametrize("digits", ["", "9"])
def test_a_missed_key_gets_a_hint_once(source: WebhookSource, digits: str) -> None:
    """Silence repeats the message after a hint; silence again ends the call."""
    hint, talk, ask = next_actions(source, digits)
    assert hint["text"] != talk["text"] == TEXTS[ChannelKind.VOICE].body
    assert "/voice-input-again?" in ask["eventUrl"][0]
    assert next_actions(source, digits, "voice-input-again") == []


def test_a_receipt_is_answered_with_an_empty_object(source: WebhookSource) -> None:
    """Only a key waits for actions."""
    webhook = signed("voice-event", call("answered"))
    assert source.reply_to(webhook, TEXTS[ChannelKind.VOICE]) == b"{}"
