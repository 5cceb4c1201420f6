"""What a report needs."""

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
    from umsalert.model import Alert, ChannelKind, DeliveryState, MessageText


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


class Record(Protocol):
    """What a report needs."""

    async def deliveries(self, alert_id: int) -> Sequence[DeliveryRow]:
        """Return every delivery of an alert, nearest site first."""

    async def holders(self, alert_id: int) -> Sequence[Holder]:
        """Return every message of an alert that left or may have left, nearest site first."""

    async def waves(self, alert_id: int) -> Sequence[WaveRow]:
        """Return all alerts of an alert's incident, the first one first."""

    async def texts(self, alert_id: int) -> Sequence[MessageText]:
        """Return what was sent, word for word."""
