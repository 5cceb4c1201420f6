"""Proving an address: a code goes out by a channel, and whoever got it says it.

The code itself is nowhere but in the message: what is kept is its salted digest, slow to guess.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from umsalert.errors import RefusedByRule, UsageError
from umsalert.i18n import _, ngettext
from umsalert.model import (
    AddressKind,
    ChannelKind,
    Contact,
    ContactStatus,
    Operator,
    SentCode,
)
from umsalert.ports import Addresses
from umsalert.words.statuses import status_name

LIFE = timedelta(minutes=15)
DIGITS = 6

_NOT_ANY_MORE = {ContactStatus.REVOKED, ContactStatus.ERASED}


def address_of(contact: Contact, kind: ChannelKind) -> str:
    """Return where a channel reaches a contact.

    Raises UsageError when the contact has no such address, RefusedByRule when nobody may write to
    them any more.
    """
    if contact.status in _NOT_ANY_MORE:
        raise RefusedByRule(
            "contact_gone",
            _("{ref} is {status}: nothing is sent there.").format(
                ref=contact.ref, status=status_name(contact.status)
            ),
            hint=_("See: umsalert contact show {ref}").format(ref=contact.ref),
        )
    address = contact.email if kind is ChannelKind.EMAIL else contact.phone
    if address is None:
        raise UsageError(
            "address_missing",
            _("{ref} has no address for this channel.").format(ref=contact.ref),
            hint=_("Choose another with --by, or add one: umsalert contact edit {ref}").format(
                ref=contact.ref
            ),
        )
    return address


def new_code(kind: ChannelKind, now: datetime) -> tuple[str, SentCode]:
    """Return the digits of a new code, and what is kept of them."""
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    salt = secrets.token_bytes(16)
    address = AddressKind.EMAIL if kind is ChannelKind.EMAIL else AddressKind.PHONE
    return digits, SentCode(kind.value, address, salt, _digest(digits, salt), now + LIFE)


async def confirm(
    addresses: Addresses, contact_ref: str, typed: str, by: Operator, now: datetime
) -> AddressKind:
    """Return what a typed code proves.

    Raises UsageError when it is wrong or none was sent, RefusedByRule when it is too late or was
    tried too often.
    """
    digits = re.sub(r"[\s.-]", "", typed)
    expected = await addresses.expected(contact_ref)
    if not expected:
        raise UsageError(
            "no_code_sent",
            _("No code is on its way to {ref}.").format(ref=contact_ref),
            hint=_again(contact_ref),
        )
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits):
        raise UsageError(
            "code_invalid",
            _("A code has {n} digits.").format(n=DIGITS),
            hint=_("This does not count as a try."),
        )
    answered = await addresses.answer(
        contact_ref, [(code, _digest(digits, code.salt)) for code in expected], by
    )
    if answered.proven is None:
        raise _unproven(contact_ref, expected, answered.tries_left, now)
    return answered.proven


def _unproven(
    contact_ref: str, expected: Sequence[SentCode], tries_left: int, now: datetime
) -> UsageError | RefusedByRule:
    if tries_left:
        return UsageError(
            "code_wrong",
            _("This is not the code."),
            hint=ngettext(
                "It may be typed {n} more time.", "It may be typed {n} more times.", tries_left
            ).format(n=tries_left),
        )
    if all(code.expires_at <= now for code in expected):
        return RefusedByRule(
            "code_expired",
            _("The code has expired: it holds 15 minutes."),
            hint=_again(contact_ref),
        )
    return RefusedByRule(
        "code_tried_too_often", _("The code was typed wrongly too often."), hint=_again(contact_ref)
    )


def _again(ref: str) -> str:
    return _("Send a new one: umsalert contact verify {ref} --by sms").format(ref=ref)


def _digest(digits: str, salt: bytes) -> bytes:
    return hashlib.scrypt(digits.encode(), salt=salt, n=2**14, r=8, p=1)
