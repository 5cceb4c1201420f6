"""What waits for a second person."""

from __future__ import annotations

from collections.abc import (
    Sequence,
)
from typing import (
    Protocol,
)

from umsalert.model import (
    Approval,
    NewApproval,
    Operator,
)


class Approvals(Protocol):
    """Requests that wait for another account than the one that has asked."""

    async def submit(self, new: NewApproval) -> Approval:
        """Keep a request. The same one that waits already under its idempotency key is returned.

        Raises RefusedByRule when that key belongs to another request, or to one that was refused.
        """

    async def approval(self, ref: str) -> Approval:
        """Return a request by its ref or a part of it that no other has. Raises UsageError."""

    async def waiting(self) -> Sequence[Approval]:
        """Return what is neither decided nor expired, oldest first."""

    async def refuse(self, approval_id: int, by: Operator) -> Approval:
        """Refuse a request, or withdraw one's own. Raises RefusedByRule when it was decided."""
