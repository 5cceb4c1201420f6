"""The guards named for sites, and where their vetting may lead them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ContactStatus(StrEnum):
    """Where a contact stands in the double agreement. Only `certified` contacts are alerted."""

    NAMED = "named"
    CERTIFIED = "certified"
    EXPIRED = "expired"
    """The card has expired; with a new one, CNAPS certifies again."""
    REVOKED = "revoked"
    ERASED = "erased"
    """Nothing of the person is left; past alerts keep the ref."""


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
