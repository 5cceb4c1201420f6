"""What a run of benchmarks was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """`folder` goes away afterwards, what lies beside it is kept; `messages` are for one round.

    `contacts` are those of an alert to the whole country.
    `plot` None: where the documentation shows it.
    """

    folder: Path
    sites: tuple[int, ...]
    rounds: int
    messages: int
    contacts: int
    seeds: int
    plot: Path | None
