"""Contacts: rows of a file, or the fields of `contact add`, to `NewContact`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial

from umsalert.cards import card_expiry
from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.model import ChannelKind, Contact, NewContact
from umsalert.phones import Phone, parse_phone
from umsalert.ports import KnownRows, SiteDefaults
from umsalert.register import fields, rows
from umsalert.register.rows import Row
from umsalert.register.table import Column
from umsalert.times import end_of_day

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
_ADDRESSES = ("phone", "email")


class ContactMaker:
    """Makes the contacts of a file, a batch at a time."""

    columns = COLUMNS

    def __init__(self, known: KnownRows) -> None:
        """Ask `known` what the register holds."""
        self._known = known
        self._sites: Mapping[str, SiteDefaults] = {}

    def needed(self, present: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that a new contact has to have."""
        reachable = any(name in present for name in _ADDRESSES)
        return ("site_ref", "name", *(() if reachable else _ADDRESSES[:1]))

    def found(self, _present: Sequence[str], /) -> tuple[str, ...]:
        """Return the columns that are looked up: none."""
        return ()

    def prepare(self, rows: Sequence[Row], absent: Sequence[str]) -> None:
        """Look up the sites of the rows, and what the register holds of absent columns."""
        columns = dict.fromkeys((*absent, *_ADDRESSES))
        wanting = [name for name in columns if rows and name not in rows[0].cells]
        if wanting:
            keys = [tuple(row.cells.get(n, "").strip() for n in _KEY) for row in rows]
            held = self._known.contacts(keys)
            for row, key in zip(rows, keys, strict=True):
                if found := held.get(key):
                    row.cells.update({name: found[name] for name in wanting})
        self._sites = self._known.defaults({row.cells.get("site_ref", "").strip() for row in rows})

    def make(self, row: Row) -> NewContact | None:
        """Return the contact of a row."""
        return _contact(row, self._sites)


_KEY = ("ref", "site_ref", "name")


def contact_from(
    values: Mapping[str, str],
    sites: Mapping[str, SiteDefaults],
    names: Collection[str] = (),
    doubts: list[Problem] | None = None,
) -> NewContact:
    """Return the contact that the fields of one command describe; doubts join `doubts`.

    Args:
        values: the fields.
        sites: what it takes from its site, by ref.
        names: case-folded, of the other contacts of the site.
        doubts: what is doubtful and taken all the same.

    Raises:
        UsageError: fields_invalid, with all problems.
    """

    def make(row: Row) -> NewContact | None:
        made = _contact(row, sites)
        if made is not None and made.name.casefold() in names:
            message = _("The site has a contact of this name already.")
            row.refuse("name", "contact_exists", message)
        return made

    return rows.single(values, COLUMNS, make, doubts)


def edited_contact(
    contact: Contact,
    changes: Mapping[str, str],
    sites: Mapping[str, SiteDefaults],
    names: Collection[str] = (),
    doubts: list[Problem] | None = None,
) -> NewContact:
    """Return a contact with some fields typed anew, checked like a new one; "" empties one.

    Raises UsageError: fields_invalid.
    """
    values = {column.name: _typed(contact, column.name) for column in COLUMNS}
    return contact_from({**values, **changes}, sites, names, doubts)


def _typed(contact: Contact, name: str) -> str:
    value = getattr(contact, name)
    if isinstance(value, bool):
        return "yes" if value else ""
    return value or ""


def _contact(row: Row, sites: Mapping[str, SiteDefaults]) -> NewContact | None:
    site_ref = _site_ref(row, sites)
    ref = row.read("ref", fields.ref)
    name = row.require("name", str)
    role = row.read("role", str)
    # what a national number means at a site that is not known is unknown
    phone = row.read("phone", _phone_of(sites[site_ref].region)) if site_ref is not None else None
    email = row.read("email", fields.email)
    if not row.has("phone") and not row.has("email"):
        message = _("The contact has neither a phone nor an e-mail address.")
        row.refuse("phone", "contact_unreachable", message)
    card = row.read("card", str)
    expiry = card_expiry(card) if card is not None else None
    if card is not None and expiry is None:
        message = _("The card does not look like CAR-ddd-YYYY-MM-DD- and eleven digits.")
        row.warn("card", "card_shape", message)
    language = row.read("language", fields.language)
    channels = row.read("channels", fields.channels)
    hours = row.read("hours", fields.hours)
    fallback = row.read("fallback", fields.yes_or_no)
    named_by = row.read("named_by", str)
    if site_ref is None or name is None:
        return None
    if channels is not None:
        _doubt_channels(row, channels, phone)
    site = sites[site_ref]
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
        card_valid_until=end_of_day(expiry, site.time_zone) if expiry is not None else None,
    )


def _site_ref(row: Row, sites: Mapping[str, SiteDefaults]) -> str | None:
    site_ref = row.require("site_ref", str)
    if site_ref is not None and site_ref not in sites:
        message = _("The register has no such site: import the sites first.")
        row.refuse("site_ref", "site_unknown", message)
        return None
    return site_ref


def _doubt_channels(row: Row, channels: str, phone: Phone | None) -> None:
    """Warn of channels that have no address: they would stay silent."""
    usable = {
        ChannelKind.SMS: phone is not None and phone.kind == "mobile",
        ChannelKind.VOICE: phone is not None,
        ChannelKind.EMAIL: row.has("email"),
    }
    silent = [name for name in channels.split(",") if not usable[ChannelKind(name)]]
    if silent:
        message = _("The contact has no address for: {channels}.").format(
            channels=", ".join(silent)
        )
        row.warn("channels", "channel_without_address", message)


@cache
def _phone_of(region: str) -> Callable[[str], Phone]:
    return partial(parse_phone, region=region)
