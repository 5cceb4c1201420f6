"""What vetting asks of the register: moves that are judged, edits, and what is known since when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
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

SiteJudge: TypeAlias = "Callable[[Sequence[Site]], Iterable[Deed]]"
"""Asked in a thread of the database, with the sites that would move, before any does: raises, or
returns what else enters the audit log."""

ContactJudge: TypeAlias = "Callable[[Sequence[Contact]], Iterable[Deed]]"
"""Likewise, with contacts."""


class Vetting(Protocol):
    """Sites and contacts on their way."""

    async def lapse(self) -> int:
        """Move the sites and contacts whose term has come to its end; return how many."""

    async def move_sites(
        self, refs: Sequence[str], to: Decision, by: Operator, judge: SiteJudge
    ) -> int:
        """Move all sites or none; return how many were not there yet, or until another day.

        Raises UsageError on unknown refs and on a day that is over, RefusedByRule when one may not
        go there from where it stands, and what `judge` raises.
        """

    async def move_sites_apart(
        self, moves: Sequence[tuple[Sequence[str], Decision, SiteJudge]], by: Operator
    ) -> int:
        """Move several groups of sites, each to a status of its own: all of them or none.

        Raises as `move_sites` does.
        """

    async def move_contacts(
        self, refs: Sequence[str], to: Decision, by: Operator, judge: ContactJudge
    ) -> int:
        """Move all contacts or none; likewise."""

    async def contact(self, ref: str) -> Contact:
        """Return one contact. Raises UsageError when there is none."""

    async def history(self, noun: Literal["site", "contact"], ref: str) -> Sequence[StatusChange]:
        """Return every move of a site or contact, oldest first."""

    async def expiring(self, before: datetime) -> Sequence[tuple[Contact, Site]]:
        """Return contacts whose card ends before a moment, or has ended; the soonest first.

        Who is revoked or erased, or at a closed or refused site, needs no new card.
        """

    async def edit_site(
        self,
        ref: str,
        change: Callable[[Site], NewSite],
        by: Operator,
        review: Decision | None = None,
    ) -> Sequence[str]:
        """Write what `change` makes of a site, move it to its `review`; return changed fields.

        `change` is asked in a thread of the database, in the transaction. Raises UsageError when
        there is no such site, and what `change` raises.
        """

    async def edit_contact(
        self, ref: str, change: Callable[[Contact], NewContact], by: Operator
    ) -> Sequence[str]:
        """Write what `change` makes of a contact; return the fields that changed. Likewise."""
