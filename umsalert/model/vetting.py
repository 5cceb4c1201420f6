"""Moves of sites and contacts: as they are decided, as they stand in the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from umsalert.model.contacts import ContactStatus
    from umsalert.model.register import SiteStatus


@dataclass(frozen=True, slots=True)
class Decision:
    """Where sites or contacts are moved to, and why.

    `until` is the last day of an approval or of a suspension, as people at the site count days.
    """

    status: SiteStatus | ContactStatus
    reason: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A move as it stands in the record. `from_status` None: it was new."""

    from_status: str | None
    to_status: str
    by: str
    at: datetime
    reason: str
    until: date | None
