"""Would Vonage carry our messages? Balance, numbers, sender, caller; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence

from umsalert.channels.vonage import account as account_api
from umsalert.channels.vonage.account import Account, OwnNumber
from umsalert.channels.vonage.senders import Kind, can_be_answered, kind_of
from umsalert.errors import UmsalertError
from umsalert.i18n import _, decimal, ngettext
from umsalert.model import CheckResult, CheckStatus
from umsalert.settings import Settings, VonageSettings

_OK, _WARNING, _FAILED = CheckStatus.OK, CheckStatus.WARNING, CheckStatus.FAILED


async def examine(settings: Settings) -> Sequence[CheckResult]:
    """Return one finding each for account, balance, sender, transactional flag and caller."""
    vonage = settings.vonage
    if not vonage.application_id:
        return ()
    account = None
    try:
        account = await account_api.read(settings)
    except UmsalertError as error:
        status = _WARNING if error.code == "account_not_set" else _FAILED
        message = _("{reason} Balance and numbers are not checked.").format(reason=error.message)
        found = [CheckResult("vonage_account", status, message, error.hint)]
    else:
        found = [_numbers(account), balance(account.balance_eur, vonage)]
    if vonage.sms_sender:
        found += [sms_sender(vonage, account), transactional(vonage)]
    if vonage.voice_caller:
        found.append(voice_caller(vonage, account))
    return found


def _numbers(account: Account) -> CheckResult:
    n = len(account.numbers)
    message = ngettext(
        "Key and secret are accepted; the account has {n} number.",
        "Key and secret are accepted; the account has {n} numbers.",
        n,
    )
    return CheckResult("vonage_account", _OK, message.format(n=n))


def balance(eur: float, vonage: VonageSettings) -> CheckResult:
    """Judge what is left on the account."""
    message = _("{amount} EUR are left on the account.").format(amount=decimal(f"{eur:.2f}"))
    if eur >= vonage.low_balance_eur:
        return CheckResult("vonage_balance", _OK, message)
    fix = _("Top it up: below {amount} EUR (vonage.low_balance_eur) an alert may not get through.")
    return CheckResult(
        "vonage_balance",
        _FAILED if eur <= 0 else _WARNING,
        message,
        fix.format(amount=decimal(f"{vonage.low_balance_eur:.2f}")),
    )


def sms_sender(vonage: VonageSettings, account: Account | None) -> CheckResult:
    """Judge the sender of SMS: allowed in France, ours, and answerable where we say so."""
    sender, kind = vonage.sms_sender, kind_of(vonage.sms_sender)
    problem = _sender_problem(vonage, account)
    if problem:
        message, fix = problem
        return CheckResult("sms_sender", _FAILED, message.format(sender=sender), fix)
    return CheckResult(
        "sms_sender", _OK, f"{sender}: {_kind_words(kind)}; {_answers_words(vonage)}."
    )


def _sender_problem(vonage: VonageSettings, account: Account | None) -> tuple[str, str] | None:
    """Return what is wrong with the sender, and the fix."""
    kind = kind_of(vonage.sms_sender)
    if kind is Kind.INVALID:
        return (
            _("{sender} is neither a number nor a name."),
            _("Use a number, or a name of at most 11 letters and digits without accents."),
        )
    if kind is Kind.MOBILE:
        return (
            _("{sender} is a mobile number: automated systems may not use 06 and 07."),
            _("Ask Vonage for a number in 09 37 to 09 39 or a short code 38XXX, or use a name."),
        )
    if vonage.sms_two_way and not can_be_answered(kind):
        return (
            _("vonage.sms_two_way is set, but nobody can answer the name {sender}."),
            _("Set it to false, or use a number in 09 37 to 09 39 or a short code 38XXX."),
        )
    is_listed = kind in (Kind.AUTOMATED, Kind.OTHER)  # names and short codes are not
    if account and is_listed and not _own(vonage.sms_sender, account, "SMS"):
        return (
            _("{sender} is no number of this account that can send SMS."),
            _("Set vonage.sms_sender to one of: {numbers}.").format(numbers=_list(account, "SMS")),
        )
    return None


def transactional(vonage: VonageSettings) -> CheckResult:
    """Judge what the operator declares: no API that we know of tells it."""
    if vonage.transactional:
        return CheckResult(
            "sms_transactional",
            _OK,
            _("Declared transactional in the settings; Vonage cannot be asked whether it is so."),
        )
    return CheckResult(
        "sms_transactional",
        _WARNING,
        _(
            "vonage.transactional is not set: in France other traffic waits at night "
            "(22:00 to 8:00) and on Sundays."
        ),
        _("Have Vonage declare the traffic transactional in writing, then set it to true."),
    )


def voice_caller(vonage: VonageSettings, account: Account | None) -> CheckResult:
    """Judge the number that calls come from: allowed in France, ours, and linked to us."""
    name, caller = "voice_caller", vonage.voice_caller
    if kind_of(caller) is Kind.MOBILE:
        return CheckResult(
            name,
            _FAILED,
            _("{caller} is a mobile number: automated systems may not use 06 and 07.").format(
                caller=caller
            ),
            _("Ask Vonage for a fixed number or one in 09 37 to 09 39."),
        )
    if account is None:
        return CheckResult(
            name,
            _WARNING,
            _("Whether {caller} is a number of the account is not checked.").format(caller=caller),
            _("It is, once the account can be read."),
        )
    own = _own(caller, account, "VOICE")
    if own is None:
        return CheckResult(
            name,
            _FAILED,
            _("{caller} is no number of this account that can call.").format(caller=caller),
            _("Set vonage.voice_caller to one of: {numbers}.").format(
                numbers=_list(account, "VOICE")
            ),
        )
    if own.application_id and own.application_id != vonage.application_id:
        return CheckResult(
            name,
            _WARNING,
            _("{caller} is linked to another application of the account.").format(caller=caller),
            _("Link it to the application of vonage.application_id, so that call-backs arrive."),
        )
    return CheckResult(name, _OK, _("{caller} is a number of the account.").format(caller=caller))


def _own(number: str, account: Account, feature: str) -> OwnNumber | None:
    for item in account.numbers:
        if _digits(item.e164) == _digits(number) and feature in item.features:
            return item
    return None


def _digits(number: str) -> str:
    return "".join(character for character in number if character.isdecimal())


def _list(account: Account, feature: str) -> str:
    found = [item.e164 for item in account.numbers if feature in item.features]
    return ", ".join(found) or _("(there is none yet: rent one on the Vonage dashboard)")


def _kind_words(kind: Kind) -> str:
    return {
        Kind.ALPHANUMERIC: _("a name"),
        Kind.SHORT_CODE: _("a short code"),
        Kind.AUTOMATED: _("a number for automated systems"),
        Kind.MOBILE: _("a mobile number"),
        Kind.OTHER: _("a number"),
        Kind.INVALID: _("neither a number nor a name"),
    }[kind]


def _answers_words(vonage: VonageSettings) -> str:
    if vonage.sms_two_way:
        return _("answers by SMS are expected")
    return _("answers by SMS are not expected")
