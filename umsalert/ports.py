"""Protocols between the services and the world. One async surface, no sync twin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from umsalert.events import Counts, Event
from umsalert.health import Health
from umsalert.model import (
    Alert,
    Answer,
    Area,
    Cancellation,
    ChannelKind,
    Contact,
    ContactStatus,
    DeliveryState,
    MessageText,
    NewAlert,
    NewContact,
    NewSite,
    Operator,
    Outcome,
    Outgoing,
    Receipt,
    Selection,
    Site,
    SiteStatus,
)


class Clock(Protocol):
    """Time is passed in, never asked of the machine by a service."""

    def now(self) -> datetime:
        """Return the present as an aware datetime in UTC; it jumps when somebody sets the clock."""

    def steady_s(self) -> float:
        """Return seconds that only grow, suspend included, from an unknown start: for waits."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Listener(Protocol):
    """Hears events. Must not raise and must not block."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""


class Channel(Protocol):
    """Hands one message to a provider."""

    kind: ChannelKind
    provider: str

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over once; never raises for what the network or the provider does."""

    def withdraw(self) -> None:
        """Let nothing more leave: a `send` whose message has not left yet ends `WITHDRAWN`."""

    async def close(self) -> None:
        """Release connections."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request of a provider as it arrived. Header names are lower case."""

    topic: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A verified webhook as it is kept: enough to read it again. `id` is the store's."""

    provider: str
    topic: str
    reference: str
    body: bytes
    id: int = 0


class WebhookSource(Protocol):
    """Reads and verifies the webhooks of one provider."""

    provider: str

    def verify(self, webhook: Webhook, now: datetime) -> str:
        """Return a key that repeats when the event repeats. Raises RefusedByRule when forged."""

    def reference(self, webhook: Webhook) -> str:
        """Return our reference of the hand-over that it is about, or an empty string."""

    def content(self, webhook: Webhook, now: datetime) -> bytes:
        """Return what is kept of it: its body, or what its query says in the place of one."""

    def read(self, stored: StoredWebhook) -> tuple[Receipt | Answer, ...]:
        """Return what it says; empty where it says nothing to us. Raises InvalidData."""

    def reply_to(self, webhook: Webhook, text: MessageText) -> bytes:
        """Return the JSON the provider waits for (the next voice actions), or `{}`."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Presence hours in OpenStreetMap `opening_hours` notation, in their time zone."""

    hours: str
    time_zone: str


OnDuty = Callable[[Schedule], bool]
"""Says whether somebody is present by a schedule at the moment in question."""


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


@dataclass(frozen=True, slots=True)
class Holder:
    """One message that has left (`certain`: a provider took it) or may have left.

    `corrected` says that a correction has left, or is on its way, to the same contact by the same
    channel. `vetted` says that the contact may still be written to there.
    """

    site_ref: str
    site_name: str
    distance_m: float
    contact_ref: str
    channel: ChannelKind
    state: DeliveryState
    certain: bool
    corrected: bool
    vetted: bool


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One line of `alert list`: the alert with its counts."""

    alert: Alert
    counts: Counts


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery with all that is known of it, for reports. Times are None until they happen.

    `copies_at_most`: how many attempts may have reached the guard.
    """

    delivery_id: int
    site_ref: str
    site_name: str
    distance_m: float
    contact_ref: str
    contact_name: str
    channel: ChannelKind
    address: str
    language: str
    state: str
    code: str
    attempts: int
    copies_at_most: int
    queued_at: datetime
    first_sent_at: datetime | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """One answer of a guard, for reports."""

    site_ref: str
    contact_ref: str
    channel: ChannelKind
    kind: str
    text: str
    received_at: datetime
    distance_m: float


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """Where a site of any status lies, right to the metre. LATITUDE FIRST, degrees WGS 84."""

    site_id: int
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class NearestSite:
    """The known site nearest to the centre of an area, whatever its status."""

    ref: str
    name: str
    commune: str | None
    distance_m: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known around an area before an alert goes there.

    `usual_radius_m` is the median of the newest alerts of the same template, None where there are
    too few; `open_alerts` have not expired and overlap the area, newest first.
    """

    nearest: NearestSite | None
    usual_radius_m: float | None
    open_alerts: tuple[Alert, ...]


class Register(Protocol):
    """Sites and contacts, and who vetted them."""

    async def contact_keys(self) -> Mapping[str, tuple[str, str]]:
        """Return (site ref, case-folded name) of every contact by ref, to see duplicates."""

    async def site_regions(self) -> Mapping[str, str]:
        """Return the ISO 3166 region of each site by ref (RE, GP, FR, ...)."""

    async def add_sites(self, sites: Sequence[NewSite], by: Operator, *, approve: bool) -> int:
        """Add all or none. Raises InvalidData when a ref exists."""

    async def add_contacts(
        self, contacts: Sequence[NewContact], by: Operator, *, certify: bool
    ) -> int:
        """Add all or none. Raises InvalidData when a site is missing or a ref exists."""

    async def sites(self, *, status: SiteStatus | None = None) -> Sequence[Site]:
        """Return the sites in order of ref."""

    async def site(self, ref: str) -> Site:
        """Return one site. Raises UsageError when there is none."""

    async def contacts(
        self, *, site_ref: str | None = None, status: ContactStatus | None = None
    ) -> Sequence[Contact]:
        """Return the contacts in order of site and ref."""

    async def set_site_status(
        self, refs: Sequence[str], status: SiteStatus, by: Operator, *, reason: str = ""
    ) -> int:
        """Move all sites or none; return how many changed. Raises UsageError on unknown refs."""

    async def set_contact_status(
        self, refs: Sequence[str], status: ContactStatus, by: Operator, *, reason: str = ""
    ) -> int:
        """Move all contacts or none; return how many changed."""


class AlertBook(Protocol):
    """Who is in an area, and the alerts of the record."""

    async def select(
        self,
        area: Area,
        channels: Collection[ChannelKind],
        on_duty: OnDuty,
        cell_burst: int = 0,
    ) -> Selection:
        """Return who would be reached.

        `on_duty` is asked once, in a thread of the database, for each distinct schedule of the
        approved sites inside; the sites of those where it says no are left out. A cell of the
        telephone network that gets more than `cell_burst` messages is counted by itself; 0: none.
        """

    async def situation(
        self, area: Area, template: str, now: datetime, *, exercise: bool
    ) -> Situation:
        """Return what is known around the area; exercises and live alerts do not mix."""

    async def around(self, area: Area) -> Sequence[KnownPlace]:
        """Return where the known sites in and just around the area lie: for drawing."""

    async def recipients(
        self, alert_id: int, channels: Collection[ChannelKind], cell_burst: int = 0
    ) -> Selection:
        """Return who has, or may have, an earlier alert by `channels` and is still vetted.

        Whom a correction of it has reached already is left out.
        """

    async def create(self, alert: NewAlert, on_duty: OnDuty) -> Alert:
        """Write the alert, its texts and its deliveries in one transaction.

        `on_duty` is asked as in `select`.
        An alert that has the same idempotency key already is returned instead. One that follows
        another goes to its `recipients` of this moment; raises NobodyMatched when there is none.
        """

    async def alert(self, ref: str) -> Alert:
        """Return an alert by ref, by an unambiguous part of it, or `last`."""

    async def alerts(self, *, limit: int) -> Sequence[AlertLine]:
        """Return the newest alerts."""

    async def by_idempotency_key(self, key: str) -> Alert | None:
        """Return the alert that was sent under this key."""


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

    async def cancellation(self, alert_id: int) -> Cancellation | None:
        """Return who cancelled an alert, if anybody did."""

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

    async def reject(self, inbox_id: int, problem: str) -> None:
        """Mark a stored webhook as unreadable, so that it is kept and not tried again."""

    async def text_of(self, reference: str) -> MessageText | None:
        """Return what the hand-over of this reference says."""


class Record(Protocol):
    """What a report needs."""

    async def deliveries(self, alert_id: int) -> Sequence[DeliveryRow]:
        """Return every delivery of an alert, nearest site first."""

    async def holders(self, alert_id: int) -> Sequence[Holder]:
        """Return every message of an alert that left or may have left, nearest site first."""

    async def replies(self, alert_id: int) -> Sequence[ReplyRow]:
        """Return the answers to an alert, oldest first."""

    async def texts(self, alert_id: int) -> Sequence[MessageText]:
        """Return what was sent, word for word."""
