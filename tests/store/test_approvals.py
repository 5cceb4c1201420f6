"""What waits for a second person: decided once, in time, by somebody else, as it was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.workbench import NOON, OPERATOR, FixedClock, all_on_duty, fill_register, new_alert
from umsalert import approvals
from umsalert.approvals import Override
from umsalert.errors import RefusedByRule, UsageError
from umsalert.model import (
    Alert,
    Approval,
    ApprovalDecision,
    ApprovalKind,
    Consent,
    NewAlert,
    NewApproval,
    Operator,
    Process,
    Role,
)
from umsalert.ports import Wanted
from umsalert.store.spatialite import Connection, sqlite
from umsalert.store.store import Store

SECOND = Operator("marie", "Nice")
HALF_AN_HOUR = timedelta(minutes=30)


def asked(key: str | None = None, request_hash: str = "h1", **request: object) -> NewApproval:
    """Return a request of OPERATOR at noon, good for half an hour."""
    return NewApproval(
        kind=ApprovalKind.ALERT,
        request={"exercise": False, "reason": "drill", **request},
        request_hash=request_hash,
        by=OPERATOR,
        at=NOON,
        expires_at=NOON + HALF_AN_HOUR,
        idempotency_key=key,
    )


def as_asked(approval: Approval, by: Operator = SECOND, ref: str = "20260317-appr") -> NewAlert:
    """Return the alert that was asked for, with somebody's consent."""
    new = new_alert(ref)
    return replace(new, request_hash=approval.request_hash, consent=Consent(approval.id, by))


async def send(store: Store, new: NewAlert) -> Alert:
    return await store.alerts.create(new, all_on_duty)


async def code_of(store: Store, new: NewAlert) -> str:
    """Return how an alert is refused; nothing of it is left."""
    before = await store.audit.head()
    with pytest.raises(RefusedByRule) as refused:
        await send(store, new)
    assert await store.audit.head() == before
    assert await store.alerts.alerts(limit=9) == ()
    return refused.value.code


def refusal(store: Store, sql: str, *values: object) -> str:
    """Return how the file itself refuses a statement."""
    with contextlib.closing(sqlite().connect(store.path)) as connection:
        with pytest.raises(sqlite().IntegrityError) as refused:
            connection.execute(sql, values)
        return str(refused.value)


@pytest.fixture
async def filled(store: Store) -> Store:
    await fill_register(store)
    return store


async def test_another_account_approves_and_both_names_are_kept(filled: Store) -> None:
    """The alert is the submitter's, approved by the second person, in the record and in the log."""
    approval = await filled.approvals.submit(asked())
    assert await filled.approvals.waiting() == (approval,)
    alert = await send(filled, as_asked(approval))
    assert (alert.operator, alert.approved_by) == (str(OPERATOR), str(SECOND))
    assert await filled.approvals.waiting() == ()
    decided = await filled.approvals.approval(approval.ref)
    assert (decided.decision, decided.decided_by) == (ApprovalDecision.APPROVED, str(SECOND))
    assert decided.alert_ref == alert.ref
    found = await filled.audit.page(Wanted(), 3)
    assert [(e.operator, e.action) for e in reversed(found)] == [
        (str(OPERATOR), "approval.submit"),
        (str(SECOND), "approval.approve"),
        (str(OPERATOR), "alert.create"),
    ]
    assert json.loads(found[0].detail)["approved_by"] == str(SECOND)
    assert (await filled.audit.verify()).fault is None


async def test_nobody_approves_their_own(filled: Store) -> None:
    """Nor at another station; the table itself refuses it, too."""
    approval = await filled.approvals.submit(asked())
    for by in (OPERATOR, Operator(OPERATOR.account, "elsewhere")):
        assert await code_of(filled, as_asked(approval, by)) == "own_request"
    itself = (
        "UPDATE approval SET decision = 'approved', decided_at = '',"
        " decided_account = submitted_account"
    )
    assert "CHECK" in refusal(filled, itself)


async def test_it_expires(filled: Store) -> None:
    """From its last moment on nobody can approve it, and it waits no more."""
    approval = await filled.approvals.submit(asked())
    late = replace(as_asked(approval), created_at=NOON + HALF_AN_HOUR)
    assert await code_of(filled, late) == "approval_expired"
    at_the_end = (
        "UPDATE approval SET decision = 'approved', decided_account = 'marie',"
        " decided_at = expires_at"
    )
    assert refusal(filled, at_the_end) == "approval_expired"
    in_time = NOON + HALF_AN_HOUR - timedelta(milliseconds=1)
    await send(filled, replace(as_asked(approval), created_at=in_time))


async def test_what_has_expired_does_not_wait(filled: Store, clock: FixedClock) -> None:
    """It is listed until then, and not after."""
    approval = await filled.approvals.submit(asked())
    clock.at = NOON + HALF_AN_HOUR - timedelta(seconds=1)
    assert await filled.approvals.waiting() == (approval,)
    clock.at = NOON + HALF_AN_HOUR
    assert await filled.approvals.waiting() == ()


async def test_of_two_who_approve_at_once_one_sends(filled: Store, clock: FixedClock) -> None:
    """Two processes on the file: one alert, the other is told who was first."""
    approval = await filled.approvals.submit(asked())
    async with Store(filled.path, clock) as other:
        ended = await asyncio.gather(
            send(filled, as_asked(approval)),
            send(other, as_asked(approval, Operator("paul", ""), "20260317-oth2")),
            return_exceptions=True,
        )
    (refused,) = [item for item in ended if isinstance(item, RefusedByRule)]
    assert refused.code == "approval_approved"
    assert len(await filled.alerts.alerts(limit=9)) == 1


async def test_who_refuses_and_who_withdraws(filled: Store) -> None:
    """Another account refuses, the submitter withdraws; then nothing can be sent any more."""
    for by, decision in (
        (SECOND, ApprovalDecision.REFUSED),
        (OPERATOR, ApprovalDecision.WITHDRAWN),
    ):
        approval = await filled.approvals.submit(asked())
        decided = await filled.approvals.refuse(approval.id, by)
        assert (decided.decision, decided.decided_by) == (decision, str(by))
        assert await code_of(filled, as_asked(approval)) == f"approval_{decision}"
        with pytest.raises(RefusedByRule):
            await filled.approvals.refuse(approval.id, SECOND)
        newest = (await filled.audit.page(Wanted(), 1))[0]
        assert decision.startswith(newest.action.removeprefix("approval."))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"exercise": True}, "exercise_fixed"),
        ({"request_hash": "h2"}, "approval_fixed"),
    ],
)
async def test_only_what_was_asked_for_is_approved(
    filled: Store, change: Mapping[str, Any], code: str
) -> None:
    """The database refuses another alert in its place: live for exercise, or other arguments."""
    approval = await filled.approvals.submit(asked())
    assert await code_of(filled, replace(as_asked(approval), **change)) == code


async def test_an_exercise_stays_one_while_it_waits(filled: Store) -> None:
    """It cannot be sent live, and what waits cannot be altered, by whoever writes to the file."""
    approval = await filled.approvals.submit(asked(exercise=True))
    assert await code_of(filled, as_asked(approval)) == "exercise_fixed"
    live = json.dumps({**approval.request, "exercise": False})
    for sql in (
        "UPDATE approval SET request = ?",
        "UPDATE approval SET submitted_account = ?",
        "UPDATE approval SET expires_at = ?",
    ):
        assert refusal(filled, sql, live) == "approval_fixed"
    waits = "INSERT INTO approval SELECT 9, 'ask-9', kind, request, '', NULL, '', '', '',"
    waits += " '9999', NULL, NULL, NULL, NULL, NULL, '' FROM approval"
    with contextlib.closing(sqlite().connect(filled.path, isolation_level=None)) as connection:
        connection.execute(waits)
    assert refusal(filled, "DELETE FROM approval WHERE ref = 'ask-9'") == "approval_fixed"
    alert = await send(filled, replace(as_asked(approval), exercise=True))
    assert alert.exercise
    for sql, name in (
        ("UPDATE alert SET exercise = 0", "exercise_fixed"),
        ("UPDATE alert SET approved_by = ''", "approval_fixed"),
        ("UPDATE approval SET decision = 'refused'", "approval_fixed"),
        ("UPDATE approval SET alert_id = NULL, decision = NULL", "approval_fixed"),
    ):
        assert refusal(filled, sql) == name


async def test_a_key_is_one_request(filled: Store, clock: FixedClock) -> None:
    """While it waits the same is returned, another refused; once it has expired it is a new one."""
    first = await filled.approvals.submit(asked("K"))
    assert await filled.approvals.submit(asked("K")) == first
    with pytest.raises(RefusedByRule) as refused:
        await filled.approvals.submit(asked("K", "h2"))
    assert refused.value.code == "idempotency_key_reused"
    assert len(await filled.approvals.waiting()) == 1
    assert (await filled.approvals.submit(asked())).ref != first.ref
    again = replace(asked("K"), at=first.expires_at, expires_at=first.expires_at + HALF_AN_HOUR)
    second = await filled.approvals.submit(again)
    assert second.ref != first.ref
    await filled.approvals.refuse(second.id, SECOND)
    with pytest.raises(RefusedByRule) as refused:
        await filled.approvals.submit(again)
    assert refused.value.code == "approval_refused"


async def test_a_request_is_found_by_a_part_of_its_ref(filled: Store) -> None:
    """By what is read out on the telephone; not by what several have."""
    first = await filled.approvals.submit(asked())
    await filled.approvals.submit(asked())
    assert await filled.approvals.approval(first.ref[4:]) == first
    for ref, code, word in (
        ("ask-", "approval_ambiguous", "Several"),
        ("nothing", "approval_not_found", "nothing"),
        (" ", "approval_not_found", "empty"),
    ):
        with pytest.raises(UsageError) as unknown:
            await filled.approvals.approval(ref)
        assert unknown.value.code == code
        assert word in unknown.value.message


async def test_an_override_is_carried_out_with_its_approval(filled: Store) -> None:
    """Both or nothing: what fails leaves the request waiting."""
    override = Override(("S0", "S1"), date(2027, 1, 1), "opens tonight")
    new = approvals.new_override(override, OPERATOR, NOON, NOON + HALF_AN_HOUR)
    approval = await filled.approvals.submit(new)
    assert approvals.override_of(approval) == override
    done: list[Override] = []

    def fails(connection: Connection, asked_for: Approval) -> None:
        connection.execute("UPDATE site SET name = 'half done'")
        raise UsageError("no", "no")

    def carry_out(connection: Connection, asked_for: Approval) -> None:
        done.append(approvals.override_of(asked_for))

    with pytest.raises(RefusedByRule):
        await filled.approvals.approve_with(Consent(approval.id, OPERATOR), carry_out)
    with pytest.raises(UsageError):
        await filled.approvals.approve_with(Consent(approval.id, SECOND), fails)
    assert (await filled.register.site("S0")).name == "Site 0"
    decided = await filled.approvals.approve_with(Consent(approval.id, SECOND), carry_out)
    assert (decided.decision, done) == (ApprovalDecision.APPROVED, [override])
    with pytest.raises(RefusedByRule):
        await filled.approvals.approve_with(Consent(approval.id, SECOND), carry_out)


ROOT, SERVICE = Process("root", shared=True), Process("umsalert", shared=True)


@pytest.mark.parametrize(
    ("asked_by", "approved_by", "possible"),
    [
        (("anna", "anna"), ("bruno", Process("bruno")), True),
        (("anna", "root"), ("bruno", ROOT), True),
        (("anna", "umsalert"), ("bruno", SERVICE), True),
        (("anna", "root"), ("bruno", Process("bruno")), True),
        (("anna", ""), ("bruno", Process("bruno")), True),  # an older request
        (("anna", "anna"), ("anna", ROOT), False),
        (("anna", "root"), ("anna", Process("anna")), False),
        (("made-up", "anna"), ("anna", Process("anna")), False),
        (("anna", "anna"), ("made-up", Process("anna")), False),
        (("made-up", "anna"), ("made-up-too", Process("anna")), False),
        (("anna", "root"), ("root", ROOT), False),  # it may be anna, after sudo -i
        (("root", "root"), ("anna", ROOT), False),
        (("root", "root"), ("root", ROOT), False),
        (("umsalert", "umsalert"), ("bruno", SERVICE), False),
        (("anna", "umsalert"), ("bruno", Process("umsalert")), False),  # it has a shell
        (("root", "anna"), ("bruno", ROOT), False),
        (("anna", ""), ("bruno", Process("anna")), False),
    ],
)
async def test_the_account_of_the_process_counts_as_well(
    filled: Store, asked_by: tuple[str, str], approved_by: tuple[str, Process], possible: bool
) -> None:
    """A name behind sudo can be made up; only where nobody logs in is it the one that decides."""
    by = Operator(asked_by[0], "Nice")
    approval = await filled.approvals.submit(replace(asked(), by=by, process_account=asked_by[1]))
    assert approval.submitted_process == asked_by[1]
    consent = Consent(approval.id, Operator(approved_by[0], "Nice"), approved_by[1])
    new = replace(as_asked(approval), consent=consent)
    if possible:
        await send(filled, new)
    else:
        assert await code_of(filled, new) == "own_request"


async def test_the_log_names_the_process_where_it_is_another(filled: Store) -> None:
    """Who looks into the log later sees through which account a request and its approval came."""
    approval = await filled.approvals.submit(replace(asked(), process_account="root"))
    await send(filled, replace(as_asked(approval), consent=Consent(approval.id, SECOND, ROOT)))
    entries = await filled.audit.page(Wanted(noun="approval"), 9)
    assert [json.loads(entry.detail).get("process") for entry in entries] == ["root", "root"]
    assert refusal(filled, "UPDATE approval SET submitted_process = ''") == "approval_fixed"


def test_who_may_approve() -> None:
    """Those with the power but the submitter; where nobody has a role, anybody else."""
    roles = {
        "chief": frozenset({Role.ADMINISTRATOR}),
        "clara": frozenset({Role.CLERK}),
        "marie": frozenset({Role.OFFICER, Role.AUDITOR}),
        "paul": frozenset({Role.OFFICER}),
    }
    assert approvals.who_may({}, ApprovalKind.ALERT, "paul") is None
    assert approvals.who_may(roles, ApprovalKind.ALERT, "paul") == ["marie"]
    assert approvals.who_may(roles, ApprovalKind.OVERRIDE, "clara") == []
    assert approvals.who_may(roles, ApprovalKind.OVERRIDE, "paul") == ["clara"]


async def test_a_role_that_is_taken_away_meanwhile_approves_nothing(filled: Store) -> None:
    """Between the look at a request and the answer an administrator has taken it."""
    approval = await filled.approvals.submit(asked())
    await filled.operators.add("chief", [Role.ADMINISTRATOR], OPERATOR)
    assert await code_of(filled, as_asked(approval)) == "role_missing"
    await filled.operators.add(SECOND.account, [Role.OFFICER], OPERATOR)
    await send(filled, as_asked(approval))


async def test_who_comes_into_the_area_meanwhile_counts(filled: Store) -> None:
    """Three people are alerted by one person where the limit is three, and no more."""
    assert await code_of(filled, replace(new_alert(), most_without_consent=2)) == (
        "needs_second_person"
    )
    await send(filled, replace(new_alert(), most_without_consent=3))
    approval = await filled.approvals.submit(asked())
    await send(filled, replace(as_asked(approval), most_without_consent=2))
