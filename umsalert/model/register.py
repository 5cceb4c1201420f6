"""Sites, the guards named for them, and who vetted both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SiteStatus(StrEnum):
    """Where a site stands in its vetting. Only `approved` sites are alerted."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SUSPENDED = "suspended"


class ContactStatus(StrEnum):
    """Where a contact stands in the double agreement. Only `certified` contacts are alerted."""

    NAMED = "named"
    CERTIFIED = "certified"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the command: the account (seen through sudo) at the configured station."""

    account: str
    station: str

    def __str__(self) -> str:
        """Return `account@station`, as it is written into the record."""
        return f"{self.account}@{self.station}" if self.station else self.account


@dataclass(frozen=True, slots=True)
class NewSite:
    """A site as it enters the register, checked and complete."""

    ref: str
    name: str
    lat: float
    lon: float
    region: str
    time_zone: str
    kind: str | None = None
    address: str | None = None
    postcode: str | None = None
    commune: str | None = None
    agents: int | None = None
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A site of the register. `hours` None means somebody is there around the clock."""

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
    status_by: str | None
    status_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact as it enters the register. `ref` None: the register gives one (`SITE-c1`)."""

    site_ref: str
    name: str
    ref: str | None = None
    role: str | None = None
    phone: str | None = None
    phone_kind: str | None = None
    email: str | None = None
    card: str | None = None
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Contact:
    """A guard of a site. `phone` is E.164; `phone_kind` is `mobile` (SMS and voice) or `fixed`."""

    id: int
    ref: str
    site_ref: str
    name: str
    role: str | None
    phone: str | None
    phone_kind: str | None
    email: str | None
    card: str | None
    language: str
    status: ContactStatus
    status_by: str | None
    status_at: datetime | None
