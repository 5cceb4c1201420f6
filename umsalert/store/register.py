"""Sites and contacts, and who vetted them."""

from __future__ import annotations

import dataclasses
import itertools
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from umsalert.errors import InvalidData, Problem
from umsalert.geo.cells import cell_of
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
from umsalert.store.database import Database, optional_text, optional_time, queries
from umsalert.store.spatialite import Connection
from umsalert.store.status import Move, move, record, some, unknown_refs


class SqlRegister:
    """`ports.Register` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def site_regions(self) -> Mapping[str, str]:
        """Return the ISO 3166 region of each site by ref."""

        def work(connection: Connection) -> dict[str, str]:
            rows = connection.execute(queries("register")["site_regions"])
            return {row["ref"]: row["region"] for row in rows}

        return await self._database.read(work)

    async def site_defaults(self) -> Mapping[str, tuple[str, str | None]]:
        """Return the time zone and the client of each site by ref."""

        def work(connection: Connection) -> dict[str, tuple[str, str | None]]:
            rows = connection.execute(queries("register")["site_defaults"])
            return {row["ref"]: (row["time_zone"], row["client"]) for row in rows}

        return await self._database.read(work)

    async def contact_keys(self) -> Mapping[str, tuple[str, str]]:
        """Return (site ref, case-folded name) of every contact by ref."""

        def work(connection: Connection) -> dict[str, tuple[str, str]]:
            rows = connection.execute(queries("register")["contact_keys"])
            return {row["ref"]: (row["site_ref"], row["name"].casefold()) for row in rows}

        return await self._database.read(work)

    async def add_sites(self, sites: Sequence[NewSite], by: Operator, *, approve: bool) -> int:
        """Add all or none. Raises InvalidData when a ref exists."""
        to = Move(SiteStatus.APPROVED if approve else SiteStatus.REQUESTED, by, self._now())

        def work(connection: Connection) -> int:
            _refuse_known(connection, "status_of_sites", [site.ref for site in sites])
            rows = [dataclasses.asdict(site) | to.columns | _place(site) for site in sites]
            _insert(connection, "site", rows)
            record(connection, dict.fromkeys(site.ref for site in sites), to)
            return len(rows)

        return await self._database.write(work, spatial=True)

    async def add_contacts(
        self, contacts: Sequence[NewContact], by: Operator, *, certify: bool
    ) -> int:
        """Add all or none. Raises InvalidData when a site is missing or a ref exists."""
        to = Move(ContactStatus.CERTIFIED if certify else ContactStatus.NAMED, by, self._now())

        def work(connection: Connection) -> int:
            rows = _contact_rows(connection, contacts)
            refs = [str(row["ref"]) for row in rows]
            _refuse_known(connection, "status_of_contacts", refs)
            _insert(connection, "contact", [row | to.columns for row in rows])
            record(connection, dict.fromkeys(refs), to)
            return len(rows)

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


def _place(site: NewSite) -> dict[str, object]:
    """Return where a site lies: its cell, and its point as little-endian WKB (OGC 06-103r4)."""
    point = struct.pack("<BIdd", 1, 1, site.lon, site.lat)  # x = lon first
    return {"geom": point, "cell": cell_of(site.lat, site.lon)}


def _insert(connection: Connection, table: str, rows: Sequence[dict[str, object]]) -> None:
    from sqlite_utils import Database as Tables

    Tables(connection, recursive_triggers=False).table(
        table, conversions={"geom": "GeomFromWKB(?, 4326)"}
    ).insert_all(rows)


def _contact_rows(
    connection: Connection, contacts: Sequence[NewContact]
) -> list[dict[str, object]]:
    sql = queries("register")
    site_refs = sorted({contact.site_ref for contact in contacts})
    ids = {
        row["ref"]: row["id"]
        for row in connection.execute(sql["site_ids"], {"refs": json.dumps(site_refs)})
    }
    missing = [ref for ref in site_refs if ref not in ids]
    if missing:
        raise unknown_refs("site", missing)
    held = connection.execute(sql["contact_refs"], {"ids": json.dumps(list(ids.values()))})
    taken = {row["ref"] for row in held} | {contact.ref for contact in contacts if contact.ref}
    rows = []
    for contact in contacts:
        row = dataclasses.asdict(contact)
        row["card_valid_until"] = optional_text(contact.card_valid_until)
        row["site_id"] = ids[row.pop("site_ref")]
        row["ref"] = contact.ref or _new_ref(contact.site_ref, taken)
        taken.add(row["ref"])
        rows.append(row)
    return rows


def _new_ref(site_ref: str, taken: set[str]) -> str:
    """Return the first of `SITE-c1`, `SITE-c2`, ... that nobody has."""
    return next(ref for n in itertools.count(1) if (ref := f"{site_ref}-c{n}") not in taken)


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
