"""Moves of sites and contacts that are judged, in the transaction that makes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from umsalert import approvals
from umsalert.errors import RefusedByRule
from umsalert.i18n import _
from umsalert.store import audit
from umsalert.store.contact_rows import contact_of_row
from umsalert.store.database import queries
from umsalert.store.lapses import PROGRAM, lapse_in
from umsalert.store.refs import of_refs, some
from umsalert.store.site_rows import site_of_row
from umsalert.store.spatialite import Connection
from umsalert.store.status import Move, move, moving
from umsalert.words.statuses import status_name

if TYPE_CHECKING:
    from umsalert.model import Approval, Deed, Site
    from umsalert.ports import ContactJudge, SiteJudge
    from umsalert.store.approvals import CarryOut


def move_sites(connection: Connection, refs: Sequence[str], there: Move, judge: SiteJudge) -> int:
    """Move all sites or none; return how many were not there yet, or until another day."""
    lapse_in(connection, there.at)  # a term that is over is not the status that it still shows
    places = of_refs(connection, "sites_of", list(moving(connection, refs, there)))
    deeds = list(judge([site_of_row(row) for row in places]))
    moved = move(connection, refs, there)
    audit.append(connection, there.by, there.at, deeds)
    return moved


def move_contacts(
    connection: Connection, refs: Sequence[str], there: Move, judge: ContactJudge
) -> int:
    """Move all contacts or none; return how many were not there yet."""
    lapse_in(connection, there.at)
    people = of_refs(connection, "contacts_of", list(moving(connection, refs, there)))
    deeds = list(judge([contact_of_row(row) for row in people]))
    moved = move(connection, refs, there)
    audit.append(connection, there.by, there.at, deeds)
    return moved


def overriding(there: Move, judge: SiteJudge) -> CarryOut:
    """Return what moves the sites of a request to override, once a second person approves it."""

    def carry_out(connection: Connection, approval: Approval) -> None:
        def still(sites: Sequence[Site]) -> Iterable[Deed]:
            _check_unmoved(connection, sites, approval)
            return judge(sites)

        move_sites(connection, approvals.override_of(approval).refs, there, still)

    return carry_out


def _check_unmoved(connection: Connection, sites: Sequence[Site], approval: Approval) -> None:
    """Raise RefusedByRule when somebody, and not time, has moved a site since a request."""
    values = {
        "approval": approval.ref,
        "refs": json.dumps([site.ref for site in sites]),
        "program": PROGRAM,
    }
    rows = connection.execute(queries("vetting")["moved_since"], values)
    since = {row["ref"] for row in rows}
    moved = [f"{site.ref} ({status_name(site.status)})" for site in sites if site.ref in since]
    if moved:
        raise RefusedByRule(
            "sites_moved",
            _("Since request {ref} was made, somebody has moved: {refs}").format(
                ref=approval.ref, refs=some(moved)
            ),
            hint=_("Nothing was changed. See: umsalert site review REF; then ask for it anew."),
        )
