"""Carriers with certificates and channels towards them, closed with their test."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import trustme

from tests.channels.carriers import LOGIN, PASSWORD, Carrier
from umsalert.channels import registry
from umsalert.model import ChannelKind, MessageText, Outgoing
from umsalert.ports import Channel
from umsalert.settings import (
    AppriseSettings,
    CallRateSettings,
    EmailSettings,
    GatewaySettings,
    MessageRateSettings,
    OvhSettings,
    Secret,
    Settings,
    SmsSettings,
    SmtpSettings,
    VoiceSettings,
    VonageSettings,
    providers,
)

AnyCarrier = TypeVar("AnyCarrier", bound=Carrier)

NOW = datetime(2026, 11, 23, 18, 15, tzinfo=UTC)

TEXTS = {
    ChannelKind.SMS: MessageText(ChannelKind.SMS, "fr", "POLICE. Ne bougez pas.", encoding="GSM-7"),
    ChannelKind.VOICE: MessageText(ChannelKind.VOICE, "fr", "Ici la police."),
    ChannelKind.EMAIL: MessageText(
        ChannelKind.EMAIL, "fr", "Bonsoir,\n.\nélève\n", subject="Alerte", html="<p>Bonsoir</p>"
    ),
}

WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The example of the Standard Webhooks specification."""

RELAY = SmtpSettings(
    security="starttls",
    username=LOGIN,
    password=Secret(PASSWORD),
    sender="Police de Nice <alerte@example.org>",
)


@dataclass
class FixedClock:
    """A clock that moves when it is told to."""

    at: datetime = NOW

    def now(self) -> datetime:
        """Return the set time."""
        return self.at

    def steady_s(self) -> float:
        """Return the seconds since the start."""
        return (self.at - NOW).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.at += timedelta(seconds=seconds)


@dataclass
class Workshop:
    """Makes carriers with certificates, and channels towards them."""

    folder: Path
    authority: trustme.CA
    key_file: Path
    public_key: bytes
    clock: FixedClock = field(default_factory=FixedClock)
    timeout_s: float = 30.0
    in_flight: int = 3
    webhook_url: str = "https://alerte.example.org"
    smtp: SmtpSettings = RELAY
    carriers: list[Carrier] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)

    async def start(self, carrier: AnyCarrier, cert: trustme.LeafCert | None = None) -> AnyCarrier:
        """Start a carrier, with a good certificate unless another is given."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        (cert or self.authority.issue_cert("localhost")).configure_cert(context)
        await carrier.start(context)
        self.carriers.append(carrier)
        return carrier

    def settings(self, port: int) -> Settings:
        """Return settings whose every provider is at this port of localhost."""
        ca_file = self.folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(ca_file))
        pace = MessageRateSettings(100, 100, self.in_flight, self.timeout_s)
        calls = CallRateSettings(3, 3, self.in_flight, self.timeout_s)
        return Settings(
            home=self.folder,
            database=self.folder / "umsalert.db",
            sms=SmsSettings(vonage=pace, ovh=pace, gateway=pace, apprise=pace),
            voice=VoiceSettings(vonage=calls, gateway=calls),
            email=EmailSettings(smtp=pace, apprise=pace),
            vonage=VonageSettings(
                application_id="2c1f0c4e",
                private_key_file=self.key_file,
                signature_secret=Secret("secret of thirty-two characters!"),
                sms_sender="+33639980001",
                voice_caller="+33199000001",
                messages_url=f"https://localhost:{port}/v1/messages",
                calls_url=f"https://localhost:{port}/v1/calls",
                webhook_url=self.webhook_url,
                ca_file=ca_file,
            ),
            ovh=OvhSettings(
                application_key="7kbG7Bk7S9Nt7ZSV",
                application_secret=Secret("EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF"),
                consumer_key=Secret("MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1"),
                service_name="sms-ab12345-1",
                sms_sender="POLICE",
                api_url=f"https://localhost:{port}/1.0",
                webhook_secret=Secret("secret in the address"),
                ca_file=ca_file,
            ),
            gateway=GatewaySettings(
                sms_url=f"https://localhost:{port}/sms",
                voice_url=f"https://localhost:{port}/calls",
                token=Secret("token of the gateway"),
                webhook_url=self.webhook_url,
                webhook_secret=Secret(WEBHOOK_SECRET),
                ca_file=ca_file,
            ),
            apprise=AppriseSettings(
                sms_url=Secret(f"jsons://localhost:{port}/sms?:to={{address}}"),
                email_url=Secret(f"jsons://localhost:{port}/mail?:to={{address}}"),
            ),
            smtp=self.smtp._replace(host="localhost", port=port, ca_file=ca_file),
        )

    async def open(self, kind: ChannelKind, carrier: Carrier, provider: str = "") -> Channel:
        """Open the channel of this kind, its first choice or `provider`, towards a carrier."""
        settings = self.settings(carrier.port)
        provider = provider or providers(settings, kind)[0]
        channel = await registry.open_channel(kind, provider, settings, self.clock)
        self.channels.append(channel)
        return channel

    def outgoing(self, kind: ChannelKind) -> Outgoing:
        """Return a hand-over to a fictional recipient."""
        email = kind is ChannelKind.EMAIL
        return Outgoing(
            delivery_id=7,
            attempt_n=1,
            refusals=0,
            reference="20261123-1815-7-1",
            channel=kind,
            address="garde@galerie.example" if email else "+33639980042",
            token="Xy7_token-Zq",
            text=TEXTS[kind],
            expires_at=NOW + timedelta(hours=2),
        )

    async def close(self) -> None:
        """Close channels first: carriers wait for their connections."""
        for channel in self.channels:
            await channel.close()
        for carrier in self.carriers:
            await carrier.stop()
