"""The pacing model: never more than the pace, in the order stated, and only where it is dense."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pacing.alerts import EMAIL, SMS, VOICE, alert
from umsalert.model import NO_CELL_PACE, CellPace, ChannelKind
from umsalert.pacing import Message, Queue, departures, in_order
from umsalert.ports import Pace

CHANNELS = (SMS, VOICE, EMAIL)
ROUNDING = 1e-6
Paces = dict[ChannelKind, Pace]

guards = st.lists(st.integers(1, 4), min_size=1, max_size=40)
cell_paces = st.builds(CellPace, st.floats(0.2, 5), st.integers(1, 25))
paces = st.fixed_dictionaries(
    {kind: st.builds(Pace, st.floats(0.5, 100), st.integers(1, 20)) for kind in CHANNELS}
)
parts = st.integers(1, 3)
seeds = st.integers(0, 10_000)


def most_within(left: list[tuple[float, int]], rate_per_s: float) -> float:
    """Return by how much the weight that left in any stretch of time exceeds its rate."""
    return max(
        sum(weight for _at_s, weight in left[i : j + 1]) - rate_per_s * (left[j][0] - left[i][0])
        for i in range(len(left))
        for j in range(i, len(left))
    )


@given(guards, cell_paces, paces, parts, seeds)
def test_a_dense_cell_never_gets_more_than_its_pace(
    people: list[int], pace: CellPace, accounts: Paces, sms_parts: int, seed: int
) -> None:
    """In any stretch of t seconds a dense cell gets rate · t + burst, and one SMS's other parts."""
    messages = alert(people, cells=3, parts=sms_parts, chance=random.Random(seed))
    by_cell: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for at_s, message in departures(Queue(messages, accounts, pace), CHANNELS):
        if message.cell is not None:
            by_cell[message.cell].append((at_s, message.weight))
    for left in by_cell.values():
        assert most_within(left, pace.rate_per_s) <= pace.burst + sms_parts - 1 + ROUNDING


@given(guards, cell_paces, paces, parts, seeds)
def test_an_account_never_gets_more_than_its_pace(
    people: list[int], pace: CellPace, accounts: Paces, sms_parts: int, seed: int
) -> None:
    """The token bucket of each channel holds on top of the cells, and everything leaves once."""
    messages = alert(people, cells=3, parts=sms_parts, chance=random.Random(seed))
    left = departures(Queue(messages, accounts, pace), CHANNELS)
    for kind, account in accounts.items():
        own = [(at_s, 1) for at_s, message in left if message.channel is kind]
        assert not own or most_within(own, account.rate_per_s) <= account.burst + ROUNDING
    identity = Counter((message.contact, message.channel) for _at_s, message in left)
    assert identity == Counter((message.contact, message.channel) for message in messages)


@given(guards, cell_paces, paces, seeds)
def test_what_may_leave_leaves_in_order(
    people: list[int], pace: CellPace, accounts: Paces, seed: int
) -> None:
    """Of the messages of a channel for one cell, or for none, an earlier one never leaves later."""
    messages = alert(people, cells=3, chance=random.Random(seed))
    queue = Queue(messages, accounts, pace)
    place = {message: i for i, message in enumerate(queue.messages)}
    lines: dict[tuple[ChannelKind, int | None], list[int]] = defaultdict(list)
    for _at_s, message in departures(queue, CHANNELS):
        lines[message.channel, message.cell].append(place[message])
    assert all(line == sorted(line) for line in lines.values())


@given(guards, cell_paces, paces, parts, seeds, st.floats(1.0, 4.0))
def test_a_faster_cell_is_done_no_later(  # noqa: PLR0917 - each is drawn by hypothesis
    people: list[int], pace: CellPace, accounts: Paces, sms_parts: int, seed: int, factor: float
) -> None:
    """With one channel, nothing leaves later when the cells' rate is raised."""
    messages = alert(people, cells=3, parts=sms_parts, channels=(SMS,), chance=random.Random(seed))
    faster = CellPace(pace.rate_per_s * factor, pace.burst)
    slow = sorted(at_s for at_s, _ in departures(Queue(messages, accounts, pace), CHANNELS))
    fast = sorted(at_s for at_s, _ in departures(Queue(messages, accounts, faster), CHANNELS))
    assert all(after <= before + ROUNDING for after, before in zip(fast, slow, strict=True))


@given(guards, paces, seeds)
def test_sparse_cells_are_left_alone(people: list[int], accounts: Paces, seed: int) -> None:
    """Where no cell gets more than its burst, the alert goes out as if there were no cells."""
    messages = alert(people, cells=3, chance=random.Random(seed))
    most = max(Counter(message.cell for message in messages).values(), default=1)
    paced = departures(Queue(messages, accounts, CellPace(0.01, most)), CHANNELS)
    assert paced == departures(Queue(messages, accounts, NO_CELL_PACE), CHANNELS)


def test_a_burst_of_exactly_its_size_is_not_dense() -> None:
    """Five messages are a burst of five; the sixth makes the cell dense for all of them."""
    five = [Message(i, i, 1, float(i), SMS, 7) for i in range(5)]
    assert {message.cell for message in in_order(five, 5)} == {None}
    six = [*five, Message(5, 5, 1, 5.0, VOICE, 7)]
    assert {message.cell for message in in_order(six, 5)} == {7}


def test_cells_take_turns_and_sites_come_first() -> None:
    """First contacts before second ones; a cell's burst, then the next cell's; then nearness."""
    near = [Message(i, i, 1, float(i), SMS, 1) for i in range(5)]
    far = [Message(10 + i, 10 + i, 1, 100.0 + i, SMS, 2) for i in range(5)]
    second = [Message(0, 20, 2, 0.0, SMS, 1)]
    ordered = in_order([*second, *far, *near], 2)
    assert [message.contact for message in ordered] == [0, 1, 10, 11, 2, 3, 12, 13, 4, 14, 20]


@pytest.mark.parametrize(("parts", "moments"), [(1, [0, 0, 0, 1, 2]), (2, [0, 0, 2, 4, 6])])
def test_an_sms_weighs_its_parts(parts: int, moments: list[float]) -> None:
    """At one part a second with a burst of three, SMS of two parts leave half as often."""
    messages = [Message(i, i, 1, float(i), SMS, 7, parts) for i in range(5)]
    left = departures(Queue(messages, {SMS: Pace(100.0, 100)}, CellPace(1.0, 3)), [SMS])
    assert [at_s for at_s, _message in left] == pytest.approx(moments)


def test_no_more_calls_than_lines() -> None:
    """With two lines and calls of 30 s, two calls begin every 30 s."""
    messages = [Message(i, i, 1, float(i), VOICE) for i in range(5)]
    left = departures(Queue(messages, {VOICE: Pace(10.0, 10, 2, 30.0)}, NO_CELL_PACE), [VOICE])
    assert [at_s for at_s, _message in left] == pytest.approx([0, 0, 30, 30, 60])


def test_a_refused_message_keeps_its_place_and_an_acknowledged_site_gets_nothing_more() -> None:
    """What is put back leaves when it is due, before later ones; a site's rest can be dropped."""
    messages = [
        Message(site, 2 * site + rank, rank, float(site), SMS) for site in (0, 1) for rank in (1, 2)
    ]
    queue = Queue(messages, {SMS: Pace(1.0, 1)}, NO_CELL_PACE)
    first = queue.take(SMS, 0.0)
    assert first is not None
    queue.put_back(first, 1.0)
    assert queue.take(SMS, 1.0) == first
    assert queue.drop(1) == 2
    assert queue.drop(1) == 0
    assert [message.contact for _at_s, message in departures(queue, [SMS])] == [2]
    assert queue.next_at(SMS, 9.0) is None
