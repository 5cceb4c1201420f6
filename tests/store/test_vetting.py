"""A person who is not vetted gets nothing, whichever code asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workbench import CENTRE, OPERATOR, all_on_duty, fill_register, record, take
from umsalert import vetting
from umsalert.errors import RefusedByRule, UmsalertError
from umsalert.model import (
    ChannelKind,
    ContactStatus,
    Decision,
    DeliveryState,
    NewContact,
    SiteStatus,
)
from umsalert.ports import Pace
from umsalert.store.spatialite import connect, explained, load_extension
from umsalert.store.store import Store

AMPLE = Pace(1000, 1000)


async def test_only_approved_sites_and_certified_contacts_are_selected(store: Store) -> None:
    """Of three sites, the suspended one and the one whose contact is revoked get nothing."""
    await fill_register(store, 3)
    await store.register.set_site_status(["S0"], SiteStatus.SUSPENDED, OPERATOR)
    await store.register.set_contact_status(["S1-c1"], ContactStatus.REVOKED, OPERATOR)
    selection = await store.alerts.select(CENTRE, tuple(ChannelKind), all_on_duty)
    assert [site.ref for site in selection.sites] == ["S2"]
    assert selection.left_out == {
        "site_not_approved": 1,
        "site_without_certified_contact": 1,
        "contact_not_certified": 1,
    }


async def test_what_was_closed_and_what_was_refused_is_opened_again_at_once(store: Store) -> None:
    """All or none: another who has approved one of them meanwhile keeps it, and stops the rest."""
    await fill_register(store, 2, vetted=False)

    async def move(ref: str, to: SiteStatus) -> None:
        await store.vetting.move_sites([ref], Decision(to, "x"), OPERATOR, lambda _sites: ())

    await move("S0", SiteStatus.CLOSED)
    await move("S1", SiteStatus.REFUSED)
    seen = [await store.register.site(ref) for ref in ("S0", "S1")]
    await move("S1", SiteStatus.UNDER_REVIEW)
    await move("S1", SiteStatus.APPROVED)
    head = await store.audit.head()
    with pytest.raises(RefusedByRule) as refused:
        await vetting.reopen(store.vetting, seen, "y", OPERATOR)
    assert refused.value.code == "move_forbidden"
    assert await store.audit.head() == head
    assert [(await store.register.site(ref)).status for ref in ("S0", "S1")] == [
        SiteStatus.CLOSED,
        SiteStatus.APPROVED,
    ]


async def test_a_register_that_is_not_vetted_gets_no_delivery(store: Store) -> None:
    """An alert over sites that were only requested queues nothing."""
    await fill_register(store, vetted=False)
    alert = await record(store)
    assert await store.outbox.counts(alert.id) == {}


@pytest.mark.parametrize("moment", ["before the claim", "after the refusal"])
async def test_who_loses_the_vetting_while_queued_gets_nothing(store: Store, moment: str) -> None:
    """A site suspended, or a contact revoked, between plan and claim is cancelled."""
    await fill_register(store, 3)
    alert = await record(store)
    if moment == "before the claim":
        await store.register.set_site_status(["S0"], SiteStatus.SUSPENDED, OPERATOR)
    else:
        await store.register.set_contact_status(["S0-c1"], ContactStatus.REVOKED, OPERATOR)
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    claim = await take(store, sender, ChannelKind.SMS, AMPLE, 10)
    assert sorted(item.address for item in claim.outgoing) == ["+33639980001", "+33639980002"]
    counts = await store.outbox.counts(alert.id)
    assert counts[ChannelKind.SMS][DeliveryState.CANCELLED] == 1


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (
            "INSERT INTO delivery (alert_id, site_id, contact_id, channel, address, language,"
            " next_attempt_at, queued_at) VALUES (1, 1, 1, 'sms', '+33639980000', 'fr', '', '')",
            "not_vetted",
        ),
        (
            "INSERT INTO delivery (alert_id, site_id, contact_id, channel, address, language,"
            " next_attempt_at, queued_at) VALUES (1, 2, 2, 'sms', '+33639989999', 'fr', '', '')",
            "not_vetted",
        ),
        (
            "INSERT INTO delivery (alert_id, site_id, contact_id, channel, address, language,"
            " next_attempt_at, queued_at) VALUES (1, 3, 2, 'sms', '+33639980001', 'fr', '', '')",
            "not_vetted",
        ),
        (
            "INSERT INTO attempt (delivery_id, n, sender_id, token_sha256, started_at,"
            " deadline_at) SELECT id, 1, 1, x'00', '', '' FROM delivery WHERE site_id = 1",
            "not_vetted",
        ),
        ("UPDATE delivery SET address = '+33639989999' WHERE id = 1", "recipient_fixed"),
        ("UPDATE delivery SET contact_id = 3 WHERE id = 1", "recipient_fixed"),
        ("UPDATE delivery SET state = 'undelivered' WHERE id = 1", "transition_forbidden"),
        ("UPDATE alert SET exercise = 1", "exercise_fixed"),
        ("DELETE FROM status_change", "append_only"),
        ("UPDATE status_change SET operator = 'somebody'", "append_only"),
        ("UPDATE site SET lat = 200", "constraint_failed"),
        (
            "INSERT INTO site (ref, name, lat, lon, region, time_zone, status, status_by,"
            " status_at, geom) VALUES ('X', 'X', 43, 7, 'FR', 'Europe/Paris', 'approved', '', '',"
            " MakePoint(43, 7, 4326))",
            "constraint_failed",
        ),
    ],
)
async def test_sql_itself_refuses(store: Store, database: Path, statement: str, rule: str) -> None:
    """Written past every service, straight into the file, the rules hold all the same."""
    await fill_register(store, 3)
    alert = await record(store)
    await store.outbox.open_sender(alert.id, OPERATOR)
    await store.register.set_site_status(["S0"], SiteStatus.SUSPENDED, OPERATOR)
    connection = connect(database, write=True)
    load_extension(connection)
    try:
        if "INSERT INTO delivery" in statement:
            connection.execute("DELETE FROM delivery")
        with pytest.raises(UmsalertError) as caught, explained(database):
            connection.execute(statement)
    finally:
        connection.close()
    assert caught.value.code == rule
    assert isinstance(caught.value, RefusedByRule) == (rule != "constraint_failed")


async def test_the_one_who_vetted_is_recorded(store: Store, database: Path) -> None:
    """Each change of status keeps who made it, from what, to what, why."""
    await fill_register(store, 1)
    await store.register.set_site_status(["S0"], SiteStatus.SUSPENDED, OPERATOR, reason="audit")
    assert await store.register.set_site_status(["S0"], SiteStatus.SUSPENDED, OPERATOR) == 0
    connection = connect(database, write=False)
    rows = connection.execute(
        "SELECT from_status, to_status, operator, reason FROM status_change WHERE ref = 'S0'"
    ).fetchall()
    connection.close()
    assert [tuple(row) for row in rows] == [
        (None, "approved", "officer@test", ""),
        ("approved", "suspended", "officer@test", "audit"),
    ]


async def test_a_contact_without_a_ref_gets_one_that_is_free(store: Store) -> None:
    """Refs given in a list and refs made for it never clash."""
    await fill_register(store, 1)
    await store.register.add_contacts(
        [
            NewContact("S0", "Given", ref="S0-c2", email="given@example.org"),
            NewContact("S0", "Made", email="made@example.org"),
        ],
        OPERATOR,
        certify=True,
    )
    refs = {contact.name: contact.ref for contact in await store.register.contacts()}
    assert refs == {"Agent 0": "S0-c1", "Given": "S0-c2", "Made": "S0-c3"}
