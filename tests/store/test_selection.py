"""The plan is made inside SQL; a plain loop over the register must come to the same."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.workbench import CENTRE, OPERATOR, FixedClock, all_on_duty, fill_register, new_alert
from umsalert.model import ChannelKind, ContactStatus, NewContact, NewSite, OffDuty, SiteStatus
from umsalert.ports import Schedule
from umsalert.store.spatialite import connect
from umsalert.store.store import Store

ABSENT = Schedule("Mo-Fr 08:00-09:00", "Europe/Paris")
HOURS = (None, "24/7", ABSENT.hours)
CHANNELS = (None, None, "sms", "email,sms", "voice,email,sms")


@dataclass
class Guard:
    """A certified contact to alert: addresses by channel, and the channels in the order wanted."""

    rank: int
    place: int
    ref: str
    messages: dict[str, str]
    wanted: Sequence[str] = ()

    def order(self, kind: str) -> tuple[int, int, int]:
        """Say how early their message of a channel leaves among those of all others."""
        usable = [wanted for wanted in self.wanted if wanted in self.messages]
        return self.rank, usable.index(kind) if usable else 0, self.place


@dataclass
class Plan:
    """What a plain loop makes of a register, for the channels that are wanted."""

    channels: Sequence[ChannelKind]
    rule: OffDuty
    off_duty: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    guards: list[Guard] = field(default_factory=list)

    def add(
        self, place: int, site: NewSite, contacts: Sequence[NewContact], lost: set[str]
    ) -> None:
        """Take a site; `lost` are the refs of whoever is not vetted any more."""
        if site.ref in lost:
            self.left_out["site_not_approved"] += 1
            return
        certified = [contact for contact in contacts if contact.ref not in lost]
        present = [it for it in certified if (it.hours or site.hours) != ABSENT.hours]
        others = [contact for contact in contacts if contact.ref in lost]
        if not present and (certified or site.hours == ABSENT.hours):
            self.off_duty.append(site.ref)
            if self.rule is OffDuty.SKIP:
                self.left_out["site_off_duty"] += 1
                return
            present = certified
            if self.rule is OffDuty.FALLBACK_CONTACT:
                present = [contact for contact in certified if contact.fallback]
                others = []
                if not present:
                    self.left_out["site_without_fallback_contact"] += 1
                    return
        self.left_out["contact_off_duty"] += len(certified) - len(present)
        self.left_out["contact_not_certified"] += len(others)
        self.left_out["site_without_certified_contact"] += not certified
        for rank, contact in enumerate(present):
            messages = self._messages(contact)
            self.left_out["contact_without_usable_address"] += not messages
            wanted = contact.channels.split(",") if contact.channels else ()
            self.guards.append(Guard(rank, place, str(contact.ref), messages, wanted))

    def finish(self) -> None:
        """Keep each address once, for its nearest site; put everybody in the order of sending."""
        taken: set[tuple[str, str]] = set()
        for guard in self.guards:
            again = guard.messages.items() & taken
            self.left_out["address_used_twice"] += len(again)
            taken |= guard.messages.items()
            guard.messages = dict(guard.messages.items() - again)
        self.guards.sort(key=lambda guard: (guard.rank, guard.place))

    def _messages(self, contact: NewContact) -> dict[str, str]:
        mobile = contact.phone if contact.phone_kind == "mobile" else None
        addresses = {"sms": mobile, "voice": contact.phone, "email": contact.email}
        wanted = contact.channels.split(",") if contact.channels else addresses
        kinds = [kind for kind in self.channels if kind in wanted]
        return {kind: address for kind in kinds if (address := addresses[kind])}


def some_sites(chance: random.Random) -> list[NewSite]:
    """Return sites northwards from the centre, nearest first."""
    return [
        NewSite(
            f"S{i}", "Site", 43.7 + i * 0.0001, 7.27, "FR", "Europe/Paris",
            hours=chance.choice(HOURS),
        )
        for i in range(12)
    ]  # fmt: skip


def some_contacts(site: NewSite, chance: random.Random) -> list[NewContact]:
    """Return up to three contacts; few addresses are shared by many."""
    contacts = []
    for n in range(chance.randrange(4)):
        phone = chance.choice([None, *(f"+3363998000{k}" for k in range(9))])
        email = chance.choice([None, *(f"{k}@post.example" for k in range(9))])
        if phone or email:
            kind = chance.choice(["mobile", "fixed"]) if phone else None
            ref = f"{site.ref}-{n}"
            contacts.append(
                NewContact(
                    site.ref, "Agent", ref, None, phone, kind, email,
                    channels=chance.choice(CHANNELS),
                    hours=chance.choice([None, None, *HOURS]),
                    fallback=chance.random() < 0.3,
                )
            )  # fmt: skip
    return contacts


async def some_register(store: Store, chance: random.Random) -> Plan:
    """Fill the register, take the vetting from some; return what an alert should be."""
    sites = some_sites(chance)
    contacts = {site.ref: some_contacts(site, chance) for site in sites}
    groups = chance.sample(list(contacts.values()), len(contacts))  # the nearest is not the oldest
    everybody = list(itertools.chain.from_iterable(groups))
    suspended = [site.ref for site in sites if chance.random() < 0.2]
    revoked = [str(contact.ref) for contact in everybody if chance.random() < 0.2]
    await store.register.add_sites(sites, OPERATOR, approve=True)
    await store.register.add_contacts(everybody, OPERATOR, certify=True)
    await store.register.set_site_status(suspended, SiteStatus.SUSPENDED, OPERATOR)
    await store.register.set_contact_status(revoked, ContactStatus.REVOKED, OPERATOR)
    plan = Plan(
        chance.sample(list(ChannelKind), chance.randint(1, 3)), chance.choice(list(OffDuty))
    )
    for place, site in enumerate(sites):
        plan.add(place, site, contacts[site.ref], {*suspended, *revoked})
    plan.finish()
    return plan


@pytest.mark.parametrize("seed", range(60))
async def test_sql_and_a_plain_loop_plan_the_same(store: Store, database: Path, seed: int) -> None:
    """Whoever is left out, and every message in its order, is the same for both."""
    plan = await some_register(store, random.Random(seed))
    selection = await store.alerts.select(CENTRE, plan.channels, ABSENT.__ne__, 0, plan.rule)
    assert [site.ref for site in selection.off_duty] == plan.off_duty
    assert selection.left_out == +plan.left_out
    assert selection.contacts == sum(bool(guard.messages) for guard in plan.guards)
    assert selection.deliveries == Counter(k for guard in plan.guards for k in guard.messages)
    reached = {guard.place for guard in plan.guards if guard.messages}
    assert [site.ref for site in selection.sites] == [f"S{place}" for place in sorted(reached)]

    new = replace(new_alert(channels=plan.channels), off_duty=plan.rule)
    alert = await store.alerts.create(new, ABSENT.__ne__)
    assert alert.off_duty == plan.rule
    assert alert.left_out == selection.left_out
    with closing(connect(database, write=False)) as connection:
        rows = connection.execute(
            "SELECT channel, contact.ref, address FROM delivery"
            " JOIN contact ON contact.id = contact_id ORDER BY delivery.id"
        ).fetchall()
    for kind in plan.channels:
        assert [tuple(row)[1:] for row in rows if row["channel"] == kind] == [
            (guard.ref, guard.messages[kind])
            for guard in sorted(
                (guard for guard in plan.guards if kind in guard.messages),
                key=lambda guard: guard.order(kind),
            )
        ]


async def test_a_question_repeated_sees_what_was_written_meanwhile(
    store: Store, database: Path, clock: FixedClock
) -> None:
    """Sites measured once are measured again when this process or another has changed one."""
    await fill_register(store, 2)

    async def found() -> list[str]:
        selection = await store.alerts.select(CENTRE, tuple(ChannelKind), all_on_duty)
        return [site.ref for site in selection.sites]

    assert await found() == await found() == ["S0", "S1"]
    await store.register.set_site_status(["S0"], SiteStatus.SUSPENDED, OPERATOR, reason="test")
    assert await found() == ["S1"]
    async with Store(database, clock) as other:
        await other.register.set_site_status(["S0"], SiteStatus.APPROVED, OPERATOR)
    assert await found() == ["S0", "S1"]


async def test_who_is_on_duty_is_asked_once_for_the_same_hours(store: Store) -> None:
    """Five approved sites have two schedules: two questions, whatever that of a sixth is.

    Their contacts have one more: three questions.
    """
    hours = ("24/7", "24/7", ABSENT.hours, ABSENT.hours, None, "Sa 09:00-12:00")
    sites = [
        NewSite(f"S{i}", "Site", 43.7, 7.27, "FR", "Europe/Paris", hours=text)
        for i, text in enumerate(hours)
    ]
    await store.register.add_sites(sites[:5], OPERATOR, approve=True)
    await store.register.add_sites(sites[5:], OPERATOR, approve=False)
    asked: list[Schedule] = []

    def on_duty(schedule: Schedule) -> bool:
        asked.append(schedule)
        return schedule != ABSENT

    selection = await store.alerts.select(CENTRE, tuple(ChannelKind), on_duty)
    assert selection.left_out["site_off_duty"] == 2
    assert sorted(schedule.hours for schedule in asked) == ["24/7", ABSENT.hours]

    asked.clear()
    own = ("24/7", "24/7", ABSENT.hours, "Su", "Su", None)  # the last is of the site not approved
    guards = [
        NewContact(f"S{n}", "Agent", email=f"{n}@post.example", hours=hours)
        for n, hours in enumerate(own)
    ]
    await store.register.add_contacts(guards, OPERATOR, certify=True)
    await store.alerts.select(CENTRE, tuple(ChannelKind), on_duty)
    assert sorted(schedule.hours for schedule in asked) == ["24/7", ABSENT.hours, "Su"]


async def test_a_question_about_an_alert_leaves_that_about_its_area_right(store: Store) -> None:
    """Who has an earlier alert, asked in between, does not show in the next selection."""
    await fill_register(store, 2)
    alert = await store.alerts.create(new_alert(), all_on_duty)
    before = await store.alerts.select(CENTRE, tuple(ChannelKind), all_on_duty)
    assert (await store.alerts.recipients(alert.id, tuple(ChannelKind))).contacts == 0
    assert await store.alerts.select(CENTRE, tuple(ChannelKind), all_on_duty) == before
