"""What a sender or a caller can be, and what France allows it.

ARCEP's numbering plan, decision 2018-0881 as amended by 2022-1583: 06 and 07 are for people, and
automated systems use 09 37 to 09 39 or, for SMS, a short code 38XXX. An alphanumeric sender is
text on a screen: nothing can be answered to it.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """A kind of sender."""

    ALPHANUMERIC = "alphanumeric"
    SHORT_CODE = "short_code"
    AUTOMATED = "automated"
    MOBILE = "mobile"
    OTHER = "other"
    INVALID = "invalid"


_PATTERNS = (
    (Kind.SHORT_CODE, r"38[0-9]{3}"),
    (Kind.AUTOMATED, r"\+?339(37|38|39)[0-9]{6}"),
    # The overseas mobiles are of the same plan: 0690-0694, 0696, 0697, 0709.
    (Kind.MOBILE, r"\+?33[67][0-9]{8}|\+?(262|590|594|596)(69|70)[0-9]{7}"),
    (Kind.OTHER, r"\+?[0-9]{7,15}"),
    # 3GPP TS 23.040, 9.1.2.5: eleven characters fit into the address of a sender.
    (Kind.ALPHANUMERIC, r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}"),
)


def kind_of(sender: str) -> Kind:
    """Return the kind of a sender as it stands in the settings."""
    number = re.sub(r"[ .\-]", "", sender)
    for kind, pattern in _PATTERNS:
        if re.fullmatch(pattern, sender if kind is Kind.ALPHANUMERIC else number):
            return kind
    return Kind.INVALID


def can_be_answered(kind: Kind) -> bool:
    """Say whether an SMS from such a sender can be answered where the account is set up for it."""
    return kind not in (Kind.ALPHANUMERIC, Kind.INVALID)
