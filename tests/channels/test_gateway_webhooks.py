"""What a gateway tells is believed for its signature, and read as docs/gateway.md says."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from tests.channels.test_gateway import PAGE, example
from tests.channels.workshop import NOW, WEBHOOK_SECRET, Workshop
from tests.workbench import reference_of
from umsalert.channels import registry
from umsalert.channels.gateway.webhooks import signature
from umsalert.errors import InvalidData, RefusedByRule
from umsalert.model import (
    Answer,
    ChannelKind,
    DeliveryState,
    MessageText,
    Receipt,
    ReplyKind,
    ReplySource,
    Said,
)
from umsalert.ports import StoredWebhook, Webhook, WebhookSource
from umsalert.settings import signing_key

REFERENCE = "20261123-1815-7-1"
KEY = signing_key(WEBHOOK_SECRET) or b""
AT = "2026-11-23T18:15:09Z"


@pytest.fixture
def source(workshop: Workshop) -> WebhookSource:
    """Return the reader of a configured gateway."""
    return registry.webhook_source("gateway", workshop.settings(443))


def event(**changes: object) -> dict[str, Any]:
    event = {"type": "delivered", "reference": REFERENCE, "id": "7", "timestamp": AT} | changes
    return {name: value for name, value in event.items() if value is not None}


def webhook(document: object, **changes: str) -> Webhook:
    """Return a signed webhook; `changes` replace headers after it was signed."""
    body = json.dumps(document).encode()
    at = str(int(NOW.timestamp()))
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": at,
        "webhook-signature": signature(KEY, "msg_1", at, body),
    }
    headers |= {f"webhook-{name}": value for name, value in changes.items()}
    return Webhook(topic="event", headers=headers, query={}, body=body)


def read(source: WebhookSource, document: object) -> tuple[Receipt | Answer | Said, ...]:
    received = webhook(document)
    source.verify(received, NOW)
    content = source.content(received, NOW)
    return source.read(StoredWebhook("gateway", "event", source.reference(received), content))


def test_the_signature_is_that_of_the_specification() -> None:
    """The published example: id, time, body and secret give the published signature."""
    found = signature(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_page_signs_as_we_do() -> None:
    """The script of the page, run as it stands, makes the signature that we expect."""
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(script, namespace)  # noqa: S102 - the page's own example
    headers = namespace["headers"](WEBHOOK_SECRET, "msg_1", b"{}", 1614265330)
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1614265330",
        "webhook-signature": signature(KEY, "msg_1", "1614265330", b"{}"),
    }


def test_a_repetition_has_the_same_key(source: WebhookSource) -> None:
    """The id names the event: signed anew an hour later it is the same one."""
    assert source.verify(webhook(event()), NOW) == "msg_1"


def test_one_signature_of_several_is_enough(source: WebhookSource) -> None:
    """While a secret is changed, a gateway signs with both."""
    good = webhook(event()).headers["webhook-signature"]
    assert source.verify(webhook(event(), signature=f"v1,AAAA {good} v1a,x"), NOW) == "msg_1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signature": ""}, "signature_invalid"),
        ({"signature": "v1,AAAA"}, "signature_invalid"),
        ({"signature": "é"}, "signature_invalid"),
        ({"id": "msg_2"}, "signature_invalid"),
        ({"id": ""}, "signature_missing"),
        ({"id": "x" * 201}, "signature_missing"),
        ({"id": "a b"}, "signature_missing"),
        ({"timestamp": ""}, "signature_missing"),
        ({"timestamp": "now"}, "signature_missing"),
        ({"timestamp": "9" * 13}, "signature_missing"),
        ({"timestamp": "1"}, "signature_invalid"),
    ],
)
def test_what_is_not_signed_is_refused(
    source: WebhookSource, changes: dict[str, str], code: str
) -> None:
    """Every header is covered; none of them can make it fail in another way."""
    with pytest.raises(RefusedByRule) as caught:
        source.verify(webhook(event(), **changes), NOW)
    assert caught.value.code == code


def test_an_altered_body_is_refused(source: WebhookSource) -> None:
    """The signature covers the bytes as they arrived."""
    signed = webhook(event())
    altered = Webhook("event", signed.headers, {}, signed.body.replace(b"delivered", b"accepted"))
    with pytest.raises(RefusedByRule):
        source.verify(altered, NOW)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_signature_is_refused(source: WebhookSource, minutes: int) -> None:
    """A replay is refused after five minutes, and a clock that is far ahead with it."""
    with pytest.raises(RefusedByRule) as caught:
        source.verify(webhook(event()), NOW + timedelta(minutes=minutes))
    assert caught.value.code == "signature_expired"


def test_another_topic_is_refused(source: WebhookSource) -> None:
    """There is one address."""
    signed = webhook(event())
    with pytest.raises(RefusedByRule) as caught:
        source.verify(Webhook("status", signed.headers, {}, signed.body), NOW)
    assert caught.value.code == "topic_unknown"


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        ({"type": "accepted"}, DeliveryState.ACCEPTED, ""),
        ({"type": "delivered", "code": "x"}, DeliveryState.DELIVERED, ""),
        ({"type": "undelivered", "code": "No answer"}, DeliveryState.UNDELIVERED, "no_answer"),
        ({"type": "undelivered"}, DeliveryState.UNDELIVERED, "undelivered"),
        ({"type": "undelivered", "code": "+33639980042"}, DeliveryState.UNDELIVERED, "undelivered"),
        ({"type": "undelivered", "code": 7}, DeliveryState.UNDELIVERED, "undelivered"),
    ],
)
def test_a_receipt_says_what_became_of_it(
    source: WebhookSource, said: dict[str, object], state: DeliveryState, code: str
) -> None:
    """Three words, and a code that holds no number."""
    (receipt,) = read(source, event(**said))
    at = NOW + timedelta(seconds=9)
    assert receipt == Receipt("gateway", "7", REFERENCE, state, code, at)


@pytest.mark.parametrize("channel", ["sms", "voice"])
@pytest.mark.parametrize(
    ("key", "kind"), [("1", ReplyKind.ACKNOWLEDGED), ("2", ReplyKind.SIGHTING)]
)
def test_a_key_is_an_answer(source: WebhookSource, channel: str, key: str, kind: ReplyKind) -> None:
    """Pressed in a call or written as an SMS, it means the same."""
    (answer,) = read(source, event(type="key", key=key, channel=channel, text="2 rue Pastorelli"))
    assert isinstance(answer, Answer)
    assert (answer.kind, answer.source, answer.raw) == (kind, ReplySource(channel), key)
    assert (answer.tie.reference, answer.text) == (REFERENCE, "2 rue Pastorelli")


@pytest.mark.parametrize(
    "said",
    [
        {"type": "key", "key": "0", "channel": "voice"},
        {"type": "key", "key": "12", "channel": "voice"},
        {"type": "key", "key": "1", "channel": "email"},
        {"type": "key", "key": "1"},
        {"type": "ringing"},
        {"type": ["delivered"]},
    ],
)
def test_what_says_nothing_to_us_changes_nothing(
    source: WebhookSource, said: dict[str, object]
) -> None:
    """Other keys and other events are kept, and are no answer."""
    assert read(source, event(**said)) == ()


@pytest.mark.parametrize("document", [["x"], event(timestamp="18:15"), event(timestamp=None)])
def test_what_cannot_be_read_says_so(source: WebhookSource, document: object) -> None:
    """It is kept as unreadable, never guessed."""
    with pytest.raises(InvalidData):
        read(source, document)


def test_half_a_character_is_no_obstacle(source: WebhookSource) -> None:
    """What JSON can name and Unicode has not becomes a mark."""
    (answer,) = read(source, event(type="key", key="1", channel="sms", text="\ud83d"))
    assert isinstance(answer, Answer)
    assert answer.text == "?"


@pytest.mark.parametrize("title", ["A receipt", "An answer"])
def test_the_examples_of_the_page_are_understood(source: WebhookSource, title: str) -> None:
    """What the page shows is read, and is about a hand-over."""
    (item,) = read(source, example(title))
    assert not isinstance(item, Said)
    assert reference_of(item) == REFERENCE


def test_the_answer_is_empty(source: WebhookSource) -> None:
    """What follows a key stands in the request."""
    assert source.reply_to(webhook(event()), MessageText(ChannelKind.VOICE, "fr", "x")) == b"{}"
