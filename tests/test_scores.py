"""The score sheet of an exercise, worked out from the rows of a real record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.store.conftest import clock, database, empty_database, store
from tests.store.incident import (
    SILENT,
    SMS,
    STEP_DEG,
    TAKEN,
    closing,
    next_wave,
    receipt,
    said,
    sent,
    to,
)
from tests.workbench import (
    CENTRE,
    NOON,
    OPERATOR,
    FixedClock,
    all_on_duty,
    fill_register,
    new_alert,
    record,
)
from umsalert import scores
from umsalert.documents import score as sheet
from umsalert.model import (
    Alert,
    ChannelKind,
    Circle,
    Contact,
    DeliveryState,
    FollowKind,
    NewContact,
    Outcome,
    OutcomeKind,
    ReplyKind,
)
from umsalert.scores import Mend, Score, Silence
from umsalert.store.store import Store

__all__ = ["clock", "database", "empty_database", "store"]

DEAD = Outcome(OutcomeKind.PERMANENT, "http_422")
LATER = NOON + timedelta(days=7)


async def drill(
    store: Store,
    ref: str = "20260317-drill",
    area: Circle = CENTRE,
    at: datetime = NOON,
    template: str = "search-person",
) -> Alert:
    new = new_alert(ref, channels=(SMS,), area=area, at=at)
    return await record(store, replace(new, exercise=True, template=template))


@pytest.fixture
async def score(store: Store, clock: FixedClock) -> Score:
    """Return the score of seven sites: two acknowledge, one cannot, one is not the guard.

    Of the others one has a number that is none, one has the message, one may have it.
    """
    await fill_register(store, 7, step_deg=STEP_DEG)
    alert = await drill(store, area=to(6))
    outcomes = [TAKEN, TAKEN, TAKEN, TAKEN, DEAD, TAKEN, TAKEN]
    messages = await sent(store, alert, outcomes)
    clock.move(20)
    await said(store, messages[0], ReplyKind.ACKNOWLEDGED, clock.now())
    clock.move(70)
    await said(store, messages[0], ReplyKind.SIGHTING, clock.now())
    await said(store, messages[1], ReplyKind.ACKNOWLEDGED, clock.now())
    await said(store, messages[2], ReplyKind.CANNOT, clock.now())
    await said(store, messages[3], ReplyKind.WRONG_PERSON, clock.now())
    await receipt(store, messages[5], DeliveryState.DELIVERED)
    return await scores.build(store.record, alert)


def test_reach_counts_sites_and_people(score: Score) -> None:
    """Alerted, with a message accepted, acknowledged; who cannot has not acknowledged."""
    assert score.sites == score.people == (7, 6, 2)
    assert sheet.share_words(score.sites) == (
        "7 alerted, 6 with a message accepted (85 %), 2 acknowledged (28 %)"
    )


def test_a_site_acknowledges_once_and_first(score: Score) -> None:
    """The first acknowledgement is its time, though the sighting after it is the answer."""
    assert (score.answered.median_s, score.answered.most_s, score.slowest_s) == (20, 90, 90)
    assert [(site.ref, site.answered_s) for site in score.slowest] == [("S1", 90), ("S0", 20)]


def test_who_has_not_acknowledged_is_named_worst_first(score: Score) -> None:
    """Not reached before not delivered before not answered, then who said why."""
    assert [(site.ref, site.why) for site in score.silent] == [
        ("S4", Silence.UNREACHED),
        ("S6", Silence.UNDELIVERED),
        ("S5", Silence.UNANSWERED),
        ("S3", Silence.WRONG_PERSON),
        ("S2", Silence.CANNOT),
    ]
    assert score.silent_sites == 5


def test_an_address_is_named_with_the_command_that_mends_it(score: Score) -> None:
    """A number that is none, and a person who is another one; the code is said in words."""
    assert [(mend.contact_ref, mend.channel, mend.code) for mend in score.to_mend] == [
        ("S4-c1", SMS, "http_422"),
        ("S3-c1", SMS, "wrong_person"),
    ]
    number, person = score.to_mend
    assert number.command == "umsalert contact edit S4-c1 --phone NUMBER"
    assert person.command == "umsalert contact revoke S3-c1 --reason 'wrong person'"
    assert sheet.mend_words(number) == "the provider refused it (HTTP 422) (http_422)"
    assert score.addresses == 2


def test_json_is_the_same_score(score: Score) -> None:
    """Names of fields are API; it may be written row by row."""
    found = json.loads(json.dumps(sheet.document(score)))
    assert found["sites"] == {"alerted": 7, "reached": 6, "acknowledged": 2}
    assert found["acknowledged_s"] == {"median": 20, "95": 90, "100": 90}
    assert [site["why"] for site in found["silent"]][:2] == ["unreached", "undelivered"]
    assert found["to_mend"][0]["command"] == "umsalert contact edit S4-c1 --phone NUMBER"
    assert found["earlier"] is None


@pytest.mark.parametrize("code", ["busy", "unanswered", "machine"])
async def test_a_call_that_nobody_takes_mends_nothing(store: Store, code: str) -> None:
    """It tells of the moment, not of the number."""
    await fill_register(store, 1)
    new = replace(new_alert(channels=(ChannelKind.VOICE,)), exercise=True)
    alert = await record(store, new)
    (call,) = await sent(store, alert, [TAKEN], ChannelKind.VOICE)
    await receipt(store, call, DeliveryState.UNDELIVERED, code)
    score = await scores.build(store.record, alert)
    assert (score.addresses, score.to_mend) == (0, ())
    assert score.silent[0].why is Silence.UNDELIVERED


async def test_an_address_is_named_once(store: Store) -> None:
    """A number that SMS and call failed for: by the code that leaves no doubt."""
    await fill_register(store, 1)
    new = new_alert(channels=(SMS, ChannelKind.VOICE))
    alert = await record(store, replace(new, exercise=True))
    (message,) = await sent(store, alert, [TAKEN])
    await receipt(store, message, DeliveryState.UNDELIVERED, "unreachable")
    await sent(store, alert, [DEAD], ChannelKind.VOICE)
    score = await scores.build(store.record, alert)
    assert score.addresses == 1
    assert [(mend.channel, mend.code) for mend in score.to_mend] == [("voice", "http_422")]


async def test_what_was_mended_since_is_none_to_mend(store: Store) -> None:
    """It stays in the list for who compares, and is counted no more."""
    await fill_register(store, 1)
    alert = await drill(store)
    (message,) = await sent(store, alert, [TAKEN])
    await receipt(store, message, DeliveryState.UNDELIVERED, "1050")
    assert (await scores.build(store.record, alert)).addresses == 1
    await store.vetting.edit_contact("S0-c1", _another_phone, OPERATOR)
    score = await scores.build(store.record, alert)
    assert score.addresses == 0
    assert [mend.mended for mend in score.to_mend] == [True]


async def test_an_answer_that_was_taken_back_is_none(store: Store, clock: FixedClock) -> None:
    """Its site has not acknowledged."""
    await fill_register(store, 1)
    alert = await drill(store)
    (message,) = await sent(store, alert, [TAKEN])
    await said(store, message, ReplyKind.ACKNOWLEDGED, clock.now())
    clock.move(5)
    await said(store, message, ReplyKind.WRONG_PERSON, clock.now())
    score = await scores.build(store.record, alert)
    assert score.sites.acknowledged == 0
    assert score.answered.median_s is None


async def test_the_lists_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many sites are silent, the worst and nearest are kept and all are counted."""
    monkeypatch.setattr(scores, "LISTED", 3)
    await fill_register(store, 6, step_deg=STEP_DEG)
    alert = await drill(store, area=to(5))
    await sent(store, alert, [SILENT, SILENT, TAKEN, SILENT, SILENT, DEAD])
    score = await scores.build(store.record, alert)
    assert score.silent_sites == 6
    assert [site.ref for site in score.silent] == ["S0", "S1", "S3"]


async def test_it_is_compared_with_the_last_exercise_here(store: Store, clock: FixedClock) -> None:
    """By the same template and around here; neither a live alert, nor a cancelled exercise."""
    await fill_register(store, 2)
    first = await drill(store)
    (message, _other) = await sent(store, first, [TAKEN, TAKEN])
    clock.move(30)
    await said(store, message, ReplyKind.ACKNOWLEDGED, clock.now())
    away = Circle(43.7, 7.27 + 0.0250, 800)
    await drill(store, "20260318-away", replace(away, lat=44.0), LATER)
    await drill(store, "20260318-lock", at=LATER, template="lockdown")
    await record(store, replace(new_alert("20260318-live", channels=(SMS,), at=LATER)))
    cancelled = await drill(store, "20260318-gone", at=LATER)
    await store.outbox.cancel(cancelled.id, OPERATOR, "")
    second = await drill(store, "20260324-next", at=LATER)
    score = await scores.build(store.record, second)
    assert score.earlier is not None
    assert (score.earlier.alert_ref, score.earlier.sites) == (first.ref, (2, 2, 1))
    assert score.earlier.answered.median_s == 30
    assert (await scores.build(store.record, first)).earlier is None


async def test_only_an_exercise_that_asks_has_a_score(store: Store) -> None:
    """Neither a live alert nor the message that ends an exercise."""
    await fill_register(store, 1)
    live = await record(store, new_alert(channels=(SMS,)))
    exercise = await drill(store)
    await sent(store, exercise, [TAKEN])
    wave = replace(next_wave(exercise, FollowKind.WIDENED, area=to(9)), exercise=True)
    assert not live.is_scored
    assert exercise.is_scored
    assert wave.exercise
    over = await store.alerts.create(replace(closing(exercise), exercise=True), all_on_duty)
    assert not over.is_scored


def _another_phone(contact: Contact) -> NewContact:
    site = contact.site_ref
    return NewContact(
        site, contact.name, ref=contact.ref, phone="+33639989999", phone_kind="mobile"
    )


def test_a_code_of_a_letter_that_came_back_is_said_in_words() -> None:
    """Whatever stands before it."""
    mend = Mend("S", "Site", "S-c1", ChannelKind.EMAIL, "bounced_5.1.1")
    assert sheet.mend_words(mend) == "no such mailbox (bounced_5.1.1)"
    assert mend.command == "umsalert contact edit S-c1 --email ADDRESS"
    unknown = replace(mend, code="1150", channel=SMS)
    assert sheet.mend_words(unknown) == "a code of the provider's own (1150)"


def test_a_telephone_that_was_off_is_verified_first() -> None:
    """Its number may be right: a code that arrives tells."""
    mend = Mend("S", "Site", "S-c1", SMS, "unreachable")
    assert sheet.mend_words(mend) == "the telephone was off or out of reach (unreachable)"
    assert mend.command == "umsalert contact verify S-c1 --by sms"
