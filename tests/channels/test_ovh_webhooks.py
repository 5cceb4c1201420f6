"""OVHcloud's receipts: believed for the secret in their address, and read as its guide says."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.channels.workshop import NOW, Workshop
from umsalert.channels import registry
from umsalert.channels.ovh.webhooks import TOPIC
from umsalert.errors import InvalidData, RefusedByRule
from umsalert.model import ChannelKind, DeliveryState, MessageText, Receipt
from umsalert.ports import StoredWebhook, Webhook, WebhookSource
from umsalert.settings import Secret

SECRET = "secret in the address"
QUERY = {"token": SECRET, "id": "83920011", "ptt": "4", "date": "2026-11-23 19:15:00"}


@pytest.fixture
def source(workshop: Workshop) -> WebhookSource:
    """Return the reader of a configured account."""
    return registry.webhook_source("ovh", workshop.settings(443))


def webhook(topic: str = TOPIC, **changes: str) -> Webhook:
    query = {name: value for name, value in (QUERY | changes).items() if value}
    return Webhook(topic=topic, headers={}, query=query, body=b"")


def read(source: WebhookSource, received: Webhook) -> tuple[object, ...]:
    """Store what is kept of it, and read it again."""
    content = source.content(received, NOW)
    reference = source.reference(received)
    return source.read(StoredWebhook("ovh", received.topic, reference, content))


@pytest.mark.parametrize("token", ["", "wrong", SECRET[:-1], f"{SECRET}x", "\ud800", "é"])
def test_only_who_knows_the_secret_is_believed(source: WebhookSource, token: str) -> None:
    """No token, a part of it or another one: refused, and the secret is not in the message."""
    with pytest.raises(RefusedByRule) as caught:
        source.verify(webhook(token=token), NOW)
    assert caught.value.code == "token_invalid"
    assert SECRET not in str(caught.value) + str(caught.value.hint)


def test_another_topic_is_refused(source: WebhookSource) -> None:
    """There is one address."""
    with pytest.raises(RefusedByRule) as caught:
        source.verify(webhook("voice-event"), NOW)
    assert caught.value.code == "topic_unknown"


def test_without_a_secret_nothing_is_read(workshop: Workshop) -> None:
    """An empty secret would let everybody in: the source is not opened."""
    settings = workshop.settings(443)
    assert "ovh.webhook_secret" in registry.WEBHOOKS["ovh"].requires
    empty = settings._replace(ovh=settings.ovh._replace(webhook_secret=Secret("")))
    assert registry.missing_settings(registry.WEBHOOKS["ovh"], empty) == ("ovh.webhook_secret",)


def test_a_repetition_has_the_same_key_and_another_event_another(source: WebhookSource) -> None:
    """The key names the message and its state, not the moment."""
    first = source.verify(webhook(), NOW)
    assert source.verify(webhook(date="later"), NOW + timedelta(hours=3)) == first
    assert source.verify(webhook(ptt="3"), NOW) != first
    assert source.verify(webhook(id="83920012"), NOW) != first


def test_what_is_kept_holds_no_secret(source: WebhookSource) -> None:
    """The query is stored without the token, and cut to what an id and codes need."""
    kept = source.content(webhook(id="9" * 5000), NOW)
    assert SECRET.encode() not in kept
    assert len(json.loads(kept)["id"]) == 40


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        ({"ptt": "3"}, DeliveryState.ACCEPTED, ""),
        ({"ptt": "1"}, DeliveryState.ACCEPTED, ""),
        ({"ptt": "4"}, DeliveryState.DELIVERED, ""),
        ({"ptt": "23"}, DeliveryState.UNDELIVERED, "ptt_23"),
        ({"ptt": "999", "dlr": "2"}, DeliveryState.UNDELIVERED, "ptt_999"),
        ({"ptt": "999", "description": "16"}, DeliveryState.UNDELIVERED, "ptt_999"),
        ({"ptt": "", "description": "1"}, DeliveryState.DELIVERED, ""),
        ({"ptt": "", "dlr": "2"}, DeliveryState.UNDELIVERED, "undelivered"),
        ({"ptt": "+33639980042", "dlr": "2"}, DeliveryState.UNDELIVERED, "undelivered"),
        ({"ptt": "4", "dlr": "2"}, DeliveryState.DELIVERED, ""),
    ],
)
def test_a_receipt_says_what_became_of_it(
    source: WebhookSource, said: dict[str, str], state: DeliveryState, code: str
) -> None:
    """The ptt code decides; where the list does not know it, the state beside it does."""
    (receipt,) = read(source, webhook(**said))
    assert receipt == Receipt("ovh", "83920011", "", state, code, NOW, by_id=True)


@pytest.mark.parametrize("said", [{"ptt": "6"}, {"ptt": "999"}, {"ptt": "", "description": "x"}])
def test_what_says_nothing_changes_nothing(source: WebhookSource, said: dict[str, str]) -> None:
    """An operator that never told, and a code that nobody knows."""
    assert read(source, webhook(**said)) == ()


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5"])
def test_a_receipt_of_no_message_is_kept_as_unreadable(source: WebhookSource, number: str) -> None:
    """Without OVHcloud's id nothing can be found."""
    with pytest.raises(InvalidData):
        read(source, webhook(id=number))


def test_the_answer_is_empty(source: WebhookSource) -> None:
    """OVHcloud waits for a 200 alone."""
    text = MessageText(ChannelKind.SMS, "fr", "x")
    assert source.reply_to(webhook(), text) == b"{}"
