"""Who did what, and who may do it."""

from __future__ import annotations

from collections.abc import (
    Collection,
    Mapping,
    Sequence,
)
from dataclasses import (
    dataclass,
)
from datetime import (
    datetime,
)
from typing import (
    Protocol,
)

from umsalert.model import (
    AuditEntry,
    AuditHead,
    Deed,
    Operator,
    Power,
    Role,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries of the audit log are asked for: those that fit everything that is given.

    From `since` on and before `until`; `operator` is an account, at any station or at that one.
    """

    since: datetime | None = None
    until: datetime | None = None
    operator: str | None = None
    action: str | None = None
    noun: str | None = None
    ref: str | None = None


class AuditLog(Protocol):
    """Who did what: entries that only ever grow in number."""

    async def append(self, by: Operator, deeds: Sequence[Deed]) -> None:
        """Add what was done outside of any other transaction."""

    async def head(self) -> AuditHead:
        """Return the newest link of the chain."""

    async def page(
        self, wanted: Wanted, limit: int, before: int | None = None
    ) -> Sequence[AuditEntry]:
        """Return the newest `limit` entries that fit, numbered below `before`, newest first."""

    async def verify(self, kept: AuditHead | None = None) -> Verdict:
        """Read the whole chain, in bounded memory, and hold it against a head kept elsewhere."""


class Operators(Protocol):
    """Who may do what."""

    async def require(self, power: Power, by: Operator) -> None:
        """Raise RefusedByRule, and log it, when no role of the account has the power.

        Where no account has any role, everybody has every power.
        """

    async def roles(self) -> Mapping[str, frozenset[Role]]:
        """Return the roles of every account that has one."""

    async def add(self, account: str, roles: Collection[Role], by: Operator) -> int:
        """Give roles; return how many are new. Raises RefusedByRule.

        The first account of all must become an administrator: nobody else could give a role then.
        """

    async def remove(self, account: str, roles: Collection[Role], by: Operator) -> int:
        """Take roles away, all where none is named; return how many.

        Raises UsageError when it has none of them, RefusedByRule when no administrator would be
        left.
        """
