"""The estimate before sending: minutes by the pace, parts and euros by the tariff."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.model import SHARES, CellPace, ChannelKind, Load, MessageText, Selection
from umsalert.ports import Pace
from umsalert.selection.estimate import Prices, estimate

TEXTS = (
    MessageText(ChannelKind.SMS, "fr", "a", parts=2),
    MessageText(ChannelKind.SMS, "en", "a", parts=1),
    MessageText(ChannelKind.VOICE, "fr", "x" * 450),
    MessageText(ChannelKind.EMAIL, "fr", "a"),
)
FREE = Prices()


def selected(dense: tuple[Load, ...] = (), **counts: int) -> Selection:
    """Return a selection of sites with one contact each; the same one has all the channels."""
    deliveries = {ChannelKind(name): n for name, n in counts.items()}
    return Selection((), 1, deliveries, frozenset(), {}, load(**counts), dense)


def load(**counts: int) -> Load:
    deliveries = {ChannelKind(name): n for name, n in counts.items()}
    return Load(deliveries, {(frozenset(deliveries), frozenset()): max(counts.values(), default=0)})


def test_the_price_adds_parts_minutes_and_mails() -> None:
    """100 SMS of two parts, 10 calls of half a minute and 100 mails, each at its price."""
    paces = dict.fromkeys(ChannelKind, Pace(10, 1))
    prices = Prices(sms_part_eur=0.065, voice_minute_eur=0.10, email_eur=0.001)
    found = estimate(selected(sms=100, voice=10, email=100), TEXTS, paces, prices)
    assert found.sms_parts == 200
    assert found.price_eur == pytest.approx(200 * 0.065 + 10 * 0.5 * 0.10 + 100 * 0.001)


def test_without_a_tariff_no_price_is_invented() -> None:
    """Zero euros would look like a promise: the price is unknown."""
    assert estimate(selected(sms=1), TEXTS, {ChannelKind.SMS: Pace(1, 1)}, FREE).price_eur is None


def test_nothing_to_send_takes_no_time() -> None:
    """Nobody selected is handed over at once."""
    found = estimate(selected(), TEXTS, {}, FREE)
    assert found.total_s == 0
    assert set(found.expected.messages_s.values()) == {0.0}


@given(
    counts=st.dictionaries(st.sampled_from(list(ChannelKind)), st.integers(1, 300), min_size=1),
    rates=st.lists(st.floats(0.5, 200), min_size=3, max_size=3),
    bursts=st.lists(st.integers(1, 50), min_size=3, max_size=3),
)
def test_a_share_is_reached_when_the_paced_messages_say_so(
    counts: dict[ChannelKind, int], rates: list[float], bursts: list[int]
) -> None:
    """50, 95 and 100 % agree with the list of all moments of leaving, one message apart."""
    paces = {
        kind: Pace(rate, burst)
        for kind, rate, burst in zip(ChannelKind, rates, bursts, strict=True)
    }
    found = estimate(
        selected((), **{kind.value: n for kind, n in counts.items()}), TEXTS, paces, FREE
    )
    moments = sorted(
        max(0, k - paces[kind].burst) / paces[kind].rate_per_s
        for kind, n in counts.items()
        for k in range(1, n + 1)
    )
    for share in SHARES:
        needed = len(moments) * share / 100
        assert sum(moment < found.expected.messages_s[share] - 1e-6 for moment in moments) <= needed
        after = sum(moment <= found.expected.messages_s[share] + 1e-6 for moment in moments)
        assert after >= needed - len(counts)  # each channel is at most one message behind its line
    assert found.expected.messages_s[100] == pytest.approx(moments[-1])
    assert found.total_s == pytest.approx(moments[-1])


def test_a_dense_cell_slows_the_alert_by_the_parts_of_its_sms() -> None:
    """100 SMS of two parts to a cell, 2 parts a second after a burst of 20, take 90 s."""
    paces = {ChannelKind.SMS: Pace(50, 50)}
    crowd = load(sms=100)
    loose = estimate(selected(sms=100), TEXTS, paces, FREE)
    tight = estimate(selected((crowd,), sms=0), TEXTS, paces, FREE, CellPace(2.0, 20))
    assert (loose.dense_cells, tight.dense_cells) == (0, 1)
    assert loose.total_s == pytest.approx(1.0)
    assert tight.total_s == pytest.approx((100 * 2 - 20) / 2, abs=1)
    assert tight.expected.sites_s[50] == pytest.approx((50 * 2 - 20) / 2, abs=1)


def test_lines_are_free_again_after_the_text_and_the_ringing() -> None:
    """A text of 30 s and 15 s of ringing: on two lines, 12 calls need 225 s, not five of 345 s."""
    paces = {ChannelKind.VOICE: Pace(10, 10, calls=2, call_s=345.0)}
    found = estimate(selected(voice=12), TEXTS, paces, FREE)
    assert found.total_s == pytest.approx(5 * 45)
