"""Deliveries on their way, and what comes back of them."""

from __future__ import annotations

from collections.abc import (
    Collection,
    Sequence,
)
from dataclasses import (
    dataclass,
)
from datetime import (
    datetime,
)
from typing import (
    TYPE_CHECKING,
    Protocol,
)

if TYPE_CHECKING:
    from umsalert.events import Counts
    from umsalert.health import Health
    from umsalert.model import (
        Answer,
        Cancellation,
        ChannelKind,
        MessageText,
        Operator,
        Outcome,
        Outgoing,
        Receipt,
    )
    from umsalert.ports.world import StoredWebhook


@dataclass(frozen=True, slots=True)
class Pace:
    """A token bucket shared by every process on the database.

    `calls`: how many messages may occupy a line at a time, each for `call_s` or until its receipt;
    None where no line is occupied.
    """

    rate_per_s: float
    burst: int
    calls: int | None = None
    call_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Want:
    """What a lane could hand over to `provider` now: up to `limit` messages.

    `in_flight`: how many hand-overs the provider takes at once, those of other processes included.
    """

    channel: ChannelKind
    provider: str
    pace: Pace
    limit: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class RouteState:
    """A provider of a channel as every process sees it: configured and learned rate, health."""

    provider: str
    channel: ChannelKind
    ceiling_per_s: float
    rate_per_s: float
    health: Health


@dataclass(frozen=True, slots=True)
class ReceiptSample:
    """Hand-overs (delivery id, attempt n) that a provider accepted; their receipts are due."""

    provider: str
    channel: ChannelKind
    attempts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """Attempts written and owned since `at`.

    `wait_s` is when to ask again, None when nothing is queued; `blocked`: because the provider has
    asked some process to leave it alone. `cancelled`: nothing more of the alert may leave.
    """

    outgoing: tuple[Outgoing, ...]
    wait_s: float | None
    at: datetime
    blocked: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome with the hand-over it belongs to, ready to be committed in a group."""

    outgoing: Outgoing
    outcome: Outcome
    provider: str
    claimed_at: datetime
    at: datetime
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class SenderSeen:
    """A process that sends an alert, or has left something of it on the wire.

    `lease_until` changes whenever it says that it lives, and is None once it has ended. `gone`: its
    process is known not to exist any more.
    """

    id: int
    lease_until: datetime | None
    gone: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """What cancelling did: `messages` were queued; `repeated`: it was cancelled before."""

    cancellation: Cancellation
    messages: int
    repeated: bool


class Outbox(Protocol):
    """Deliveries on their way. Attempts are committed before the hand-over."""

    async def open_sender(self, alert_id: int, by: Operator) -> int:
        """Say that this process sends; return its id, whose lease must be renewed."""

    async def renew(self, sender_id: int) -> None:
        """Renew the lease of this process."""

    async def close_sender(self, sender_id: int) -> None:
        """End the lease; whatever it still holds may be taken over."""

    async def exchange(
        self, sender_id: int, settled: Sequence[Settled], wants: Sequence[Want]
    ) -> Sequence[Claim]:
        """Commit a group of outcomes and take what is wanted, in one transaction.

        A claim takes tokens, rows and attempt rows; one is returned for each want, in its order.
        States only move forward.
        """

    async def routes(self) -> Sequence[RouteState]:
        """Return every way to a provider that was ever used."""

    async def note_receipts(self, sample: ReceiptSample) -> None:
        """Hold receipts that are missing against the provider, if any reach us at all."""

    async def senders(self, alert_id: int) -> Sequence[SenderSeen]:
        """Return who sends an alert or has left something of it on the wire."""

    async def recover(self, alert_id: int, dead: Collection[SenderSeen]) -> int:
        """Turn what dead senders held into `unknown`; return how many.

        One that has renewed its lease since it was seen is left alone.
        """

    async def take_over(
        self, alert_id: int, dead: Collection[SenderSeen], by: Operator, *, resend_unknown: bool
    ) -> int | None:
        """Recover from `dead`, queue unknown deliveries again if asked, and open a sender: its id.

        None when a sender that is not dead has the alert: then nothing is queued, no sender opened.
        """

    async def cancel(self, alert_id: int, by: Operator, reason: str) -> Stopped:
        """Stop an alert for every process: from this commit on nothing of it is claimed."""

    async def close(self, alert_id: int, by: Operator, outcome: str) -> None:
        """Close the incident of an alert: nothing more of any of its alerts is claimed.

        Tells nobody. Raises RefusedByRule when it was closed before with another outcome, or people
        were told.
        """

    async def stopped_by_closing(self, alert_id: int) -> int:
        """Return how many messages of an alert's incident were stopped when it was closed."""

    async def cancellation(self, alert_id: int) -> Cancellation | None:
        """Return who cancelled an alert, or closed its incident, if anybody did."""

    async def expire(self, alert_id: int, *, over: bool = False) -> int:
        """End what is queued past the alert's expiry, or if it is `over`; return how many."""

    async def counts(self, alert_id: int) -> Counts:
        """Return deliveries by channel and state."""


class Inbox(Protocol):
    """Webhooks: stored first, answered, applied after."""

    async def store(self, webhook: StoredWebhook, key: str) -> bool:
        """Keep a webhook; False when its key was seen already."""

    async def pending(self, limit: int, after: int = 0) -> Sequence[StoredWebhook]:
        """Return what was not applied yet and has an id above `after`, oldest first."""

    async def apply(self, inbox_id: int, items: Sequence[Receipt | Answer]) -> int | None:
        """Apply what one webhook says and mark it done; return how many were matched.

        None: it may have overtaken our own commit, and stays pending.
        """

    async def floods(self, inbox_id: int, answer: Answer) -> bool:
        """Say whether whoever wrote an answer by SMS or e-mail has written too many of late."""

    async def reject(self, inbox_id: int, problem: str) -> None:
        """Mark a stored webhook as unreadable, so that it is kept and not tried again."""

    async def text_of(self, reference: str) -> MessageText | None:
        """Return what the hand-over of this reference says."""
