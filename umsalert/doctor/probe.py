"""One real message to one number or mailbox that was named: does this channel get through?

The one exception to "who is not vetted gets nothing", and so kept narrow: one recipient, typed in
full; fixed words; one hand-over that is never repeated; no trace in any alert.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from umsalert import tokens, wiring
from umsalert.channels import registry
from umsalert.errors import ConfigurationError, RefusedByRule, UsageError
from umsalert.i18n import _
from umsalert.messages import probe as words
from umsalert.model import ChannelKind, MessageText, Outcome, Outgoing
from umsalert.phones import parse_phone
from umsalert.register.fields import email
from umsalert.settings import Settings, endpoint_host, is_loopback, providers

LIFE = timedelta(minutes=10)
"""A test that arrives later tells nothing, and startles."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Which channel is tried, through which of its providers."""

    kind: ChannelKind
    provider: str


def choose(kind: ChannelKind, provider: str | None, settings: Settings) -> Trial:
    """Return what is tried: the channel's first choice where no provider is named.

    Raises UsageError when the named one does not carry this channel here.
    """
    chosen = providers(settings, kind)
    if provider is not None and provider not in chosen:
        raise UsageError(
            "provider_not_chosen",
            _("{provider} does not carry this channel here.").format(provider=provider),
            hint=_("Its providers are: {providers} ({setting}).").format(
                providers=", ".join(chosen), setting=f"{kind}.providers"
            ),
        )
    return Trial(kind, provider or chosen[0])


def prepare(
    trial: Trial, to: str, settings: Settings, now: datetime, text: MessageText | None = None
) -> Outgoing:
    """Return the one hand-over.

    Args:
        trial: the channel and the provider.
        to: a number in French national or in international form, or a mailbox.
        settings: must say how to reach the provider, and who speaks.
        now: UTC.
        text: what it says in the place of the words of a test: the code that proves an address.

    Raises:
        ConfigurationError: a setting is missing.
        UsageError: `to` cannot be reached by this channel.
        RefusedByRule: a number reserved for fiction, towards a real provider.
    """
    kind = trial.kind
    registry.check_provider(kind, trial.provider, settings)
    if not settings.station:
        raise ConfigurationError(
            "setting_missing",
            _("station is not set: a test says who it comes from."),
            hint=_("Set it in umsalert.toml, or as UMSALERT_STATION."),
        )
    return Outgoing(
        delivery_id=0,
        attempt_n=1,
        refusals=0,
        reference=f"TEST-{secrets.token_hex(4)}-0-1",  # the shape of a reference, of no alert
        channel=kind,
        address=email(to.strip()) if kind is ChannelKind.EMAIL else _number(trial, to, settings),
        token=tokens.new(0),
        text=text or words.text(kind, settings.station),
        expires_at=now + LIFE,
    )


async def send(outgoing: Outgoing, trial: Trial, settings: Settings) -> Outcome:
    """Hand over once; whatever comes of it, nothing is sent again. Raises ConfigurationError."""
    clock = wiring.clock(settings)
    channel = await registry.open_channel(trial.kind, trial.provider, settings, clock)
    try:
        return await channel.send(outgoing)
    finally:
        await channel.close()


def _number(trial: Trial, to: str, settings: Settings) -> str:
    phone = parse_phone(to, "FR")
    if trial.kind is ChannelKind.SMS and phone.kind != "mobile":
        raise UsageError(
            "phone_not_mobile",
            _("This is a fixed line: it takes calls, no SMS."),
            hint=_("Give a mobile, or test the channel voice."),
        )
    host = endpoint_host(settings, trial.kind, trial.provider)
    if phone.fictional and not is_loopback(host):
        raise RefusedByRule(
            "fictional_number",
            _("A number reserved for fiction is never sent to a real provider."),
            hint=_("Give your own number, or use the home of `umsalert simulator`."),
        )
    return phone.e164
