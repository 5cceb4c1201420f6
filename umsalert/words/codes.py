"""Codes of deliveries in words: what went wrong, as far as a provider says it.

Sources: RFC 3463 (enhanced mail status codes), RFC 5321 (mail replies), RFC 9110 (HTTP), the
providers' lists (`provider_codes`), and our own codes.
"""

from __future__ import annotations

import re

from umsalert.i18n import _
from umsalert.words.provider_codes import number_words

_MAIL = re.compile(r"(?:bounced_)?([245])\.([0-9]{1,3})\.([0-9]{1,3})")
"""The code of a letter that came back hides in that of its answer."""
_REPLY = re.compile(r"([45])[0-9]{2}")
_HTTP = re.compile(r"http_([0-9]{3})")


def code_words(code: str) -> str:
    """Return what a code of a delivery means, as far as anybody but its provider can tell."""
    return _known(code) or _("a code of the provider's own")


def code_sentence(code: str) -> str:
    """Return what a code of a delivery means, and the code: who asks the provider needs it."""
    return f"{code_words(code)} ({code})"


def _known(code: str) -> str:
    if found := _MAIL.fullmatch(code):
        return _mail(found[1], found[2], found[3])
    if found := _REPLY.fullmatch(code):
        return _mail(found[1], "", "")
    if found := _HTTP.fullmatch(code):
        return _http(int(found[1]))
    return _named(code) or _connection(code) or _telephone(code) or number_words(code)


def _named(code: str) -> str:
    return {
        "site_acknowledged": _("not needed: somebody at the site had answered"),
        "expired": _("the alert had expired before it could leave"),
        "not_vetted": _("the site or the contact was no longer vetted"),
        "cancelled": _("the alert was cancelled before it could leave"),
        "sender_died": _("the sending program ended in the middle of it"),
        "interrupted": _("the sending program ended in the middle of it"),
        "channel_fault": _("a mistake of umsalert's own; the message may have left"),
        "withdrawn": _("the alert was cancelled before it could leave"),
        "no_receipt": _("accepted, and nobody will tell whether it was delivered"),
        "address_invalid": _("the address is wrong"),
        "bounced": _("the letter came back"),
    }.get(code, "")


def _connection(code: str) -> str:
    return {
        "no_answer": _("no answer in time; the message may have left"),
        "connection_lost": _("the connection was lost; the message may have left"),
        "connection_failed": _("no connection to the provider"),
        "connection_refused": _("no connection to the provider"),
        "dns_failed": _("no connection to the provider"),
        "tls_handshake": _("no connection to the provider"),
        "tls_certificate": _("the provider's certificate was refused"),
        "connect_timeout": _("no connection to the provider in time"),
        "answer_unreadable": _("the answer could not be read; the message may have left"),
        "throttled": _("the provider asked for a slower pace"),
        "rate_limit": _("the provider asked for a slower pace"),
        "low_balance": _("nothing was left on the account"),
        "unauthorized": _("the provider did not accept our key"),
        "forbidden": _("our account may not send in this way"),
        "account_suspended": _("the provider has locked our account"),
    }.get(code, "")


def _telephone(code: str) -> str:
    return {
        "busy": _("the line was busy"),
        "unanswered": _("nobody picked up"),
        "timeout": _("nobody picked up"),
        "machine": _("an answering machine picked up"),
        "rejected": _("the call or the message was refused at the other end"),
        "unreachable": _("the telephone was off or out of reach"),
        "absent_subscriber": _("the telephone was off or out of reach"),
        "unroutable": _("no network knows the number"),
        "invalid_number": _("no network knows the number"),
        "invalid_receiver": _("no network knows the number"),
        "undeliverable": _("the network gave up"),
        "undelivered": _("the network gave up"),
        "failed": _("the network could not do it"),
    }.get(code, "")


def _http(status: int) -> str:
    if status == 429:
        return _("the provider asked for a slower pace")
    if status in (401, 403):
        return _("the provider did not accept our key")
    if status < 500:
        return _("the provider refused it (HTTP {status})").format(status=status)
    return _("the provider failed (HTTP {status}); the message may have left").format(status=status)


def _mail(kind: str, subject: str, detail: str) -> str:
    """Return a status of RFC 3463: class, subject, detail."""
    for_now = kind == "4"
    exact = {
        ("1", "1"): _("no such mailbox"),
        ("1", "2"): _("no such mail domain"),
        ("2", "1"): _("the mailbox is closed"),
        ("2", "2"): _("the mailbox is full"),
        ("4", "1"): _("the mail server did not answer"),
        ("7", "1"): _("the mail server refused the sender or the text"),
    }
    by_subject = {
        "1": _("the address is wrong"),
        "2": _("the mailbox could not take it"),
        "3": _("the mail system could not take it"),
        "4": _("the way to the mail server failed"),
        "5": _("the mail servers did not understand each other"),
        "6": _("the mail server could not read the message"),
        "7": _("the mail server's rules refused it"),
    }
    words = (
        exact.get((subject, detail)) or by_subject.get(subject) or _("the mail server refused it")
    )
    return _("{reason}, for now").format(reason=words) if for_now else words
