"""What can be set of the services outside: where they are, and with which secrets."""

from pathlib import Path
from typing import NamedTuple


class Secret(str):
    """A string that does not show itself in logs, reprs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return a mask."""
        return "'********'" if self else "''"


NO_SECRET = Secret("")


class VonageSettings(NamedTuple):
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


class SmtpSettings(NamedTuple):
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


class ImapSettings(NamedTuple):
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


class OvhSettings(NamedTuple):
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


class GatewaySettings(NamedTuple):
    """A gateway of our own, spoken to as docs/gateway.md says. URLs are complete endpoints."""

    sms_url: str = ""
    voice_url: str = ""
    token: Secret = NO_SECRET
    webhook_url: str = ""
    webhook_secret: Secret = NO_SECRET
    ca_file: Path | None = None


class AppriseSettings(NamedTuple):
    """URLs of Apprise, which hold logins; `{address}` in them is who is written to."""

    sms_url: Secret = NO_SECRET
    email_url: Secret = NO_SECRET


class GeocodeSettings(NamedTuple):
    """Where addresses without coordinates are looked up, by `import --geocode` only.

    `endpoint` speaks as the national address base (BAN) does, at its path /search. A place whose
    score is below `min_score` is not taken. `cache_file` keeps the answers; None is `geocode.db`
    in UMSALERT_HOME.
    """

    endpoint: str = "https://data.geopf.fr/geocodage"
    # IGN answers 50 in a second, to all programs of an office together:
    # geoservices.ign.fr/documentation/services/services-geoplateforme/geocodage
    rate_per_s: float = 20.0
    min_score: float = 0.7
    timeout_s: float = 10.0
    cache_file: Path | None = None
    ca_file: Path | None = None
