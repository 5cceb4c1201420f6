"""The estimate's flow against the same rule run message by message."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pacing.alerts import EMAIL, SMS, VOICE, alert, loads
from umsalert.model import NO_CELL_PACE, CellPace, ChannelKind, Load
from umsalert.pacing import Forecast, Limits, Message, Queue, departures, forecast
from umsalert.pacing.forecast import CLASSES
from umsalert.ports import Pace

SHARES = (50, 95, 100)
CHANNELS = (SMS, VOICE, EMAIL)
Paces = dict[ChannelKind, Pace]

guards = st.lists(st.integers(1, 5), min_size=20, max_size=60)
cell_paces = st.builds(CellPace, st.floats(0.3, 4), st.sampled_from([5, 12, 20, 40]))
paces = st.fixed_dictionaries(
    {
        kind: st.builds(Pace, st.floats(low, high), st.integers(1, 5))
        for kind, low, high in ((SMS, 10.0, 60.0), (VOICE, 0.3, 5.0), (EMAIL, 5.0, 100.0))
    }
)
alone = st.sampled_from([(SMS,), (VOICE,), (EMAIL,), (SMS, EMAIL), (VOICE, EMAIL)])
"""Channels of which no two share a cell."""


def moments(left: Sequence[tuple[float, Message]]) -> tuple[list[float], list[float]]:
    """Return when each message leaves, and each site's first one."""
    first: dict[int, float] = {}
    for at_s, message in left:
        first.setdefault(message.site, at_s)
    return [at_s for at_s, _message in left], sorted(first.values())


def at_share(ordered: Sequence[float], share: int) -> float:
    return ordered[math.ceil(len(ordered) * share / 100) - 1]


def both(
    messages: Sequence[Message], limits: Limits
) -> tuple[Forecast, tuple[list[float], list[float]]]:
    """Return the forecast and what the step-by-step run says."""
    sparse, dense = loads(messages, limits.cell_pace.burst)
    queue = Queue(messages, limits.paces, limits.cell_pace)
    order = [kind for kind in CHANNELS if kind in limits.paces]
    return forecast(sparse, dense, limits, SHARES), moments(departures(queue, order))


@given(guards, st.integers(1, 12), cell_paces, paces, st.integers(1, 3), alone)
def test_the_forecast_is_what_the_rule_does(  # noqa: PLR0917 - each is drawn by hypothesis
    people: list[int],
    cells: int,
    pace: CellPace,
    accounts: Paces,
    parts: int,
    kinds: tuple[ChannelKind, ...],
) -> None:
    """Shares of messages and sites agree with the rule's own run, to a fifth and six messages."""
    messages = alert(people, cells=cells, parts=parts, channels=kinds)
    found, (all_s, sites_s) = both(messages, Limits(accounts, pace, parts))
    slack_s = 6 * max(parts / pace.rate_per_s, *(1 / item.rate_per_s for item in accounts.values()))
    for share in SHARES:
        exact_s, sites = at_share(all_s, share), at_share(sites_s, share)
        assert found.messages_s[share] == pytest.approx(exact_s, rel=0.2, abs=slack_s)
        assert found.sites_s[share] == pytest.approx(sites, rel=0.2, abs=slack_s)


@pytest.mark.parametrize("seed", range(12))
def test_sms_and_calls_in_one_cell_are_forecast_more_roughly(seed: int) -> None:
    """At the paces of the settings it is right to a fifth for messages, to a half for sites.

    Which of the two channels finds a cell free is a matter of moments.
    """
    chance = random.Random(seed)
    people = [chance.randint(1, 5) for _site in range(chance.randint(20, 150))]
    parts, cells = chance.randint(1, 3), chance.randint(1, 12)
    configured = {SMS: Pace(28.0, 2), VOICE: Pace(2.8, 1), EMAIL: Pace(100.0, 100)}
    messages = alert(people, cells=cells, parts=parts, channels=(SMS, VOICE))
    found, (all_s, sites_s) = both(messages, Limits(configured, CellPace(1.4, 20), parts))
    for share in SHARES:
        exact_s, sites = at_share(all_s, share), at_share(sites_s, share)
        assert found.messages_s[share] == pytest.approx(exact_s, rel=0.2, abs=5)
        assert found.sites_s[share] == pytest.approx(sites, rel=0.5, abs=5)


def test_without_dense_cells_the_forecast_is_exact() -> None:
    """100 SMS at 10 a second after a burst of 20: the last leaves after 8 s, the 50th after 3 s."""
    messages = alert([1] * 100, cells=100, channels=(SMS,))
    found, (all_s, _sites_s) = both(messages, Limits({SMS: Pace(10.0, 20)}, NO_CELL_PACE))
    assert found.messages_s == pytest.approx({50: 3.0, 95: 7.5, 100: 8.0})
    assert found.sites_s == pytest.approx(found.messages_s)
    assert found.channels_s[SMS] == pytest.approx(all_s[-1])


@pytest.mark.parametrize("parts", [1, 2])
def test_one_dense_cell_is_exact(parts: int) -> None:
    """300 guards at 100 sites of one cell: the cell alone sets the moments, to one message."""
    messages = alert([3] * 100, cells=1, parts=parts, channels=(SMS,))
    limits = Limits({SMS: Pace(28.0, 2)}, CellPace(1.4, 20), parts)
    found, (all_s, sites_s) = both(messages, limits)
    one_s = parts / 1.4
    for share in SHARES:
        assert found.messages_s[share] == pytest.approx(at_share(all_s, share), abs=one_s)
        assert found.sites_s[share] == pytest.approx(at_share(sites_s, share), abs=one_s)
    assert found.sites_s[100] < found.messages_s[50]  # every site before any second contact


def test_many_sizes_of_cells_are_taken_together_without_loss() -> None:
    """Of more cells than classes, nothing is lost and the largest still decides the end."""
    sizes = [30 + i % 40 for i in range(5 * CLASSES)] + [200]
    kinds = frozenset({SMS})
    dense = [Load({SMS: n}, {(kinds, frozenset()): n}) for n in sizes]
    limits = Limits({SMS: Pace(1e6, 1_000_000)}, CellPace(1.0, 20))
    found = forecast(Load(), dense, limits, SHARES)
    assert found.channels_s[SMS] == pytest.approx(200 - 20, rel=0.02)
    assert found.messages_s[95] < 60


def test_a_first_contact_without_an_sms_is_told_by_the_channel_that_it_has() -> None:
    """Sites whose first contact has only a landline wait for the calls, not for nothing."""
    messages = alert([1] * 40, cells=40, channels=(SMS,)) + [
        Message(100 + i, 1000 + i, 1, 50.0 + i, VOICE) for i in range(10)
    ]
    limits = Limits({SMS: Pace(40.0, 40), VOICE: Pace(1.0, 1)}, NO_CELL_PACE)
    found, (_all_s, sites_s) = both(messages, limits)
    assert found.sites_s[100] == pytest.approx(sites_s[-1]) == pytest.approx(9.0)
    assert found.sites_s[50] == 0.0


@given(guards, st.integers(1, 6), cell_paces, paces, st.integers(1, 3), st.integers(0, 9_999))
def test_shares_come_in_order(  # noqa: PLR0917 - each is drawn by hypothesis
    people: list[int], cells: int, pace: CellPace, accounts: Paces, parts: int, seed: int
) -> None:
    """50 % is never later than 95 %, nor that than all; all are there when the last channel is."""
    messages = alert(people, cells=cells, parts=parts, chance=random.Random(seed))
    sparse, dense = loads(messages, pace.burst)
    found = forecast(sparse, dense, Limits(accounts, pace, parts), SHARES)
    end_s = max(found.channels_s.values(), default=0.0)
    for moments_s in (found.messages_s, found.sites_s):
        assert list(moments_s.values()) == sorted(moments_s.values())
        assert moments_s[100] <= end_s + 1e-6
    assert found.messages_s[100] == pytest.approx(end_s)


def test_nobody_takes_no_time() -> None:
    """An alert to nobody is handed over at once."""
    found = forecast(Load(), [], Limits({}, NO_CELL_PACE), SHARES)
    assert (found.channels_s, set(found.sites_s.values())) == ({}, {0.0})
