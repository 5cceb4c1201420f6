"""Whether anything is due: what cron asks every minute, and almost always in vain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from umsalert import wiring
from umsalert.errors import TemporaryError
from umsalert.model import Power

if TYPE_CHECKING:
    from umsalert.cli.context import Session
    from umsalert.cli.output import Output


async def anything(session: Session) -> bool:
    """Say whether there may be something to do. Raises RefusedByRule."""
    settings = session.settings
    try:
        async with wiring.open_store(settings, Power.ALERT) as store:
            return await store.bulletins.anything(wiring.clock(settings).now())
    except TemporaryError:  # who does what is due waits until it can be read
        return True


def say_nothing(output: Output, *, locked: bool = False) -> None:
    """Tell a program that nothing was done; a person is told nothing."""
    if output.as_json:
        output.document({"locked": locked, "runs": []})


def lock_of(database: Path) -> Path:
    """Return the file that run-due locks while it looks at what is due."""
    return database.with_name(f"{database.name}.run-due")
