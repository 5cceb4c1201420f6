"""What values may be: each check yields its problems."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

from umsalert.errors import Problem
from umsalert.i18n import LANGUAGES, _
from umsalert.settings.values import (
    LogSettings,
    PriceSettings,
    RateSettings,
    Settings,
    SmtpSettings,
    VonageSettings,
    host_of,
    is_loopback,
    simulated,
)

MAX_RADIUS_M = 1_000_000.0
"""A circle beyond it would be all of the métropole; bulletins have other areas."""

_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")
MIN_LOG_BYTES = 1_000
MAX_LOG_BACKUPS = 100
"""Each rotation renames every one of them while the other processes wait."""


def problems(settings: Settings) -> list[Problem]:
    """Return everything that is out of its limits."""
    return [
        *_general(settings),
        *_price(settings.price),
        *_rate("sms", settings.sms),
        *_rate("voice", settings.voice),
        *_rate("email", settings.email),
        *_smtp(settings.smtp),
        *_vonage(settings.vonage),
        *_port("serve.port", settings.serve.port),
        *_log(settings.log),
    ]


def exposed(file: Path, name: str) -> Iterator[Problem]:
    """Yield a problem when other accounts may read the secret in `file`."""
    if os.name == "posix" and file.stat().st_mode & 0o077:
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
    if not 0 < settings.alert.give_up_s < float("inf"):
        yield _bad("alert.give_up_s", _("must be above 0"))
    if settings.simulation.clock_offset_s and not simulated(settings):
        message = _("the clock may be moved only while every provider is a simulator here")
        yield _bad("simulation.clock_offset_s", message)


def _price(price: PriceSettings) -> Iterator[Problem]:
    for key in ("sms_part_eur", "voice_minute_eur", "email_eur"):
        if not 0 <= getattr(price, key) < float("inf"):
            yield _bad(f"price.{key}", _("must not be below 0"))


def _rate(name: str, rate: RateSettings) -> Iterator[Problem]:
    for key in ("rate_per_s", "burst", "in_flight", "timeout_s"):
        if not 0 < getattr(rate, key) < float("inf"):
            yield _bad(f"{name}.{key}", _("must be above 0"))


def _vonage(vonage: VonageSettings) -> Iterator[Problem]:
    # os.access: the file may lie in a folder that this account may not enter
    if vonage.private_key_file and os.access(vonage.private_key_file, os.F_OK):
        yield from exposed(vonage.private_key_file, "vonage.private_key_file")
    for key in ("messages_url", "calls_url", "account_url"):
        url = getattr(vonage, key)
        if not url.startswith("https://") or not _is_host(host_of(url)):
            yield _bad(f"vonage.{key}", _("must be an https:// address"))
    if vonage.account_url.rstrip("/").count("/") > len("//"):
        yield _bad("vonage.account_url", _("must be an address without a path"))
    if not 0 <= vonage.low_balance_eur < float("inf"):
        yield _bad("vonage.low_balance_eur", _("must be 0 or above"))


def _smtp(smtp: SmtpSettings) -> Iterator[Problem]:
    if smtp.security not in ("starttls", "tls", "none"):
        yield _bad("smtp.security", _("one of: {values}").format(values="starttls, tls, none"))
    if smtp.security == "none" and smtp.host and not is_loopback(smtp.host):
        yield _bad("smtp.security", _("'none' is allowed only towards localhost"))
    if smtp.host and not _is_host(smtp.host):
        yield _bad("smtp.host", _("is neither the name of a server nor its address"))
    yield from _port("smtp.port", smtp.port)


def _is_host(host: str) -> bool:
    """Say whether a resolver can be asked for it: others raise what no channel expects."""
    try:
        ascii_name = host if host.isascii() else host.encode("idna").decode()
        return bool(_HOST.fullmatch(ascii_name)) or bool(ip_address(host))
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


def _port(name: str, port: int) -> Iterator[Problem]:
    if not 0 < port < 65_536:
        yield _bad(name, _("must be between 1 and 65535"))
