"""Sites that a second person approves without all their facts: as they were when it was asked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.workbench import OPERATOR, FixedClock, fill_register
from umsalert import approvals, vetting
from umsalert.approvals import Override
from umsalert.errors import RefusedByRule
from umsalert.model import Approval, Consent, Decision, Operator, SiteStatus
from umsalert.store.store import Store

SECOND = Operator("marie", "Nice")


async def _ask(store: Store, clock: FixedClock) -> Approval:
    override = Override(("S0",), None, "opens tonight")
    now = clock.now()
    new = approvals.new_override(override, OPERATOR, now, now + timedelta(minutes=30))
    return await store.approvals.submit(new)


async def _approve(store: Store, approval: Approval) -> SiteStatus:
    to = Decision(SiteStatus.APPROVED, approvals.override_of(approval).reason)
    carry_out = store.vetting.carrying_out(to, SECOND, vetting.overridden)
    await store.approvals.approve_with(Consent(approval.id, SECOND), carry_out)
    return (await store.register.site("S0")).status


async def _move(store: Store, status: SiteStatus, until: date | None = None) -> None:
    to = Decision(status, "a reason", until)
    await store.vetting.move_sites(["S0"], to, OPERATOR, lambda _sites: ())


@pytest.mark.parametrize("minutes", [5, 0, -5])
async def test_a_suspension_meanwhile_is_not_lifted(
    store: Store, clock: FixedClock, minutes: int
) -> None:
    """The request was made before, whatever the clock says: who has suspended it knew more."""
    await fill_register(store)
    approval = await _ask(store, clock)
    clock.at += timedelta(minutes=minutes)
    await _move(store, SiteStatus.SUSPENDED)
    with pytest.raises(RefusedByRule) as refused:
        await _approve(store, approval)
    assert refused.value.code == "sites_moved"
    assert (await store.register.site("S0")).status is SiteStatus.SUSPENDED
    assert (await store.approvals.approval(approval.ref)).decision is None


async def test_an_approval_that_ends_meanwhile_is_renewed(store: Store, clock: FixedClock) -> None:
    """Its end may not have been written down yet: what is approved then holds all the same."""
    await fill_register(store)
    await _move(store, SiteStatus.APPROVED, clock.now().date())
    clock.at = clock.at.replace(hour=22, minute=50)
    approval = await _ask(store, clock)
    clock.at += timedelta(minutes=20)
    assert await _approve(store, approval) is SiteStatus.APPROVED
    await store.vetting.lapse()
    assert (await store.register.site("S0")).status is SiteStatus.APPROVED
