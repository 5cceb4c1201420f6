"""The queue in SQL is the pacing model: same order, same cells, same moments, same counts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import pytest

from tests.pacing.alerts import loads
from tests.workbench import (
    NOON,
    OPERATOR,
    FixedClock,
    all_on_duty,
    new_alert,
    record,
    take,
)
from umsalert.geo.cells import cell_of
from umsalert.model import (
    Alert,
    CellPace,
    ChannelKind,
    Circle,
    Load,
    MessageText,
    NewContact,
    NewSite,
)
from umsalert.pacing import Message, Queue, dense_cells, departures
from umsalert.ports import Pace
from umsalert.store.spatialite import connect
from umsalert.store.store import Store

CENTRE = Circle(43.698, 7.2643, 3_000)
CHANNELS = tuple(ChannelKind)
PACES = {
    ChannelKind.SMS: Pace(10.0, 5),
    ChannelKind.VOICE: Pace(2.0, 1),
    ChannelKind.EMAIL: Pace(50.0, 50),
}
PARTS = 2


async def town(store: Store, seed: int, sites: int = 40) -> None:
    """Fill the register with a few crowded places: one to four contacts, not all with all."""
    chance = random.Random(seed)
    places = [
        (
            CENTRE.lat + chance.choice((-0.008, 0.0, 0.01)) + chance.gauss(0, 0.0015),
            CENTRE.lon + chance.gauss(0, 0.002),
        )
        for _site in range(sites)
    ]
    await store.register.add_sites(
        [
            NewSite(f"S{i:03}", f"Site {i}", *place, "FR", "Europe/Paris")
            for i, place in enumerate(places)
        ],
        OPERATOR,
        approve=True,
    )
    contacts = []
    for i in range(sites):
        for n in range(chance.randint(1, 4)):
            number = i * 10 + n
            mobile = chance.random() < 0.7
            phone = f"+3363998{number:04}" if mobile else f"+3346571{number:04}"
            contacts.append(
                NewContact(
                    f"S{i:03}",
                    f"Agent {number}",
                    phone=phone,
                    phone_kind="mobile" if mobile else "fixed",
                    email=f"agent-{number}@example.org" if chance.random() < 0.8 else None,
                )
            )
    await store.register.add_contacts(contacts, OPERATOR, certify=True)


async def sent(store: Store, pace: CellPace) -> Alert:
    """Record an alert whose SMS have two parts."""
    new = new_alert(channels=CHANNELS, area=CENTRE)
    texts = tuple(
        MessageText(kind, "fr", "Test", parts=PARTS if kind is ChannelKind.SMS else 1)
        for kind in CHANNELS
    )
    return await record(store, replace(new, texts=texts, cell_pace=pace))


def messages(store: Store, alert: Alert) -> list[tuple[int, Message]]:
    """Return an alert's messages in the order of its queue, as the model knows them."""
    with closing(connect(store.path, write=False)) as connection:
        rows = connection.execute(
            """
            SELECT delivery.id, site_id, contact_id, channel, distance_m, lat, lon, (
                SELECT count(*) FROM contact
                WHERE contact.site_id = delivery.site_id AND contact.id <= contact_id
            ) AS rank
            FROM delivery JOIN alert_site USING (alert_id, site_id)
            WHERE alert_id = ? ORDER BY delivery.id
            """,
            (alert.id,),
        ).fetchall()
    found = []
    for row in rows:
        kind = ChannelKind(row["channel"])
        cell = None if kind is ChannelKind.EMAIL else cell_of(row["lat"], row["lon"])
        weight = PARTS if kind is ChannelKind.SMS else 1
        person = (row["site_id"], row["contact_id"], row["rank"], row["distance_m"])
        found.append((row["id"], Message(*person, kind, cell, weight)))
    return found


def cells(store: Store) -> dict[int, int | None]:
    with closing(connect(store.path, write=False)) as connection:
        return dict(map(tuple, connection.execute("SELECT id, cell FROM delivery")))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("burst", [0, 3, 8, 1000])
async def test_the_queue_has_the_order_of_the_model(store: Store, seed: int, burst: int) -> None:
    """Each channel's deliveries lie in the model's order, and the dense ones carry their cell."""
    await town(store, seed)
    pace = CellPace(1.0, burst)
    found = messages(store, await sent(store, pace))
    queue = Queue([message for _id, message in found], PACES, pace)
    for kind in CHANNELS:
        ours = [(item.contact, item.cell) for item in queue.messages if item.channel is kind]
        kept = cells(store)
        theirs = [(item.contact, kept[at]) for at, item in found if item.channel is kind]
        assert ours == theirs


async def engine(store: Store, clock: FixedClock, alert: Alert) -> dict[int, float]:
    """Take one message after the other from the store; return when each delivery left."""
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    left: dict[int, float] = {}
    waits: dict[ChannelKind, float] = dict.fromkeys(CHANNELS, 0.0)
    while waits:
        clock.move(min(waits.values()))
        now_s = (clock.now() - NOON).total_seconds()
        waits = {}
        for kind in CHANNELS:
            claim = await take(store, sender, kind, PACES[kind], 1)
            while claim.outgoing:
                left[claim.outgoing[0].delivery_id] = now_s
                claim = await take(store, sender, kind, PACES[kind], 1)
            if claim.wait_s is not None:
                waits[kind] = claim.wait_s
    return left


@pytest.mark.parametrize("seed", range(2))
async def test_the_engine_sends_when_the_model_says(
    store: Store, clock: FixedClock, seed: int
) -> None:
    """Every moment of leaving agrees: the store rounds to milliseconds and asks once a second."""
    await town(store, seed, sites=25)
    pace = CellPace(1.5, 6)
    alert = await sent(store, pace)
    found = messages(store, alert)
    assert dense_cells([message for _id, message in found], pace.burst)
    queue = Queue([message for _id, message in found], PACES, pace)
    moments = sorted(at_s for at_s, _message in departures(queue, CHANNELS))
    left = sorted((await engine(store, clock, alert)).values())
    assert left == pytest.approx(moments, abs=0.1)


@pytest.mark.parametrize("burst", [0, 5, 20, 1000])
@pytest.mark.parametrize("channels", [CHANNELS, (ChannelKind.VOICE,)])
async def test_the_estimate_is_told_what_would_be_sent(
    store: Store, burst: int, channels: Sequence[ChannelKind]
) -> None:
    """Sparse and dense loads of a selection are those of the messages that recording it makes."""
    await town(store, 3)
    selection = await store.alerts.select(CENTRE, channels, all_on_duty, burst)
    new = replace(new_alert(channels=channels, area=CENTRE), cell_pace=CellPace(1.0, burst))
    found = [message for _id, message in messages(store, await record(store, new))]
    sparse, dense = loads(found, burst)
    assert known(selection.sparse) == known(sparse)
    assert sorted(map(known, selection.dense)) == sorted(map(known, dense))
    assert bool(selection.dense) is (burst in {5, 20})


def known(load: Load) -> tuple[list[tuple[str, float]], list[tuple[str, str, float]]]:
    """Return a load that can be compared and sorted, without what is not there."""
    return (
        sorted((kind.value, n) for kind, n in load.messages.items() if n),
        sorted(
            ("".join(sorted(first)), "".join(sorted(others)), n)
            for (first, others), n in load.sites.items()
        ),
    )
