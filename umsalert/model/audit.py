"""The entries of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


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
