"""What time changes: an approval, a suspension and a card hold through their last day."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workbench import CENTRE, NOON, OPERATOR, FixedClock, all_on_duty, new_alert, record
from umsalert import vetting
from umsalert.cards import card_end
from umsalert.model import (
    ChannelKind,
    ContactStatus,
    Decision,
    DeliveryState,
    NewContact,
    NewSite,
    SiteStatus,
)
from umsalert.store import schema, versions
from umsalert.store.lapses import PROGRAM
from umsalert.store.spatialite import connect, load_extension
from umsalert.store.store import Store
from umsalert.times import end_of_day, last_day

DAY = date(2027, 1, 5)
ZONES = {
    "Europe/Paris": datetime(2027, 1, 5, 23, tzinfo=UTC),
    "Indian/Reunion": datetime(2027, 1, 5, 20, tzinfo=UTC),
    "America/Martinique": datetime(2027, 1, 6, 4, tzinfo=UTC),
    "Pacific/Noumea": datetime(2027, 1, 5, 13, tzinfo=UTC),
}
"""When the last day is over."""
INSTANT = timedelta(milliseconds=1)
CARD = "CAR-006-2027-01-05-00000000001"


async def _fill(store: Store, zone: str, *, card: str | None = None) -> None:
    await store.register.add_sites(
        [NewSite("S", "Site", 43.7, 7.27, "FR", zone)], OPERATOR, approve=True
    )
    guard = NewContact(
        "S", "Ada", phone="+33639980001", phone_kind="mobile", card_valid_until=card_end(card, zone)
    )
    await store.register.add_contacts([guard], OPERATOR, certify=True)


async def _approve(store: Store, until: date | None) -> None:
    to = Decision(SiteStatus.APPROVED, until=until)
    await store.vetting.move_sites(["S"], to, OPERATOR, vetting.overridden)


async def _reached(store: Store) -> int:
    await store.alerts.lapse(store._now())
    found = await store.alerts.select(CENTRE, tuple(ChannelKind), all_on_duty)
    return found.contacts


@pytest.mark.parametrize("zone", ZONES)
async def test_an_approval_holds_through_its_last_day(
    store: Store, clock: FixedClock, zone: str
) -> None:
    """One instant before the day is over at the site it is alerted, at that instant it is not."""
    await _fill(store, zone)
    await _approve(store, DAY)
    clock.at = ZONES[zone] - INSTANT
    assert await _reached(store) == 1
    clock.at = ZONES[zone]
    assert await _reached(store) == 0
    site = await store.register.site("S")
    assert (site.status, site.approved_until) == (SiteStatus.UNDER_REVIEW, None)
    last = (await store.vetting.history("site", "S"))[-1]
    assert (last.by, last.reason, last.at) == (PROGRAM, "approval_ended", clock.at)


@pytest.mark.parametrize("zone", ZONES)
async def test_a_suspension_ends_with_its_last_day(
    store: Store, clock: FixedClock, zone: str
) -> None:
    """The site is alerted again from the instant at which the day is over there, not before."""
    await _fill(store, zone)
    to = Decision(SiteStatus.SUSPENDED, "travaux", DAY)
    await store.vetting.move_sites(["S"], to, OPERATOR, lambda _sites: ())
    clock.at = ZONES[zone] - INSTANT
    assert await _reached(store) == 0
    clock.at = ZONES[zone]
    assert await _reached(store) == 1
    assert (await store.register.site("S")).suspended_until is None


@pytest.mark.parametrize("zone", ZONES)
async def test_a_card_holds_through_its_last_day(
    store: Store, clock: FixedClock, zone: str
) -> None:
    """A contact whose card ends is left out for that reason, and expired in the record."""
    await _fill(store, zone, card=CARD)
    clock.at = ZONES[zone] - INSTANT
    assert await _reached(store) == 1
    clock.at = ZONES[zone]
    assert await _reached(store) == 0
    found = await store.alerts.select(CENTRE, tuple(ChannelKind), all_on_duty)
    assert found.left_out == {"site_without_certified_contact": 1, "contact_card_expired": 1}
    assert (await store.vetting.contact("S-c1")).status is ContactStatus.EXPIRED


async def test_a_suspension_that_outlives_the_approval_leads_to_a_review(
    store: Store, clock: FixedClock
) -> None:
    """Nobody is alerted on the strength of an approval that ended while it was suspended."""
    await _fill(store, "Europe/Paris")
    await _approve(store, DAY)
    to = Decision(SiteStatus.SUSPENDED, "travaux", DAY + timedelta(days=30))
    await store.vetting.move_sites(["S"], to, OPERATOR, lambda _sites: ())
    clock.at = ZONES["Europe/Paris"] + timedelta(days=60)
    assert await _reached(store) == 0
    moves = [change.to_status for change in await store.vetting.history("site", "S")]
    assert moves == ["approved", "approved", "suspended", "under_review"]


async def test_an_alert_is_created_on_what_holds_then(store: Store, clock: FixedClock) -> None:
    """What ends between the plan and the alert gets nothing, in the same transaction."""
    await _fill(store, "Europe/Paris", card=CARD)
    clock.at = ZONES["Europe/Paris"] - INSTANT
    assert await _reached(store) == 1
    clock.at = ZONES["Europe/Paris"]
    alert = await record(store, new_alert(at=clock.at))
    assert await store.outbox.counts(alert.id) == {}
    assert alert.left_out["contact_card_expired"] == 1


async def test_a_sender_starts_on_what_holds_then(store: Store, clock: FixedClock) -> None:
    """What waits in the queue while a card ends is not sent when the next sender starts."""
    await _fill(store, "Europe/Paris", card=CARD)
    clock.at = ZONES["Europe/Paris"] - INSTANT
    alert = await record(store, new_alert(channels=(ChannelKind.SMS,), at=clock.at))
    assert await store.outbox.counts(alert.id) == {ChannelKind.SMS: {DeliveryState.QUEUED: 1}}
    clock.at = ZONES["Europe/Paris"]
    await store.outbox.open_sender(alert.id, OPERATOR)
    assert (await store.vetting.contact("S-c1")).status is ContactStatus.EXPIRED


async def test_nothing_is_written_where_nothing_ends(store: Store, clock: FixedClock) -> None:
    """A look that finds nothing due leaves the record as it is, and so does a second one."""
    await _fill(store, "Europe/Paris", card=CARD)
    await _approve(store, DAY)
    assert await store.vetting.lapse() == 0
    clock.at = ZONES["Europe/Paris"]
    assert await store.vetting.lapse() == 2
    assert await store.vetting.lapse() == 0


async def test_a_moved_time_zone_moves_the_end_of_cards(store: Store) -> None:
    """The last day of a card is counted where its site is now."""
    await _fill(store, "Europe/Paris", card=CARD)
    there = NewSite("S", "Site", -20.93, 55.29, "RE", "Indian/Reunion")
    fields = await store.vetting.edit_site("S", lambda _site: there, OPERATOR)
    assert set(fields) == {"lat", "lon", "region", "time_zone"}
    contact = await store.vetting.contact("S-c1")
    assert contact.card_valid_until == ZONES["Indian/Reunion"]


@given(
    st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31)),
    st.sampled_from([*ZONES, "America/Miquelon", "Pacific/Tahiti", "Pacific/Wallis"]),
)
def test_a_day_ends_when_the_next_one_begins(day: date, zone: str) -> None:
    """One instant before its end it is that day there, at its end the next, whatever clocks do."""
    end = end_of_day(day, zone)
    there = ZoneInfo(zone)
    assert (end - INSTANT).astimezone(there).date() == day
    assert end.astimezone(there).date() == day + timedelta(days=1)
    assert last_day(end, zone) == day


def test_the_clock_of_these_tests_is_before_all_ends() -> None:
    """The tables above lie ahead of the standing clock."""
    assert min(ZONES.values()) > NOON


async def test_a_card_of_an_older_file_expires_too(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migrating a database in which cards were only numbers reads their expiry."""
    path = tmp_path / "umsalert.db"
    earlier = [item for item in versions.migrations() if item[0] <= 12]
    with monkeypatch.context() as past:
        past.setattr(schema, "migrations", lambda: earlier)
        schema.create(path)
    with closing(connect(path, write=True)) as connection:
        load_extension(connection)
        connection.execute(
            """
            INSERT INTO site (id, ref, name, lat, lon, region, time_zone, status, status_by,
                status_at, geom)
            VALUES (1, 'S', 'Site', 43.7, 7.27, 'FR', 'Indian/Reunion', 'approved', 'me', '',
                MakePoint(7.27, 43.7, 4326))
            """
        )
        connection.execute(
            """
            INSERT INTO contact (site_id, ref, name, phone, phone_kind, language, card, status,
                status_by, status_at)
            VALUES (1, 'S-c1', 'Ada', '+33639980001', 'mobile', 'fr', ?, 'certified', 'me', ''),
                (1, 'S-c2', 'Bo', '+33639980002', 'mobile', 'fr', 'old', 'certified', 'me', '')
            """,
            (CARD,),
        )
    assert schema.upgrade(path) is not None
    clock.at = ZONES["Indian/Reunion"] - INSTANT
    async with Store(path, clock) as store:
        assert await _reached(store) == 2
        clock.at += INSTANT
        assert await _reached(store) == 1
        assert (await store.vetting.contact("S-c1")).status is ContactStatus.EXPIRED
        assert (await store.audit.verify()).fault is None
