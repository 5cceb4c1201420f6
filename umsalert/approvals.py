"""The two-person rule: what waits for another account than the one that has asked for it.

An alert is sent by the code that sends any other, with the `Consent` of the second person in its
`NewAlert`. To approve sites without all their facts is carried out in the transaction of
`store.approvals.SqlApprovals.approve_with`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from umsalert.errors import RefusedByRule
from umsalert.i18n import _
from umsalert.model import (
    APPROVAL_POWERS,
    POWERS,
    Approval,
    ApprovalDecision,
    ApprovalKind,
    Consent,
    NewApproval,
    Operator,
    Role,
)


@dataclass(frozen=True, slots=True)
class Override:
    """Sites to approve although facts are missing: until which day, and why."""

    refs: tuple[str, ...]
    until: date | None
    reason: str


def new_override(
    override: Override, by: Operator, at: datetime, expires_at: datetime
) -> NewApproval:
    """Return the request for a second person who approves sites without all their facts."""
    import hashlib

    request = {
        "refs": list(override.refs),
        "until": override.until and override.until.isoformat(),
        "reason": override.reason,
    }
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    return NewApproval(ApprovalKind.OVERRIDE, request, digest, by, at, expires_at)


def override_of(approval: Approval) -> Override:
    """Return what a request of the kind `override` asks for."""
    until = approval.request["until"]
    return Override(
        refs=tuple(approval.request["refs"]),
        until=date.fromisoformat(until) if until else None,
        reason=str(approval.request["reason"]),
    )


def check(approval: Approval, consent: Consent, now: datetime) -> None:
    """Raise RefusedByRule when who runs a command may not approve this any more, or at all."""
    check_undecided(approval)
    if now >= approval.expires_at:
        raise RefusedByRule(
            "approval_expired",
            _("Request {ref} has expired: nobody approved it in time.").format(ref=approval.ref),
            hint=_("Nothing was sent. {operator} must ask for it anew.").format(
                operator=approval.submitted_by
            ),
        )
    same = _of_both(approval, consent)
    if approval.submitted_account in same and approval.submitted_account == consent.by.account:
        raise RefusedByRule(
            "own_request",
            _("Request {ref} is your own: somebody else must approve it.").format(ref=approval.ref),
            hint=_("To withdraw it: umsalert alert approve {ref} --refuse").format(
                ref=approval.ref
            ),
        )
    for account in same:
        raise RefusedByRule(
            "own_request",
            _("Request {ref} comes from the account {account}, and so would its approval.").format(
                ref=approval.ref, account=account
            ),
            hint=_(
                "Two people cannot be told apart there: whoever approves it needs another account. "
                "More in docs/operators.md"
            ),
        )


def _of_both(approval: Approval, consent: Consent) -> set[str]:
    """Return the accounts behind a request that are behind its approval too.

    An account that several people reach through sudo is nobody's, once sudo has named both.
    """
    process = consent.process
    same = {approval.submitted_account, approval.submitted_process} - {""}
    same &= {consent.by.account, process.account}
    both_named = process.account not in (approval.submitted_account, consent.by.account)
    if process.shared and both_named and process.account == approval.submitted_process:
        same.discard(process.account)
    return same


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
