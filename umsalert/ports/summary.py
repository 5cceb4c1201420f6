"""What a summary across alerts needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class AlertTotals(NamedTuple):
    """What became of one alert. Times are None until they happen.

    `begins`: it follows no other and is no bulletin, so that its first SMS is the first of its
    incident. `commune` is that of the nearest site that was alerted, empty where nobody knows.
    `acknowledged` counts guards whose answer says that they have read it. `accepted_at`: when the
    `SHARES` of its messages were accepted.
    """

    ref: str
    template: str
    operator: str
    commune: str
    exercise: bool
    begins: bool
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
    accepted_at: tuple[datetime | None, ...]


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
    """From `since` on, or from the first alert of all, and before `until`."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class SummaryFacts:
    """What a summary is made of.

    `alerts`: all of the period, exercises too, oldest first. `unreached`: sites that alerts have
    reached least often, exercises left out. `dead`: addresses that have failed last in the period
    and are not mended yet, those that failed most often first.
    """

    alerts: Sequence[AlertTotals]
    unreached: Sequence[UnreachedSite]
    dead: Sequence[DeadAddress]


class Summaries(Protocol):
    """What a summary needs."""

    async def read(self, period: Period, limit: int) -> SummaryFacts:
        """Return the facts of a period; `limit` is of sites and of addresses, 0 for none."""
