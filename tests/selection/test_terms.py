"""A plan goes to whom the rules name at its moment, whatever the register still shows."""

from __future__ import annotations

from datetime import timedelta

from tests.workbench import CENTRE, OPERATOR, FixedClock
from umsalert import resources
from umsalert.messages import templates
from umsalert.model import ChannelKind, ContactStatus, NewContact, NewSite
from umsalert.ports import Pace
from umsalert.selection import Planner, Prices, Request, Station
from umsalert.store.store import Store


async def test_who_has_come_to_an_end_is_moved_before_the_plan(
    store: Store, clock: FixedClock
) -> None:
    """As soon as a card ends its guard is in no plan any more, and the register says so."""
    ends_at = clock.at + timedelta(days=1)
    site = NewSite("S", "Site", CENTRE.lat, CENTRE.lon, "FR", "Europe/Paris")
    await store.register.add_sites([site], OPERATOR, approve=True)
    guards = [
        NewContact("S", "Ada", "S-a", phone="+33639980001", phone_kind="mobile"),
        NewContact(
            *("S", "Bea", "S-b"),
            phone="+33639980002",
            phone_kind="mobile",
            card_valid_until=ends_at,
        ),
    ]
    await store.register.add_contacts(guards, OPERATOR, certify=True)
    template = templates.load("search-person", [resources.folder("templates")])
    values = {"description": "blouson rouge", "last_seen": "gare"}
    request = Request(CENTRE, template, values, OPERATOR, channels=(ChannelKind.SMS,))
    paces = dict.fromkeys(ChannelKind, Pace(10, 1))
    planner = Planner(store.alerts, clock, Station("Nice", "04 65 71 00 17", paces, Prices()))
    assert (await planner.plan(request)).selection.contacts == 2
    clock.at = ends_at
    plan = await planner.plan(request)
    assert (plan.selection.contacts, plan.situation.due) == (1, False)
    assert (await store.vetting.contact("S-b")).status is ContactStatus.EXPIRED
