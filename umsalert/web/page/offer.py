"""Which buttons the page of an alert has: those of its template, as it is now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from umsalert.errors import UmsalertError
from umsalert.messages import templates
from umsalert.model import ReplyKind

FALLBACK = (ReplyKind.SIGHTING, ReplyKind.ACKNOWLEDGED)
"""Where the template is gone, or cannot be read any more: what most of them ask for."""
KEPT_S = 60.0
"""A template is not read again for each of ten thousand guards."""


@dataclass
class Offer:
    """Reads templates of `folders`. `callback` is the number to call, where the words name it."""

    folders: Sequence[Path]
    callback: str
    steady_s: Callable[[], float]

    def __post_init__(self) -> None:
        self._kept: dict[str, tuple[float, Sequence[ReplyKind]]] = {}

    def answers(self, template: str) -> Sequence[ReplyKind]:
        """Return what a template asks for."""
        now = self.steady_s()
        read_at, answers = self._kept.get(template, (-KEPT_S, FALLBACK))
        if now - read_at >= KEPT_S or template not in self._kept:
            answers = self._read(template)
            self._kept[template] = now, answers
        return answers

    def _read(self, template: str) -> Sequence[ReplyKind]:
        try:
            return templates.load(template, self.folders).answers or FALLBACK
        except UmsalertError:
            return FALLBACK
