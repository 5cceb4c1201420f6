"""What a summary across alerts needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class AlertTotals(NamedTuple):
    """What became of one alert. Times are None until they happen.

    `commune` is that of the nearest site that was alerted, empty where nobody knows. `acknowledged`
    counts guards whose answer says that they have read it. `accepted_at`: when 50, 95 and 100 % of
    its messages were accepted.
    """

    ref: str
    template: str
    operator: str
    commune: str
    exercise: bool
    incident_at: datetime
    created_at: datetime
    people: int
    sites: int
    sites_reached: int
    deliveries: int
    accepted: int
    delivered: int
    acknowledged: int
    first_sms_at: datetime | None
    accepted_at: tuple[datetime | None, datetime | None, datetime | None]


class UnreachedSite(NamedTuple):
    """A site at which no message of an alert was accepted, and in how many of its alerts."""

    ref: str
    name: str
    unreached: int
    alerted: int


class DeadAddress(NamedTuple):
    """A contact's telephone (`phone`) or mailbox (`email`) that messages came back from.

    `failures` in a row, the last of them at `failed_at`. The address itself is not told.
    """

    contact_ref: str
    site_ref: str
    kind: str
    failures: int
    failed_at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on, and before `until`."""

    since: datetime
    until: datetime


class Summaries(Protocol):
    """Totals of alerts, exercises among them only where that is said."""

    async def alerts(self, period: Period) -> Sequence[AlertTotals]:
        """Return every alert that was sent in a period, exercises too, oldest first."""

    async def unreached(self, period: Period, limit: int) -> Sequence[UnreachedSite]:
        """Return the sites that alerts have reached least often, without exercises."""

    async def dead(self, period: Period, limit: int) -> Sequence[DeadAddress]:
        """Return the addresses that have failed last in a period, and are not mended yet."""
