"""Sites and contacts as they enter the register."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


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
