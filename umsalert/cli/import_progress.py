"""How far an import is: redrawn on a terminal, a line now and then off it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from umsalert.cli.output import Output, console
from umsalert.cli.progress import PLAIN_INTERVAL_S
from umsalert.i18n import ngettext

if TYPE_CHECKING:
    from umsalert.ports import Progress, Step

_REDRAWN_EVERY_S = 0.2


@contextlib.contextmanager
def progress(output: Output) -> Iterator[Progress]:
    """Show how many rows are read, or written, while this is open. A program is told nothing."""
    screen = console(stderr=True)
    if output.as_json or not screen.is_terminal:
        yield _Told(output.say, PLAIN_INTERVAL_S, time.monotonic())
        return
    with screen.status("") as status:
        yield _Told(status.update, _REDRAWN_EVERY_S, 0.0)


class _Told:
    """Says how far it is, not too often."""

    def __init__(self, say: object, every_s: float, said_at_s: float) -> None:
        self._say = say
        self._every_s = every_s
        self._said_at_s = said_at_s

    def __call__(self, step: Step, done: int, /) -> None:
        now_s = time.monotonic()
        if now_s - self._said_at_s >= self._every_s:
            self._said_at_s = now_s
            self._say(_sentence(step, done))  # type: ignore[operator]


def _sentence(step: Step, done: int) -> str:
    if step == "reading":
        return ngettext("{n} row read.", "{n} rows read.", done).format(n=done)
    return ngettext("{n} row written.", "{n} rows written.", done).format(n=done)
