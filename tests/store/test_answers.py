"""An answer finds its guard by token, reference or sender; what finds none is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

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
from umsalert import tokens
from umsalert.errors import UsageError
from umsalert.model import (
    Alert,
    Answer,
    ChannelKind,
    DeliveryState,
    Outcome,
    OutcomeKind,
    Outgoing,
    Photo,
    ReplyKind,
    ReplySource,
    Tie,
)
from umsalert.ports import Pace, Settled
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection
from umsalert.store.store import Store

SMS, VOICE, EMAIL = ChannelKind.SMS, ChannelKind.VOICE, ChannelKind.EMAIL
AMPLE = Pace(1000, 1000)
DAY_S = 86_400.0


@pytest.fixture
async def store(store: Store) -> Store:
    """Return a store with two sites of two guards each."""
    await fill_register(store, 2, guards=2)
    return store


async def sent(
    store: Store, ref: str = "20260317-k7f3", channel: ChannelKind = SMS, *, stop: bool = False
) -> tuple[Alert, list[Outgoing]]:
    """Send an alert by one channel to all four guards."""
    alert = await record(store, replace(new_alert(ref, (channel,)), stop_when_acknowledged=stop))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    outgoing = (await take(store, sender, channel, AMPLE, 10)).outgoing
    accepted = Outcome(OutcomeKind.ACCEPTED)
    await commit(store, [Settled(o, accepted, "vonage", NOON, NOON, None) for o in outgoing])
    return alert, list(outgoing)


def said(tie: Tie, kind: ReplyKind = ReplyKind.ACKNOWLEDGED, text: str = "OK") -> Answer:
    source = ReplySource.LINK if tie.token else ReplySource.SMS
    return Answer(kind, source, text, NOON, tie, text=text)


def test_a_token_is_as_long_as_its_place_and_names_its_delivery() -> None:
    """22 characters, never twice the same; what is no token names nothing."""
    made = {tokens.new(4_000_000_000) for _time in range(100)}
    assert {len(token) for token in made} == {tokens.LENGTH}
    assert len(made) == 100
    assert {tokens.delivery_id(token) for token in made} == {4_000_000_000}
    for wrong in ("", "x", "é" * 22, "A" * 21, "A" * 23, "=" * 22, "A" * 21 + "/"):
        assert tokens.delivery_id(wrong) is None


async def test_a_token_belongs_to_one_recipient(store: Store) -> None:
    """Its answer is that guard's; a token changed by one character is nobody's."""
    alert, (first, second, *_others) = await sent(store)
    assert await store.answers.record(said(Tie(token=second.token))) is not None
    (reply,) = await store.answers.of_alert(alert.id)
    row = (await store.answers.invited(second.token)) or pytest.fail("nobody's")
    assert (row.delivery_id, row.alert_ref) == (second.delivery_id, alert.ref)
    assert (reply.source, reply.channel, row.answers) == (ReplySource.LINK, SMS, (reply,))
    assert (await store.answers.invited(first.token) or pytest.fail("nobody's")).answers == ()
    forged = first.token[:-2] + ("AA" if first.token[-2:] != "AA" else "BA")
    assert await store.answers.invited(forged) is None
    assert await store.answers.invited(tokens.new(first.delivery_id)) is None
    assert await store.answers.invited(tokens.new(10**9)) is None


async def test_the_last_answer_can_be_taken_back(store: Store) -> None:
    """It stays in the record, marked; the one before it counts again."""
    alert, (first, *_others) = await sent(store)
    tie = Tie(token=first.token)
    await store.answers.record(said(tie))
    await store.answers.record(said(tie, ReplyKind.SIGHTING, "at the bus stop"))
    assert await store.answers.undo(first.token)
    replies = await store.answers.of_alert(alert.id)
    assert [(reply.kind, reply.undone_at is None) for reply in replies] == [
        (ReplyKind.ACKNOWLEDGED, True),
        (ReplyKind.SIGHTING, False),
    ]
    assert await store.answers.undo(first.token)
    assert not await store.answers.undo(first.token)
    assert not await store.answers.undo(tokens.new(first.delivery_id))


async def test_a_link_dies_with_its_alert(store: Store, clock: FixedClock) -> None:
    """Cancelled, or a day after its expiry, it takes no answer any more."""
    alert, (first, *_others) = await sent(store)
    assert not (await store.answers.invited(first.token) or pytest.fail("nobody's")).over
    clock.move(3600 + DAY_S - 1)
    assert not (await store.answers.invited(first.token) or pytest.fail("nobody's")).over
    clock.move(2)
    assert (await store.answers.invited(first.token) or pytest.fail("nobody's")).over
    clock.move(-DAY_S)
    await store.outbox.cancel(alert.id, OPERATOR, "")
    assert (await store.answers.invited(first.token) or pytest.fail("nobody's")).over


async def test_a_sender_is_tied_to_the_open_alert_of_the_number(
    store: Store, clock: FixedClock
) -> None:
    """The alert that went to the number and is not long over."""
    alert, (first, *_others) = await sent(store)
    await store.answers.record(said(Tie(sender=first.address)))
    (reply,) = await store.answers.of_alert(alert.id)
    assert (reply.source, reply.sender) == (ReplySource.SMS, "")
    clock.move(3600 + DAY_S + 1)
    assert await store.answers.record(said(Tie(sender=first.address), text="late")) is None
    (late,) = await store.answers.unmatched()
    assert (late.text, late.sender, late.alert_ref) == ("late", first.address, "")


async def test_a_sender_is_found_without_reading_every_contact(store: Store) -> None:
    """A register has tens of thousands, and an SMS comes while an alert is being sent."""
    values = {"sender": "+33639989999", "alert_ref": "", "since": "", "now": ""}

    def plan(connection: Connection) -> list[str]:
        sql = f"EXPLAIN QUERY PLAN {queries('answers')['of_sender']}"
        return [row["detail"] for row in connection.execute(sql, values)]

    steps = await store._database.read(plan)
    assert [step for step in steps if step.startswith("SCAN")] == ["SCAN alert"]


async def test_of_two_open_alerts_the_reference_decides(store: Store) -> None:
    """Without one the answer waits for an operator; with one, or its end, it is tied."""
    first, (message, *_others) = await sent(store)
    second, _outgoing = await sent(store, "20260317-m2np")
    sender = message.address
    assert await store.answers.record(said(Tie(sender=sender))) is None
    assert await store.answers.record(said(Tie(sender=sender, alert_ref="k7f3"))) is not None
    assert await store.answers.record(said(Tie(sender=sender, alert_ref=second.ref))) is not None
    assert [len(await store.answers.of_alert(alert.id)) for alert in (first, second)] == [1, 1]
    assert await store.answers.record(said(Tie(sender=sender, alert_ref="zzzz"))) is None
    assert len(await store.answers.unmatched()) == 2


@pytest.mark.parametrize("ending", ["cancelled", "expired"])
async def test_who_answers_means_what_is_going_on(
    store: Store, clock: FixedClock, ending: str
) -> None:
    """Of an alert that is over and another to the same number, the one that is not over."""
    first, (message, *_others) = await sent(store)
    if ending == "cancelled":
        await store.outbox.cancel(first.id, OPERATOR, "")
    else:
        clock.move(3600 + 1)
    later = new_alert("20260317-m2np", (SMS,))
    second = await record(store, replace(later, expires_at=clock.now() + timedelta(hours=1)))
    tie = Tie(sender=message.address)
    assert await store.answers.record(said(tie)) is not None  # nobody has the second one yet
    sender = await store.outbox.open_sender(second.id, OPERATOR)
    await take(store, sender, SMS, AMPLE, 10)
    assert await store.answers.record(said(tie)) is not None
    assert [len(await store.answers.of_alert(alert.id)) for alert in (first, second)] == [1, 1]


async def test_words_that_look_like_a_reference_name_nothing(store: Store) -> None:
    """`#gare` is no alert's: the SMS belongs to the one that its number got; `#k7f3` of another."""
    alert, (message, *_others) = await sent(store)
    tie = Tie(sender=message.address, alert_ref="gare")
    assert await store.answers.record(said(tie, ReplyKind.SIGHTING, "vu #gare")) is not None
    assert len(await store.answers.of_alert(alert.id)) == 1
    mail = Answer(ReplyKind.SIGHTING, ReplySource.EMAIL, "", NOON, tie)
    assert await store.answers.record(mail) is None
    await record(store, new_alert("20260317-m2np", (EMAIL,)))  # another, and not to this number
    assert await store.answers.record(said(replace(tie, alert_ref="m2np"))) is None


async def test_a_mailbox_is_the_same_in_capital_letters(store: Store) -> None:
    """Mail programs write it as they like."""
    alert, (first, *_others) = await sent(store, channel=EMAIL)
    assert await store.answers.record(said(Tie(sender=first.address.upper()))) is not None
    assert len(await store.answers.of_alert(alert.id)) == 1


@pytest.mark.parametrize("sender", ["", "+33639989999", "' OR 1=1 --", "%", "\x00"])
async def test_a_strangers_words_are_kept_and_stop_nothing(store: Store, sender: str) -> None:
    """Whatever the sender is called."""
    alert, _outgoing = await sent(store, stop=True)
    assert await store.answers.record(said(Tie(sender=sender))) is None
    assert [row.sender for row in await store.answers.unmatched()] == [sender]
    assert await store.answers.of_alert(alert.id) == ()


async def test_an_operator_ties_what_was_unmatched(store: Store) -> None:
    """Once, to a contact or to a site of the alert; the operator's name stays with it."""
    alert, _outgoing = await sent(store)
    await store.answers.record(said(Tie(sender="+33639989999"), ReplyKind.SIGHTING, "bus stop"))
    (waiting,) = await store.answers.unmatched()
    with pytest.raises(UsageError, match="did not go to"):
        await store.answers.tie(waiting.id, alert.id, "nobody", OPERATOR)
    await store.answers.tie(waiting.id, alert.id, "S1-c2", OPERATOR)
    (reply,) = await store.answers.of_alert(alert.id)
    assert (reply.contact_ref, reply.text, reply.entered_by) == ("S1-c2", "bus stop", str(OPERATOR))
    assert await store.answers.unmatched() == ()
    with pytest.raises(UsageError, match="no unmatched answer"):
        await store.answers.tie(waiting.id, alert.id, "S1-c2", OPERATOR)


async def test_what_an_operator_ties_stops_what_it_would_have_stopped(store: Store) -> None:
    """The guard has read it: the colleague's message that has not left is not needed."""
    new = replace(new_alert("20260317-stop", (SMS,)), stop_when_acknowledged=True)
    alert = await record(store, new)
    await store.answers.record(said(Tie(sender="+33639989999")))
    (waiting,) = await store.answers.unmatched()
    await store.answers.tie(waiting.id, alert.id, "S0-c1", OPERATOR)
    rows = await store.record.deliveries(alert.id)
    not_needed = {row.contact_ref for row in rows if row.state == DeliveryState.NOT_NEEDED}
    assert not_needed == {"S0-c1", "S0-c2"}


async def test_a_guard_who_phoned_in_is_recorded(store: Store) -> None:
    """For a contact, or for a site whose guard gave no name; nobody else was alerted."""
    alert, _outgoing = await sent(store)
    answer = Answer(
        ReplyKind.SIGHTING, ReplySource.OPERATOR, "", NOON, Tie(), "bus stop", "station", NOON
    )
    await store.answers.add(answer, alert.id, "S0-c1", OPERATOR)
    await store.answers.add(answer, alert.id, "S1", OPERATOR)
    first, second = await store.answers.of_alert(alert.id)
    assert (first.site_ref, first.contact_ref, first.channel) == ("S0", "S0-c1", SMS)
    assert (second.site_ref, second.contact_ref, second.channel) == ("S1", "", None)
    assert (first.direction, first.seen_at) == ("station", NOON)
    with pytest.raises(UsageError, match="did not go to"):
        await store.answers.add(answer, alert.id, "S9", OPERATOR)


@pytest.mark.parametrize(("channel", "stopped"), [(SMS, 1), (EMAIL, 0)], ids=["sms", "e-mail"])
async def test_the_link_of_an_email_stops_nothing(
    store: Store, channel: ChannelKind, stopped: int
) -> None:
    """A mail scanner may have pressed it: the site's other messages go out all the same."""
    new = replace(new_alert("20260317-stop", (channel, VOICE)), stop_when_acknowledged=True)
    alert = await record(store, new)
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    first = (await take(store, sender, channel, AMPLE, 1)).outgoing[0]
    await store.answers.record(said(Tie(token=first.token)))
    rows = await store.record.deliveries(alert.id)
    not_needed = [row for row in rows if row.state == DeliveryState.NOT_NEEDED]
    assert (len(not_needed) > 0) == bool(stopped)


async def test_a_photo_stays_with_its_answer(store: Store) -> None:
    """Byte for byte, counted in the answer."""
    alert, (first, *_others) = await sent(store)
    reply_id = await store.answers.record(said(Tie(token=first.token), ReplyKind.SIGHTING))
    photo = Photo("image/jpeg", 640, 480, b"\xff\xd8 not a real one")
    await store.answers.add_photo(reply_id or 0, photo)
    assert await store.answers.photos(reply_id or 0) == (photo,)
    (reply,) = await store.answers.of_alert(alert.id)
    assert reply.photos == 1
