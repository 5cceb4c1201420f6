"""What is known of contacts' addresses: which were proven, and which have become doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from umsalert.model import AddressKind, AddressState, Operator, SentCode


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a code that was typed: what it proved, or how often it may be typed again."""

    proven: AddressKind | None
    tries_left: int


class Addresses(Protocol):
    """The numbers and mailboxes of contacts."""

    async def states(
        self, contact_refs: Sequence[str] | None = None, *, failures: int = 0
    ) -> Sequence[AddressState]:
        """Return what is known of the addresses of these contacts, or of all.

        Only of those with so many `failures`, or more.
        """

    async def expect(self, contact_ref: str, code: SentCode, by: Operator) -> None:
        """Keep a code that is about to be sent, in the place of an earlier one to that address."""

    async def forget(self, contact_ref: str, code: SentCode) -> None:
        """Drop a code that did not leave."""

    async def expected(self, contact_ref: str) -> Sequence[SentCode]:
        """Return the codes that were sent to a contact and not used, expired ones included."""

    async def answer(
        self, contact_ref: str, digests: Sequence[tuple[SentCode, bytes]], by: Operator
    ) -> Answered:
        """Compare what was typed, as each code's digest, in one transaction; a try is counted.

        A code that has expired, was tried too often or was replaced meanwhile proves nothing.
        """
