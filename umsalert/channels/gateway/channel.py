"""SMS and calls through a gateway of our own: the requests of docs/gateway.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from umsalert.channels.fiction import held_back
from umsalert.channels.http import JsonPoster, Policy, Post, bearer, by_id
from umsalert.channels.keys import KEYS, LENGTH_S, REPEAT_KEY, RINGING_S, words
from umsalert.channels.network import client_context
from umsalert.model import ChannelKind, Outcome, OutcomeKind, Outgoing
from umsalert.ports import Clock
from umsalert.settings import (
    GatewaySettings,
    RateSettings,
    Settings,
    endpoint_host,
    is_loopback,
)

PROVIDER = "gateway"
EVENT = "event"
"""The one topic of its webhooks."""

_REFUSALS: Mapping[int, OutcomeKind] = {
    # 422 alone is about the number; whatever else it refuses is ours to mend.
    status: OutcomeKind.MISCONFIGURED
    for status in range(400, 500)
    if status not in (408, 422, 429)
}


@dataclass(frozen=True, slots=True)
class Api:
    """One endpoint: `body` makes its request."""

    kind: ChannelKind
    url: str
    body: Callable[[Outgoing, GatewaySettings, datetime], Mapping[str, object]]


class GatewayChannel:
    """`ports.Channel` for one endpoint of a gateway."""

    provider = PROVIDER

    def __init__(self, api: Api, settings: Settings, poster: JsonPoster, clock: Clock) -> None:
        self.kind = api.kind
        self._api = api
        self._settings = settings.gateway
        self._poster = poster
        self._clock = clock
        self._simulated = is_loopback(endpoint_host(settings, api.kind, PROVIDER))

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over once."""
        refusal = held_back(outgoing.address, simulated=self._simulated)
        if refusal:
            return refusal
        body = self._api.body(outgoing, self._settings, self._clock.now())
        post = Post(
            self._api.url,
            bearer(self._settings.token),
            orjson.dumps(body),
            by_id("id"),
            _REFUSALS,
        )
        return await self._poster.post(post)

    def withdraw(self) -> None:
        """Let nothing more leave."""
        self._poster.withdraw()

    async def close(self) -> None:
        """Release the connections."""
        await self._poster.close()


async def open_sms(settings: Settings, clock: Clock) -> GatewayChannel:
    """Open the SMS channel. Raises ConfigurationError."""
    api = Api(ChannelKind.SMS, settings.gateway.sms_url, sms_body)
    return await _open(api, settings.sms.gateway, settings, clock)


async def open_voice(settings: Settings, clock: Clock) -> GatewayChannel:
    """Open the voice channel. Raises ConfigurationError."""
    api = Api(ChannelKind.VOICE, settings.gateway.voice_url, call_body)
    return await _open(api, settings.voice.gateway, settings, clock)


async def _open(api: Api, pace: RateSettings, settings: Settings, clock: Clock) -> GatewayChannel:
    context = await client_context(settings.gateway.ca_file)
    poster = JsonPoster(Policy.of(pace), context, clock.now)
    return GatewayChannel(api, settings, poster, clock)


def sms_body(outgoing: Outgoing, gateway: GatewaySettings, now: datetime) -> Mapping[str, object]:
    """Return the request for one SMS."""
    return {
        **_message(outgoing, gateway, now),
        "encoding": outgoing.text.encoding or "GSM-7",
        "parts": outgoing.text.parts or 1,
    }


def call_body(outgoing: Outgoing, gateway: GatewaySettings, now: datetime) -> Mapping[str, object]:
    """Return the request for one call; keys are asked for where we can be told of them."""
    body = {
        **_message(outgoing, gateway, now),
        "ringing_s": RINGING_S,
        "length_s": LENGTH_S,
    }
    if gateway.webhook_url:
        spoken = words(outgoing.text.language)
        body["keys"] = {key: spoken.thanks[kind] for key, kind in KEYS.items()}
        body["repeat_key"] = REPEAT_KEY
        body["other_key"] = spoken.hint
    return body


def _message(outgoing: Outgoing, gateway: GatewaySettings, now: datetime) -> dict[str, object]:
    remaining_s = int((outgoing.expires_at - now).total_seconds())
    body: dict[str, object] = {
        "reference": outgoing.reference,
        "to": outgoing.address,
        "text": outgoing.body,
        "language": outgoing.text.language,
        "ttl_s": max(remaining_s, 1),
    }
    if gateway.webhook_url:
        body["webhook_url"] = f"{gateway.webhook_url.rstrip('/')}/webhooks/{PROVIDER}/{EVENT}"
    return body
