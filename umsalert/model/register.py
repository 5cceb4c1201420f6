"""Sites of the register, and where their vetting may lead them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SiteStatus(StrEnum):
    """Where a site stands in its vetting. Only `approved` sites are alerted."""

    REQUESTED = "requested"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    REFUSED = "refused"
    CLOSED = "closed"


SITE_MOVES: dict[SiteStatus, frozenset[SiteStatus]] = {
    SiteStatus.REQUESTED: frozenset(
        {SiteStatus.UNDER_REVIEW, SiteStatus.APPROVED, SiteStatus.REFUSED, SiteStatus.CLOSED}
    ),
    SiteStatus.UNDER_REVIEW: frozenset(
        {SiteStatus.APPROVED, SiteStatus.REFUSED, SiteStatus.CLOSED}
    ),
    SiteStatus.APPROVED: frozenset(
        {SiteStatus.UNDER_REVIEW, SiteStatus.SUSPENDED, SiteStatus.CLOSED}
    ),
    SiteStatus.SUSPENDED: frozenset(
        {SiteStatus.APPROVED, SiteStatus.UNDER_REVIEW, SiteStatus.CLOSED}
    ),
    SiteStatus.REFUSED: frozenset({SiteStatus.UNDER_REVIEW, SiteStatus.CLOSED}),
    SiteStatus.CLOSED: frozenset({SiteStatus.REQUESTED}),
}
"""Every move of a site that may be. What was closed or refused is vetted anew."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site of the register.

    `hours` None means somebody is there around the clock. `leader` is who on site can lead the
    agents, `client` the donneur d'ordre, `company` the security company with its authorisation
    number (`AUT-...`). An approval ends at `approved_until`, a suspension at `suspended_until`.
    """

    id: int
    ref: str
    name: str
    lat: float
    lon: float
    region: str
    time_zone: str
    status: SiteStatus
    kind: str | None
    address: str | None
    postcode: str | None
    commune: str | None
    agents: int | None
    hours: str | None
    leader: str | None
    lockdown_procedure: str | None
    convention_ref: str | None
    client: str | None
    company: str | None
    company_authorisation: str | None
    approved_until: datetime | None
    suspended_until: datetime | None
    status_by: str | None
    status_at: datetime | None


FACTS = (
    "position",
    "agents",
    "hours",
    "leader",
    "lockdown_procedure",
    "convention_ref",
    "client",
    "company",
    "company_authorisation",
)
"""What an approval takes, in the order in which it is shown."""
