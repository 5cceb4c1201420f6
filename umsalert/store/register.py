"""Sites and contacts, and who vetted them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from umsalert.errors import InvalidData, Problem
from umsalert.i18n import _
from umsalert.store.database import Database, queries
from umsalert.store.refs import some, unknown_refs
from umsalert.store.spatialite import Connection

if TYPE_CHECKING:  # a list waits for nothing that writes
    from umsalert.model import (
        Contact,
        ContactStatus,
        NewContact,
        NewSite,
        Operator,
        Site,
        SiteStatus,
    )
    from umsalert.ports import SiteDefaults


class SqlRegister:
    """`ports.Register` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def site_defaults(self, refs: Collection[str]) -> Mapping[str, SiteDefaults]:
        """Return what contacts take from each of these sites that there is, by ref."""
        from umsalert.store.known import SqlKnownRows

        return await self._database.read(lambda c: SqlKnownRows(c).defaults(refs))

    async def add_sites(self, sites: Sequence[NewSite], by: Operator, *, approve: bool) -> int:
        """Add all or none. Raises InvalidData when a ref exists."""
        from umsalert.model import SiteStatus
        from umsalert.store import staged
        from umsalert.store.status import Move

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
        from umsalert.model import ContactStatus
        from umsalert.store import staged
        from umsalert.store.status import Move

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
        from umsalert.store.site_rows import site_of_row

        def work(connection: Connection) -> tuple[Site, ...]:
            rows = connection.execute(queries("register")["sites"], {"status": status})
            return tuple(site_of_row(row) for row in rows)

        return await self._database.read(work)

    async def site(self, ref: str) -> Site:
        """Return one site. Raises UsageError when there is none."""
        from umsalert.store.site_rows import site_of_row

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
        from umsalert.store.contact_rows import contact_of_row

        def work(connection: Connection) -> tuple[Contact, ...]:
            values = {"site_ref": site_ref, "status": status}
            rows = connection.execute(queries("register")["contacts"], values)
            return tuple(contact_of_row(row) for row in rows)

        return await self._database.read(work)

    async def set_site_status(
        self, refs: Sequence[str], status: SiteStatus, by: Operator, *, reason: str = ""
    ) -> int:
        """Move all sites or none; return how many changed. Raises UsageError on unknown refs."""
        from umsalert.store.status import Move, move

        to = Move(status, by, self._now(), reason)
        return await self._database.write(lambda c: move(c, refs, to))

    async def set_contact_status(
        self, refs: Sequence[str], status: ContactStatus, by: Operator, *, reason: str = ""
    ) -> int:
        """Move all contacts or none; return how many changed. Raises UsageError on unknown refs."""
        from umsalert.store.status import Move, move

        to = Move(status, by, self._now(), reason)
        return await self._database.write(lambda c: move(c, refs, to))


def _site_ids(connection: Connection, contacts: Sequence[NewContact]) -> Mapping[str, int]:
    from umsalert.store.known import SqlKnownRows

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
