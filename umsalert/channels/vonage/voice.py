"""Calls by the Voice API v1: https://developer.vonage.com/en/api/voice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from umsalert.channels.keys import LENGTH_S, RINGING_S
from umsalert.channels.vonage import ncco
from umsalert.channels.vonage.channel import Api, VonageChannel, digits, open_api
from umsalert.model import ChannelKind, Outgoing
from umsalert.ports import Clock
from umsalert.settings import Settings, VonageSettings


async def open_channel(settings: Settings, clock: Clock) -> VonageChannel:
    """Open the voice channel. Raises ConfigurationError."""
    api = Api(ChannelKind.VOICE, settings.vonage.calls_url, "uuid", request_body)
    return await open_api(api, settings.voice.vonage, settings, clock)


def request_body(
    outgoing: Outgoing, settings: VonageSettings, now: datetime
) -> Mapping[str, object]:
    """Return the request for one call; what it says is inline, so our server may be down."""
    del now  # a call is made at once or not at all: nothing to expire
    body: dict[str, object] = {
        "to": [{"type": "phone", "number": digits(outgoing.address)}],
        "from": {"type": "phone", "number": digits(settings.voice_caller)},
        "ncco": ncco.message(outgoing.text, settings.webhook_url, outgoing.reference),
        "ringing_timer": RINGING_S,
        "length_timer": LENGTH_S,
    }
    if settings.webhook_url:
        url = ncco.event_url(settings.webhook_url, "voice-event", outgoing.reference)
        body["event_url"] = [url]
        body["event_method"] = "POST"
    return body
