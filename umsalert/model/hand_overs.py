"""A message handed over: what leaves, what comes of it at once, what its provider says later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from umsalert.model.deliveries import ChannelKind, DeliveryState, MessageText

TOKEN_PLACE = "_" * 22
"""Stands in a text where its recipient's token goes; as long, so that SMS parts are right."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One hand-over: everything a channel needs, and nothing of why.

    `reference` is `<alert ref>-<delivery id>-<attempt n>`; `token` is secret, random and per
    attempt: whoever answers with it is this recipient. `refusals` counts earlier temporary ones,
    `unknowns` earlier attempts that may have left.
    """

    delivery_id: int
    attempt_n: int
    refusals: int
    reference: str
    channel: ChannelKind
    address: str
    token: str
    text: MessageText
    expires_at: datetime
    unknowns: int = 0

    @property
    def body(self) -> str:
        """Return the words of the text as this recipient gets them."""
        return self.text.body.replace(TOKEN_PLACE, self.token)


class OutcomeKind(StrEnum):
    """What one hand-over came to. Temporary, permanent and unknown are three different things."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    """Refused for now (429, 503, greylisting): nothing was taken; try later."""
    PERMANENT = "permanent"
    """Refused for good (bad number, unknown mailbox): no other provider would do better."""
    UNKNOWN = "unknown"
    """The request may have left and no readable answer came."""
    UNREACHABLE = "unreachable"
    """No connection: nothing left this machine; not counted as an attempt."""
    WITHDRAWN = "withdrawn"
    """Held back on this machine because the alert was cancelled: nothing left."""
    MISCONFIGURED = "misconfigured"
    """Our credentials, account or certificates are refused: every other message would be too."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one hand-over. `code` is the provider's or ours; `detail` holds no address.

    `one_recipient`: a refusal that is about this address only; the others need not wait.
    `throttled`: a refusal because too much came at once.
    """

    kind: OutcomeKind
    code: str = ""
    detail: str = ""
    provider_id: str = ""
    retry_after_s: float | None = None
    one_recipient: bool = False
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says later about a hand-over, matched by `reference`.

    `by_id`: by `provider_id` instead, from a provider that repeats no reference.
    """

    provider: str
    provider_id: str
    reference: str
    state: DeliveryState | None
    code: str
    occurred_at: datetime
    by_id: bool = False
