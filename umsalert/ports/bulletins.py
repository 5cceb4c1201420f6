"""What is sent by the clock."""

from __future__ import annotations

from collections.abc import (
    Sequence,
)
from datetime import (
    datetime,
)
from typing import (
    TYPE_CHECKING,
    Protocol,
)

if TYPE_CHECKING:
    from umsalert.model import (
        Bulletin,
        BulletinRun,
        NewBulletin,
        Operator,
        Settlement,
        Vigipirate,
        VigipirateLevel,
    )


class Bulletins(Protocol):
    """Bulletins, what came of their due times, and the level of Vigipirate."""

    async def add(self, new: NewBulletin) -> Bulletin:
        """Keep a bulletin."""

    async def bulletin(self, ref: str) -> Bulletin:
        """Return one by its ref or a part of it that no other has. Raises UsageError."""

    async def bulletins(self, *, over: bool = False) -> Sequence[Bulletin]:
        """Return those that will be due, soonest first; those that are `over`, too, last."""

    async def remove(self, bulletin_id: int, by: Operator) -> Bulletin:
        """End a bulletin: nothing of it is due any more. What is being sent goes on."""

    async def anything(self, now: datetime) -> bool:
        """Say whether something is due, or was begun and nobody is sending it."""

    async def due(self, now: datetime) -> Sequence[Bulletin]:
        """Return what is due, the longest due first."""

    async def begun(self) -> Sequence[tuple[Bulletin, BulletinRun]]:
        """Return the runs that have begun and not ended."""

    async def runs(self, bulletin_id: int, limit: int) -> Sequence[BulletinRun]:
        """Return what came of the newest due times, newest first."""

    async def settle(self, bulletin: Bulletin, settlement: Settlement, by: Operator) -> bool:
        """Write down what becomes of due times; False when another process was first."""

    async def link(self, run_id: int, alert_ref: str) -> None:
        """Write down which alert a run has become."""

    async def end(self, run_id: int, code: str, by: Operator) -> None:
        """End a run that has begun. `code` is empty where all is well."""

    async def vigipirate(self) -> Vigipirate | None:
        """Return the level that holds, None where nobody has said it."""

    async def set_vigipirate(self, level: VigipirateLevel, since: datetime, by: Operator) -> None:
        """Say which level holds from now on."""
