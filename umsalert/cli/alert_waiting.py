"""What waits for a second person: how it is asked for, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from umsalert import approvals, wiring
from umsalert.cli.output import Output, local, utc
from umsalert.cli.tables import Column
from umsalert.errors import RefusedByRule
from umsalert.i18n import _, titled
from umsalert.model import Approval, ApprovalKind, NewApproval, Role, area_from_json
from umsalert.words import counts
from umsalert.words.alerts import area_in_short, marked

if TYPE_CHECKING:
    from umsalert.selection import Plan
    from umsalert.settings import Settings
    from umsalert.store.store import Store


async def submit(settings: Settings, store: Store, plan: Plan, output: Output) -> RefusedByRule:
    """Keep what was asked for; return the error that says who may approve it, and how."""
    from umsalert.selection import written
    from umsalert.selection.planner import fingerprint

    at = wiring.clock(settings).now()
    new = NewApproval(
        kind=ApprovalKind.ALERT,
        request=written(plan),
        request_hash=fingerprint(plan.request),
        by=plan.request.operator,
        at=at,
        expires_at=at + timedelta(seconds=settings.approval.expires_s),
        idempotency_key=plan.request.idempotency_key,
        process_account=wiring.process().account,
    )
    approval = await store.approvals.submit(new)
    if output.as_json:
        output.event({"event": "waiting", "at": at, "approval": document(approval)})
    return needs_second_person(approval, await store.operators.roles(), settings.time_zone)


def needs_second_person(
    approval: Approval, roles: Mapping[str, frozenset[Role]], time_zone: str
) -> RefusedByRule:
    """Return the error that says that nothing is done yet, who may approve it, and how."""
    may = approvals.who_may(roles, approval.kind, approval.submitted_account)
    command = f"umsalert alert approve {approval.ref}"
    if may is None:
        hint = _("Any other account that may write this database approves it with: {command}")
    elif may:
        hint = _("{accounts} may approve it with: {command}")
    else:
        hint = _(
            "No other account may approve it. An administrator adds one with: umsalert operator "
            "add ACCOUNT --role {role}; then: {command}"
        )
    return RefusedByRule(
        "needs_second_person",
        _("Nothing is done yet: it waits as {ref} for a second person, until {time}.").format(
            ref=approval.ref, time=local(approval.expires_at, time_zone)
        ),
        hint=hint.format(
            accounts=", ".join(may or ()),
            command=command,
            role=Role.CLERK if approval.kind is ApprovalKind.OVERRIDE else Role.OFFICER,
        ),
    )


def show_list(waiting: Sequence[Approval], time_zone: str, output: Output) -> None:
    """Print what waits, oldest first."""
    if output.as_json:
        output.document({"approvals": [document(item) for item in waiting]})
        return
    if not waiting:
        output.say(_("Nothing waits for a second person."))
        return
    output.table(
        [
            Column(_("Request"), whole=True),
            Column(_("Asked for")),
            Column(_("By")),
            Column(_("Until")),
            Column(_("What")),
        ],
        [
            (
                item.ref,
                local(item.submitted_at, time_zone),
                item.submitted_by,
                local(item.expires_at, time_zone),
                _what(item),
            )
            for item in waiting
        ],
    )


def show_head(approval: Approval, time_zone: str, output: Output) -> None:
    """Print who asks for what, and why."""
    output.paragraph(
        marked(
            _("Request {ref} of {operator}, {time}; it expires {expires}").format(
                ref=approval.ref,
                operator=approval.submitted_by,
                time=local(approval.submitted_at, time_zone),
                expires=local(approval.expires_at, time_zone),
            ),
            exercise=bool(approval.request.get("exercise")),
        )
    )
    reason = approval.request.get("reason")
    if reason:
        output.paragraph(_("Reason (internal): {reason}").format(reason=reason))


def document(approval: Approval) -> dict[str, Any]:
    """Return a request for a JSON document."""
    return {
        "ref": approval.ref,
        "kind": approval.kind.value,
        "submitted_by": approval.submitted_by,
        "submitted_at": utc(approval.submitted_at),
        "expires_at": utc(approval.expires_at),
        "decision": approval.decision and approval.decision.value,
        "decided_by": approval.decided_by or None,
        "decided_at": utc(approval.decided_at),
        "alert": approval.alert_ref,
        "request": dict(approval.request),
    }


def _what(approval: Approval) -> str:
    request = approval.request
    if approval.kind is ApprovalKind.OVERRIDE:
        return titled(_("approve without all facts"), ", ".join(request["refs"]))
    area = area_in_short(area_from_json(request["area"]))
    whom = counts.people_at_sites(request["people"], request["sites"])
    words = f"{request['template']}, {area}, {whom}"
    if approval.kind is ApprovalKind.BULLETIN:
        words = titled(_("bulletin"), words)
    return marked(words, exercise=request["exercise"])
