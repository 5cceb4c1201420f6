"""What can be set, with its defaults. Frozen; valid as a whole once it was loaded.

Each table is a tuple with names: as a dataclass it would take four times as long to make, and every
command makes all of them. Its types are written as such, not as texts (`from __future__ import
annotations`), each of which would be compiled: half of the time.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeGuard

from umsalert.settings.services import (
    AppriseSettings,
    GatewaySettings,
    GeocodeSettings,
    ImapSettings,
    OvhSettings,
    SmtpSettings,
    VonageSettings,
)

MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
"""Of a key that signs webhooks: https://www.standardwebhooks.com."""


class AlertSettings(NamedTuple):
    """Limits and defaults of `alert send`.

    After `give_up_s` without any connection to a provider its channel stops; nothing is lost.
    `off_duty` is a `model.OffDuty`: what becomes of a site where nobody is on duty.
    """

    max_radius_m: float = 100_000.0
    confirm_typed_above: int = 100
    callback_number: str = ""
    give_up_s: float = 60.0
    off_duty: str = "skip"


class RegisterSettings(NamedTuple):
    """How the register is kept.

    After `doubtful_after` undeliverable messages in a row an address is doubtful; it is alerted all
    the same.
    """

    doubtful_after: int = 3


class ApprovalSettings(NamedTuple):
    """Above which size an alert waits for a second person, and how long it waits; 0: no limit.

    An armed attack locks down a circle of 30 km without waiting: around Paris, where most guards
    work, that is some 30,000 people. Above these limits an alert is more likely a slip: of a unit,
    of a digit.
    """

    radius_m: float = 50_000.0
    recipients: int = 50_000
    expires_s: float = 1_800.0


class BulletinSettings(NamedTuple):
    """How bulletins leave, which are sent by the clock.

    What is later than `grace_s` is not sent any more. Between `quiet_begin` and `quiet_end`, by the
    clocks of a bulletin's time zone, nothing of it begins or leaves; empty: at all hours. To more
    than a few people it leaves over so long that `people_per_hour` get it; 0: as fast as it can.
    """

    grace_s: float = 7_200.0
    quiet_begin: str = "22:00"
    quiet_end: str = "07:00"
    # The whole country, 180,000 guards, in four and a half hours: two fifths of an account's pace.
    people_per_hour: int = 40_000


class PriceSettings(NamedTuple):
    """The tariff in euros, for the estimate before sending; 0 where nothing is charged."""

    sms_part_eur: float = 0.0
    voice_minute_eur: float = 0.0
    email_eur: float = 0.0


class MessageRateSettings(NamedTuple):
    """The pace of one provider of SMS or e-mail.

    `burst` may leave at once, `in_flight` wait for the provider's word at a time, and a hand-over
    takes `timeout_s` at most.
    """

    rate_per_s: float
    burst: int
    in_flight: int
    timeout_s: float = 15.0


class CallRateSettings(NamedTuple):
    """The pace of one provider's calls. `calls` are its lines: 0 where it names no number."""

    rate_per_s: float
    burst: int
    in_flight: int
    timeout_s: float = 15.0
    calls: int = 0


RateSettings = MessageRateSettings | CallRateSettings


class SmsSettings(NamedTuple):
    """Who carries SMS, in this order, and the pace of each."""

    providers: tuple[str, ...] = ("vonage",)
    # Vonage takes 30 SMS in a second; rate plus burst stays within it.
    vonage: MessageRateSettings = MessageRateSettings(rate_per_s=28, burst=2, in_flight=32)
    # The one number that OVHcloud has given: 60 requests a minute and consumer key are fair use.
    ovh: MessageRateSettings = MessageRateSettings(rate_per_s=0.9, burst=6, in_flight=4)
    # Android lets an app send 30 parts a minute before it asks the telephone's owner.
    gateway: MessageRateSettings = MessageRateSettings(rate_per_s=0.4, burst=4, in_flight=4)
    apprise: MessageRateSettings = MessageRateSettings(rate_per_s=1, burst=1, in_flight=2)


class VoiceSettings(NamedTuple):
    """Who carries calls, in this order, and the pace of each."""

    providers: tuple[str, ...] = ("vonage",)
    # Vonage takes 3 calls in a second, and tells no limit of those going on.
    vonage: CallRateSettings = CallRateSettings(rate_per_s=2.8, burst=1, in_flight=8)
    gateway: CallRateSettings = CallRateSettings(rate_per_s=1, burst=1, in_flight=4, calls=4)


class EmailSettings(NamedTuple):
    """Who carries e-mails, in this order, and the pace of each."""

    providers: tuple[str, ...] = ("smtp",)
    smtp: MessageRateSettings = MessageRateSettings(rate_per_s=100, burst=100, in_flight=10)
    apprise: MessageRateSettings = MessageRateSettings(rate_per_s=1, burst=1, in_flight=2)


class PaceSettings(NamedTuple):
    """What a cell of the telephone network gets where an alert has more than a burst for it.

    In SMS parts and calls; a `cell_burst` of 0 paces no cell. Where they come from:
    docs/congestion.md.
    """

    cell_rate_per_s: float = 1.4
    cell_burst: int = 20


class ServeSettings(NamedTuple):
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


class LogSettings(NamedTuple):
    """The log file; None is `log/umsalert.log` in UMSALERT_HOME. `level` is debug, info, ...

    `format` is text or json. At `max_bytes` the file is renamed to `.1`, and of these `backups`
    are kept.
    """

    file: Path | None = None
    level: str = "info"
    format: str = "text"
    max_bytes: int = 10_000_000
    backups: int = 10


class RetentionSettings(NamedTuple):
    """How many months `db purge` leaves what it may remove; 0: for ever.

    Of answers it then takes words, senders and photos, of what came in the raw form, of alerts
    their words and the addresses they went to. What happened, and when, stays.
    """

    replies_months: int = 3
    inbox_months: int = 3
    alerts_months: int = 12
    audit_months: int = 12


class ReportSettings(NamedTuple):
    """Of documents for others.

    `cap_sender` names us in CAP messages; empty: by the station. `seal_key_file` is the key that
    seals reports; None is `seal.key` in the home folder, made when it is needed.
    """

    cap_sender: str = ""
    seal_key_file: Path | None = None


class SimulationSettings(NamedTuple):
    """Training only: valid while every provider is on this machine."""

    clock_offset_s: float = 0.0


class Settings(NamedTuple):
    """All settings, valid as a whole, with the origin of each value."""

    home: Path
    database: Path
    language: str = ""
    station: str = ""
    time_zone: str = "Europe/Paris"
    alert: AlertSettings = AlertSettings()
    register: RegisterSettings = RegisterSettings()
    approval: ApprovalSettings = ApprovalSettings()
    bulletin: BulletinSettings = BulletinSettings()
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
    geocode: GeocodeSettings = GeocodeSettings()
    serve: ServeSettings = ServeSettings()
    log: LogSettings = LogSettings()
    retention: RetentionSettings = RetentionSettings()
    report: ReportSettings = ReportSettings()
    simulation: SimulationSettings = SimulationSettings()
    origins: Mapping[str, str] = MappingProxyType({})


def flatten(settings: Settings) -> dict[str, object]:
    """Return every value that can be set, by its dotted name, in the order of the file."""
    return {
        name: value
        for field, found in settings._asdict().items()
        if field not in ("home", "origins")
        for name, value in _leaves(field, found)
    }


def _leaves(name: str, value: object) -> Iterator[tuple[str, object]]:
    if is_section(value):
        for key, inner in value._asdict().items():
            yield from _leaves(f"{name}.{key}", inner)
    else:
        yield name, value


def is_section(value: object) -> TypeGuard[NamedTuple]:
    """Say whether a value is a table of the file; a list of names is a tuple too."""
    return isinstance(value, tuple) and hasattr(value, "_fields")


def providers(settings: Settings, channel: str) -> tuple[str, ...]:
    """Return who carries a channel, the first choice first."""
    names: tuple[str, ...] = getattr(settings, channel).providers
    return names


def known_providers(settings: Settings, channel: str) -> tuple[str, ...]:
    """Return who can carry a channel."""
    table: NamedTuple = getattr(settings, channel)
    return tuple(name for name in table._fields if name != "providers")


def rate(settings: Settings, channel: str, provider: str) -> RateSettings:
    """Return the pace of a provider in a channel."""
    found: RateSettings = getattr(getattr(settings, channel), provider)
    return found


def variable(name: str) -> str:
    """Return the environment variable of a setting, given its dotted name."""
    return "UMSALERT_LANG" if name == "language" else "UMSALERT_" + name.replace(".", "_").upper()


def signing_key(secret: str) -> bytes | None:
    """Return the key in a secret of the Standard Webhooks specification, None where it has none."""
    import base64

    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return None
    return key if MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES else None
