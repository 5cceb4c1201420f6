"""Where a process is killed, and what one that kills itself leaves to say where it was."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self


class Point(StrEnum):
    """A place in the life of a sending process."""

    BEFORE_REQUEST = "before the request"
    """The claim is committed, no byte of the request has left."""
    AFTER_REQUEST = "after the request"
    """The carrier has taken the message and not answered yet."""
    AFTER_ANSWER = "after the answer"
    """The answer was read, its outcome is not committed."""
    IN_COMMIT = "in mid-commit"
    """SQLite is inside the COMMIT of an alert, a claim or outcomes."""
    IN_TAKEOVER = "in the takeover"
    """`resume` has begun to write, and has claimed nothing."""
    BETWEEN_CHANNELS = "between channels"
    """One channel is finished, another is not."""
    ANY_TIME = "at any time"
    """Whenever it happens to be, start-up and end included."""


OF_ITSELF = (Point.BEFORE_REQUEST, Point.AFTER_ANSWER, Point.IN_COMMIT, Point.IN_TAKEOVER)
"""Only the process itself knows when it is there."""

Counts = tuple[int, int, int, int]
COUNTS = """
SELECT (SELECT count(*) FROM delivery), count(*), coalesce(sum(state = 'sending'), 0),
    coalesce(sum(length(state)), 0)
FROM attempt
"""
"""Tells the database with a transaction from the one without it."""

_LAYOUT = struct.Struct("<?qqqq")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a process writes into a file right before it kills itself.

    `counts` is of IN_COMMIT only: what COUNTS says where the commit counts.
    """

    hit: bool = False
    counts: Counts = (0, 0, 0, 0)

    SIZE = _LAYOUT.size

    def packed(self) -> bytes:
        """Return it as it stands in the file."""
        return _LAYOUT.pack(self.hit, *self.counts)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Return what a dead process has left; nothing was hit where it left nothing."""
        hit, *counts = _LAYOUT.unpack(file.read_bytes())
        return cls(hit, (counts[0], counts[1], counts[2], counts[3]))
