"""The interpreter of a command that is busy with connections."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

COLLECT_EVERY = 20_000
"""So many new objects make Python look for cycles; with its own 700 a tenth of the time of a
dispatch goes into looking through objects that live as long as the command."""


def collect_rarely() -> None:
    """Look for cycles less often, and never at what is there now."""
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 20, 100)


def loop_factory() -> Callable[[], AbstractEventLoop] | None:
    """Return how to make the faster loop, None where it does not exist (Windows)."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
