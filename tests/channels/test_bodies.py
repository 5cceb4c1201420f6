"""Every request body is what Vonage's own models would have written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from vonage_messages import Sms
from vonage_voice import CreateCallRequest
from vonage_voice.models import Input, Talk

from tests.channels.workshop import NOW, Workshop
from umsalert.channels.vonage import ncco, sms, voice
from umsalert.model import ChannelKind, MessageText
from umsalert.settings import VonageSettings

WEBHOOKS = "https://alerte.example.org"


def as_the_sdk_writes(model: Any, body: Any) -> Any:
    """Return `body` read by a model of the SDK and written again, as its client sends it."""
    values = {("from_" if name == "from" else name): value for name, value in body.items()}
    return model(**values).model_dump(by_alias=True, exclude_none=True, mode="json")


@pytest.fixture(params=[WEBHOOKS, ""], ids=["webhooks", "no-webhooks"])
def vonage(request: pytest.FixtureRequest, workshop: Workshop) -> VonageSettings:
    """Return settings with and without an address for webhooks."""
    workshop.webhook_url = request.param
    return workshop.settings(443).vonage


@pytest.mark.parametrize("encoding", ["GSM-7", "UCS-2", ""])
def test_an_sms_is_the_sdks(workshop: Workshop, vonage: VonageSettings, encoding: str) -> None:
    """The Messages API gets the same members with the same values."""
    outgoing = workshop.outgoing(ChannelKind.SMS)
    outgoing = replace(outgoing, text=replace(outgoing.text, encoding=encoding))
    body = sms.request_body(outgoing, vonage, NOW)
    assert as_the_sdk_writes(Sms, body) == body


def test_an_sms_says_who_when_and_how_to_find_it(workshop: Workshop) -> None:
    """Numbers lose their plus sign, our reference comes back, and the text dies with the alert."""
    outgoing = workshop.outgoing(ChannelKind.SMS)
    assert sms.request_body(outgoing, workshop.settings(443).vonage, NOW) == {
        "channel": "sms",
        "message_type": "text",
        "to": "33639980042",
        "from": "33639980001",
        "text": outgoing.text.body,
        "client_ref": "20261123-1815-7-1",
        "ttl": 7200,
        "sms": {"encoding_type": "text"},
        "webhook_url": f"{WEBHOOKS}/webhooks/vonage/message-status",
        "webhook_version": "v1",
    }


def test_an_address_for_webhooks_may_end_in_a_slash(workshop: Workshop) -> None:
    """`https://host/` and `https://host` are the same to whoever writes the settings."""
    outgoing = workshop.outgoing(ChannelKind.SMS)
    settings = workshop.settings(443).vonage
    slash = settings._replace(webhook_url=f"{settings.webhook_url}/")
    assert sms.request_body(outgoing, slash, NOW) == sms.request_body(outgoing, settings, NOW)


@pytest.mark.parametrize(("left_s", "ttl"), [(-5, 20), (19, 20), (600, 600), (700_000, 604_800)])
def test_the_life_of_an_sms_stays_in_what_the_api_takes(
    workshop: Workshop, left_s: int, ttl: int
) -> None:
    """The remaining time is clamped to 20 seconds and 7 days."""
    outgoing = replace(
        workshop.outgoing(ChannelKind.SMS), expires_at=NOW + timedelta(seconds=left_s)
    )
    assert sms.request_body(outgoing, workshop.settings(443).vonage, NOW)["ttl"] == ttl


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_call_is_the_sdks(workshop: Workshop, vonage: VonageSettings, language: str) -> None:
    """The Voice API gets the same members with the same values."""
    outgoing = workshop.outgoing(ChannelKind.VOICE)
    outgoing = replace(outgoing, text=replace(outgoing.text, language=language))
    body = voice.request_body(outgoing, vonage, NOW)
    assert as_the_sdk_writes(CreateCallRequest, body) == body


def test_a_call_asks_for_a_key_and_carries_our_reference(workshop: Workshop) -> None:
    """Both addresses of a call end in our reference, since Vonage echoes none."""
    body: Any = voice.request_body(
        workshop.outgoing(ChannelKind.VOICE), workshop.settings(443).vonage, NOW
    )
    query = "?ref=20261123-1815-7-1"
    talk, key = body["ncco"]
    assert body["event_url"] == [f"{WEBHOOKS}/webhooks/vonage/voice-event{query}"]
    assert key["eventUrl"] == [f"{WEBHOOKS}/webhooks/vonage/voice-input{query}"]
    assert (talk["language"], talk["bargeIn"]) == ("fr-FR", True)


def test_without_webhooks_a_call_only_speaks(workshop: Workshop) -> None:
    """A key that could not be heard is not asked for."""
    settings = workshop.settings(443).vonage._replace(webhook_url="")
    body: Any = voice.request_body(workshop.outgoing(ChannelKind.VOICE), settings, NOW)
    assert [action["action"] for action in body["ncco"]] == ["talk"]
    assert "event_url" not in body


@pytest.mark.parametrize("digit", ["", "0", "1", "2", "7"])
@pytest.mark.parametrize("topic", ["voice-input", "voice-input-again"])
def test_every_action_after_a_key_is_the_sdks(digit: str, topic: str) -> None:
    """Each action of each answer equals its model."""
    text = MessageText(ChannelKind.VOICE, "en", "Police speaking. " * 200)
    models = {"talk": Talk, "input": Input}
    for action in ncco.after_key(digit, text, topic, (WEBHOOKS, "A-7-1")):
        assert as_the_sdk_writes(models[str(action["action"])], action) == action


def test_a_long_text_is_spoken_whole_in_several_parts() -> None:
    """No word is lost where a text is longer than one talk may be."""
    text = MessageText(ChannelKind.VOICE, "fr", "Restez sur votre site. " * 150)
    spoken = [str(action["text"]) for action in ncco.message(text, "", "A-7-1")]
    assert len(spoken) == 3
    assert " ".join(spoken).split() == text.body.split()
