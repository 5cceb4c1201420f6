"""Sites and contacts, and who vetted them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from umsalert.errors import InvalidData, Problem
from umsalert.i18n import _
from umsalert.model import (
    Contact,
    ContactStatus,
    NewContact,
    NewSite,
    Operator,
    Site,
    SiteStatus,
)
from umsalert.ports.imports import SiteDefaults
from umsalert.store import staged
from umsalert.store.database import Database, queries
from umsalert.store.instants import optional_time
from umsalert.store.known import SqlKnownRows
from umsalert.store.spatialite import Connection
from umsalert.store.status import Move, move, some, unknown_refs


class SqlRegister:
    """`ports.Register` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def site_defaults(self, refs: Collection[str]) -> Mapping[str, SiteDefaults]:
        """Return what contacts take from each of these sites that there is, by ref."""
        return await self._database.read(lambda c: SqlKnownRows(c).defaults(refs))

    async def add_sites(self, sites: Sequence[NewSite], by: Operator, *, approve: bool) -> int:
        """Add all or none. Raises InvalidData when a ref exists."""
        to = Move(SiteStatus.APPROVED if approve else SiteStatus.REQUESTED, by, self._now())

        def work(connection: Connection) -> int:
            _refuse_known(connection, "status_of_sites", [site.ref for site in sites])
            items = enumerate(sites, start=1)
            return staged.add(connection, staged.SHAPES["site"], lambda s: s.sites(items), to)

        return await self._database.write(work, spatial=True)

    async def add_contacts(
        self, contacts: Sequence[NewContact], by: Operator, *, certify: bool
    ) -> int:
        """Add all or none. Raises InvalidData when a site is missing or a ref exists."""
        to = Move(ContactStatus.CERTIFIED if certify else ContactStatus.NAMED, by, self._now())

        def work(connection: Connection) -> int:
            ids = _site_ids(connection, contacts)
            refs = [contact.ref for contact in contacts if contact.ref]
            _refuse_known(connection, "status_of_contacts", refs)
            items = enumerate(contacts, start=1)
            shape = staged.SHAPES["contact"]
            return staged.add(connection, shape, lambda s: s.contacts(items, ids), to)

        return await self._database.write(work)

    async def sites(self, *, status: SiteStatus | None = None) -> Sequence[Site]:
        """Return the sites in order of ref."""

        def work(connection: Connection) -> tuple[Site, ...]:
            rows = connection.execute(queries("register")["sites"], {"status": status})
            return tuple(site_of_row(row) for row in rows)

        return await self._database.read(work)

    async def site(self, ref: str) -> Site:
        """Return one site. Raises UsageError when there is none."""
        row = await self._database.read(
            lambda c: c.execute(queries("register")["site"], {"ref": ref}).fetchone()
        )
        if row is None:
            raise unknown_refs("site", [ref])
        return site_of_row(row)

    async def contacts(
        self, *, site_ref: str | None = None, status: ContactStatus | None = None
    ) -> Sequence[Contact]:
        """Return the contacts in order of site and entry."""

        def work(connection: Connection) -> tuple[Contact, ...]:
            values = {"site_ref": site_ref, "status": status}
            rows = connection.execute(queries("register")["contacts"], values)
            return tuple(contact_of_row(row) for row in rows)

        return await self._database.read(work)

    async def set_site_status(
        self, refs: Sequence[str], status: SiteStatus, by: Operator, *, reason: str = ""
    ) -> int:
        """Move all sites or none; return how many changed. Raises UsageError on unknown refs."""
        to = Move(status, by, self._now(), reason)
        return await self._database.write(lambda c: move(c, refs, to))

    async def set_contact_status(
        self, refs: Sequence[str], status: ContactStatus, by: Operator, *, reason: str = ""
    ) -> int:
        """Move all contacts or none; return how many changed. Raises UsageError on unknown refs."""
        to = Move(status, by, self._now(), reason)
        return await self._database.write(lambda c: move(c, refs, to))


def _site_ids(connection: Connection, contacts: Sequence[NewContact]) -> Mapping[str, int]:
    refs = {contact.site_ref for contact in contacts}
    ids = SqlKnownRows(connection).site_ids(refs)
    missing = sorted(refs - set(ids))
    if missing:
        raise unknown_refs("site", missing)
    return ids


def _refuse_known(connection: Connection, query: str, refs: Sequence[str]) -> None:
    rows = connection.execute(queries("register")[query], {"refs": json.dumps(list(refs))})
    known = sorted(row["ref"] for row in rows)
    if known:
        raise InvalidData(
            "ref_exists",
            _("Already in the register: {refs}").format(refs=some(known)),
            hint=_("Nothing was added. Remove these rows, or use other refs."),
            problems=tuple(
                Problem("ref_exists", _("already in the register"), column="ref", value=ref)
                for ref in known
            ),
        )


def site_of_row(row: Connection) -> Site:
    """Return the site that a row holds."""
    return Site(
        id=row["id"],
        ref=row["ref"],
        name=row["name"],
        lat=row["lat"],
        lon=row["lon"],
        region=row["region"],
        time_zone=row["time_zone"],
        status=SiteStatus(row["status"]),
        kind=row["kind"],
        address=row["address"],
        postcode=row["postcode"],
        commune=row["commune"],
        agents=row["agents"],
        hours=row["hours"],
        leader=row["leader"],
        lockdown_procedure=row["lockdown_procedure"],
        convention_ref=row["convention_ref"],
        client=row["client"],
        company=row["company"],
        company_authorisation=row["company_authorisation"],
        approved_until=optional_time(row["approved_until"]),
        suspended_until=optional_time(row["suspended_until"]),
        status_by=row["status_by"],
        status_at=optional_time(row["status_at"]),
    )


def contact_of_row(row: Connection) -> Contact:
    """Return the contact that a row, with the ref of its site, holds."""
    return Contact(
        id=row["id"],
        ref=row["ref"],
        site_ref=row["site_ref"],
        name=row["name"],
        role=row["role"],
        phone=row["phone"],
        phone_kind=row["phone_kind"],
        email=row["email"],
        card=row["card"],
        language=row["language"],
        named_by=row["named_by"],
        channels=row["channels"],
        hours=row["hours"],
        fallback=bool(row["fallback"]),
        card_valid_until=optional_time(row["card_valid_until"]),
        status=ContactStatus(row["status"]),
        status_by=row["status_by"],
        status_at=optional_time(row["status_at"]),
    )
