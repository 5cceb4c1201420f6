"""What values may be: each check yields its problems."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

from umsalert.errors import Problem
from umsalert.i18n import LANGUAGES, _
from umsalert.model import OffDuty
from umsalert.settings.hosts import CHANNELS, host_of, is_loopback, simulated
from umsalert.settings.services import (
    AppriseSettings,
    GatewaySettings,
    GeocodeSettings,
    ImapSettings,
    OvhSettings,
    SmtpSettings,
    VonageSettings,
)
from umsalert.settings.values import (
    ApprovalSettings,
    BulletinSettings,
    CallRateSettings,
    LogSettings,
    PaceSettings,
    PriceSettings,
    RateSettings,
    ReportSettings,
    RetentionSettings,
    ServeSettings,
    Settings,
    known_providers,
    providers,
    rate,
    signing_key,
)

MAX_RADIUS_M = 1_000_000.0
"""A circle beyond it would be all of the métropole; bulletins have other areas."""

_HOST = r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?"
_NOT_IN_CAP = r"[\s,<&]"
MIN_SECRET_CHARS = 20
"""Of a secret that stands in an address: nobody may find it by trying."""
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")
MAX_APPROVAL_S = 604_800
"""A week: what was asked for then is not what is needed now."""
MAX_GRACE_S = 86_400
"""A day: a bulletin of yesterday is no bulletin."""
_TIME_OF_DAY = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
MAX_LINK_CHARS = 50
"""With path and token a line of an e-mail, and half an SMS."""
MIN_POLL_S, MAX_POLL_S = 1.0, 600.0
"""More often a server takes for an attack; a sighting is of no use ten minutes later."""
MAX_GEOCODE_RATE_PER_S = 50.0
"""What IGN answers; beyond it nobody of the office is answered for some seconds."""
MAX_DOUBTFUL_AFTER = 1_000
MIN_LOG_BYTES = 1_000
MAX_RETENTION_MONTHS = 600
MAX_LOG_BACKUPS = 100
"""Each rotation renames every one of them while the other processes wait."""

_SHARED_FOLDER, _GROUP_READS = 0o2770, 0o040
"""Several accounts seal with the one key that lies in the folder which they share: see `seals`."""


def problems(settings: Settings) -> list[Problem]:
    """Return everything that is out of its limits."""
    return [
        *_general(settings),
        *_approval(settings.approval),
        *_bulletin(settings.bulletin),
        *_price(settings.price),
        *(problem for channel in CHANNELS for problem in _channel(channel, settings)),
        *_pace(settings.pace),
        *_mail_server("smtp", settings.smtp),
        *_imap(settings.imap),
        *_vonage(settings.vonage),
        *_ovh(settings.ovh),
        *_gateway(settings.gateway),
        *_apprise(settings.apprise),
        *_geocode(settings.geocode),
        *_serve(settings.serve),
        *_log(settings.log),
        *_retention(settings.retention),
        *_report(settings.report),
    ]


def exposed(file: Path, name: str, allowed: int = 0) -> Iterator[Problem]:
    """Yield a problem when other accounts than those of `allowed` may read a secret in `file`."""
    if os.name == "posix" and file.stat().st_mode & 0o077 & ~allowed:
        message = _("{file} can be read by other accounts; run: chmod 600 {file}")
        yield Problem("secret_exposed", message.format(file=file), column=name, value=str(file))


def _bad(name: str, message: str) -> Problem:
    return Problem("bad_value", message, column=name)


def _general(settings: Settings) -> Iterator[Problem]:
    if settings.language not in ("", *LANGUAGES):
        yield _bad("language", _("one of: {values}").format(values=", ".join(LANGUAGES)))
    try:
        ZoneInfo(settings.time_zone)
    except (KeyError, ValueError, OSError):
        message = _("not a time zone of the IANA database, such as Europe/Paris")
        yield _bad("time_zone", message)
    if not 0 < settings.alert.max_radius_m <= MAX_RADIUS_M:
        message = _("must be above 0 and at most {most} metres").format(most=f"{MAX_RADIUS_M:.0f}")
        yield _bad("alert.max_radius_m", message)
    if not 1 <= settings.register.doubtful_after <= MAX_DOUBTFUL_AFTER:
        message = _("must be from 1 to {most}").format(most=MAX_DOUBTFUL_AFTER)
        yield _bad("register.doubtful_after", message)
    if not 0 < settings.alert.give_up_s < float("inf"):
        yield _bad("alert.give_up_s", _("must be above 0"))
    if settings.alert.off_duty not in tuple(OffDuty):
        yield _bad("alert.off_duty", _("one of: {values}").format(values=", ".join(OffDuty)))
    if settings.simulation.clock_offset_s and not simulated(settings):
        message = _("the clock may be moved only while every provider is a simulator here")
        yield _bad("simulation.clock_offset_s", message)


def _approval(approval: ApprovalSettings) -> Iterator[Problem]:
    for key in ("radius_m", "recipients"):
        if not 0 <= getattr(approval, key) < float("inf"):
            yield _bad(f"approval.{key}", _("must not be below 0"))
    if not 0 < approval.expires_s <= MAX_APPROVAL_S:
        message = _("must be above 0 and at most {most} seconds").format(most=MAX_APPROVAL_S)
        yield _bad("approval.expires_s", message)


def _bulletin(bulletin: BulletinSettings) -> Iterator[Problem]:
    if not 0 < bulletin.grace_s <= MAX_GRACE_S:
        message = _("must be above 0 and at most {most} seconds").format(most=MAX_GRACE_S)
        yield _bad("bulletin.grace_s", message)
    for key in ("quiet_begin", "quiet_end"):
        text = getattr(bulletin, key)
        if text and not _TIME_OF_DAY.fullmatch(text):
            yield _bad(f"bulletin.{key}", _("must be a time of day, such as 22:00"))
    if bool(bulletin.quiet_begin) != bool(bulletin.quiet_end):
        yield _bad("bulletin.quiet_end", _("quiet_begin and quiet_end are set together, or none"))
    if bulletin.people_per_hour < 0:
        yield _bad("bulletin.people_per_hour", _("must not be below 0"))


def _price(price: PriceSettings) -> Iterator[Problem]:
    for key in ("sms_part_eur", "voice_minute_eur", "email_eur"):
        if not 0 <= getattr(price, key) < float("inf"):
            yield _bad(f"price.{key}", _("must not be below 0"))


def _channel(channel: str, settings: Settings) -> Iterator[Problem]:
    chosen, known = providers(settings, channel), known_providers(settings, channel)
    name = f"{channel}.providers"
    for provider in chosen:
        if provider not in known:
            message = _("no provider is called {provider!r} here; known: {known}")
            yield _bad(name, message.format(provider=provider, known=", ".join(known)))
    if not chosen or len(set(chosen)) < len(chosen):
        yield _bad(name, _("must name at least one provider, and none of them twice"))
    for provider in known:
        yield from _rate(f"{channel}.{provider}", rate(settings, channel, provider))


def _rate(name: str, pace: RateSettings) -> Iterator[Problem]:
    for key in ("rate_per_s", "burst", "in_flight", "timeout_s"):
        if not 0 < getattr(pace, key) < float("inf"):
            yield _bad(f"{name}.{key}", _("must be above 0"))
    if isinstance(pace, CallRateSettings) and pace.calls < 0:
        yield _bad(f"{name}.calls", _("must be 0 or above"))


def _pace(pace: PaceSettings) -> Iterator[Problem]:
    if not 0 < pace.cell_rate_per_s < float("inf"):
        yield _bad("pace.cell_rate_per_s", _("must be above 0"))
    if pace.cell_burst < 0:
        yield _bad("pace.cell_burst", _("must be 0 or above"))


def _key_file(file: Path | None, name: str) -> Iterator[Problem]:
    # os.access: the file may lie in a folder that this account may not enter
    if file and os.access(file, os.F_OK):
        yield from exposed(file, name)


def _vonage(vonage: VonageSettings) -> Iterator[Problem]:
    yield from _key_file(vonage.private_key_file, "vonage.private_key_file")
    for key in ("messages_url", "calls_url", "account_url"):
        yield from _https(f"vonage.{key}", getattr(vonage, key))
    if vonage.account_url.rstrip("/").count("/") > len("//"):
        yield _bad("vonage.account_url", _("must be an address without a path"))
    if not 0 <= vonage.low_balance_eur < float("inf"):
        yield _bad("vonage.low_balance_eur", _("must be 0 or above"))


def _ovh(ovh: OvhSettings) -> Iterator[Problem]:
    yield from _https("ovh.api_url", ovh.api_url)
    if not re.fullmatch(r"[A-Za-z0-9._-]*", ovh.service_name):
        yield _bad("ovh.service_name", _("must be a name such as sms-ab12345-1"))
    if not 0 <= ovh.low_credits < float("inf"):
        yield _bad("ovh.low_credits", _("must be 0 or above"))
    if 0 < len(ovh.webhook_secret) < MIN_SECRET_CHARS:
        message = _("must have at least {least} characters")
        yield _bad("ovh.webhook_secret", message.format(least=MIN_SECRET_CHARS))


def _gateway(gateway: GatewaySettings) -> Iterator[Problem]:
    for key in ("sms_url", "voice_url"):
        if url := getattr(gateway, key):
            yield from _https(f"gateway.{key}", url)
    if gateway.webhook_secret and signing_key(gateway.webhook_secret) is None:
        yield _bad("gateway.webhook_secret", _("must be whsec_ and 24 to 64 bytes in base64"))


def _apprise(apprise: AppriseSettings) -> Iterator[Problem]:
    for key in ("sms_url", "email_url"):
        url = getattr(apprise, key)
        if url and ("://" not in url or url.count("{address}") != 1):
            message = _("must be a URL of Apprise with {address} where the recipient stands")
            yield _bad(f"apprise.{key}", message)


def _serve(serve: ServeSettings) -> Iterator[Problem]:
    yield from _port("serve.port", serve.port)
    url = serve.public_url
    local = url.startswith("http://") and is_loopback(host_of(url))
    if url and not (local or _is_https(url)):
        yield _bad("serve.public_url", _("must be an https:// address"))
    if "?" in url or "#" in url:
        yield _bad("serve.public_url", _("must hold no ? and no #: links are made by adding to it"))
    if len(url) > MAX_LINK_CHARS or not url.isascii():
        message = _("must be at most {most} characters of ASCII: it stands in every SMS")
        yield _bad("serve.public_url", message.format(most=MAX_LINK_CHARS))
    for proxy in serve.proxies:
        try:
            ip_network(proxy)
        except ValueError:
            yield _bad("serve.proxies", _("must be addresses, such as 10.0.0.5, or networks"))


def _geocode(geocode: GeocodeSettings) -> Iterator[Problem]:
    url = geocode.endpoint
    yield from _https("geocode.endpoint", url)
    if any(mark in url for mark in "?#@"):
        yield _bad("geocode.endpoint", _("must hold no ?, no # and no @"))
    if not 0 < geocode.rate_per_s <= MAX_GEOCODE_RATE_PER_S:
        message = _("must be above 0 and at most {most:g} in a second")
        yield _bad("geocode.rate_per_s", message.format(most=MAX_GEOCODE_RATE_PER_S))
    if not 0 < geocode.min_score <= 1:
        yield _bad("geocode.min_score", _("must be above 0 and at most 1"))
    if not 0 < geocode.timeout_s < float("inf"):
        yield _bad("geocode.timeout_s", _("must be above 0"))


def _https(name: str, url: str) -> Iterator[Problem]:
    if not _is_https(url):
        yield _bad(name, _("must be an https:// address"))


def _is_https(url: str) -> bool:
    return url.startswith("https://") and _is_host(host_of(url))


def _mail_server(name: str, server: SmtpSettings | ImapSettings) -> Iterator[Problem]:
    if server.security not in ("starttls", "tls", "none"):
        yield _bad(f"{name}.security", _("one of: {values}").format(values="starttls, tls, none"))
    if server.security == "none" and server.host and not is_loopback(server.host):
        yield _bad(f"{name}.security", _("'none' is allowed only towards localhost"))
    if server.host and not _is_host(server.host):
        yield _bad(f"{name}.host", _("is neither the name of a server nor its address"))
    yield from _port(f"{name}.port", server.port)


def _imap(imap: ImapSettings) -> Iterator[Problem]:
    yield from _mail_server("imap", imap)
    if imap.username and not imap.host:
        yield _bad("imap.host", _("is not set, though the account is: no mail would be read"))
    if not MIN_POLL_S <= imap.poll_s <= MAX_POLL_S:
        message = _("must be between {least:g} and {most:g} seconds")
        yield _bad("imap.poll_s", message.format(least=MIN_POLL_S, most=MAX_POLL_S))
    for key in ("username", "password", "folder"):
        value = getattr(imap, key)
        if not value.isprintable():
            yield _bad(f"imap.{key}", _("must be one line without control characters"))


def _is_host(host: str) -> bool:
    """Say whether a resolver can be asked for it: others raise what no channel expects."""
    try:
        ascii_name = host if host.isascii() else host.encode("idna").decode()
        return bool(re.fullmatch(_HOST, ascii_name)) or bool(ip_address(host))
    except ValueError:  # a UnicodeError is one
        return False


def _log(log: LogSettings) -> Iterator[Problem]:
    for key, allowed in (("level", LOG_LEVELS), ("format", LOG_FORMATS)):
        if getattr(log, key) not in allowed:
            yield _bad(f"log.{key}", _("one of: {values}").format(values=", ".join(allowed)))
    if log.max_bytes < MIN_LOG_BYTES:
        message = _("must be at least {least} bytes").format(least=MIN_LOG_BYTES)
        yield _bad("log.max_bytes", message)
    if not 1 <= log.backups <= MAX_LOG_BACKUPS:
        message = _("must be between 1 and {most}").format(most=MAX_LOG_BACKUPS)
        yield _bad("log.backups", message)


def _retention(retention: RetentionSettings) -> Iterator[Problem]:
    for key in ("replies_months", "inbox_months", "alerts_months", "audit_months"):
        if not 0 <= getattr(retention, key) <= MAX_RETENTION_MONTHS:
            message = _("must be between 0 and {most}").format(most=MAX_RETENTION_MONTHS)
            yield _bad(f"retention.{key}", message)


def _report(report: ReportSettings) -> Iterator[Problem]:
    if re.search(_NOT_IN_CAP, report.cap_sender):
        yield _bad("report.cap_sender", _("no spaces, commas, < or &"))
    file = report.seal_key_file
    if file and os.access(file, os.F_OK):  # as in `_key_file`
        shared = stat.S_IMODE(file.parent.stat().st_mode) == _SHARED_FOLDER
        yield from exposed(file, "report.seal_key_file", _GROUP_READS if shared else 0)


def _port(name: str, port: int) -> Iterator[Problem]:
    if not 0 < port < 65_536:
        yield _bad(name, _("must be between 1 and 65535"))
