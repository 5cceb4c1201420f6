"""What can be set, with its defaults. Frozen; valid as a whole once it was loaded."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Secret(str):
    """A string that does not show itself in logs, reprs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return a mask."""
        return "'********'" if self else "''"


NO_SECRET = Secret("")

MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
"""Of a key that signs webhooks: https://www.standardwebhooks.com."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Limits and defaults of `alert send`.

    After `give_up_s` without any connection to a provider its channel stops; nothing is lost.
    """

    max_radius_m: float = 100_000.0
    confirm_typed_above: int = 100
    callback_number: str = ""
    give_up_s: float = 60.0


@dataclass(frozen=True, slots=True)
class ApprovalSettings:
    """Above which size an alert waits for a second person, and how long it waits; 0: no limit.

    An armed attack locks down a circle of 30 km without waiting: around Paris, where most guards
    work, that is some 30,000 people. Above these limits an alert is more likely a slip: of a unit,
    of a digit.
    """

    radius_m: float = 50_000.0
    recipients: int = 50_000
    expires_s: float = 1_800.0


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """The tariff in euros, for the estimate before sending; 0 where nothing is charged."""

    sms_part_eur: float = 0.0
    voice_minute_eur: float = 0.0
    email_eur: float = 0.0


@dataclass(frozen=True, slots=True)
class RateSettings:
    """The pace of one provider in one channel.

    `burst` may leave at once, `in_flight` wait for the provider's word at a time, and a hand-over
    takes `timeout_s` at most.
    """

    rate_per_s: float
    burst: int
    in_flight: int
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class CallRateSettings(RateSettings):
    """The pace of one provider's calls. `calls` are its lines: 0 where it names no number."""

    calls: int = 0


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """Who carries SMS, in this order, and the pace of each."""

    providers: tuple[str, ...] = ("vonage",)
    # Vonage takes 30 SMS in a second; rate plus burst stays within it.
    vonage: RateSettings = RateSettings(rate_per_s=28, burst=2, in_flight=32)
    # The one number that OVHcloud has given: 60 requests a minute and consumer key are fair use.
    ovh: RateSettings = RateSettings(rate_per_s=0.9, burst=6, in_flight=4)
    # Android lets an app send 30 parts a minute before it asks the telephone's owner.
    gateway: RateSettings = RateSettings(rate_per_s=0.4, burst=4, in_flight=4)
    apprise: RateSettings = RateSettings(rate_per_s=1, burst=1, in_flight=2)


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """Who carries calls, in this order, and the pace of each."""

    providers: tuple[str, ...] = ("vonage",)
    # Vonage takes 3 calls in a second, and tells no limit of those going on.
    vonage: CallRateSettings = CallRateSettings(rate_per_s=2.8, burst=1, in_flight=8)
    gateway: CallRateSettings = CallRateSettings(rate_per_s=1, burst=1, in_flight=4, calls=4)


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """Who carries e-mails, in this order, and the pace of each."""

    providers: tuple[str, ...] = ("smtp",)
    smtp: RateSettings = RateSettings(rate_per_s=100, burst=100, in_flight=10)
    apprise: RateSettings = RateSettings(rate_per_s=1, burst=1, in_flight=2)


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """What a cell of the telephone network gets where an alert has more than a burst for it.

    In SMS parts and calls; a `cell_burst` of 0 paces no cell. Where they come from:
    docs/congestion.md.
    """

    cell_rate_per_s: float = 1.4
    cell_burst: int = 20


@dataclass(frozen=True, slots=True)
class VonageSettings:
    """The Vonage application that sends SMS and calls. URLs are complete endpoints.

    `api_key` and `api_secret` are the account's: only `doctor` and `channel list` read it, at
    `account_url`. `sms_two_way` and `transactional` are what the operator knows of the account and
    no API tells: that `sms_sender` takes answers, and that Vonage has declared the traffic
    transactional.
    """

    application_id: str = ""
    private_key_file: Path | None = None
    signature_secret: Secret = NO_SECRET
    sms_sender: str = ""
    sms_two_way: bool = False
    transactional: bool = False
    voice_caller: str = ""
    api_key: str = ""
    api_secret: Secret = NO_SECRET
    low_balance_eur: float = 50.0
    messages_url: str = "https://api.nexmo.com/v1/messages"
    calls_url: str = "https://api.nexmo.com/v1/calls"
    account_url: str = "https://rest.nexmo.com"
    webhook_url: str = ""
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The mail relay. `security` is starttls, tls (implicit) or none (only towards localhost).

    `reply_to` and `bounce` are mailboxes that take `+detail`; empty means `reponse@` and `bounce@`
    of the sender's domain.
    """

    host: str = ""
    port: int = 587
    security: str = "starttls"
    username: str = ""
    password: Secret = NO_SECRET
    sender: str = ""
    reply_to: str = ""
    bounce: str = ""
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """The mailbox of answers and bounces. Without a `host` no mail is read.

    `security` is tls (implicit), starttls or none (only towards localhost). `poll_s` is how often
    it is looked into, where the server does not tell by itself what has come.
    """

    host: str = ""
    port: int = 993
    security: str = "tls"
    username: str = ""
    password: Secret = NO_SECRET
    folder: str = "INBOX"
    ca_file: Path | None = None
    poll_s: float = 20.0


@dataclass(frozen=True, slots=True)
class OvhSettings:
    """An SMS account of OVHcloud, and the three keys that sign its requests.

    `api_url` is the root of the API. `low_credits` is when `doctor` warns. Whoever knows
    `webhook_secret` is OVHcloud: its receipts come unsigned, with this in their address.
    """

    application_key: str = ""
    application_secret: Secret = NO_SECRET
    consumer_key: Secret = NO_SECRET
    service_name: str = ""
    sms_sender: str = ""
    low_credits: float = 500.0
    api_url: str = "https://eu.api.ovh.com/1.0"
    webhook_secret: Secret = NO_SECRET
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """A gateway of our own, spoken to as docs/gateway.md says. URLs are complete endpoints."""

    sms_url: str = ""
    voice_url: str = ""
    token: Secret = NO_SECRET
    webhook_url: str = ""
    webhook_secret: Secret = NO_SECRET
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class AppriseSettings:
    """URLs of Apprise, which hold logins; `{address}` in them is who is written to."""

    sms_url: Secret = NO_SECRET
    email_url: Secret = NO_SECRET


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where `umsalert serve` listens. Without a certificate it belongs behind a TLS proxy.

    `public_url` is where guards' telephones reach it: empty, and messages carry no link.
    `proxies` are the addresses, or networks, of the proxies whose word on the visitor's address
    is taken.
    """

    host: str = "127.0.0.1"
    port: int = 8480
    public_url: str = ""
    proxies: tuple[str, ...] = ()
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The log file; None is `log/umsalert.log` in UMSALERT_HOME. `level` is debug, info, ...

    `format` is text or json. At `max_bytes` the file is renamed to `.1`, and of these `backups`
    are kept.
    """

    file: Path | None = None
    level: str = "info"
    format: str = "text"
    max_bytes: int = 10_000_000
    backups: int = 10


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """Training only: valid while every provider is on this machine."""

    clock_offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, valid as a whole, with the origin of each value."""

    home: Path
    database: Path
    language: str = ""
    station: str = ""
    time_zone: str = "Europe/Paris"
    alert: AlertSettings = AlertSettings()
    approval: ApprovalSettings = ApprovalSettings()
    price: PriceSettings = PriceSettings()
    sms: SmsSettings = SmsSettings()
    voice: VoiceSettings = VoiceSettings()
    email: EmailSettings = EmailSettings()
    pace: PaceSettings = PaceSettings()
    vonage: VonageSettings = VonageSettings()
    ovh: OvhSettings = OvhSettings()
    gateway: GatewaySettings = GatewaySettings()
    apprise: AppriseSettings = AppriseSettings()
    smtp: SmtpSettings = SmtpSettings()
    imap: ImapSettings = ImapSettings()
    serve: ServeSettings = ServeSettings()
    log: LogSettings = LogSettings()
    simulation: SimulationSettings = SimulationSettings()
    origins: Mapping[str, str] = field(default_factory=dict)


def flatten(settings: Settings) -> dict[str, object]:
    """Return every value that can be set, by its dotted name, in the order of the file."""
    return {
        name: value
        for name, value in _leaves(settings, "")
        if name.partition(".")[0] not in ("home", "origins")
    }


def _leaves(table: DataclassInstance, prefix: str) -> Iterator[tuple[str, object]]:
    for item in fields(table):
        value = getattr(table, item.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from _leaves(value, f"{prefix}{item.name}.")
        else:
            yield f"{prefix}{item.name}", value


def providers(settings: Settings, channel: str) -> tuple[str, ...]:
    """Return who carries a channel, the first choice first."""
    names: tuple[str, ...] = getattr(settings, channel).providers
    return names


def known_providers(settings: Settings, channel: str) -> tuple[str, ...]:
    """Return who can carry a channel."""
    table = getattr(settings, channel)
    return tuple(item.name for item in fields(table) if item.name != "providers")


def rate(settings: Settings, channel: str, provider: str) -> RateSettings:
    """Return the pace of a provider in a channel."""
    found: RateSettings = getattr(getattr(settings, channel), provider)
    return found


def variable(name: str) -> str:
    """Return the environment variable of a setting, given its dotted name."""
    return "UMSALERT_LANG" if name == "language" else "UMSALERT_" + name.replace(".", "_").upper()


def signing_key(secret: str) -> bytes | None:
    """Return the key in a secret of the Standard Webhooks specification, None where it has none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return None
    return key if MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES else None
