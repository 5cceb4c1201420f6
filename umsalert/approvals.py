"""The two-person rule: what waits for another account than the one that has asked for it.

An alert is sent by the code that sends any other, with the `Consent` of the second person in its
`NewAlert`. To approve sites without all their facts is carried out in the transaction of
`store.approvals.SqlApprovals.approve_with`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from umsalert.errors import RefusedByRule
from umsalert.i18n import _
from umsalert.model import (
    APPROVAL_POWERS,
    POWERS,
    Approval,
    ApprovalDecision,
    ApprovalKind,
    NewApproval,
    Operator,
    Role,
)
from umsalert.ports import Approvals


@dataclass(frozen=True, slots=True)
class Override:
    """Sites to approve although facts are missing: until which day, and why."""

    refs: tuple[str, ...]
    until: date | None
    reason: str


async def submit_override(
    book: Approvals, override: Override, by: Operator, at: datetime, expires_s: float
) -> Approval:
    """Ask for a second person who approves sites without all their facts."""
    request = {
        "refs": list(override.refs),
        "until": override.until and override.until.isoformat(),
        "reason": override.reason,
    }
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    expires_at = at + timedelta(seconds=expires_s)
    return await book.submit(
        NewApproval(ApprovalKind.OVERRIDE, request, digest, by, at, expires_at)
    )


def override_of(approval: Approval) -> Override:
    """Return what a request of the kind `override` asks for."""
    until = approval.request["until"]
    return Override(
        refs=tuple(approval.request["refs"]),
        until=date.fromisoformat(until) if until else None,
        reason=str(approval.request["reason"]),
    )


def check(approval: Approval, accounts: Collection[str], now: datetime) -> None:
    """Raise RefusedByRule when who runs a command may not approve this any more, or at all.

    `accounts` are all that stand behind the command: the one that sudo was called by, and its own.
    """
    check_undecided(approval)
    if now >= approval.expires_at:
        raise RefusedByRule(
            "approval_expired",
            _("Request {ref} has expired: nobody approved it in time.").format(ref=approval.ref),
            hint=_("Nothing was sent. {operator} must ask for it anew.").format(
                operator=approval.submitted_by
            ),
        )
    if approval.submitted_account in accounts:
        raise RefusedByRule(
            "own_request",
            _("Request {ref} is your own: somebody else must approve it.").format(ref=approval.ref),
            hint=_("To withdraw it: umsalert alert approve {ref} --refuse").format(
                ref=approval.ref
            ),
        )


def check_undecided(approval: Approval) -> None:
    """Raise RefusedByRule when a request was decided."""
    if approval.decision is None:
        return
    words = {
        ApprovalDecision.APPROVED: _("Request {ref} was approved by {operator} already."),
        ApprovalDecision.REFUSED: _("Request {ref} was refused by {operator}."),
        ApprovalDecision.WITHDRAWN: _("Request {ref} was withdrawn by {operator}."),
    }[approval.decision]
    hint = _("What is wanted anew is asked for anew, with another idempotency key.")
    if approval.alert_ref:
        hint = _("What came of it: umsalert report {ref}").format(ref=approval.alert_ref)
    raise RefusedByRule(
        f"approval_{approval.decision}",
        words.format(ref=approval.ref, operator=approval.decided_by),
        hint=hint,
    )


def who_may(
    roles: Mapping[str, frozenset[Role]], kind: ApprovalKind, submitter: str
) -> Sequence[str] | None:
    """Return the accounts that may approve; None where nobody has a role, and so everybody may."""
    if not roles:
        return None
    power = APPROVAL_POWERS[kind]
    return [
        account
        for account, given in roles.items()
        if account != submitter and any(power in POWERS[role] for role in given)
    ]
