"""Would the relay take our mail? It is greeted, logged in to, and left; nothing is sent."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from aiosmtplib import SMTP, SMTPException

from umsalert.channels.letter import Stationery
from umsalert.channels.network import client_context, sentence
from umsalert.channels.smtp import connect, failure, quit_politely
from umsalert.i18n import _
from umsalert.model import CheckResult, CheckStatus
from umsalert.settings import Settings

NAME = "smtp"
_LOGIN_CODES = ("530", "534", "535", "538")
CERTIFICATE_ENDS_SOON = timedelta(days=21)
"""Relays renew theirs 30 days before the end: one that has not by now will not by itself."""


async def examine(settings: Settings) -> Sequence[CheckResult]:
    """Connect, encrypt, log in, say NOOP and QUIT. Raises ConfigurationError for a bad setting."""
    smtp = settings.smtp
    if not (smtp.host and smtp.sender):
        return ()
    context = await client_context(smtp.ca_file)
    own_domain = Stationery(smtp).domain
    try:
        async with asyncio.timeout(settings.email.smtp.timeout_s):
            client = await connect(smtp, context, own_domain)
            try:
                await client.noop()
                certificate = _certificate(client)
            finally:
                await quit_politely(client)
    except (SMTPException, OSError) as error:
        return (_failed(settings, error),)
    where = _("{host}:{port}").format(host=smtp.host, port=smtp.port)
    login = _("the login is accepted") if smtp.username else _("no login is set")
    if certificate is None:
        words = _("{where} answers in clear; {login}; nothing was sent.")
        return (CheckResult(NAME, CheckStatus.OK, words.format(where=where, login=login)),)
    return (judge(where, login, _end_of(certificate), datetime.now(UTC)),)


def judge(where: str, login: str, ends_at: datetime, now: datetime) -> CheckResult:
    """Judge a relay that answers, by the end of its certificate."""
    words = _("{where} answers; {login}; its certificate holds until {date}; nothing was sent.")
    message = words.format(where=where, login=login, date=f"{ends_at:%Y-%m-%d}")
    if ends_at - now < CERTIFICATE_ENDS_SOON:
        fix = _("Ask whoever runs the relay to renew its certificate.")
        return CheckResult(NAME, CheckStatus.WARNING, message, fix)
    return CheckResult(NAME, CheckStatus.OK, message)


def _failed(settings: Settings, error: SMTPException | OSError) -> CheckResult:
    outcome = failure(error)
    smtp = settings.smtp
    if outcome.code in _LOGIN_CODES or outcome.code.startswith("5.7."):
        message = _("{host}:{port} refuses the login ({code}).")
        fix = _("Check smtp.username and smtp.password_file.")
    else:
        message = _("{host}:{port} would not take our mail: {reason} ({code})")
        fix = _("Check smtp.host, smtp.port, smtp.security and smtp.ca_file, and the firewall.")
    words = message.format(
        host=smtp.host, port=smtp.port, reason=sentence(outcome), code=outcome.code
    )
    return CheckResult(NAME, CheckStatus.FAILED, words, fix)


def _certificate(client: SMTP) -> Mapping[str, object] | None:
    transport = client.transport
    found = transport.get_extra_info("peercert") if transport else None
    return found or None


def _end_of(certificate: Mapping[str, object]) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
