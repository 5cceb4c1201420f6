"""Would OVHcloud carry our SMS? Keys, account, credits, sender, receipts; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from umsalert.channels.ovh import account as account_api
from umsalert.channels.ovh.account import Account
from umsalert.channels.ovh.webhooks import PATH
from umsalert.errors import UmsalertError
from umsalert.i18n import _, decimal
from umsalert.model import CheckResult, CheckStatus
from umsalert.settings import OvhSettings, Settings, is_loopback

_OK, _WARNING, _FAILED = CheckStatus.OK, CheckStatus.WARNING, CheckStatus.FAILED


async def examine(settings: Settings) -> Sequence[CheckResult]:
    """Return one finding each for account, credits, sender and receipts."""
    ovh = settings.ovh
    if not (ovh.application_key and ovh.service_name):
        return ()
    try:
        account = await account_api.read(settings)
    except UmsalertError as error:
        return (CheckResult("ovh_account", _FAILED, error.message, error.hint),)
    return (
        enabled(account, ovh),
        credits_left(account, ovh),
        sender(account, ovh),
        receipts(account, ovh),
    )


def enabled(account: Account, ovh: OvhSettings) -> CheckResult:
    """Judge whether the account is in force."""
    if account.enabled:
        message = _("The keys are accepted; {account} is in force.")
        return CheckResult("ovh_account", _OK, message.format(account=ovh.service_name))
    return CheckResult(
        "ovh_account",
        _FAILED,
        _("{account} is not in force.").format(account=ovh.service_name),
        _("Ask OVHcloud why, or name another account as ovh.service_name."),
    )


def credits_left(account: Account, ovh: OvhSettings) -> CheckResult:
    """Judge what is left: a credit is one part of an SMS within France."""
    amount = decimal(f"{account.credits_left:g}")
    message = _("{amount} credits are left on the account.").format(amount=amount)
    if account.credits_left >= ovh.low_credits:
        return CheckResult("ovh_credits", _OK, message)
    fix = _("Top it up: below {amount} credits (ovh.low_credits) an alert may not get through.")
    return CheckResult(
        "ovh_credits",
        _FAILED if account.credits_left <= 0 else _WARNING,
        message,
        fix.format(amount=decimal(f"{ovh.low_credits:g}")),
    )


def sender(account: Account, ovh: OvhSettings) -> CheckResult:
    """Judge the sender of SMS: OVHcloud validates each."""
    name = ovh.sms_sender
    if account.sender_status == "enable":
        return CheckResult("ovh_sender", _OK, _("{sender} is validated.").format(sender=name))
    words = {
        "": _("{sender} is no sender of this account."),
        "waitingValidation": _("{sender} waits to be validated."),
        "refused": _("{sender} was refused."),
    }
    message = words.get(account.sender_status, _("{sender} is switched off."))
    return CheckResult(
        "ovh_sender",
        _FAILED,
        message.format(sender=name),
        _("Add or validate it at OVHcloud (SMS, Senders), or set ovh.sms_sender to another."),
    )


def receipts(account: Account, ovh: OvhSettings) -> CheckResult:
    """Judge whether receipts reach us: their address is the account's, and holds our secret."""
    if ovh.webhook_secret and _is_ours(account.callback, ovh.webhook_secret):
        return CheckResult("ovh_receipts", _OK, _("Receipts are sent to us."))
    return CheckResult(
        "ovh_receipts",
        _WARNING,
        _("The account does not send its receipts to us."),
        _(
            "Set ovh.webhook_secret, and at OVHcloud (SMS, Options) the callback URL "
            "https://<umsalert serve>{path}?token=<ovh.webhook_secret>"
        ).format(path=PATH),
    )


def _is_ours(callback: str, secret: str) -> bool:
    """Say whether receipts come to us, and the secret stays hidden on the way."""
    try:
        url = urlsplit(callback)
    except ValueError:  # a bracket without its pair
        return False
    tokens = parse_qs(url.query).get("token", [])
    private = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname or ""))
    return private and url.path.endswith(PATH) and tokens == [secret]
