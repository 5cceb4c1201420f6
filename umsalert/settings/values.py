"""What can be set, with its defaults. Frozen; valid as a whole once it was loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit


class Secret(str):
    """A string that does not show itself in logs, reprs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return a mask."""
        return "'********'" if self else "''"


NO_SECRET = Secret("")


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
class PriceSettings:
    """The tariff in euros, for the estimate before sending; 0 where nothing is charged."""

    sms_part_eur: float = 0.0
    voice_minute_eur: float = 0.0
    email_eur: float = 0.0


@dataclass(frozen=True, slots=True)
class RateSettings:
    """The pace of one channel. Defaults are overridden per channel in `Settings`."""

    provider: str
    rate_per_s: float
    burst: int
    in_flight: int
    timeout_s: float = 15.0


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
class ServeSettings:
    """Where `umsalert serve` listens. Without a certificate it belongs behind a TLS proxy."""

    host: str = "127.0.0.1"
    port: int = 8480
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
    price: PriceSettings = PriceSettings()
    # Vonage takes 30 SMS and 3 calls in a second; rate plus burst stays within it.
    sms: RateSettings = RateSettings("vonage", rate_per_s=28, burst=2, in_flight=32)
    voice: RateSettings = RateSettings("vonage", rate_per_s=2.8, burst=1, in_flight=8)
    email: RateSettings = RateSettings("smtp", rate_per_s=100, burst=100, in_flight=10)
    vonage: VonageSettings = VonageSettings()
    smtp: SmtpSettings = SmtpSettings()
    serve: ServeSettings = ServeSettings()
    log: LogSettings = LogSettings()
    simulation: SimulationSettings = SimulationSettings()
    origins: Mapping[str, str] = field(default_factory=dict)


def flatten(settings: Settings) -> dict[str, object]:
    """Return every value that can be set, by its dotted name, in the order of the file."""
    found: dict[str, object] = {}
    for item in fields(settings):
        value = getattr(settings, item.name)
        if is_dataclass(value):
            found |= {f"{item.name}.{key.name}": getattr(value, key.name) for key in fields(value)}
        elif item.name not in ("home", "origins"):
            found[item.name] = value
    return found


def variable(name: str) -> str:
    """Return the environment variable of a setting, given its dotted name."""
    return "UMSALERT_LANG" if name == "language" else "UMSALERT_" + name.replace(".", "_").upper()


def host_of(url: str) -> str:
    """Return the host of a URL, empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # a bracket without its pair
        return ""


def is_loopback(host: str) -> bool:
    """Say whether `host` names this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def simulated(settings: Settings) -> bool:
    """Say whether every provider is on this machine: the carrier simulator, not a real account."""
    hosts = [host_of(url) for url in (settings.vonage.messages_url, settings.vonage.calls_url)]
    hosts.append(settings.smtp.host or "localhost")
    return all(is_loopback(host) for host in hosts)
