"""A settings file to start from: every setting as a comment, with its default and what it is."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from umsalert.errors import ConfigurationError, UsageError
from umsalert.i18n import _, system_reason
from umsalert.settings.services import Secret
from umsalert.settings.values import Settings, flatten


@dataclass(frozen=True, slots=True)
class Explained:
    """What a setting is, in one line; an example where the default is empty."""

    text: str
    example: str | tuple[str, ...] = ""


def write(path: Path) -> None:
    """Write the file, mode 0600, whole or not at all.

    Raises UsageError when there is one, ConfigurationError when it cannot be written.
    """
    part = path.with_name(f"{path.name}.new-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text())
        _put(part, path)
    except OSError as error:
        raise ConfigurationError(
            "config_not_writable",
            _("{path} cannot be written: {reason}").format(path=path, reason=system_reason(error)),
            hint=_("Choose another folder with UMSALERT_HOME."),
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _put(part: Path, path: Path) -> None:
    try:
        os.link(part, path)  # refuses to replace a file
    except FileExistsError as error:
        raise UsageError(
            "config_exists",
            _("{path} exists already and is left as it is.").format(path=path),
            hint=_("Edit it; `umsalert config show` says what holds."),
        ) from error


def text() -> str:
    """Return the file: valid TOML in which nothing is set."""
    lines = [
        "# " + _("The settings of umsalert. A line without its # is in force; what stands behind"),
        "# " + _("it now is the default. Paths are relative to this file. Every setting can also"),
        "# " + _("come from the environment: UMSALERT_SMTP_PORT=587 is port in [smtp]."),
    ]
    described = explanations()
    section = ""
    for name, default in flatten(Settings(home=Path(), database=Path("umsalert.db"))).items():
        head, _dot, key = name.rpartition(".")
        if head != section:
            section = head
            lines += ["", f"[{section}]"]
        lines += ["", *_setting(key, default, described[name])]
    return "\n".join(lines) + "\n"


def _setting(key: str, default: object, explained: Explained) -> list[str]:
    value = default if isinstance(default, bool | int | float | tuple) else str(default or "")
    if value in ("", ()) and explained.example:
        example = _("{text} Not set; for example:").format(text=explained.text)
        name = f"{key}_file" if isinstance(default, Secret) else key
        return [f"# {example}", f"#{name} = {_toml(explained.example)}"]
    return [f"# {explained.text}", f"#{key} = {_toml(value)}"]


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # what JSON writes for these is TOML too


def explanations() -> Mapping[str, Explained]:
    """Return what every setting is, by its dotted name."""
    return {
        "database": Explained(_("The database file.")),
        "language": Explained(_("What operators read: fr or en."), "fr"),
        "station": Explained(_("The station that speaks in every message."), "Nice"),
        "time_zone": Explained(_("The zone in which times are typed and shown.")),
        **_alert(),
        "register.doubtful_after": Explained(
            _("After so many undeliverable messages in a row an address is doubtful.")
        ),
        "approval.radius_m": Explained(
            _("An alert of a larger radius waits for a second person; 0: none does.")
        ),
        "approval.recipients": Explained(
            _("An alert to more people waits for a second person; 0: none does.")
        ),
        "approval.expires_s": Explained(
            _("How many seconds it waits; then it must be asked for anew.")
        ),
        "bulletin.grace_s": Explained(
            _("A bulletin that is later than so many seconds is not sent any more.")
        ),
        "bulletin.quiet_begin": Explained(
            _("From then on no bulletin leaves, by the clocks of its zone; empty: at any hour.")
        ),
        "bulletin.quiet_end": Explained(_("From then on bulletins leave again.")),
        "bulletin.people_per_hour": Explained(
            _("A bulletin to many people goes to so many in an hour; 0: as fast as it can.")
        ),
        "price.sms_part_eur": Explained(_("What a part of an SMS costs, in euros.")),
        "price.voice_minute_eur": Explained(_("What a minute of a call costs, in euros.")),
        "price.email_eur": Explained(_("What an e-mail costs, in euros.")),
        **_channel("sms", _("SMS"), "vonage", "ovh", "gateway", "apprise"),
        **_channel("voice", _("calls"), "vonage", "gateway"),
        **_channel("email", _("e-mails"), "smtp", "apprise"),
        "pace.cell_rate_per_s": Explained(
            _("How many SMS parts and calls go to one cell of the telephone network in a second.")
        ),
        "pace.cell_burst": Explained(
            _("So many go there at once; only a cell that gets more is paced, with 0 none is.")
        ),
        **_vonage(),
        **_ovh(),
        **_gateway(),
        **_apprise(),
        **_smtp(),
        **_imap(),
        **_geocode(),
        "serve.host": Explained(_("Where `umsalert serve` listens.")),
        "serve.port": Explained(_("The port of `umsalert serve`.")),
        "serve.public_url": Explained(
            _("Where guards' telephones reach it: short, it stands in every SMS."),
            "https://alerte.example.org",
        ),
        "serve.proxies": Explained(
            _("The proxies before it, whose word on the visitor's address is taken."),
            ("10.0.0.5", "192.0.2.0/24"),
        ),
        "serve.cert_file": Explained(
            _("The certificate of `umsalert serve`, where no TLS proxy stands before it."),
            "serve.pem",
        ),
        "serve.key_file": Explained(_("The key of that certificate, mode 0600."), "serve.key"),
        "log.file": Explained(
            _("The log file, in place of log/umsalert.log in UMSALERT_HOME."), "umsalert.log"
        ),
        "log.level": Explained(_("The least that is logged: debug, info, warning or error.")),
        "log.format": Explained(_("text, or json for programs.")),
        "log.max_bytes": Explained(_("At this size the log file is renamed and a new one begins.")),
        "log.backups": Explained(_("How many renamed log files are kept.")),
        "retention.replies_months": Explained(
            _("After how many months db purge empties answers, photos included; 0: never.")
        ),
        "retention.inbox_months": Explained(
            _("After how many months db purge empties what came in, as it came; 0: never.")
        ),
        "retention.alerts_months": Explained(
            _("After how many months db purge empties words and addresses of alerts; 0: never.")
        ),
        "retention.audit_months": Explained(
            _("After how many months db purge cuts the audit log off; 0: never.")
        ),
        "report.cap_sender": Explained(
            _("Who a CAP message says it is from: one of its kind. Empty: the station."),
            "alerts@police-nice.example",
        ),
        "report.seal_key_file": Explained(
            _("The key that seals reports, in place of seal.key in UMSALERT_HOME."), "seal.key"
        ),
        "simulation.clock_offset_s": Explained(
            _("Training only: by how many seconds the clock is moved.")
        ),
    }


def _alert() -> dict[str, Explained]:
    return {
        "alert.max_radius_m": Explained(_("The largest radius of an alert, in metres.")),
        "alert.confirm_typed_above": Explained(
            _("Above this number of people, the number must be typed to confirm.")
        ),
        "alert.callback_number": Explained(_("The number that guards call."), "04 65 71 00 17"),
        "alert.give_up_s": Explained(
            _("A channel without any connection stops after this many seconds; nothing is lost.")
        ),
        "alert.off_duty": Explained(
            _("What of a site where nobody is on duty: skip, include or fallback-contact.")
        ),
    }


def _channel(channel: str, noun: str, *known: str) -> dict[str, Explained]:
    who = _("Who carries {noun}: the next in the list takes over when one fails. Known: {known}.")
    found = {f"{channel}.providers": Explained(who.format(noun=noun, known=", ".join(known)))}
    for provider in known:
        found |= _pace(f"{channel}.{provider}", noun)
    if channel == "voice":
        lines = Explained(_("How many calls may be going on at a time; 0 where there is no limit."))
        found |= {f"voice.{provider}.calls": lines for provider in known}
    return found


def _pace(section: str, noun: str) -> dict[str, Explained]:
    return {
        f"{section}.rate_per_s": Explained(
            _("How many {noun} leave in a second, at most.").format(noun=noun)
        ),
        f"{section}.burst": Explained(_("How many of them may leave at once.")),
        f"{section}.in_flight": Explained(_("How many wait for the provider's word at a time.")),
        f"{section}.timeout_s": Explained(_("How many seconds a hand-over may take.")),
    }


def _vonage() -> dict[str, Explained]:
    return {
        "vonage.application_id": Explained(
            _("The Vonage application, with Messages and Voice."),
            "00000000-0000-0000-0000-000000000000",
        ),
        "vonage.private_key_file": Explained(
            _("The private key of the application, mode 0600."), "vonage.key"
        ),
        "vonage.signature_secret": Explained(
            _("A file of mode 0600 with the secret that proves webhooks."), "vonage.secret"
        ),
        "vonage.sms_sender": Explained(
            _("Who SMS come from: a name of up to 11 letters cannot be answered."), "POLICE"
        ),
        "vonage.sms_two_way": Explained(_("Whether the sender takes answers by SMS.")),
        "vonage.transactional": Explained(
            _("Whether Vonage has declared the traffic transactional; other traffic may wait.")
        ),
        "vonage.voice_caller": Explained(_("The number that calls come from."), "+33465710018"),
        "vonage.api_key": Explained(_("The key of the account, for doctor --online."), "abcd1234"),
        "vonage.api_secret": Explained(
            _("A file of mode 0600 with the secret of the account."), "vonage-account.secret"
        ),
        "vonage.low_balance_eur": Explained(_("Below this balance, doctor --online warns.")),
        "vonage.messages_url": Explained(_("Where SMS are posted to.")),
        "vonage.calls_url": Explained(_("Where calls are posted to.")),
        "vonage.account_url": Explained(_("Where the account is read.")),
        "vonage.webhook_url": Explained(
            _("Where `umsalert serve` is reached from outside."), "https://alert.example.org"
        ),
        "vonage.ca_file": Explained(
            _("Trust only this certificate authority, in place of the system's."), "ca.pem"
        ),
    }


def _ovh() -> dict[str, Explained]:
    return {
        "ovh.application_key": Explained(
            _("The key of the application that OVHcloud knows."), "0123456789abcdef"
        ),
        "ovh.application_secret": Explained(
            _("A file of mode 0600 with the secret of that application."), "ovh-application.secret"
        ),
        "ovh.consumer_key": Explained(
            _("A file of mode 0600 with the key that lets it use the SMS account."),
            "ovh-consumer.key",
        ),
        "ovh.service_name": Explained(_("The SMS account at OVHcloud."), "sms-ab12345-1"),
        "ovh.sms_sender": Explained(
            _("Who SMS come from: a sender that OVHcloud has validated."), "POLICE"
        ),
        "ovh.low_credits": Explained(_("Below these credits, doctor --online warns.")),
        "ovh.api_url": Explained(_("The root of the API of OVHcloud.")),
        "ovh.webhook_secret": Explained(
            _("A file of mode 0600 with the secret in the address of the receipts."),
            "ovh-webhook.secret",
        ),
        "ovh.ca_file": Explained(
            _("Trust only this certificate authority, in place of the system's."), "ca.pem"
        ),
    }


def _gateway() -> dict[str, Explained]:
    return {
        "gateway.sms_url": Explained(
            _("Where a gateway of your own takes SMS."), "https://gateway.example.org/sms"
        ),
        "gateway.voice_url": Explained(
            _("Where it takes calls."), "https://gateway.example.org/calls"
        ),
        "gateway.token": Explained(
            _("A file of mode 0600 with the token that opens it."), "gateway.token"
        ),
        "gateway.webhook_url": Explained(
            _("Where it reaches `umsalert serve`."), "https://alert.example.org"
        ),
        "gateway.webhook_secret": Explained(
            _("A file of mode 0600 with the secret that signs what it tells: whsec_ and base64."),
            "gateway-webhook.secret",
        ),
        "gateway.ca_file": Explained(
            _("Trust only this certificate authority, in place of the system's."), "ca.pem"
        ),
    }


def _apprise() -> dict[str, Explained]:
    return {
        "apprise.sms_url": Explained(
            _("A file of mode 0600 with a URL of Apprise, {address} for the number."),
            "apprise-sms.url",
        ),
        "apprise.email_url": Explained(
            _("A file of mode 0600 with a URL of Apprise, {address} for the mailbox."),
            "apprise-email.url",
        ),
    }


def _smtp() -> dict[str, Explained]:
    return {
        "smtp.host": Explained(_("The mail relay."), "relay.example.org"),
        "smtp.port": Explained(_("Its port.")),
        "smtp.security": Explained(
            _("starttls, or tls from the first byte; none only towards this machine.")
        ),
        "smtp.username": Explained(_("The login at the relay."), "umsalert"),
        "smtp.password": Explained(
            _("A file of mode 0600 with the password of the login."), "smtp.password"
        ),
        "smtp.sender": Explained(_("Who mail comes from."), "Alerte <alerte@police.example>"),
        "smtp.reply_to": Explained(
            _("Where answers go: takes +detail; in place of reponse@ of the sender's domain."),
            "reponse@police.example",
        ),
        "smtp.bounce": Explained(
            _("Where bounces go: takes +detail; in place of bounce@ of the sender's domain."),
            "bounce@police.example",
        ),
        "smtp.ca_file": Explained(
            _("Trust only this certificate authority, in place of the system's."), "ca.pem"
        ),
    }


def _geocode() -> dict[str, Explained]:
    return {
        "geocode.endpoint": Explained(
            _("Where `import --geocode` looks addresses up: IGN, or a server that speaks like it.")
        ),
        "geocode.rate_per_s": Explained(
            _("How many addresses are asked in a second; IGN answers 50 to a whole office.")
        ),
        "geocode.min_score": Explained(
            _("How sure it must be of an address, from 0 to 1, for its point to be taken.")
        ),
        "geocode.timeout_s": Explained(_("How many seconds an answer may take.")),
        "geocode.cache_file": Explained(
            _("Where its answers are kept, in place of geocode.db in UMSALERT_HOME."), "geocode.db"
        ),
        "geocode.ca_file": Explained(
            _("Trust only this certificate authority, in place of the system's."), "ca.pem"
        ),
    }


def _imap() -> dict[str, Explained]:
    return {
        "imap.host": Explained(
            _("The mail server whose mailbox answers and bounces come to; unset: none is read."),
            "imap.example.org",
        ),
        "imap.port": Explained(_("Its port.")),
        "imap.security": Explained(
            _("tls from the first byte, or starttls; none only towards this machine.")
        ),
        "imap.username": Explained(_("The login of the mailbox."), "reponse"),
        "imap.password": Explained(
            _("A file of mode 0600 with the password of the mailbox."), "imap.password"
        ),
        "imap.folder": Explained(_("The folder that is read; nothing in it is ever deleted.")),
        "imap.ca_file": Explained(
            _("Trust only this certificate authority, in place of the system's."), "ca.pem"
        ),
        "imap.poll_s": Explained(
            _("How often the mailbox is looked into, where its server does not tell of new mail.")
        ),
    }
