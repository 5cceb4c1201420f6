"""Contacts: rows of a file, or the fields of `contact add`, to `NewContact`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from umsalert.cards import card_end, card_expiry
from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.model import ChannelKind, Contact, NewContact
from umsalert.phones import Phone, parse_phone
from umsalert.register import fields, rows
from umsalert.register.rows import Import, Row, Unique
from umsalert.register.table import Column

COLUMNS = (
    Column("site_ref", 40, required=True),
    Column("name", 120, required=True),
    Column("ref", 40),
    Column("role", 80),
    Column("phone", 40),
    Column("email", 254),  # RFC 5321, 4.5.3.1.3, without the angle brackets
    Column("card", 40),
    Column("language", 10),
    Column("named_by", 120),
    Column("channels", 40),
    Column("hours", 250),
    Column("fallback", 10),
)
_METROPOLE = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class SiteDefaults:
    """What a contact takes from its site: where days are counted, and who named them."""

    time_zone: str
    client: str | None


@dataclass(frozen=True, slots=True)
class ContactContext:
    """What the register holds already.

    Attributes:
        site_regions: ISO 3166 region of each site by ref: what a number without + means there.
        names: (site ref, case-folded name) of every contact.
        refs: those of every contact.
        defaults: what a contact takes from its site, by the site's ref.
    """

    site_regions: Mapping[str, str]
    names: Collection[tuple[str, str]] = frozenset()
    refs: Collection[str] = frozenset()
    defaults: Mapping[str, SiteDefaults] = field(default_factory=dict)


def read_contacts(data: bytes, known: ContactContext) -> Import[NewContact]:
    """Return the contacts of a CSV file, and everything wrong with it."""
    return rows.read(data, COLUMNS, _Maker(known).contact)


def contact_from(
    values: Mapping[str, str], known: ContactContext, doubts: list[Problem] | None = None
) -> NewContact:
    """Return the contact that the fields of one command describe; doubts join `doubts`.

    Raises:
        UsageError: fields_invalid, with all problems.
    """
    return rows.single(values, COLUMNS, _Maker(known).contact, doubts)


def edited_contact(
    contact: Contact,
    changes: Mapping[str, str],
    known: ContactContext,
    doubts: list[Problem] | None = None,
) -> NewContact:
    """Return a contact with some fields typed anew, checked like a new one; "" empties one.

    `known` holds the others of the site, not this contact. Raises UsageError: fields_invalid.
    """
    values = {column.name: _typed(contact, column.name) for column in COLUMNS}
    return contact_from({**values, **changes}, known, doubts)


def _typed(contact: Contact, name: str) -> str:
    value = getattr(contact, name)
    if isinstance(value, bool):
        return "yes" if value else ""
    return value or ""


class _Maker:
    """Makes the contacts of one file; remembers who has come already."""

    def __init__(self, known: ContactContext) -> None:
        self._regions = known.site_regions
        self._defaults = known.defaults
        self._refs = Unique(known.refs)
        self._names = Unique(known.names)

    def contact(self, row: Row) -> NewContact | None:
        site_ref = self._site_ref(row)
        ref = row.read("ref", fields.ref)
        if ref is not None:
            rows.claim_ref(row, ref, self._refs)
        name = row.require("name", str)
        role = row.read("role", str)
        phone = self._phone(row, site_ref)
        email = row.read("email", fields.email)
        if not row.has("phone") and not row.has("email"):
            message = _("The contact has neither a phone nor an e-mail address.")
            row.refuse("phone", "contact_unreachable", message)
        card = row.read("card", str)
        if card is not None and card_expiry(card) is None:
            message = _("The card does not look like CAR-ddd-YYYY-MM-DD- and eleven digits.")
            row.warn("card", "card_shape", message)
        language = row.read("language", fields.language)
        channels = row.read("channels", fields.channels)
        hours = row.read("hours", fields.hours)
        fallback = row.read("fallback", fields.yes_or_no)
        named_by = row.read("named_by", str)
        if site_ref is None or name is None:
            return None
        self._claim_name(row, site_ref, name)
        _doubt_channels(row, channels, phone)
        site = self._defaults.get(site_ref, SiteDefaults(_METROPOLE, None))
        return NewContact(
            site_ref=site_ref,
            name=name,
            ref=ref,
            role=role,
            phone=phone.e164 if phone else None,
            phone_kind=phone.kind if phone else None,
            email=email,
            card=card,
            language=language or "fr",
            named_by=named_by or site.client,
            channels=channels,
            hours=hours,
            fallback=bool(fallback),
            card_valid_until=card_end(card, site.time_zone),
        )

    def _site_ref(self, row: Row) -> str | None:
        site_ref = row.require("site_ref", str)
        if site_ref is not None and site_ref not in self._regions:
            message = _("The register has no such site: import the sites first.")
            row.refuse("site_ref", "site_unknown", message)
            return None
        return site_ref

    def _phone(self, row: Row, site_ref: str | None) -> Phone | None:
        if site_ref is None:  # what a national number means there is unknown
            return None
        return row.read("phone", lambda text: parse_phone(text, self._regions[site_ref]))

    def _claim_name(self, row: Row, site_ref: str, name: str) -> None:
        key = (site_ref, name.casefold())
        if self._names.known(key):
            message = _("The site has a contact of this name already.")
            row.refuse("name", "contact_exists", message)
        if line := self._names.first_line(key, row.line):
            message = _("Line {line} has the same name at the same site.").format(line=line)
            row.refuse("name", "contact_repeated", message)


def _doubt_channels(row: Row, channels: str | None, phone: Phone | None) -> None:
    """Warn of channels that have no address: they would stay silent."""
    usable = {
        ChannelKind.SMS: phone is not None and phone.kind == "mobile",
        ChannelKind.VOICE: phone is not None,
        ChannelKind.EMAIL: row.has("email"),
    }
    silent = [
        name for name in (channels or "").split(",") if name and not usable[ChannelKind(name)]
    ]
    if silent:
        message = _("The contact has no address for: {channels}.").format(
            channels=", ".join(silent)
        )
        row.warn("channels", "channel_without_address", message)
