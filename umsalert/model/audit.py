"""The entries of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from umsalert.model.deeds import AuditHead


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the chain, as it stands in the database."""

    n: int
    at: datetime
    operator: str
    action: str
    noun: str
    ref: str
    detail: str
    previous_sha256: str
    sha256: str


class Break(StrEnum):
    """What is wrong with a link of the chain."""

    ALTERED = "altered"
    """A field of the entry, or its hash, is not what was written."""
    REMOVED = "removed"
    """An entry is gone, from here on."""
    INSERTED = "inserted"
    """The entry was put in between two others later."""
    REORDERED = "reordered"
    """The entry stood elsewhere."""
    CUT = "cut"
    """The head that was kept elsewhere is newer than the newest entry."""
    REWRITTEN = "rewritten"
    """The chain is whole in itself, and is not the one whose head was kept elsewhere."""
    CHECKPOINT = "checkpoint"
    """The checkpoint of a purge is gone, or is not what the purge has written."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first broken link: the number of the entry, or of the checkpoint, and what is wrong."""

    n: int
    what: Break


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification has found; without a `fault` the chain is whole.

    `entries` were read from `first` on, which is 1 where nothing was purged, and `head` is the last
    one that is sound. `head_purged`: the head to compare with is older than the last purge.
    """

    first: int
    entries: int
    head: AuditHead
    fault: Fault | None = None
    head_purged: bool = False
