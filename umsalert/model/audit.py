"""The entries of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done, as it enters the audit log.

    `action` is `noun.verb` in snake_case, `ref` that of the site, contact, alert ... it was done
    to, empty where there is none. `detail` holds ids, counts, names of fields and hashes: never a
    name, an address, a text or a reason.
    """

    action: str
    noun: str
    ref: str
    detail: Mapping[str, object] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest link: what to keep elsewhere, so that a cut or rewritten chain is noticed."""

    n: int
    sha256: str

    def __str__(self) -> str:
        """Return `N:SHA256`, as it is printed and typed."""
        return f"{self.n}:{self.sha256}"


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
