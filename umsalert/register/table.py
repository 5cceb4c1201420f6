"""The columns of ours that a file may have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a file may have, and the most characters that its cells may hold."""

    name: str
    limit: int
    required: bool = False
