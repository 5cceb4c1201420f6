"""Sites and contacts on their way: judged moves, edits, history, cards that come to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, to_text
from umsalert.store.lapses import foresee
from umsalert.store.refs import of_refs, unknown_refs
from umsalert.store.spatialite import Connection

if TYPE_CHECKING:  # every list asks whether a term has ended, and moves nothing else
    from umsalert.model import (
        Contact,
        Decision,
        Deed,
        NewContact,
        NewSite,
        Operator,
        Site,
        StatusChange,
    )
    from umsalert.ports import ContactJudge, SiteJudge
    from umsalert.store.approvals import CarryOut
    from umsalert.store.status import Move


class SqlVetting:
    """`ports.Vetting` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def lapse(self) -> int:
        """Move the sites and contacts whose term has come to its end; return how many.

        Where the file cannot be written, only what is read after it says so.
        """
        return sum(await foresee(self._database, self._now()))

    async def move_sites(
        self, refs: Sequence[str], to: Decision, by: Operator, judge: SiteJudge
    ) -> int:
        """Move all sites or none; return how many were not there yet, or until another day."""
        from umsalert.store.moves import move_sites

        there = self._move(to, by)
        return await self._database.write(lambda c: move_sites(c, refs, there, judge))

    async def move_sites_apart(
        self, moves: Sequence[tuple[Sequence[str], Decision, SiteJudge]], by: Operator
    ) -> int:
        """Move several groups of sites, each to a status of its own: all of them or none."""
        from umsalert.store.moves import move_sites

        groups = [(refs, self._move(to, by), judge) for refs, to, judge in moves]

        def work(connection: Connection) -> int:
            return sum(move_sites(connection, *group) for group in groups)

        return await self._database.write(work)

    def carrying_out(self, to: Decision, by: Operator, judge: SiteJudge) -> CarryOut:
        """Return what moves the sites of a request to override, once a second person approves it.

        It raises as `move_sites` does, in the transaction that decides the request, and
        RefusedByRule when somebody has moved a site since it was asked for.
        """
        from umsalert.store.moves import overriding

        return overriding(self._move(to, by), judge)

    async def move_contacts(
        self, refs: Sequence[str], to: Decision, by: Operator, judge: ContactJudge
    ) -> int:
        """Move all contacts or none; return how many were not there yet."""
        from umsalert.store.moves import move_contacts

        there = self._move(to, by)
        return await self._database.write(lambda c: move_contacts(c, refs, there, judge))

    async def contact(self, ref: str) -> Contact:
        """Return one contact. Raises UsageError when there is none."""
        return await self._database.read(lambda c: _contact(c, ref))

    async def history(self, noun: Literal["site", "contact"], ref: str) -> Sequence[StatusChange]:
        """Return every move of a site or contact, oldest first."""

        def work(connection: Connection) -> tuple[StatusChange, ...]:
            rows = connection.execute(queries("vetting")["history"], {"noun": noun, "ref": ref})
            return _changes(rows)

        return await self._database.read(work)

    async def expiring(self, before: datetime) -> Sequence[tuple[Contact, Site]]:
        """Return contacts whose card ends before a moment, or has ended; the soonest first."""

        def work(connection: Connection) -> tuple[tuple[Contact, Site], ...]:
            from umsalert.store.contact_rows import contact_of_row
            from umsalert.store.site_rows import site_of_row

            sql = queries("vetting")
            rows = connection.execute(sql["expiring"], {"before": to_text(before)}).fetchall()
            people = [contact_of_row(row) for row in rows]
            refs = sorted({contact.site_ref for contact in people})
            places = {row["ref"]: site_of_row(row) for row in of_refs(connection, "sites_of", refs)}
            return tuple((contact, places[contact.site_ref]) for contact in people)

        return await self._database.read(work)

    async def edit_site(
        self,
        ref: str,
        change: Callable[[Site], NewSite],
        by: Operator,
        review: Decision | None = None,
    ) -> Sequence[str]:
        """Write what `change` makes of a site, move it to its `review`; return changed fields."""

        def work(connection: Connection) -> Sequence[str]:
            from umsalert.store import audit, edits
            from umsalert.store.status import move

            now = self._now()
            site = _site(connection, ref)
            fields = edits.write_site(connection, site, change(site))
            audit.append(connection, by, now, _edited("site", ref, fields))
            if review is not None:
                move(connection, [ref], self._move(review, by))
            return fields

        return await self._database.write(work, spatial=True)

    async def edit_contact(
        self, ref: str, change: Callable[[Contact], NewContact], by: Operator
    ) -> Sequence[str]:
        """Write what `change` makes of a contact; return the fields that changed."""

        def work(connection: Connection) -> Sequence[str]:
            from umsalert.store import audit, edits

            contact = _contact(connection, ref)
            fields = edits.write_contact(connection, contact, change(contact))
            audit.append(connection, by, self._now(), _edited("contact", ref, fields))
            return fields

        return await self._database.write(work)

    def _move(self, to: Decision, by: Operator) -> Move:
        from umsalert.store.status import Move

        return Move(to.status, by, self._now(), to.reason, to.until)


def _site(connection: Connection, ref: str) -> Site:
    from umsalert.store.site_rows import site_of_row

    for row in of_refs(connection, "sites_of", [ref]):
        return site_of_row(row)
    raise unknown_refs("site", [ref])


def _contact(connection: Connection, ref: str) -> Contact:
    from umsalert.store.contact_rows import contact_of_row

    for row in of_refs(connection, "contacts_of", [ref]):
        return contact_of_row(row)
    raise unknown_refs("contact", [ref])


def _edited(noun: str, ref: str, fields: Sequence[str]) -> list[Deed]:
    from umsalert.model import Deed

    return [Deed(f"{noun}.edit", noun, ref, {"fields": list(fields)})] if fields else []


def _changes(rows: Iterable[Connection]) -> tuple[StatusChange, ...]:
    from umsalert.model import StatusChange

    return tuple(
        StatusChange(
            from_status=row["from_status"],
            to_status=row["to_status"],
            by=row["operator"],
            at=from_text(row["changed_at"]),
            reason=row["reason"],
            until=row["until"] and date.fromisoformat(row["until"]),
        )
        for row in rows
    )
