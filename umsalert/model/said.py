"""Words of a guard as they come in, and what was understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from umsalert.model.answers import ReplyKind, ReplySource


@dataclass(frozen=True, slots=True)
class Tie:
    """What ties words to an alert, the surest first: the first that is given counts.

    `token` is that of a hand-over, `reference` is ours of one (its n is 0 where a delivery's newest
    is meant), `sender` an E.164 number or a mailbox; `alert_ref` is the reference of an alert, or
    its end, that the words name: it settles which of a sender's.
    """

    token: str = ""
    reference: str = ""
    sender: str = ""
    alert_ref: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a guard that nobody has understood yet. `raw` is the form they came in."""

    source: ReplySource
    text: str
    raw: str
    occurred_at: datetime
    tie: Tie


@dataclass(frozen=True, slots=True)
class Answer:
    """What a guard told us. Of a sighting, `seen_at` is when, `direction` where to."""

    kind: ReplyKind
    source: ReplySource
    raw: str
    occurred_at: datetime
    tie: Tie
    text: str = ""
    direction: str = ""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of a sighting, encoded anew by us, without metadata."""

    media_type: str
    width_px: int
    height_px: int
    content: bytes = field(repr=False)
