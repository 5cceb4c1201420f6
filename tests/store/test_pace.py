"""Pace on the real store: what providers take, what cells take, and whose turn it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.workbench import (
    NOON,
    OPERATOR,
    FixedClock,
    commit,
    fill_register,
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
    NewContact,
    NewSite,
    Outcome,
    OutcomeKind,
    Outgoing,
)
from umsalert.ports import Pace, Settled, Want
from umsalert.store.spatialite import connect
from umsalert.store.store import Store

SMS, VOICE, EMAIL = ChannelKind.SMS, ChannelKind.VOICE, ChannelKind.EMAIL
AMPLE = Pace(1000, 1000)
BUSY = Outcome(OutcomeKind.TEMPORARY, "rate_limit", throttled=True)
TAKEN = Outcome(OutcomeKind.ACCEPTED)


def settled(
    outgoing: Outgoing, outcome: Outcome, clock: FixedClock, claimed_s_ago: float = 0
) -> Settled:
    claimed_at = clock.now() - timedelta(seconds=claimed_s_ago)
    again = clock.now() if outcome.kind is OutcomeKind.TEMPORARY else None
    return Settled(outgoing, outcome, "vonage", claimed_at, clock.now(), again)


async def sending(
    store: Store,
    n: int,
    ref: str = "20260317-test",
    priority: int = 10,
    *,
    exercise: bool = False,
) -> int:
    """Record an alert by SMS to the whole register, made of `n` sites, and begin to send it."""
    if not await store.register.sites():
        await fill_register(store, n, step_deg=1e-5)
    new = replace(new_alert(ref, (SMS,)), priority=priority, exercise=exercise)
    alert = await record(store, new)
    return await store.outbox.open_sender(alert.id, OPERATOR)


async def leave(
    store: Store, clock: FixedClock, sender: int, pace: Pace, seconds: float
) -> list[Outgoing]:
    """Take and settle as accepted what may leave within some seconds, ten looks a second."""
    left: list[Outgoing] = []
    for _look in range(int(seconds * 10)):
        claim = await take(store, sender, SMS, pace, 100)
        await commit(store, [settled(item, TAKEN, clock) for item in claim.outgoing])
        left += claim.outgoing
        clock.move(0.1)
    return left


def rate_per_s(store: Store) -> float:
    connection = connect(store.path, write=False)
    found = float(connection.execute("SELECT rate_per_s FROM route").fetchone()[0])
    connection.close()
    return found


async def test_too_much_at_once_halves_the_rate_once(store: Store, clock: FixedClock) -> None:
    """Eight refusals of one burst are one lesson; a refusal of what left after it is another."""
    sender = await sending(store, 40)
    pace = Pace(rate_per_s=32, burst=8)
    burst = (await take(store, sender, SMS, pace, 8)).outgoing
    clock.move(0.1)
    await commit(store, [settled(item, BUSY, clock, 0.1) for item in burst])
    assert rate_per_s(store) == pytest.approx(16)
    assert len((await take(store, sender, SMS, pace, 8)).outgoing) == 0
    clock.move(1)
    (later, *_others) = (await take(store, sender, SMS, pace, 8)).outgoing
    clock.move(0.1)
    await commit(store, [settled(later, BUSY, clock, 0.1)])
    assert rate_per_s(store) == pytest.approx(8)


async def test_what_is_accepted_brings_the_rate_back(store: Store, clock: FixedClock) -> None:
    """From half to all of it in 25 seconds of sending, and never beyond what is configured."""
    sender = await sending(store, 700)
    pace = Pace(rate_per_s=20, burst=20)
    (first, *_others) = (await take(store, sender, SMS, pace, 2)).outgoing
    await commit(store, [settled(first, BUSY, clock)])
    await leave(store, clock, sender, pace, 12)
    assert 13 < rate_per_s(store) < 17
    await leave(store, clock, sender, pace, 18)
    assert rate_per_s(store) == 20


async def test_a_provider_that_refuses_everything_is_still_asked(
    store: Store, clock: FixedClock
) -> None:
    """However often it refuses, the rate does not fall below a thirty-second of what is set."""
    sender = await sending(store, 40)
    pace = Pace(rate_per_s=32, burst=1)
    for _time in range(20):
        clock.move(2)
        for outgoing in (await take(store, sender, SMS, pace, 1)).outgoing:
            await commit(store, [settled(outgoing, BUSY, clock)])
    assert rate_per_s(store) == 1


async def test_the_learned_rate_survives_the_process(
    store: Store, clock: FixedClock, tmp_path: Path
) -> None:
    """A second process begins at the rate that the first one has found; a new setting is obeyed."""
    sender = await sending(store, 100)
    (first, *_others) = (await take(store, sender, SMS, Pace(32, 8), 1)).outgoing
    await commit(store, [settled(first, BUSY, clock)])
    clock.move(600)
    async with Store(store.path, clock) as second:
        other = await sending(second, 100, "20260317-next")
        clock.move(1)
        claim = await take(second, other, SMS, Pace(32, 32), 100)
        assert len(claim.outgoing) == 16
        clock.move(1)
        assert len((await take(second, other, SMS, Pace(4, 4), 100)).outgoing) == 4


@pytest.mark.parametrize(("asked_s", "waited_s"), [(7.0, 7.0), (3600.0, 60.0)])
async def test_every_process_heeds_retry_after(
    store: Store, clock: FixedClock, asked_s: float, waited_s: float
) -> None:
    """What one sender was asked to wait, another one waits too; a minute at most."""
    sender = await sending(store, 20)
    (outgoing,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    await commit(store, [settled(outgoing, replace(BUSY, retry_after_s=asked_s), clock)])
    other = await sending(store, 20, "20260317-next", priority=0)
    claim = await take(store, other, SMS, AMPLE, 5)
    assert claim.outgoing == ()
    assert claim.wait_s == pytest.approx(waited_s)
    clock.move(waited_s)
    assert (await take(store, other, SMS, AMPLE, 5)).outgoing


async def test_the_clock_set_back_blocks_nobody(store: Store, clock: FixedClock) -> None:
    """A wait that would last longer than any provider may ask for is none."""
    sender = await sending(store, 20)
    (outgoing,) = (await take(store, sender, SMS, AMPLE, 1)).outgoing
    await commit(store, [settled(outgoing, replace(BUSY, retry_after_s=5), clock)])
    clock.jump(-3600)
    other = await sending(store, 20, "20260317-next")
    await take(store, other, SMS, Pace(10, 10), 5)
    clock.move(2)
    assert (await take(store, other, SMS, Pace(10, 10), 5)).outgoing


async def test_the_clock_set_back_keeps_nobody_behind_a_lockdown(
    store: Store, clock: FixedClock
) -> None:
    """An alert that lacked tokens an hour from now lacks none."""
    bulletin = await sending(store, 20, "20260317-bull", priority=30)
    lockdown = await sending(store, 20, "20260317-lock", priority=0)
    pace = Pace(rate_per_s=10, burst=2)
    await take(store, lockdown, SMS, pace, 20)
    clock.move(0.2)
    assert not (await take(store, bulletin, SMS, pace, 2)).outgoing
    clock.jump(-3600)
    assert (await take(store, bulletin, SMS, pace, 2)).outgoing


async def test_the_clock_set_back_frees_the_wires_of_the_dead(
    store: Store, clock: FixedClock
) -> None:
    """A lease that is good for another hour is nobody's: who lives has renewed it since."""
    dead, living = [await sending(store, 20, f"20260317-{name}") for name in ("dead", "alive")]
    want = Want(SMS, "vonage", AMPLE, limit=4, in_flight=4)
    assert len((await store.outbox.exchange(dead, (), (want,)))[0].outgoing) == 4
    assert not (await store.outbox.exchange(living, (), (want,)))[0].outgoing
    clock.jump(-3600)
    assert len((await store.outbox.exchange(living, (), (want,)))[0].outgoing) == 4


async def test_a_lockdown_overtakes_a_bulletin_at_once(store: Store, clock: FixedClock) -> None:
    """Started meanwhile by another process, it gets all of the rate; then the rest goes on."""
    bulletin = await sending(store, 60, "20260317-bull", priority=30)
    pace = Pace(rate_per_s=10, burst=2)
    assert len(await leave(store, clock, bulletin, pace, 2)) >= 20
    lockdown = await sending(store, 60, "20260317-lock", priority=0)
    first = await take(store, lockdown, SMS, pace, 32)
    order: list[str] = ["lock"] * len(first.outgoing)
    while order.count("lock") < 60:
        for name, sender in (("bull", bulletin), ("lock", lockdown)):
            claim = await take(store, sender, SMS, pace, 32)
            await commit(store, [settled(item, TAKEN, clock) for item in claim.outgoing])
            order += [name] * len(claim.outgoing)
        clock.move(0.05)
    assert order.count("bull") <= pace.burst
    clock.move(1.5)
    assert len(await leave(store, clock, bulletin, pace, 1)) >= 10


async def test_every_alert_overtakes_an_exercise(store: Store, clock: FixedClock) -> None:
    """A real bulletin goes before the exercise of a lockdown; two exercises by their numbers."""
    lockdown = await sending(store, 20, "20260317-lock", priority=0, exercise=True)
    search = await sending(store, 20, "20260317-seek", priority=10, exercise=True)
    bulletin = await sending(store, 20, "20260317-bull", priority=30)
    pace = Pace(rate_per_s=10, burst=2)
    await take(store, bulletin, SMS, pace, 20)
    clock.move(0.2)
    assert not (await take(store, lockdown, SMS, pace, 2)).outgoing
    clock.move(2)
    await take(store, lockdown, SMS, pace, 20)
    clock.move(0.2)
    assert not (await take(store, search, SMS, pace, 2)).outgoing
    assert (await take(store, bulletin, SMS, pace, 2)).outgoing


async def test_a_bulletin_uses_what_a_lockdown_leaves(store: Store, clock: FixedClock) -> None:
    """An alert that has all it wants does not hold a lower one up."""
    bulletin = await sending(store, 5, "20260317-bull", priority=30)
    lockdown = await sending(store, 5, "20260317-lock", priority=0)
    assert len((await take(store, lockdown, SMS, AMPLE, 32)).outgoing) == 5
    assert len((await take(store, bulletin, SMS, AMPLE, 32)).outgoing) == 5


async def test_processes_share_the_wires_of_a_provider(store: Store, clock: FixedClock) -> None:
    """Four hand-overs at once are four, whoever has them; a dead process's do not count."""
    senders = [await sending(store, 20), await sending(store, 20, "20260317-next")]
    want = Want(SMS, "vonage", AMPLE, limit=4, in_flight=4)
    other = replace(want, provider="other")

    async def claim(sender: int, wanted: Want) -> int:
        (claimed,) = await store.outbox.exchange(sender, (), (wanted,))
        return len(claimed.outgoing)

    assert await claim(senders[0], replace(want, limit=3)) == 3
    assert await claim(senders[1], want) == 1
    assert await claim(senders[1], other) == 4
    clock.move(60)
    third = await sending(store, 20, "20260317-last")
    assert await claim(third, want) == 4


async def test_calls_occupy_their_lines(store: Store, clock: FixedClock) -> None:
    """Of two lines two calls are made; the third waits for a receipt or for the usual length."""
    await fill_register(store, 5)
    alert = await record(store, new_alert(channels=(VOICE,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    pace = Pace(1000, 1000, calls=2, call_s=40)
    calls = (await take(store, sender, VOICE, pace, 5)).outgoing
    assert len(calls) == 2
    await commit(store, [settled(item, TAKEN, clock) for item in calls])
    clock.move(39)
    assert (await take(store, sender, VOICE, pace, 5)).outgoing == ()
    clock.move(2)
    assert len((await take(store, sender, VOICE, pace, 5)).outgoing) == 2


async def test_the_clock_set_back_frees_the_lines(store: Store, clock: FixedClock) -> None:
    """A call that is taken in an hour occupies no line now."""
    await fill_register(store, 5)
    alert = await record(store, new_alert(channels=(VOICE,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    pace = Pace(1000, 1000, calls=2, call_s=40)
    calls = (await take(store, sender, VOICE, pace, 5)).outgoing
    await commit(store, [settled(item, TAKEN, clock) for item in calls])
    clock.jump(-3600)
    assert len((await take(store, sender, VOICE, pace, 5)).outgoing) == 2


# The middle of a cell in Nice; sparse sites lie in the country north of it.
DENSE = (43.698, 7.2643)
BURST = 4
CELL_PACE = CellPace(rate_per_s=2, burst=BURST)
WIDE = Circle(*DENSE, 30_000)


async def town(store: Store, dense: int, sparse: int, contacts: int = 1) -> None:
    """Fill the register: `dense` sites within one cell, `sparse` ones in a cell of their own."""
    places = [(DENSE[0] + i * 1e-5, DENSE[1]) for i in range(dense)]
    places += [(DENSE[0] + 0.02 * (i + 1), DENSE[1]) for i in range(sparse)]
    assert len({cell_of(*place) for place in places[:dense]}) == 1
    assert len({cell_of(*place) for place in places[dense:]}) == sparse
    await store.register.add_sites(
        [
            NewSite(f"S{i:03}", f"Site {i}", *place, "FR", "Europe/Paris")
            for i, place in enumerate(places)
        ],
        OPERATOR,
        approve=True,
    )
    await store.register.add_contacts(
        [
            NewContact(
                f"S{i:03}",
                f"Agent {i} {n}",
                phone=f"+3363998{i * contacts + n:04}",
                phone_kind="mobile",
                email=f"agent-{i}-{n}@example.org",
            )
            for i in range(len(places))
            for n in range(contacts)
        ],
        OPERATOR,
        certify=True,
    )


async def paced(store: Store, *channels: ChannelKind, ref: str = "20260317-test") -> Alert:
    new = replace(new_alert(ref, channels, area=WIDE), cell_pace=CELL_PACE)
    return await record(store, new)


def sites_of(store: Store, outgoing: Sequence[Outgoing]) -> list[str]:
    connection = connect(store.path, write=False)
    rows = connection.execute(
        "SELECT delivery.id, site.ref FROM delivery JOIN site ON site.id = site_id"
    )
    refs = dict(tuple(row) for row in rows)
    connection.close()
    return [refs[item.delivery_id] for item in outgoing]


async def test_only_a_dense_cell_is_paced(store: Store, clock: FixedClock) -> None:
    """The sparse ones go at once; the dense cell takes its burst and then two a second."""
    await town(store, dense=20, sparse=5)
    sender = await store.outbox.open_sender((await paced(store, SMS)).id, OPERATOR)
    at: list[tuple[float, str]] = []
    while len(at) < 25:
        claim = await take(store, sender, SMS, AMPLE, 100)
        elapsed_s = (clock.now() - NOON).total_seconds()
        at += [(elapsed_s, ref) for ref in sites_of(store, claim.outgoing)]
        clock.move(0.05 if claim.wait_s == 0 else (claim.wait_s or 0))
    sparse = [elapsed_s for elapsed_s, ref in at if ref >= "S020"]
    dense = [elapsed_s for elapsed_s, ref in at if ref < "S020"]
    assert max(sparse) == 0
    for n, elapsed_s in enumerate(dense, 1):
        assert n <= BURST + 2 * elapsed_s + 1e-6
    assert dense[-1] == pytest.approx((20 - BURST) / 2, abs=0.5)


async def test_sms_and_calls_share_their_cell_and_e_mail_has_none(
    store: Store, clock: FixedClock
) -> None:
    """The cell takes its burst of both together; letters do not go through it."""
    await town(store, dense=20, sparse=0)
    alert = await paced(store, SMS, VOICE, EMAIL)
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    count: Counter[ChannelKind] = Counter()
    for _time in range(30):
        for kind in ChannelKind:
            count[kind] += len((await take(store, sender, kind, AMPLE, 100)).outgoing)
    assert count[SMS] + count[VOICE] == BURST
    assert count[EMAIL] == 20


async def test_two_alerts_share_a_cell(store: Store, clock: FixedClock) -> None:
    """What one alert has sent there, another one waits for."""
    await town(store, dense=20, sparse=0)
    first, second = await paced(store, SMS), await paced(store, SMS, ref="20260317-next")
    senders = [await store.outbox.open_sender(alert.id, OPERATOR) for alert in (first, second)]
    count = 0
    for _time in range(10):
        for sender in senders:
            count += len((await take(store, sender, SMS, AMPLE, 1)).outgoing)
    assert count == BURST


async def test_a_long_text_takes_the_time_of_its_parts(store: Store, clock: FixedClock) -> None:
    """Three parts an SMS: a third as many messages."""
    await town(store, dense=20, sparse=0)
    new = replace(new_alert(channels=(SMS,), area=WIDE), cell_pace=CELL_PACE)
    texts = tuple(replace(text, parts=3) for text in new.texts)
    alert = await record(store, replace(new, texts=texts))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    left = await leave(store, clock, sender, AMPLE, 15)
    assert len(left) == pytest.approx((BURST + 2 * 15) / 3, abs=1)


async def test_first_one_contact_a_site_then_the_others_cells_in_turn(store: Store) -> None:
    """Nobody's second contact is before anybody's first, and no cell takes more than its burst."""
    await town(store, dense=10, sparse=3, contacts=2)
    sender = await store.outbox.open_sender((await paced(store, EMAIL)).id, OPERATOR)
    order = sites_of(store, (await take(store, sender, EMAIL, AMPLE, 100)).outgoing)
    firsts, seconds = order[:13], order[13:]
    assert sorted(firsts) == sorted(seconds) == [f"S{i:03}" for i in range(13)]


async def test_the_clock_set_back_stops_no_cell(store: Store, clock: FixedClock) -> None:
    """A cell that would be free only in an hour is free."""
    await town(store, dense=20, sparse=0)
    sender = await store.outbox.open_sender((await paced(store, SMS)).id, OPERATOR)
    while (await take(store, sender, SMS, AMPLE, 1)).outgoing:
        pass  # until the cell is not free
    clock.jump(-3600)
    assert (await take(store, sender, SMS, AMPLE, 1)).outgoing
