"""Which adapter serves which provider and channel: a name, a dotted path, what it needs and can.

The path is imported when a channel is opened: HTTP and TLS libraries cost every command otherwise.
A channel has its providers in the order of the settings: the first choice first.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from typing import TypeVar, cast

from umsalert.errors import ConfigurationError, Problem
from umsalert.i18n import _
from umsalert.model import ChannelKind, CheckResult
from umsalert.ports import Channel, Clock, Mailbox, StoredReader, WebhookSource
from umsalert.settings import Settings, endpoint_host, providers, variable

_Key = TypeVar("_Key")

_log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How one provider of a channel is set up.

    `missing` names the settings that keep it from sending, `webhooks_missing` those that keep
    receipts and answers from us. `host` is where it connects to, empty where none is set.
    """

    kind: ChannelKind
    provider: str
    capabilities: Capabilities
    missing: tuple[str, ...]
    webhooks_missing: tuple[str, ...]
    host: str


_VONAGE = ("vonage.application_id", "vonage.private_key_file")
_VONAGE_WEBHOOKS = (("vonage.webhook_url", "vonage.signature_secret"),)
_OVH = ("ovh.application_key", "ovh.application_secret", "ovh.consumer_key")
_GATEWAY_WEBHOOKS = (("gateway.webhook_url", "gateway.webhook_secret"),)

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
    ("ovh", ChannelKind.SMS): Adapter(
        "umsalert.channels.ovh.sms:open_channel",
        Capabilities(receipts=True, answers=False),
        (*_OVH, "ovh.service_name", "ovh.sms_sender"),
    ),
    ("gateway", ChannelKind.SMS): Adapter(
        "umsalert.channels.gateway.channel:open_sms",
        Capabilities(receipts=True, answers=True),
        ("gateway.sms_url", "gateway.token"),
        _GATEWAY_WEBHOOKS,
    ),
    ("gateway", ChannelKind.VOICE): Adapter(
        "umsalert.channels.gateway.channel:open_voice",
        Capabilities(receipts=True, answers=True),
        ("gateway.voice_url", "gateway.token"),
        _GATEWAY_WEBHOOKS,
    ),
    ("apprise", ChannelKind.SMS): Adapter(
        "umsalert.channels.apprise:open_sms",
        Capabilities(receipts=False, answers=False),
        ("apprise.sms_url",),
    ),
    ("apprise", ChannelKind.EMAIL): Adapter(
        "umsalert.channels.apprise:open_email",
        Capabilities(receipts=False, answers=False),
        ("apprise.email_url",),
    ),
    ("smtp", ChannelKind.EMAIL): Adapter(
        "umsalert.channels.smtp:open_channel",
        Capabilities(receipts=False, answers=False),
        ("smtp.host", "smtp.sender"),
        (("smtp.username", "smtp.password"),),
    ),
}

EXAMINATIONS: Mapping[str, str] = {
    "smtp": "umsalert.channels.smtp_examination:examine",
    "vonage": "umsalert.channels.vonage.examination:examine",
    "ovh": "umsalert.channels.ovh.examination:examine",
    "gateway": "umsalert.channels.gateway.examination:examine",
    "imap": "umsalert.channels.mailbox.examination:examine",
}
"""How to ask a provider whether it would take our messages, without sending one."""

BALANCES: Mapping[str, str] = {"vonage": "umsalert.channels.vonage.account:balance_eur"}
"""Where a provider's account says what is left on it, in euros."""

WEBHOOKS: Mapping[str, Adapter] = {
    "vonage": Adapter(
        "umsalert.channels.vonage.webhooks:open_source",
        Capabilities(receipts=True, answers=True),
        ("vonage.application_id", "vonage.signature_secret", "vonage.webhook_url"),
    ),
    "ovh": Adapter(
        "umsalert.channels.ovh.webhooks:open_source",
        Capabilities(receipts=True, answers=False),
        ("ovh.webhook_secret",),
    ),
    "gateway": Adapter(
        "umsalert.channels.gateway.webhooks:open_source",
        Capabilities(receipts=True, answers=True),
        ("gateway.webhook_secret", "gateway.webhook_url"),
    ),
}


_MAILBOX = Adapter(
    "umsalert.channels.mailbox.account:open_mailbox",
    Capabilities(receipts=True, answers=True),
    ("imap.host", "imap.username", "imap.password", "imap.folder"),
)
_MAIL_READER = "umsalert.channels.mailbox.reading:MailReader"


async def open_channels(kind: ChannelKind, settings: Settings, clock: Clock) -> tuple[Channel, ...]:
    """Open the providers of a channel, in their order: keys are read, nothing is sent.

    One that cannot be opened is left out: what stands by for another must not keep it from
    sending. Raises the first one's ConfigurationError when none is left.
    """
    opened: list[Channel] = []
    errors: list[ConfigurationError] = []
    for provider in providers(settings, kind):
        try:
            opened.append(await open_channel(kind, provider, settings, clock))
        except ConfigurationError as error:
            errors.append(error)
            said = {"channel": kind, "provider": provider, "code": error.code}
            _log.warning("provider not opened", extra=said)
    if not opened:
        raise errors[0]
    return tuple(opened)


async def open_channel(
    kind: ChannelKind, provider: str, settings: Settings, clock: Clock
) -> Channel:
    """Open one provider of a channel: keys and certificates are read, nothing is sent.

    Raises ConfigurationError with all missing settings at once, or for an unreadable file.
    """
    adapter = _adapter(CHANNELS, (provider, kind), provider)
    _check([adapter], settings)
    opener = cast("Callable[[Settings, Clock], Awaitable[Channel]]", _load(adapter.path))
    return await opener(settings, clock)


def webhook_source(provider: str, settings: Settings) -> WebhookSource:
    """Return the reader of a provider's webhooks. Raises ConfigurationError as `open_channel`."""
    adapter = _adapter(WEBHOOKS, provider, provider)
    _check([adapter], settings)
    opener = cast("Callable[[Settings], WebhookSource]", _load(adapter.path))
    return opener(settings)


def mailbox(settings: Settings) -> Mailbox:
    """Return the mailbox of answers and bounces; it is connected to once it is asked.

    Raises ConfigurationError with all missing settings at once.
    """
    _check([_MAILBOX], settings)
    return cast("Callable[[Settings], Mailbox]", _load(_MAILBOX.path))(settings)


def readers(settings: Settings) -> Mapping[str, StoredReader]:
    """Return who understands what comes in by no webhook, by the name it is stored under."""
    if not settings.imap.host:
        return {}
    return {"imap": cast("Callable[[], StoredReader]", _load(_MAIL_READER))()}


def states(kind: ChannelKind, settings: Settings) -> tuple[ChannelState, ...]:
    """Return how the providers of a channel are set up, the first choice first.

    Raises ConfigurationError when one is unknown.
    """
    return tuple(state(kind, provider, settings) for provider in providers(settings, kind))


def state(kind: ChannelKind, provider: str, settings: Settings) -> ChannelState:
    """Return how a provider of a channel is set up. Raises ConfigurationError when unknown."""
    adapter = _adapter(CHANNELS, (provider, kind), provider)
    webhooks = WEBHOOKS.get(provider)
    return ChannelState(
        kind=kind,
        provider=provider,
        capabilities=adapter.capabilities,
        missing=missing_settings(adapter, settings),
        webhooks_missing=missing_settings(webhooks, settings) if webhooks else (),
        host=endpoint_host(settings, kind, provider),
    )


async def examine(provider: str, settings: Settings) -> Sequence[CheckResult]:
    """Ask a provider; nothing where it serves no channel that is set up. Sends nothing."""
    examiner = cast(
        "Callable[[Settings], Awaitable[Sequence[CheckResult]]]", _load(EXAMINATIONS[provider])
    )
    return await examiner(settings)


async def balance_eur(provider: str, settings: Settings) -> float | None:
    """Return what is left on a provider's account, None where it has none to ask.

    Raises ConfigurationError or TemporaryError when it does not tell.
    """
    if provider not in BALANCES:
        return None
    return await cast("Callable[[Settings], Awaitable[float]]", _load(BALANCES[provider]))(settings)


def missing_settings(adapter: Adapter, settings: Settings) -> tuple[str, ...]:
    """Return the names of all settings that an adapter needs and does not find."""
    paired = (second for first, second in adapter.together if attrgetter(first)(settings))
    names: Iterable[str] = dict.fromkeys((*adapter.requires, *paired))
    return tuple(name for name in names if not attrgetter(name)(settings))


def check(kinds: Iterable[ChannelKind], settings: Settings) -> None:
    """Raise ConfigurationError with all that is missing for all of `kinds` at once.

    A channel is short of what its first choice needs when no provider has all that it needs.
    """
    short = []
    for kind in kinds:
        adapters = [
            _adapter(CHANNELS, (provider, kind), provider) for provider in providers(settings, kind)
        ]
        if all(missing_settings(adapter, settings) for adapter in adapters):
            short.append(adapters[0])
    _check(short, settings)


def check_provider(kind: ChannelKind, provider: str, settings: Settings) -> None:
    """Raise ConfigurationError with all that is missing for one provider of a channel."""
    _check([_adapter(CHANNELS, (provider, kind), provider)], settings)


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
            _("{name} is not set (variable {variable})").format(name=name, variable=variable(name)),
            column=name,
        )
        for name in missing
    )
    raise ConfigurationError(
        "settings_missing",
        _("Settings are missing: {problems}").format(
            problems=_("; ").join(problem.message for problem in problems)
        ),
        hint=_("Set them in umsalert.toml (umsalert config init writes one) or as variables."),
        problems=problems,
    )


def _load(path: str) -> object:
    module, _colon, function = path.partition(":")
    return getattr(import_module(module), function)
