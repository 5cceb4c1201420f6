"""What waits for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from umsalert.model.deeds import Operator
from umsalert.model.operators import Power


class ApprovalKind(StrEnum):
    """What is asked for."""

    ALERT = "alert"
    """An alert above a limit of the settings."""
    OVERRIDE = "override"
    """To approve sites that lack facts which CNAPS weighs."""
    BULLETIN = "bulletin"
    """A bulletin above a limit of the settings, with all its runs."""


APPROVAL_POWERS: Mapping[ApprovalKind, Power] = {
    ApprovalKind.ALERT: Power.ALERT,
    ApprovalKind.OVERRIDE: Power.KEEP_REGISTER,
    ApprovalKind.BULLETIN: Power.ALERT,
}
"""Who may ask for it may also approve it, of another account's request."""


class ApprovalDecision(StrEnum):
    """What became of a request."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By who had asked."""


@dataclass(frozen=True, slots=True)
class Process:
    """The account that a command runs in; empty where it is not known.

    `shared`: nobody logs in to it, people reach it through sudo: root, or a service's account.
    """

    account: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class NewApproval:
    """A request for a second person. `request` is everything that was typed, as JSON has it.

    `process_account` is that of the process it was typed to: `by` may stand behind sudo.
    """

    kind: ApprovalKind
    request: Mapping[str, Any]
    request_hash: str
    by: Operator
    at: datetime
    expires_at: datetime
    idempotency_key: str | None = None
    process_account: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A request of the record. `alert_ref` is the alert that came of it."""

    id: int
    ref: str
    kind: ApprovalKind
    request: Mapping[str, Any]
    request_hash: str
    submitted_account: str
    submitted_by: str
    submitted_at: datetime
    expires_at: datetime
    decision: ApprovalDecision | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    alert_ref: str | None = None
    submitted_process: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """The yes of a second person to a request."""

    approval_id: int
    by: Operator
    process: Process = Process()
