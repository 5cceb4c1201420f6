"""Would our gateway carry our messages? It is asked with a GET, and sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from umsalert.channels.http import JsonPoster, Policy, bearer
from umsalert.channels.network import client_context, sentence
from umsalert.i18n import _
from umsalert.model import CheckResult, CheckStatus, Outcome
from umsalert.settings import RateSettings, Settings


async def examine(settings: Settings) -> Sequence[CheckResult]:
    """Return one finding for each address that is set. Raises ConfigurationError for ca_file."""
    gateway = settings.gateway
    addresses = (
        ("gateway_sms", gateway.sms_url, settings.sms.gateway),
        ("gateway_voice", gateway.voice_url, settings.voice.gateway),
    )
    return [await _ask(name, url, pace, settings) for name, url, pace in addresses if url]


async def _ask(name: str, url: str, pace: RateSettings, settings: Settings) -> CheckResult:
    context = await client_context(settings.gateway.ca_file)
    poster = JsonPoster(Policy.of(pace), context, lambda: datetime.now(UTC))
    try:
        found = await poster.fetch(url, bearer(settings.gateway.token))
    finally:
        await poster.close()
    if isinstance(found, Outcome):
        message = f"{sentence(found).rstrip('.')} ({found.code})."
        fix = _("Check gateway.sms_url, gateway.voice_url and gateway.ca_file, and the firewall.")
        return CheckResult(name, CheckStatus.FAILED, message, fix)
    if found.status == 200:
        return CheckResult(name, CheckStatus.OK, _("The gateway answers; nothing was sent."))
    if found.status in (401, 403):
        return CheckResult(
            name,
            CheckStatus.FAILED,
            _("The gateway refuses the token (HTTP status {status}).").format(status=found.status),
            _("Check gateway.token_file."),
        )
    return CheckResult(
        name,
        CheckStatus.WARNING,
        _("The gateway answers a GET with HTTP status {status}.").format(status=found.status),
        _("Let it answer 200, as docs/gateway.md says, so that this check can tell."),
    )
