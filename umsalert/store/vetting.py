"""Sites and contacts on their way: judged moves, edits, history, cards that come to their end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Literal

from umsalert import approvals
from umsalert.errors import RefusedByRule
from umsalert.i18n import _
from umsalert.model import (
    Approval,
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
from umsalert.statuses import status_name
from umsalert.store import audit, edits
from umsalert.store.approvals import CarryOut
from umsalert.store.database import Database, from_text, queries, to_text
from umsalert.store.lapses import PROGRAM, lapse, lapse_in
from umsalert.store.register import contact_of_row, site_of_row
from umsalert.store.spatialite import Connection
from umsalert.store.status import Move, move, moving, some, unknown_refs


class SqlVetting:
    """`ports.Vetting` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def lapse(self) -> int:
        """Move the sites and contacts whose term has come to its end; return how many."""
        return await lapse(self._database, self._now())

    async def move_sites(
        self, refs: Sequence[str], to: Decision, by: Operator, judge: SiteJudge
    ) -> int:
        """Move all sites or none; return how many were not there yet, or until another day."""
        there = self._move(to, by)
        return await self._database.write(lambda c: _move_sites(c, refs, there, judge))

    def carrying_out(self, to: Decision, by: Operator, judge: SiteJudge) -> CarryOut:
        """Return what moves the sites of a request to override, once a second person approves it.

        It raises as `move_sites` does, in the transaction that decides the request, and
        RefusedByRule when somebody has moved a site since it was asked for.
        """
        there = self._move(to, by)

        def carry_out(connection: Connection, approval: Approval) -> None:
            def still(sites: Sequence[Site]) -> Iterable[Deed]:
                _check_unmoved(sites, approval)
                return judge(sites)

            _move_sites(connection, approvals.override_of(approval).refs, there, still)

        return carry_out

    async def move_contacts(
        self, refs: Sequence[str], to: Decision, by: Operator, judge: ContactJudge
    ) -> int:
        """Move all contacts or none; return how many were not there yet."""
        there = self._move(to, by)

        def work(connection: Connection) -> int:
            lapse_in(connection, there.at)
            people = _of(connection, "contacts_of", list(moving(connection, refs, there)))
            deeds = list(judge([contact_of_row(row) for row in people]))
            moved = move(connection, refs, there)
            audit.append(connection, by, there.at, deeds)
            return moved

        return await self._database.write(work)

    async def contact(self, ref: str) -> Contact:
        """Return one contact. Raises UsageError when there is none."""
        return await self._database.read(lambda c: _contact(c, ref))

    async def history(self, noun: Literal["site", "contact"], ref: str) -> Sequence[StatusChange]:
        """Return every move of a site or contact, oldest first."""

        def work(connection: Connection) -> tuple[StatusChange, ...]:
            rows = connection.execute(queries("vetting")["history"], {"noun": noun, "ref": ref})
            return tuple(map(_change, rows))

        return await self._database.read(work)

    async def expiring(self, before: datetime) -> Sequence[tuple[Contact, Site]]:
        """Return contacts whose card ends before a moment, or has ended; the soonest first."""

        def work(connection: Connection) -> tuple[tuple[Contact, Site], ...]:
            sql = queries("vetting")
            rows = connection.execute(sql["expiring"], {"before": to_text(before)}).fetchall()
            people = [contact_of_row(row) for row in rows]
            refs = sorted({contact.site_ref for contact in people})
            places = {row["ref"]: site_of_row(row) for row in _of(connection, "sites_of", refs)}
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
            contact = _contact(connection, ref)
            fields = edits.write_contact(connection, contact, change(contact))
            audit.append(connection, by, self._now(), _edited("contact", ref, fields))
            return fields

        return await self._database.write(work)

    def _move(self, to: Decision, by: Operator) -> Move:
        return Move(to.status, by, self._now(), to.reason, to.until)


def _move_sites(connection: Connection, refs: Sequence[str], there: Move, judge: SiteJudge) -> int:
    lapse_in(connection, there.at)  # a term that is over is not the status that it still shows
    places = _of(connection, "sites_of", list(moving(connection, refs, there)))
    deeds = list(judge([site_of_row(row) for row in places]))
    moved = move(connection, refs, there)
    audit.append(connection, there.by, there.at, deeds)
    return moved


def _check_unmoved(sites: Sequence[Site], approval: Approval) -> None:
    """Raise RefusedByRule when somebody, and not time, has moved a site since a request."""
    moved = [
        f"{site.ref} ({status_name(site.status)})"
        for site in sites
        if site.status_at is not None
        and site.status_at > approval.submitted_at
        and site.status_by != str(PROGRAM)
    ]
    if moved:
        raise RefusedByRule(
            "sites_moved",
            _("Since request {ref} was made, somebody has moved: {refs}").format(
                ref=approval.ref, refs=some(moved)
            ),
            hint=_("Nothing was changed. See: umsalert site review REF; then ask for it anew."),
        )


def _of(connection: Connection, query: str, refs: Sequence[str]) -> Sequence[Connection]:
    rows: Sequence[Connection] = connection.execute(
        queries("vetting")[query], {"refs": json.dumps(refs)}
    ).fetchall()
    return rows


def _site(connection: Connection, ref: str) -> Site:
    for row in _of(connection, "sites_of", [ref]):
        return site_of_row(row)
    raise unknown_refs("site", [ref])


def _contact(connection: Connection, ref: str) -> Contact:
    for row in _of(connection, "contacts_of", [ref]):
        return contact_of_row(row)
    raise unknown_refs("contact", [ref])


def _edited(noun: str, ref: str, fields: Sequence[str]) -> list[Deed]:
    return [Deed(f"{noun}.edit", noun, ref, {"fields": list(fields)})] if fields else []


def _change(row: Connection) -> StatusChange:
    return StatusChange(
        from_status=row["from_status"],
        to_status=row["to_status"],
        by=row["operator"],
        at=from_text(row["changed_at"]),
        reason=row["reason"],
        until=row["until"] and date.fromisoformat(row["until"]),
    )
