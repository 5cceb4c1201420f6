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
    """SQLite is inside the COMMIT of a claim or of outcomes."""
    IN_TAKEOVER = "in the takeover"
    """`resume` has begun to write, and has claimed nothing."""
    BETWEEN_CHANNELS = "between channels"
    """One channel is finished, another is not."""
    ANY_TIME = "at any time"
    """Whenever it happens to be, start-up and end included."""


OF_ITSELF = (Point.BEFORE_REQUEST, Point.AFTER_ANSWER, Point.IN_COMMIT, Point.IN_TAKEOVER)
"""Only the process itself knows when it is there."""

_LAYOUT = struct.Struct("<?qqq")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a process writes into a file right before it kills itself.

    `attempts` is of IN_COMMIT only: the attempts that will be in the database if the commit
    counts, all of them, those on the wire, and the sum of their states' lengths.
    """

    hit: bool = False
    attempts: tuple[int, int, int] = (0, 0, 0)

    SIZE = _LAYOUT.size

    def packed(self) -> bytes:
        """Return it as it stands in the file."""
        return _LAYOUT.pack(self.hit, *self.attempts)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Return what a dead process has left; nothing was hit where it left nothing."""
        hit, *attempts = _LAYOUT.unpack(file.read_bytes())
        return cls(hit, (attempts[0], attempts[1], attempts[2]))


COUNT_ATTEMPTS = """
SELECT count(*), coalesce(sum(state = 'sending'), 0), coalesce(sum(length(state)), 0) FROM attempt
"""
"""Tells the database with a transaction from the one without it."""
