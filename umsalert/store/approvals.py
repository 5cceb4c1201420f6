"""What waits for a second person: asked for once, decided once, in time, by another account."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from umsalert import approvals
from umsalert.errors import RefusedByRule, UsageError
from umsalert.i18n import _
from umsalert.model import (
    APPROVAL_POWERS,
    Approval,
    ApprovalDecision,
    ApprovalKind,
    Consent,
    Deed,
    NewApproval,
    Operator,
)
from umsalert.store import audit, operators
from umsalert.store.database import Database, queries
from umsalert.store.instants import from_text, optional_time, to_text
from umsalert.store.spatialite import Connection

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 5  # it is read out on the telephone

_VERBS = {
    ApprovalDecision.APPROVED: "approve",
    ApprovalDecision.REFUSED: "refuse",
    ApprovalDecision.WITHDRAWN: "withdraw",
}


CarryOut = Callable[[Connection, Approval], None]
"""Does what was asked for, in the transaction that approves it."""


class SqlApprovals:
    """`ports.Approvals` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def submit(self, new: NewApproval) -> Approval:
        """Keep a request, or return the same one that waits already under its key."""
        return await self._database.write(lambda c: _submit(c, new))

    async def approval(self, ref: str) -> Approval:
        """Return a request by its ref or a part of it that no other has. Raises UsageError."""
        return await self._database.read(lambda c: _find(c, ref))

    async def waiting(self) -> Sequence[Approval]:
        """Return what is neither decided nor expired, oldest first."""
        values = {"now": to_text(self._now())}

        def work(connection: Connection) -> tuple[Approval, ...]:
            rows = connection.execute(queries("approvals")["waiting"], values)
            return tuple(map(_approval, rows))

        return await self._database.read(work)

    async def refuse(self, approval_id: int, by: Operator) -> Approval:
        """Refuse a request, or withdraw one's own. Raises RefusedByRule when it was decided."""

        def work(connection: Connection) -> Approval:
            found = _by_id(connection, approval_id)
            approvals.check_undecided(found)
            own = found.submitted_account == by.account
            decision = ApprovalDecision.WITHDRAWN if own else ApprovalDecision.REFUSED
            _decide(connection, found, decision, (by, self._now()))
            return _by_id(connection, approval_id)

        return await self._database.write(work)

    async def approve_with(self, consent: Consent, carry_out: CarryOut) -> Approval:
        """Approve a request to override, or for a bulletin, and carry it out, in one transaction.

        `carry_out` moves the sites, say; what it raises leaves the request waiting. Raises
        RefusedByRule when the request was decided, has expired or is the approver's own.
        """

        def work(connection: Connection) -> Approval:
            now = self._now()
            found = check(connection, consent, now)
            carry_out(connection, found)
            approve(connection, consent, now)
            return _by_id(connection, consent.approval_id)

        return await self._database.write(work, spatial=True)


def check(connection: Connection, consent: Consent, now: datetime) -> Approval:
    """Return the request of a consent; call it in the transaction that carries it out.

    Raises RefusedByRule when it was decided, has expired or is the approver's own, and when no role
    of the approver has the power any more.
    """
    found = _by_id(connection, consent.approval_id)
    approvals.check(found, consent, now)
    operators.check(connection, APPROVAL_POWERS[found.kind], consent.by)
    return found


def approve(
    connection: Connection, consent: Consent, now: datetime, alert_id: int | None = None
) -> None:
    """Write down that a request is approved, and which alert has come of it."""
    found = _by_id(connection, consent.approval_id)
    process = consent.process.account
    _decide(connection, found, ApprovalDecision.APPROVED, (consent.by, now), process)
    if alert_id is not None:
        values = {"id": found.id, "alert_id": alert_id}
        connection.execute(queries("approvals")["set_alert"], values)


def _submit(connection: Connection, new: NewApproval) -> Approval:
    import secrets  # no list or report takes it

    sql = queries("approvals")
    for row in connection.execute(sql["of_key"], {"key": new.idempotency_key}):
        earlier = _approval(row)
        if same := _same(earlier, new):
            return same
    ref = "ask-" + "".join(secrets.choice(_ALPHABET) for _position in range(_LENGTH))
    values = {
        "ref": ref,
        "kind": new.kind,
        "request": json.dumps(new.request, ensure_ascii=False, sort_keys=True),
        "request_hash": new.request_hash,
        "idempotency_key": new.idempotency_key,
        "submitted_account": new.by.account,
        "submitted_by": str(new.by),
        "submitted_process": new.process_account,
        "submitted_at": to_text(new.at),
        "expires_at": to_text(new.expires_at),
    }
    connection.execute(sql["insert"], values)
    detail: dict[str, object] = {"kind": new.kind.value, "request_sha256": new.request_hash}
    if new.kind is not ApprovalKind.OVERRIDE:
        detail["exercise"] = bool(new.request["exercise"])
    detail |= _process(new.by, new.process_account)
    audit.append(connection, new.by, new.at, [Deed("approval.submit", "approval", ref, detail)])
    return _find(connection, ref)


def _same(earlier: Approval, new: NewApproval) -> Approval | None:
    """Return an earlier request of the same key where it stands for the new one."""
    waits = earlier.decision is None and earlier.expires_at > new.at
    if waits and earlier.request_hash != new.request_hash:
        raise RefusedByRule(
            "idempotency_key_reused",
            _("The key {key} belongs to request {ref}, which had other arguments.").format(
                key=new.idempotency_key, ref=earlier.ref
            ),
            hint=_("Use a new key for a new alert."),
        )
    if earlier.decision is ApprovalDecision.REFUSED:
        approvals.check_undecided(earlier)
    return earlier if waits else None


def _decide(
    connection: Connection,
    approval: Approval,
    decision: ApprovalDecision,
    by_at: tuple[Operator, datetime],
    process_account: str = "",
) -> None:
    by, at = by_at
    values = {
        "id": approval.id,
        "decision": decision,
        "account": by.account,
        "operator": str(by),
        "at": to_text(at),
    }
    connection.execute(queries("approvals")["decide"], values)
    detail = {
        "kind": approval.kind.value,
        "submitted_by": approval.submitted_by,
        "request_sha256": approval.request_hash,
        **_process(by, process_account),
    }
    deed = Deed(f"approval.{_VERBS[decision]}", "approval", approval.ref, detail)
    audit.append(connection, by, at, [deed])


def _process(by: Operator, account: str) -> dict[str, str]:
    """Return the account of a process for the log, where it is not the operator's own."""
    return {"process": account} if account not in ("", by.account) else {}


def _by_id(connection: Connection, approval_id: int) -> Approval:
    row = connection.execute(queries("approvals")["by_id"], {"id": approval_id}).fetchone()
    return _approval(row)


def _find(connection: Connection, ref: str) -> Approval:
    sql = queries("approvals")
    rows = connection.execute(sql["by_ref"], {"ref": ref}).fetchall()
    rows = rows or connection.execute(sql["by_part"], {"part": ref}).fetchall()
    if len(rows) == 1:
        return _approval(rows[0])
    raise UsageError(
        "approval_ambiguous" if rows else "approval_not_found",
        (
            _("Several requests have {ref} in their reference.")
            if rows
            else _("There is no request {ref}.")
            if ref.strip()
            else _("Which request? Its reference is empty.")
        ).format(ref=ref),
        hint=_("See what waits with: umsalert alert approve --list"),
    )


def _approval(row: Connection) -> Approval:
    return Approval(
        id=row["id"],
        ref=row["ref"],
        kind=ApprovalKind(row["kind"]),
        request=json.loads(row["request"]),
        request_hash=row["request_hash"],
        submitted_account=row["submitted_account"],
        submitted_by=row["submitted_by"],
        submitted_process=row["submitted_process"],
        submitted_at=from_text(row["submitted_at"]),
        expires_at=from_text(row["expires_at"]),
        decision=ApprovalDecision(row["decision"]) if row["decision"] else None,
        decided_by=row["decided_by"] or "",
        decided_at=optional_time(row["decided_at"]),
        alert_ref=row["alert_ref"],
    )
