"""What a report needs."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import (
    datetime,
)
from typing import (
    TYPE_CHECKING,
    NamedTuple,
    Protocol,
    TypeVar,
)

if TYPE_CHECKING:
    from umsalert.model import Alert, ChannelKind, DeliveryState, MessageText
    from umsalert.ports.answers import ReplyRow

T = TypeVar("T")


class Holder(NamedTuple):
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


class DeliveryRow(NamedTuple):
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


class WaveRow(NamedTuple):
    """An alert of an incident, how many it went to, and when its first SMS was accepted."""

    alert: Alert
    people: int
    sites: int
    first_sms_at: datetime | None


class SiteRow(NamedTuple):
    """One site of an alert as it stood then, and how far its messages have come.

    `not_needed`: messages that were not sent because somebody here had answered. A tuple: an alert
    may have a hundred thousand.
    """

    site_ref: str
    site_name: str
    lat: float
    lon: float
    distance_m: float
    deliveries: int
    accepted: int
    delivered: int
    not_needed: int
    first_accepted_at: datetime | None


class Steps(NamedTuple):
    """When a delivery was accepted and delivered, as the database has it, and what was said of it.

    A tuple of texts: a report reads this of every delivery, and needs few of the times.
    """

    channel: str
    code: str
    accepted_at: str | None
    delivered_at: str | None


class PeopleRow(NamedTuple):
    """How many people an alert went to, and for how many of them a message was accepted."""

    alerted: int
    reached: int


class FaultRow(NamedTuple):
    """A message that failed for its address. `mended`: the contact has another one by now."""

    site_ref: str
    site_name: str
    distance_m: float
    contact_ref: str
    channel: ChannelKind
    state: DeliveryState
    code: str
    mended: bool


class AlertRows(Protocol):
    """All that is kept of one alert as of one moment, row by row: it may exceed the memory.

    Good for as long as `Record.read` runs. Every call begins anew; several may be under way.
    """

    def counts(self) -> Mapping[ChannelKind, Mapping[str, int]]:
        """Return how many deliveries of each channel are in which state."""

    def steps(self) -> Iterator[Steps]:
        """Yield how far each delivery has come, in no order."""

    def sites(self) -> Iterator[SiteRow]:
        """Yield every site that has deliveries, nearest first."""

    def deliveries(self) -> Iterator[DeliveryRow]:
        """Yield every delivery, nearest site first, of each the contacts by their refs."""

    def repeated(self) -> Iterator[DeliveryRow]:
        """Yield the deliveries that may have reached their guard more than once, in that order."""

    def people(self) -> PeopleRow:
        """Return how many people it went to."""

    def faults(self) -> Iterator[FaultRow]:
        """Yield the messages that failed for their address, nearest site first."""

    def replies(self) -> Iterator[ReplyRow]:
        """Yield every answer to the alert, oldest first."""

    def replies_by_site(self) -> Iterator[ReplyRow]:
        """Yield every answer to the alert, nearest site first, of each site oldest first."""

    def texts(self) -> Sequence[MessageText]:
        """Return what was sent, word for word."""

    def waves(self) -> Sequence[WaveRow]:
        """Return all alerts of the alert's incident, the first one first."""

    def told(self) -> Iterator[ReplyRow]:
        """Yield sightings and the first answers of sites of the whole incident, oldest first.

        What was taken back is left out.
        """


class Record(Protocol):
    """What a report needs."""

    async def read(self, alert_id: int, work: Callable[[AlertRows], T]) -> T:
        """Run `work`, in a thread, on all that is kept of an alert; return what it returns."""

    async def deliveries(self, alert_id: int) -> Sequence[DeliveryRow]:
        """Return every delivery of an alert at once, nearest site first: for few of them."""

    async def holders(self, alert_id: int) -> Sequence[Holder]:
        """Return every message of an alert that left or may have left, nearest site first."""

    async def exercise_before(self, alert: Alert) -> Alert | None:
        """Return the last exercise before this one by the same template whose area overlaps.

        What follows another alert, and what was cancelled, is none.
        """
