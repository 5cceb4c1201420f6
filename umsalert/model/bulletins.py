"""What is sent by the clock, and the plan Vigipirate that it tells about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from umsalert.model.deeds import Operator


class RunState(StrEnum):
    """Where a due time of a bulletin stands."""

    BEGUN = "begun"
    """It is being sent, or was when its process ended: the next run goes on with it."""
    ENDED = "ended"
    SKIPPED = "skipped"
    """Nothing was sent; the code says why."""


@dataclass(frozen=True, slots=True)
class NewBulletin:
    """A bulletin to be kept. `request` is everything that was typed, as JSON has it.

    `cron` is empty for one that is due once, at `begins_at`. `next_due` is its first due time.
    """

    template: str
    request: Mapping[str, Any]
    exercise: bool
    cron: str
    time_zone: str
    begins_at: datetime
    ends_at: datetime | None
    spread_s: float | None
    by: Operator
    created_at: datetime
    next_due: datetime
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A bulletin of the record. `next_due` None: it is over, or was removed."""

    id: int
    ref: str
    template: str
    request: Mapping[str, Any]
    exercise: bool
    cron: str
    time_zone: str
    begins_at: datetime
    ends_at: datetime | None
    spread_s: float | None
    account: str
    operator: str
    created_at: datetime
    approved_by: str = ""
    next_due: datetime | None = None
    removed_at: datetime | None = None
    removed_by: str = ""


@dataclass(frozen=True, slots=True)
class BulletinRun:
    """What came of a due time, or of `dues` of them in a row that were skipped."""

    id: int
    bulletin_id: int
    due_at: datetime
    last_due_at: datetime
    dues: int
    state: RunState
    code: str
    alert_ref: str | None
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Due times in a row of which nothing was sent, and why: a code."""

    dues: tuple[datetime, ...]
    code: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of the due times of a bulletin that have come: one transaction.

    It holds only while the bulletin's next due time is `seen`; afterwards that is `next_due`.
    """

    seen: datetime
    run: datetime | None
    skipped: tuple[Skipped, ...]
    next_due: datetime | None


class VigipirateLevel(StrEnum):
    """A level of the plan Vigipirate."""

    VIGILANCE = "vigilance"
    REINFORCED = "securite-renforcee"
    EMERGENCY = "urgence-attentat"


VIGIPIRATE_WORDS: Mapping[VigipirateLevel, str] = {
    VigipirateLevel.VIGILANCE: "vigilance",
    VigipirateLevel.REINFORCED: "sécurité renforcée - risque attentat",
    VigipirateLevel.EMERGENCY: "urgence attentat",
}
"""As the State calls them; they have no other name in any language."""


@dataclass(frozen=True, slots=True)
class Vigipirate:
    """The level that holds, since when, and who has said so."""

    level: VigipirateLevel
    since: datetime
    by: str
