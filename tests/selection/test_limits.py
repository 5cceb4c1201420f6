"""The limits of what one person may send hold for the people of the moment of sending."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.workbench import CENTRE, OPERATOR, FixedClock, fill_register
from umsalert import resources
from umsalert.errors import RefusedByRule
from umsalert.messages import templates
from umsalert.model import ChannelKind, ContactStatus, Following, FollowKind
from umsalert.ports import Pace
from umsalert.selection import Limits, Planner, Prices, Request, Station
from umsalert.store.store import Store

TEMPLATE = templates.load("search-person", [resources.folder("templates")])
VALUES = {"description": "blouson rouge", "last_seen": "gare"}
REQUEST = Request(CENTRE, TEMPLATE, VALUES, OPERATOR, channels=(ChannelKind.SMS,))


async def test_more_people_than_were_shown_need_a_second_person(
    store: Store, clock: FixedClock
) -> None:
    """While the officer reads the preview, a contact is certified: that makes one too many."""
    await fill_register(store, 3)
    await store.register.set_contact_status(["S0-c1"], ContactStatus.REVOKED, OPERATOR)
    paces = dict.fromkeys(ChannelKind, Pace(10, 1))
    station = Station("Nice", "04 65 71 00 17", paces, Prices(), limits=Limits(recipients=2))
    planner = Planner(store.alerts, clock, station)
    plan = await planner.plan(REQUEST)
    assert (plan.selection.contacts, plan.above) == (2, ())
    await store.register.set_contact_status(["S0-c1"], ContactStatus.CERTIFIED, OPERATOR)
    with pytest.raises(RefusedByRule) as refused:
        await planner.record(plan)
    assert refused.value.code == "needs_second_person"
    assert await store.alerts.alerts(limit=1) == ()
    assert (await planner.plan(REQUEST)).above == ("recipients",)
    await store.register.set_contact_status(["S0-c1"], ContactStatus.REVOKED, OPERATOR)
    alert = await planner.record(plan)
    said = {**VALUES, "last_seen": "port"}
    following = Following(alert.id, FollowKind.FOLLOW_UP)
    more = replace(REQUEST, values=said, follows=following)
    assert (await planner.record(await planner.plan(more))).follows is not None
