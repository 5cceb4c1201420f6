"""What was done, and by whom, as it enters the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Operator(NamedTuple):
    """Who runs the command: the account (seen through sudo) at the configured station."""

    account: str
    station: str

    def __str__(self) -> str:
        """Return `account@station`, as it is written into the record."""
        return f"{self.account}@{self.station}" if self.station else self.account


class Deed(NamedTuple):
    """Something that was done, as it enters the audit log.

    `action` is `noun.verb` in snake_case, `ref` that of the site, contact, alert ... it was done
    to, empty where there is none. `detail` holds ids, counts, names of fields and hashes: never a
    name, an address, a text or a reason.
    """

    action: str
    noun: str
    ref: str
    detail: Mapping[str, object] = {}  # nobody changes it


class AuditHead(NamedTuple):
    """The newest link: what to keep elsewhere, so that a cut or rewritten chain is noticed."""

    n: int
    sha256: str

    def __str__(self) -> str:
        """Return `N:SHA256`, as it is printed and typed."""
        return f"{self.n}:{self.sha256}"
