"""The SMS account at OVHcloud: what is left on it, whether it is in force, who may send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from umsalert.channels.http import JsonPoster
from umsalert.channels.network import sentence
from umsalert.channels.ovh.signing import Request, ServerTime, signed
from umsalert.channels.ovh.sms import open_poster
from umsalert.errors import ConfigurationError, TemporaryError, UmsalertError
from umsalert.i18n import _
from umsalert.model import Outcome, OutcomeKind
from umsalert.settings import OvhSettings, Settings


@dataclass(frozen=True, slots=True)
class Account:
    """What the account says of itself.

    `sender_status` is `enable` where our sender may be used, empty where the account has none of
    this name. `callback` is the address that receipts go to.
    """

    enabled: bool
    credits_left: float
    callback: str
    sender_status: str


async def read(settings: Settings) -> Account:
    """Ask the account and its sender.

    Raises ConfigurationError when the keys or the account are refused, TemporaryError when no
    readable answer came.
    """
    poster = await open_poster(settings, _now)
    try:
        reader = _Reader(settings.ovh, poster, ServerTime(settings.ovh.api_url, poster, _now))
        service = await reader.get("")
        sender = await reader.get(f"/senders/{quote(settings.ovh.sms_sender, safe='')}")
    finally:
        await poster.close()
    if service is None:
        raise _refused(404)
    credits_left = service.get("creditsLeft")
    if isinstance(credits_left, bool) or not isinstance(credits_left, int | float):
        raise _no_answer(_("the answer cannot be read"))
    return Account(
        enabled=service.get("status") == "enable",
        credits_left=float(credits_left),
        callback=str(service.get("callBack") or ""),
        sender_status=str((sender or {}).get("status") or ""),
    )


class _Reader:
    def __init__(self, ovh: OvhSettings, poster: JsonPoster, time: ServerTime) -> None:
        self._ovh = ovh
        self._poster = poster
        self._time = time

    async def get(self, path: str) -> Mapping[str, object] | None:
        """Return what stands at a path below the account, None where nothing does."""
        at_s = await self._time.now_s()
        if isinstance(at_s, Outcome):
            raise _failed(at_s)
        root = f"{self._ovh.api_url.rstrip('/')}/sms/{self._ovh.service_name}"
        request = Request("GET", f"{root}{path}")
        found = await self._poster.fetch(request.url, signed(request, self._ovh, at_s))
        if isinstance(found, Outcome):
            raise _failed(found)
        if found.status == 404:
            return None
        if 400 <= found.status < 500:
            raise _refused(found.status)
        if found.status != 200 or not isinstance(found.value, dict):
            raise _no_answer(_("HTTP status {status}").format(status=found.status))
        return found.value


def _now() -> datetime:
    return datetime.now(UTC)


def _failed(outcome: Outcome) -> UmsalertError:
    if outcome.kind is OutcomeKind.MISCONFIGURED:
        return ConfigurationError(
            "account_certificate", sentence(outcome), hint=_("Check ovh.api_url and ovh.ca_file.")
        )
    return _no_answer(sentence(outcome).rstrip("."))


def _refused(status: int) -> UmsalertError:
    return ConfigurationError(
        "account_refused",
        _("OVHcloud refuses our keys, or this account with them (HTTP status {status}).").format(
            status=status
        ),
        hint=_(
            "Check ovh.service_name, ovh.application_key, ovh.application_secret and "
            "ovh.consumer_key, which needs GET and POST on /sms/*."
        ),
    )


def _no_answer(reason: str) -> UmsalertError:
    return TemporaryError(
        "account_unavailable",
        _("The OVHcloud account could not be read: {reason}.").format(reason=reason),
        hint=_("Try again in a moment; check ovh.api_url and the firewall."),
    )
