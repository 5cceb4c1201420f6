"""What guards tell us: tied to an alert where that is possible, kept in any case."""

from __future__ import annotations

from collections.abc import (
    Sequence,
)
from datetime import (
    datetime,
)
from typing import (
    TYPE_CHECKING,
    NamedTuple,
    Protocol,
)

if TYPE_CHECKING:
    from umsalert.model import (
        Answer,
        ChannelKind,
        MessageText,
        Operator,
        Photo,
        ReplyKind,
        ReplySource,
    )


class ReplyRow(NamedTuple):
    """One answer of a guard as it is kept.

    `channel` is that of the message which was answered, None where nobody knows. The site and its
    distance are those of the alert; `contact_ref` is empty where a site phoned in and gave no name.
    `undone_at`: the guard has taken it back. Of one that is tied to no alert, `alert_ref`,
    `site_ref` and `contact_ref` are empty, and `sender` says whom to ask.
    """

    id: int
    alert_ref: str
    site_ref: str
    site_name: str
    contact_ref: str
    source: ReplySource
    channel: ChannelKind | None
    kind: ReplyKind
    text: str
    direction: str
    seen_at: datetime | None
    received_at: datetime
    distance_m: float
    sender: str = ""
    entered_by: str = ""
    undone_at: datetime | None = None
    photos: int = 0


class Invited(NamedTuple):
    """Whom a link belongs to, and what it asks.

    `over`: the alert is closed, cancelled or long expired, and takes no answer by its link any
    more. `answers` are the guard's own to this alert by link, the newest first, those that were
    taken back left out.
    """

    delivery_id: int
    alert_ref: str
    template: str
    site_ref: str
    language: str
    time_zone: str
    exercise: bool
    text: MessageText
    over: bool
    answers: tuple[ReplyRow, ...]


class Answers(Protocol):
    """Answers of every kind, by every way."""

    async def invited(self, token: str) -> Invited | None:
        """Return whom the link with this token belongs to, None where it is nobody's."""

    async def record(self, answer: Answer) -> int | None:
        """Keep an answer and let the alert follow it; return its id, None where it is unmatched.

        An unmatched one is kept all the same.
        """

    async def add(self, answer: Answer, alert_id: int, ref: str, by: Operator) -> int:
        """Keep what `ref`, a contact or else a site, told an operator; return its id.

        It is tied to the alert, or, where that did not go there, to the newest of its incident that
        did. Raises UsageError when none of them did.
        """

    async def undo(self, token: str, reply_id: int | None = None) -> bool:
        """Take the newest answer by this link back; False when there is none, or not `reply_id`."""

    async def add_photo(self, reply_id: int, photo: Photo) -> int:
        """Keep a photo with an answer; return its id."""

    async def photos(self, reply_id: int) -> Sequence[Photo]:
        """Return the photos of an answer, oldest first."""

    async def of_alert(self, alert_id: int, after: int = 0) -> Sequence[ReplyRow]:
        """Return the answers to an alert with an id above `after`, oldest first."""

    async def of_incident(self, alert_id: int, after: int = 0) -> Sequence[ReplyRow]:
        """Return the answers to an alert's incident with an id above `after`, oldest first."""

    async def unmatched(self) -> Sequence[ReplyRow]:
        """Return what nobody could tie to an alert, oldest first."""

    async def tie(self, reply_id: int, alert_id: int, ref: str, by: Operator) -> None:
        """Tie an unmatched answer to a contact, or else a site, as `add` does.

        Raises UsageError when there is no such answer, or no alert of the incident went there.
        """
