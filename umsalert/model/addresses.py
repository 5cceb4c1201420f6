"""What is known of a contact's number or mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AddressKind(StrEnum):
    """What a contact can have of each: one number, one mailbox."""

    PHONE = "phone"
    EMAIL = "email"


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
