"""Sites, the guards named for them, and who vetted both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class SiteStatus(StrEnum):
    """Where a site stands in its vetting. Only `approved` sites are alerted."""

    REQUESTED = "requested"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    REFUSED = "refused"
    CLOSED = "closed"


class ContactStatus(StrEnum):
    """Where a contact stands in the double agreement. Only `certified` contacts are alerted."""

    NAMED = "named"
    CERTIFIED = "certified"
    EXPIRED = "expired"
    """The card has expired; with a new one, CNAPS certifies again."""
    REVOKED = "revoked"
    ERASED = "erased"
    """Nothing of the person is left; past alerts keep the ref."""


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

CONTACT_MOVES: dict[ContactStatus, frozenset[ContactStatus]] = {
    ContactStatus.NAMED: frozenset(
        {ContactStatus.CERTIFIED, ContactStatus.REVOKED, ContactStatus.ERASED}
    ),
    ContactStatus.CERTIFIED: frozenset(
        {ContactStatus.EXPIRED, ContactStatus.REVOKED, ContactStatus.ERASED}
    ),
    ContactStatus.EXPIRED: frozenset(
        {ContactStatus.CERTIFIED, ContactStatus.REVOKED, ContactStatus.ERASED}
    ),
    ContactStatus.REVOKED: frozenset(
        {ContactStatus.NAMED, ContactStatus.CERTIFIED, ContactStatus.ERASED}
    ),
    ContactStatus.ERASED: frozenset(),
}
"""Every move of a contact that may be."""


class AddressKind(StrEnum):
    """What a contact can have of each: one number, one mailbox."""

    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the command: the account (seen through sudo) at the configured station."""

    account: str
    station: str

    def __str__(self) -> str:
        """Return `account@station`, as it is written into the record."""
        return f"{self.account}@{self.station}" if self.station else self.account


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


class NewSite(NamedTuple):
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
    leader: str | None = None
    lockdown_procedure: str | None = None
    convention_ref: str | None = None
    client: str | None = None
    company: str | None = None
    company_authorisation: str | None = None


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


class NewContact(NamedTuple):
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
    named_by: str | None = None
    channels: str | None = None
    hours: str | None = None
    fallback: bool = False
    card_valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A guard of a site. `phone` is E.164; `phone_kind` is `mobile` (SMS and voice) or `fixed`.

    `named_by` is who of the client named them. `channels` are names in the order wanted, with
    commas; None: all that the addresses allow. `hours` None means those of the site. A `fallback`
    contact takes the site's alerts when nobody is on duty there, where the alert asks for that.
    """

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
    named_by: str | None
    channels: str | None
    hours: str | None
    fallback: bool
    card_valid_until: datetime | None
    status: ContactStatus
    status_by: str | None
    status_at: datetime | None


@dataclass(frozen=True, slots=True)
class AddressState:
    """What is known of a contact's number or mailbox as it stands.

    `failures`: how many messages to it in a row came back as undeliverable; `failed_code` is the
    last one's. Proven: a code that was sent by `proven_channel` came back.
    """

    contact_ref: str
    kind: AddressKind
    proven_at: datetime | None
    proven_by: str | None
    proven_channel: str | None
    failures: int
    failed_at: datetime | None
    failed_code: str | None


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code on its way to an address: what is kept of it."""

    channel: str
    kind: AddressKind
    salt: bytes
    digest: bytes
    expires_at: datetime
    tries: int = 0


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
