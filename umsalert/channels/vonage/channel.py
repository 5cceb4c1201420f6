"""What the SMS and the voice channel have in common: key, token, policy, one guarded POST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from umsalert.channels.fiction import held_back
from umsalert.channels.http import JsonPoster, Policy, Post, bearer, by_id
from umsalert.channels.network import client_context
from umsalert.channels.vonage.auth import ApplicationToken, load_key
from umsalert.model import ChannelKind, Outcome, Outgoing
from umsalert.ports import Clock
from umsalert.settings import RateSettings, Settings, VonageSettings, is_loopback

PROVIDER = "vonage"


@dataclass(frozen=True, slots=True)
class Api:
    """One endpoint: `body` makes its request, `id_key` is where its answer names the hand-over."""

    kind: ChannelKind
    url: str
    id_key: str
    body: Callable[[Outgoing, VonageSettings, datetime], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What a channel works with."""

    clock: Clock
    token: ApplicationToken
    poster: JsonPoster


class VonageChannel:
    """`ports.Channel` for one Vonage endpoint."""

    provider = PROVIDER

    def __init__(self, api: Api, settings: VonageSettings, tools: Tools) -> None:
        self.kind = api.kind
        self._api = api
        self._settings = settings
        self._tools = tools
        self._read = by_id(api.id_key)
        self._simulated = is_loopback(urlsplit(api.url).hostname or "")

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over once."""
        refusal = held_back(outgoing.address, simulated=self._simulated)
        if refusal:
            return refusal
        body = self._api.body(outgoing, self._settings, self._tools.clock.now())
        headers = bearer(self._tools.token.current())
        post = Post(self._api.url, headers, orjson.dumps(body), self._read)
        return await self._tools.poster.post(post)

    def withdraw(self) -> None:
        """Let nothing more leave."""
        self._tools.poster.withdraw()

    async def close(self) -> None:
        """Release the connections."""
        await self._tools.poster.close()


async def open_api(api: Api, pace: RateSettings, settings: Settings, clock: Clock) -> VonageChannel:
    """Open an endpoint: key and certificates are read. Raises ConfigurationError."""
    vonage = settings.vonage
    key = await load_key(vonage.private_key_file or Path())
    context = await client_context(vonage.ca_file)
    token = ApplicationToken(vonage.application_id, key, clock)
    poster = JsonPoster(Policy.of(pace), context, clock.now)
    return VonageChannel(api, vonage, Tools(clock, token, poster))


def webhook_address(webhook_url: str, topic: str) -> str:
    """Return where Vonage reports on a topic; `serve` listens there."""
    return f"{webhook_url.rstrip('/')}/webhooks/{PROVIDER}/{topic}"


def digits(e164: str) -> str:
    """Return a number as Vonage writes it: E.164 without the plus sign."""
    return e164.removeprefix("+")
