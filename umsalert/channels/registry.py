"""Which adapter serves which provider and channel: a name, a dotted path, what it needs and can.

The path is imported when a channel is opened: HTTP and TLS libraries cost every command otherwise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from typing import TypeVar, cast

from umsalert.errors import ConfigurationError, Problem
from umsalert.i18n import _
from umsalert.model import ChannelKind
from umsalert.ports import Channel, Clock, WebhookSource
from umsalert.settings import Settings

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider tells us after a hand-over, provided that its webhooks reach us."""

    receipts: bool
    answers: bool


@dataclass(frozen=True, slots=True)
class Adapter:
    """How to open one adapter.

    `path` is `module:function`. `requires` names settings that must be set; of each pair in
    `together` the second must be set when the first is.
    """

    path: str
    capabilities: Capabilities
    requires: tuple[str, ...]
    together: tuple[tuple[str, str], ...] = ()


_VONAGE = ("vonage.application_id", "vonage.private_key_file")
_VONAGE_WEBHOOKS = (("vonage.webhook_url", "vonage.signature_secret"),)

CHANNELS: Mapping[tuple[str, ChannelKind], Adapter] = {
    ("vonage", ChannelKind.SMS): Adapter(
        "umsalert.channels.vonage.sms:open_channel",
        Capabilities(receipts=True, answers=False),
        (*_VONAGE, "vonage.sms_sender"),
        _VONAGE_WEBHOOKS,
    ),
    ("vonage", ChannelKind.VOICE): Adapter(
        "umsalert.channels.vonage.voice:open_channel",
        Capabilities(receipts=True, answers=True),
        (*_VONAGE, "vonage.voice_caller"),
        _VONAGE_WEBHOOKS,
    ),
    ("smtp", ChannelKind.EMAIL): Adapter(
        "umsalert.channels.smtp:open_channel",
        Capabilities(receipts=False, answers=False),
        ("smtp.host", "smtp.sender"),
        (("smtp.username", "smtp.password"),),
    ),
}

WEBHOOKS: Mapping[str, Adapter] = {
    "vonage": Adapter(
        "umsalert.channels.vonage.webhooks:open_source",
        Capabilities(receipts=True, answers=True),
        ("vonage.application_id", "vonage.signature_secret", "vonage.webhook_url"),
    ),
}


async def open_channel(kind: ChannelKind, settings: Settings, clock: Clock) -> Channel:
    """Open the configured provider of a channel: keys and certificates are read, nothing is sent.

    Raises ConfigurationError with all missing settings at once, or for an unreadable file.
    """
    adapter = _channel(kind, settings)
    _check([adapter], settings)
    opener = cast("Callable[[Settings, Clock], Awaitable[Channel]]", _load(adapter.path))
    return await opener(settings, clock)


def webhook_source(provider: str, settings: Settings) -> WebhookSource:
    """Return the reader of a provider's webhooks. Raises ConfigurationError as `open_channel`."""
    adapter = _adapter(WEBHOOKS, provider, provider)
    _check([adapter], settings)
    opener = cast("Callable[[Settings], WebhookSource]", _load(adapter.path))
    return opener(settings)


def missing_settings(adapter: Adapter, settings: Settings) -> tuple[str, ...]:
    """Return the names of all settings that an adapter needs and does not find."""
    paired = (second for first, second in adapter.together if attrgetter(first)(settings))
    names: Iterable[str] = dict.fromkeys((*adapter.requires, *paired))
    return tuple(name for name in names if not attrgetter(name)(settings))


def check(kinds: Iterable[ChannelKind], settings: Settings) -> None:
    """Raise ConfigurationError with all that is missing for all of `kinds` at once."""
    _check([_channel(kind, settings) for kind in kinds], settings)


def _channel(kind: ChannelKind, settings: Settings) -> Adapter:
    provider: str = getattr(settings, kind.value).provider
    return _adapter(CHANNELS, (provider, kind), provider)


def _adapter(adapters: Mapping[_Key, Adapter], key: _Key, provider: str) -> Adapter:
    if key in adapters:
        return adapters[key]
    raise ConfigurationError(
        "provider_unknown",
        _("No provider is called {provider} here.").format(provider=provider),
        hint=_("Known: {known}").format(known=", ".join(_name(known) for known in adapters)),
    )


def _name(key: object) -> str:
    return f"{key[0]} ({key[1]})" if isinstance(key, tuple) else str(key)


def _check(adapters: Iterable[Adapter], settings: Settings) -> None:
    missing = dict.fromkeys(name for item in adapters for name in missing_settings(item, settings))
    if not missing:
        return
    problems = tuple(
        Problem(
            "setting_missing",
            _("{name} is not set (variable {variable})").format(
                name=name, variable="UMSALERT_" + name.replace(".", "_").upper()
            ),
            column=name,
        )
        for name in missing
    )
    raise ConfigurationError(
        "settings_missing",
        _("Settings are missing: {problems}").format(
            problems="; ".join(problem.message for problem in problems)
        ),
        hint=_("Set them in umsalert.toml or as variables; the README has an example."),
        problems=problems,
    )


def _load(path: str) -> object:
    module, _colon, function = path.partition(":")
    return getattr(import_module(module), function)
