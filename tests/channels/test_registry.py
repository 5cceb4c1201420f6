"""Names, what they need, and what they cost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.channels.carriers import HttpCarrier
from tests.channels.workshop import Workshop
from umsalert.channels import registry
from umsalert.errors import ConfigurationError
from umsalert.model import ChannelKind
from umsalert.settings import (
    Secret,
    SmtpSettings,
    VonageSettings,
    endpoint_host,
    known_providers,
    rate,
)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            ChannelKind.SMS,
            ["vonage.application_id", "vonage.private_key_file", "vonage.sms_sender"],
        ),
        (
            ChannelKind.VOICE,
            ["vonage.application_id", "vonage.private_key_file", "vonage.voice_caller"],
        ),
        (ChannelKind.EMAIL, ["smtp.host", "smtp.sender"]),
    ],
)
async def test_all_missing_settings_are_named_at_once(
    workshop: Workshop, kind: ChannelKind, names: list[str]
) -> None:
    """One run tells everything that is to be set, by its name in the file and as a variable."""
    settings = workshop.settings(443)._replace(vonage=VonageSettings(), smtp=SmtpSettings())
    with pytest.raises(ConfigurationError) as caught:
        await registry.open_channels(kind, settings, workshop.clock)
    assert [problem.column for problem in caught.value.problems] == names
    for name in names:
        assert "UMSALERT_" + name.replace(".", "_").upper() in caught.value.message


async def test_a_setting_may_need_another(workshop: Workshop) -> None:
    """A login needs its password, and an address for webhooks the secret that proves them."""
    settings = workshop.settings(443)
    half = settings._replace(
        vonage=settings.vonage._replace(signature_secret=Secret("")),
        smtp=settings.smtp._replace(password=Secret("")),
    )
    for kind, name in (
        (ChannelKind.SMS, "vonage.signature_secret"),
        (ChannelKind.EMAIL, "smtp.password"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            await registry.open_channels(kind, half, workshop.clock)
        assert [problem.column for problem in caught.value.problems] == [name]


async def test_an_unknown_provider_is_refused_with_those_that_exist(workshop: Workshop) -> None:
    """A slip in `providers` shows what may stand there."""
    settings = workshop.settings(443)
    settings = settings._replace(sms=settings.sms._replace(providers=("vonnage",)))
    with pytest.raises(ConfigurationError) as caught:
        registry.states(ChannelKind.SMS, settings)
    assert caught.value.code == "provider_unknown"
    assert "vonage (sms)" in caught.value.hint


@pytest.mark.parametrize("kind", [ChannelKind.SMS, ChannelKind.EMAIL])
async def test_an_unreadable_authority_stops_the_opening(
    workshop: Workshop, kind: ChannelKind
) -> None:
    """A broken ca_file is found before the first message."""
    settings = workshop.settings(443)
    assert settings.vonage.ca_file is not None
    settings.vonage.ca_file.write_text("not a certificate")
    with pytest.raises(ConfigurationError) as caught:
        await registry.open_channels(kind, settings, workshop.clock)
    assert caught.value.code == "ca_file_invalid"


def test_webhooks_need_the_secret_that_proves_them(workshop: Workshop) -> None:
    """Without a signature secret no webhook is believed, so none is read."""
    settings = workshop.settings(443)._replace(vonage=VonageSettings())
    with pytest.raises(ConfigurationError) as caught:
        registry.webhook_source("vonage", settings)
    assert "vonage.signature_secret" in caught.value.message


async def test_providers_are_opened_in_their_order(workshop: Workshop) -> None:
    """The first name of the list is the first choice."""
    settings = workshop.settings(443)
    for order in (("vonage", "ovh"), ("ovh", "vonage")):
        chosen = settings._replace(sms=settings.sms._replace(providers=order))
        opened = await registry.open_channels(ChannelKind.SMS, chosen, workshop.clock)
        workshop.channels += opened
        assert tuple(channel.provider for channel in opened) == order


@pytest.mark.parametrize("order", [("vonage", "ovh"), ("ovh", "vonage")])
async def test_a_provider_that_is_not_set_up_keeps_no_other_from_sending(
    workshop: Workshop, order: tuple[str, ...]
) -> None:
    """What stands by is left out, wherever it stands; the missing settings are no obstacle."""
    settings = workshop.settings(443)
    half = settings._replace(
        sms=settings.sms._replace(providers=order),
        ovh=settings.ovh._replace(consumer_key=Secret("")),
    )
    registry.check([ChannelKind.SMS], half)
    (channel,) = await registry.open_channels(ChannelKind.SMS, half, workshop.clock)
    workshop.channels.append(channel)
    assert channel.provider == "vonage"
    none = half._replace(vonage=VonageSettings())
    with pytest.raises(ConfigurationError) as caught:
        registry.check([ChannelKind.SMS], none)
    assert str(caught.value.problems[0].column).startswith(order[0])


def test_every_provider_has_a_pace_and_a_place(workshop: Workshop) -> None:
    """The settings and the registry know the same providers of each channel."""
    settings = workshop.settings(443)
    for kind in ChannelKind:
        known = {provider for provider, carried in registry.CHANNELS if carried is kind}
        assert set(known_providers(settings, kind)) == known
        for provider in known:
            assert rate(settings, kind, provider).rate_per_s > 0
            endpoint_host(settings, kind, provider)


def test_naming_the_channels_costs_no_heavy_import() -> None:
    """The registry answers what exists without the libraries that talk to it."""
    script = (
        "import sys, umsalert.channels.registry\n"
        "print(sorted({'aiohttp', 'aiosmtplib', 'jwt', 'cryptography'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


async def test_what_is_declared_can_be_opened(workshop: Workshop) -> None:
    """Every path of the registry leads to an adapter of that kind and name."""
    for provider, kind in registry.CHANNELS:
        channel = await workshop.open(kind, HttpCarrier(202, "message_uuid"), provider)
        assert (channel.provider, channel.kind) == (provider, kind)
    for provider in registry.WEBHOOKS:
        assert registry.webhook_source(provider, workshop.settings(443)).provider == provider
